"""Reads the members of a request and collects what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import islice

from ...tools.characters import UNSTORABLE
from ...tools.json_outline import Items
from ...tools.letters import compose_letters
from .errors import MAX_PROBLEMS, RequestError, RequestProblem

MAX_ROUTE_LENGTH = 1_000
#: characters of a key, a mode, a currency, a time
MAX_WORD = 64
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


class Reader:
    """Reads members of one JSON object and notes what is wrong with them.

    The readers of one request share the list of problems.
    """

    def __init__(
        self,
        members: Mapping[str, object],
        *,
        prefix: str = "",
        problems: list[RequestProblem],
    ) -> None:
        self.members = members
        self.prefix = prefix
        self.problems = problems

    def path(self, name: str) -> str:
        return self.prefix + name

    def get(self, name: str) -> object:
        return self.members.get(name)

    def report(self, code: str, path: str, **params: object) -> None:
        """Note a problem; beyond `MAX_PROBLEMS` nobody reads on."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(RequestProblem(code, path, params))

    def raise_problems(self, kind: str) -> None:
        if self.problems:
            raise RequestError(self.problems, kind=kind)

    def child(self, name: str) -> Reader | None:
        """The reader of a member that must be an object."""
        value = self.get(name)
        if isinstance(value, dict):
            return Reader(value, prefix=f"{self.path(name)}.", problems=self.problems)
        self.report("wrong_type", self.path(name), variant="object")
        return None

    def string(
        self,
        name: str,
        *,
        max_length: int,
        code: str = "invalid_value",
        is_required: bool = False,
        **params: object,
    ) -> str | None:
        """See `check_string`."""
        value, path = self.get(name), self.path(name)
        if value is None:
            if is_required:
                self.report("missing", path)
            return None
        return self.check_string(
            value, path, max_length=max_length, code=code, **params
        )

    def check_string(
        self,
        value: object,
        path: str,
        *,
        max_length: int,
        code: str = "invalid_value",
        **params: object,
    ) -> str | None:
        """A string, composed (NFC): the same word typed on a Mac is the same word.

        ``code`` and ``params`` tell what is wrong with a longer one, before anything
        else is done with it.
        """
        if not isinstance(value, str):
            self.report("wrong_type", path, variant="string")
            return None
        if len(value) > max_length:
            self.report(code, path, value=value[:max_length], **params)
            return None
        if UNSTORABLE.search(value):
            self.report("invalid_character", path)
            return None
        return compose_letters(value)

    def number(
        self, name: str, *, minimum: int, maximum: int, variant: str = "number"
    ) -> int | None:
        """A whole number, or its digits in a string."""
        value, path = self.get(name), self.path(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self.report("wrong_type", path, variant="number")
            return None
        number = read_whole_number(value)
        if number is None or not minimum <= number <= maximum:
            self.report(
                "invalid_value", path, variant=variant, minimum=minimum, maximum=maximum
            )
            return None
        return number

    def boolean(self, name: str) -> bool:
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            self.report("wrong_type", self.path(name), variant="boolean")
        return value is True


def read_whole_number(value: float | str) -> int | None:
    if isinstance(value, str):
        digits = value.strip()
        return int(digits) if _WHOLE_NUMBER.fullmatch(digits) else None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value)


def locate(request: Reader, send: Reader, name: str) -> tuple[object, str]:
    """Find a member inside ``send``, or beside it as the manual's Table 1 numbers it.

    :return: its value and its path
    """
    inside, beside = send.get(name), request.get(name)
    if inside is not None and beside is not None:
        request.report("invalid_value", name, variant="twice")
    if inside is None and beside is not None:
        return beside, request.path(name)
    return inside, send.path(name)


def count_beyond(values: Collection[object] | Items, limit: int) -> str:
    """How many there are, when they are more than the limit; nobody counts the
    elements of a big list."""
    if not isinstance(values, Items):
        return str(len(values)) if len(values) > limit else ""
    kinds = islice(values.read_kinds(), limit + 1)
    return f"> {limit}" if sum(1 for _kind in kinds) > limit else ""


def read_route(request: Reader) -> str:
    """The name, trimmed and composed (NFC) as names of routes are compared."""
    value = request.string(
        "route",
        max_length=MAX_ROUTE_LENGTH,
        code="unknown_route",
        is_required=True,
        route=request.get("route"),
    )
    route = (value or "").strip()
    if value is not None and not route:
        request.report("missing", "route")
    return route
