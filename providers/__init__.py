"""Providers by their code."""

from __future__ import annotations

from .base import Provider
from .jasmin import JasminProvider
from .kannel import KannelProvider
from .sandbox import SandboxProvider
from .sms_ru import SmsRuProvider
from .xml_gate import XmlGateProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.code: provider
    for provider in (
        JasminProvider,
        KannelProvider,
        SandboxProvider,
        SmsRuProvider,
        XmlGateProvider,
    )
}
