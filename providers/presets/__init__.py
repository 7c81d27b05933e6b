"""Providers that are files: every ``<code>.json`` here is one (``docs/presets.rst``).

A file is checked strictly when it is loaded. One that is wrong is an error of whoever
wrote it: it stops the loading, with the file and the place in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from ..generic.definition import Definition
from ..generic.provider import GenericProvider, TellsBalance
from ..generic.reader import (
    ACCOUNT_NAMES,
    MESSAGE_NAMES,
    POLL_NAMES,
    DefinitionError,
    DefinitionWords,
    Node,
    read_definition,
)
from ..generic.reports import LooksUp, Polls, TakesPushes
from ..settings import Choice, Kind, Setting, Unit
from ..types import Capabilities, ClientReference, _
from ...tools.vocabulary import Channel

FOLDER = Path(__file__).parent
_CODE = re.compile("[a-z][a-z0-9_]{1,30}")
_RESERVED = MESSAGE_NAMES | POLL_NAMES | ACCOUNT_NAMES | {"url"}
_KINDS = {kind.value: kind for kind in Kind if kind is not Kind.ADDRESS}
_UNITS = {unit.name.lower(): unit for unit in Unit}
_REFERENCES = {one.value: one for one in ClientReference}


class PresetError(ValueError):
    """A file that is no preset; says which, and where the mistake is."""


def load_presets(taken: Container[str] = ()) -> list[type[GenericProvider]]:
    """The providers of this folder.

    :param taken: codes of other providers
    :raise PresetError:
    """
    paths = sorted(FOLDER.glob("*.json"))
    for path in paths:
        if path.stem in taken:
            raise PresetError(f"{path}: there is a provider of this code already")
    return [load_preset(path) for path in paths]


def load_preset(path: Path) -> type[GenericProvider]:
    """The provider of a file.

    :raise PresetError:
    """
    try:
        if not _CODE.fullmatch(path.stem):
            raise ValueError("its name must be a code: small letters, digits and _")
        value = json.loads(path.read_bytes(), object_pairs_hook=_make_object)
        return read_preset(path.stem, value)
    except ValueError as error:
        raise PresetError(f"{path}: {error}") from error


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are not repeated."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} stands there twice")
    return found


def read_preset(code: str, value: Any) -> type[GenericProvider]:
    """Make the provider that a document describes.

    :raise DefinitionError:
    """
    node = Node(value, "")
    if not node.take_texts("source"):
        raise node.fail("source", DefinitionWords.MISSING)
    settings = (_make_address(node), *_read_settings(node))
    members: dict[str, Any] = {
        "code": code,
        "label": node.take_text("label"),
        "description": "\n".join(node.take_texts("description")),
        "settings": settings,
        "__module__": __name__,
        "__doc__": f"An account at the provider of {code}.json.",
    }
    details = _read_details(node)
    names = [one.name for one in settings if one.name != "url"]
    members["definition"] = definition = read_definition(node, names)
    members["capabilities"] = _get_capabilities(definition, details)
    if details["validity"]:
        members["validity"] = details["validity"]
    name = f"{code.title().replace('_', '')}Provider"
    return type(name, _get_bases(definition), members)


def _get_bases(definition: Definition) -> tuple[type[GenericProvider], ...]:
    """The classes of what a definition has."""
    parts: tuple[tuple[object, type[GenericProvider]], ...] = (
        (definition.poll, Polls),
        (definition.lookup, LooksUp),
        (definition.push, TakesPushes),
        (definition.balance, TellsBalance),
    )
    return tuple(base for spec, base in parts if spec) or (GenericProvider,)


def _make_address(node: Node) -> Setting:
    """The setting for the address, with the public one as its default."""
    return Setting(
        "url",
        _("Provider URL"),
        Kind.ADDRESS,
        required=True,
        default=node.take_text("url"),
        help=_("https://host — enter the password again after changing this"),
    )


# === SETTINGS ===
def _read_settings(node: Node) -> list[Setting]:
    values = node.take("settings", [])
    if not isinstance(values, list):
        raise node.fail("settings", DefinitionWords.NOT_A_LIST)
    settings: list[Setting] = []
    for place, value in enumerate(values):
        setting = _read_setting(Node(value, f"settings.{place}"))
        if setting.name in _RESERVED | {one.name for one in settings}:
            names = ", ".join(sorted(_RESERVED))
            words = f"its name is taken; taken are: {names}"
            raise DefinitionError(f"settings.{place}.name", words)
        settings.append(setting)
    return settings


def _read_setting(node: Node) -> Setting:
    kind = _KINDS[node.take_choice("kind", _KINDS, Kind.TEXT.value)]
    setting = Setting(
        node.take_text("name"),
        node.take_text("label"),
        kind,
        required=_take_switch(node, "required"),
        default=node.take_text("default", ""),
        help=node.take_text("help", ""),
        choices=tuple(Choice(*pair) for pair in node.take_pairs("choices")),
        minimum=node.take_number("minimum", 0),
        maximum=node.take_number("maximum", 999_999_999),
        unit=_UNITS[node.take_choice("unit", _UNITS, "seconds")],
    )
    node.finish()
    if not re.fullmatch("[a-z][a-z0-9_]*", setting.name):
        raise node.fail("name", DefinitionWords.NOT_NAMED)
    if list(setting.find_problems(setting.default, allows_private=False)):
        raise node.fail("default", DefinitionWords.BAD_DEFAULT)
    return setting


def _take_switch(node: Node, name: str) -> bool:
    value = node.take(name, False)
    if not isinstance(value, bool):
        raise node.fail(name, DefinitionWords.NOT_A_SWITCH)
    return value


# === CAPABILITIES ===
def _read_details(node: Node) -> dict[str, Any]:
    """What a protocol can do beyond its definition."""
    channels = node.take_texts("channels") or ("sms",)
    if not set(channels) <= {"sms", "voice"}:
        raise node.fail("channels", DefinitionWords.BAD_CHOICE, names="sms, voice")
    return {
        "channels": channels,
        "validity": _read_validity(node),
        "client_reference": _REFERENCES[
            node.take_choice("client_reference", _REFERENCES, "none")
        ],
        "not_found_after": node.take_number("not_found_after", 0),
    }


def _read_validity(node: Node) -> tuple[int, int] | None:
    limits = node.take_node("validity")
    if limits is None:
        return None
    found = limits.take_number("minimum", 1), limits.take_number("maximum", 1)
    limits.finish()
    if not 0 < found[0] <= found[1]:
        raise node.fail("validity", DefinitionWords.NOT_A_NUMBER)
    return found


def _get_capabilities(
    definition: Definition, details: Mapping[str, Any]
) -> Capabilities:
    channels: frozenset[Channel] = frozenset(details["channels"])
    push, lookup = definition.push, definition.lookup
    calls = (definition.submit, definition.poll)
    priced = [call for call in calls if call and "price" in call.answer.paths]
    return Capabilities(
        channels=channels,
        client_reference=details["client_reference"],
        lookup=lookup is not None,
        not_found_after=float(details["not_found_after"]) or None,
        validity=details["validity"],
        push=push is not None and bool(push.reports.paths),
        signed_push=push is not None and push.signature is not None,
        poll=definition.poll is not None,
        balance=definition.balance is not None,
        price=bool(priced),
        inbound_push=push is not None and push.inbound is not None,
    )
