"""Providers by their code."""

from __future__ import annotations

from .base import Provider
from .exolve import ExolveProvider
from .jasmin import JasminProvider
from .kannel import KannelProvider
from .sandbox import SandboxProvider
from .sms_ru import SmsRuProvider
from .xml_gate import XmlGateProvider
from .zvonok import ZvonokProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.code: provider
    for provider in (
        ExolveProvider,
        JasminProvider,
        KannelProvider,
        SandboxProvider,
        SmsRuProvider,
        XmlGateProvider,
        ZvonokProvider,
    )
}
