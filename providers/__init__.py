"""Providers by their code."""

from __future__ import annotations

from .base import Provider
from .exolve import ExolveProvider
from .http_generic import HttpGenericProvider
from .presets import load_presets
from .sandbox import SandboxProvider
from .sms_ru import SmsRuProvider
from .xml_gate import XmlGateProvider
from .zvonok import ZvonokProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.code: provider
    for provider in (
        ExolveProvider,
        HttpGenericProvider,
        SandboxProvider,
        SmsRuProvider,
        XmlGateProvider,
        ZvonokProvider,
    )
}
PROVIDERS.update((preset.code, preset) for preset in load_presets(PROVIDERS))
