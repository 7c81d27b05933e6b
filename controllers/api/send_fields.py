"""``fields``: the names that texts may use, with their defaults."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from ...tools.json_outline import Items
from ...tools.letters import compose_letters
from ...tools.template import MAX_SOURCE
from .reader import Reader, count_beyond, locate

#: Bound the work one request can ask for: names × recipients, text × recipients.
MAX_NAMES = 100
MAX_NAME_LENGTH = 64
#: characters of a name as it is written: letters apart from their marks, spaces
MAX_NAME_WRITTEN = 4 * MAX_NAME_LENGTH
#: In a template these words are never names.
_RESERVED_NAMES = frozenset(("not", "true", "false", "none", "True", "False", "None"))


def read_fields(request: Reader, send: Reader) -> dict[str, str | None] | None:
    """The listed names with their defaults.

    :return: None when they could not be read
    """
    value, path = locate(request, send, "fields")
    if value is None:
        return {}
    if not isinstance(value, list | dict | Items):
        request.report("wrong_type", path, variant="fields")
        return None
    if count_beyond(value, MAX_NAMES):
        request.report("invalid_value", path, variant="names", maximum=MAX_NAMES)
        return None
    if isinstance(value, dict):
        return _read_defaults(request, value, path)
    return _read_names(request, value, path)


def _read_names(
    request: Reader, names: Iterable[object], path: str
) -> dict[str, str | None] | None:
    read = [
        _read_name(request, name, f"{path}[{index}]")
        for index, name in enumerate(names)
    ]
    known = [name for name in read if name is not None]
    return dict.fromkeys(known) if len(known) == len(read) else None


def _read_defaults(
    request: Reader, members: dict[str, object], path: str
) -> dict[str, str | None] | None:
    defaults = {}
    for raw, value in members.items():
        name = _read_name(request, raw, path)
        if name is None:
            return None
        defaults[name] = _read_default(request, value, f"{path}.{name}")
    return defaults


def _read_name(request: Reader, value: object, path: str) -> str | None:
    text = request.check_string(
        value,
        path,
        max_length=MAX_NAME_WRITTEN,
        variant="name",
        maximum=MAX_NAME_LENGTH,
    )
    if text is None:
        return None
    name = make_name(text)
    if (
        name.isidentifier()
        and len(name) <= MAX_NAME_LENGTH
        and name not in _RESERVED_NAMES
    ):
        return name
    request.report(
        "invalid_value", path, variant="name", value=text, maximum=MAX_NAME_LENGTH
    )
    return None


def _read_default(request: Reader, value: object, path: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return request.check_string(
            value, path, max_length=MAX_SOURCE, code="too_long", maximum=MAX_SOURCE
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        request.report("wrong_type", path, variant="default")
        return None
    return format(Decimal(repr(value)), "f").removesuffix(".0")


# users have the same names again and again
@lru_cache(maxsize=1024)
def make_name(name: str) -> str:
    """``first name``, as the manual's Table 1 has it, is ``first_name``."""
    return "_".join(compose_letters(name).split())


def find_name(raw: str) -> str:
    """The field that a member of a user stands for; empty for one of no field."""
    return make_name(raw) if len(raw) <= MAX_NAME_WRITTEN else ""
