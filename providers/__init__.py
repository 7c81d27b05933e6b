"""Providers by their code."""

from __future__ import annotations

from .base import Provider
from .eskiz import EskizProvider
from .mobizon import MobizonProvider
from .sandbox import SandboxProvider
from .sms_ru import SmsRuProvider
from .xml_gate import XmlGateProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.code: provider
    for provider in (
        EskizProvider,
        MobizonProvider,
        SandboxProvider,
        SmsRuProvider,
        XmlGateProvider,
    )
}
