"""Providers by their code."""

from __future__ import annotations

from .base import Provider
from .sandbox import SandboxProvider
from .xml_gate import XmlGateProvider
from .zvonok import ZvonokProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.code: provider
    for provider in (
        SandboxProvider,
        XmlGateProvider,
        ZvonokProvider,
    )
}
