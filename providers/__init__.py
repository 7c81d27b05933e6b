"""Providers by their code."""

from __future__ import annotations

from .android_gateway import AndroidGatewayProvider
from .base import Provider
from .devino import DevinoProvider
from .eskiz import EskizProvider
from .exolve import ExolveProvider
from .http_generic import HttpGenericProvider
from .infobip import InfobipProvider
from .jasmin import JasminProvider
from .kannel import KannelProvider
from .mobizon import MobizonProvider
from .presets import load_presets
from .sandbox import SandboxProvider
from .sms_aero import SmsAeroProvider
from .sms_ru import SmsRuProvider
from .smsc_ru import SmscRuProvider
from .twilio import TwilioProvider
from .vonage import VonageProvider
from .xml_gate import XmlGateProvider
from .zvonok import ZvonokProvider

PROVIDERS: dict[str, type[Provider]] = {
    provider.code: provider
    for provider in (
        AndroidGatewayProvider,
        DevinoProvider,
        EskizProvider,
        ExolveProvider,
        HttpGenericProvider,
        InfobipProvider,
        JasminProvider,
        KannelProvider,
        MobizonProvider,
        SandboxProvider,
        SmsAeroProvider,
        SmsRuProvider,
        SmscRuProvider,
        TwilioProvider,
        VonageProvider,
        XmlGateProvider,
        ZvonokProvider,
    )
}
PROVIDERS.update((preset.code, preset) for preset in load_presets(PROVIDERS))
