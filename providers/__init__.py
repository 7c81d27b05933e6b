"""Providers by their code."""

from __future__ import annotations

from .android_gateway import AndroidGatewayProvider
from .base import Provider
from .exolve import ExolveProvider
from .infobip import InfobipProvider
from .sandbox import SandboxProvider
from .sms_ru import SmsRuProvider
from .xml_gate import XmlGateProvider
from .zvonok import ZvonokProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.code: provider
    for provider in (
        AndroidGatewayProvider,
        ExolveProvider,
        InfobipProvider,
        SandboxProvider,
        SmsRuProvider,
        XmlGateProvider,
        ZvonokProvider,
    )
}
