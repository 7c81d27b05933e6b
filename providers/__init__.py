"""Providers by their code."""

from __future__ import annotations

from .base import Provider
from .http_generic import HttpGenericProvider
from .presets import load_presets
from .sandbox import SandboxProvider
from .sms_ru import SmsRuProvider
from .xml_gate import XmlGateProvider

_CLASSES: tuple[type[Provider], ...] = (
    HttpGenericProvider,
    SandboxProvider,
    SmsRuProvider,
    XmlGateProvider,
    *load_presets(),
)

PROVIDERS: dict[str, type[Provider]] = {one.code: one for one in _CLASSES}
