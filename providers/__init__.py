"""Providers by their code."""

from __future__ import annotations

from .base import Provider
from .sandbox import SandboxProvider
from .sms_aero import SmsAeroProvider
from .sms_ru import SmsRuProvider
from .smsc_ru import SmscRuProvider
from .xml_gate import XmlGateProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.code: provider
    for provider in (
        SandboxProvider,
        SmsAeroProvider,
        SmsRuProvider,
        SmscRuProvider,
        XmlGateProvider,
    )
}
