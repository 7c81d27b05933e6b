"""Providers by their code."""

from __future__ import annotations

from .base import Provider
from .sandbox import SandboxProvider
from .sms_ru import SmsRuProvider
from .xml_gate import XmlGateProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.code: provider
    for provider in (
        SandboxProvider,
        SmsRuProvider,
        XmlGateProvider,
    )
}
