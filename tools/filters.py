"""Filters as Odoo's web client writes them: values, and a few words for days and times.

A filter is a text of whoever saved it, so nothing of it is run: it is parsed, and every
piece of it is one that is known here, or the filter is refused. What is computed is
bounded: days and times, and what is added to them.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Literal

from dateutil.relativedelta import relativedelta

from .characters import UNSTORABLE

ErrorCode = Literal[
    "syntax",
    "too_long",
    "too_complex",
    "unknown_name",
    "not_allowed",
    "out_of_range",
]

#: Characters of a filter: some six thousand records by their ids.
MAX_LENGTH = 50_000
#: Values of a filter, of all its conditions together.
MAX_VALUES = 20_000
#: Conditions and lists in it.
MAX_LISTS = 500
#: Pieces within pieces.
MAX_DEPTH = 30
#: Steps to a condition: “and”, “or” and “not” within each other, and relations followed
#: one after another, by dots or by conditions on related records.
MAX_STEPS = 20
#: Integers of the database have this many bits.
MAX_BITS = 63
#: Longer pieces are cut when an error quotes them.
MAX_QUOTED = 60

_DELTAS = (timedelta, relativedelta)
_PLAIN = (bool, int, float, str, date, list, tuple, type(None))
_RELATIVE = frozenset(
    f"{unit}{s}"
    for unit in ("year", "month", "day", "hour", "minute", "second", "microsecond")
    for s in ("", "s")
) | {"weeks", "weekday", "leapdays", "yearday", "nlyearday"}
#: What the web client can write of a day or time; wider ones are not portable, and
#: others let the C library pad without end.
_FORMAT = re.compile(r"(?:[^%]|%[YmdHMS])*")


class FilterError(ValueError):
    """A text that is no filter of ours; ``detail`` quotes the piece or the name."""

    def __init__(self, code: ErrorCode, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code: ErrorCode = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose filter it is: their id, their day, and the zone of their clock."""

    uid: int
    today: date
    zone: tzinfo


def read_filter(text: str, reader: Reader) -> list[Any] | tuple[Any, ...]:
    """Read a filter: a list of conditions, dates and times in it in UTC and naive.

    Whether its conditions fit a model is not looked at.

    :raise FilterError: it is none
    """
    filter_ = _Parser(text, reader).read()
    _check_steps(filter_, MAX_STEPS)
    return filter_


def _check_steps(conditions: list[Any] | tuple[Any, ...], left: int) -> None:
    left -= _count_nesting(conditions)
    for condition in conditions:
        if not isinstance(condition, (list, tuple)) or len(condition) != 3:
            continue
        path, _operator, value = condition
        dots = path.count(".") if isinstance(path, str) else 0
        if dots > left:
            raise FilterError("too_complex")
        if isinstance(value, (list, tuple)):
            _check_steps(value, left - dots - 1)


def _count_nesting(conditions: list[Any] | tuple[Any, ...]) -> int:
    """How deep operators are within each other; a row of the same is one. What lacks
    operands is left to whoever reads the conditions."""
    operands: list[tuple[str, int]] = []
    for item in reversed(conditions):
        if item in ("&", "|"):
            within = operands[-2:]
            del operands[-2:]
            depth = max((n + (one != item) for one, n in within), default=0)
            operands.append((item, depth))
        elif item == "!" and operands:
            operands.append(("!", operands.pop()[1] + 1))
        else:
            operands.append(("", 0))
    return max((depth for _operator, depth in operands), default=0)


class _Parser:
    """Turns the syntax tree of one text into values."""

    def __init__(self, text: str, reader: Reader) -> None:
        self._text = text.strip()
        self._reader = reader
        self._values = self._lists = self._depth = 0
        self._kinds: dict[type[ast.expr], Callable[[Any], Any]] = {
            ast.Constant: self._read_constant,
            ast.List: self._read_list,
            ast.Tuple: self._read_tuple,
            ast.UnaryOp: self._read_negative,
            ast.Name: self._read_name,
            ast.BinOp: self._read_sum,
            ast.Call: self._read_call,
        }
        self._calls: dict[str, Callable[..., Any]] = {
            "context_today": self._get_today,
            "relativedelta": _make_relativedelta,
            "time.strftime": self._say_now,
            "datetime.date": _only_numbers(date),
            "datetime.date.today": lambda: _get_now().date(),
            "datetime.datetime": _only_numbers(datetime),
            "datetime.datetime.now": _get_now,
            "datetime.datetime.combine": _combine,
            "datetime.time": _only_numbers(time),
            "datetime.timedelta": _only_numbers(timedelta),
        }
        self._methods: dict[str, Callable[..., Any]] = {
            "strftime": _format,
            "to_utc": self._to_utc,
        }

    def read(self) -> list[Any] | tuple[Any, ...]:
        root = self._parse()
        if not isinstance(root, (ast.List, ast.Tuple)):
            raise self._refuse(root)
        filter_: list[Any] | tuple[Any, ...] = self._read(root)
        return filter_

    def _parse(self) -> ast.expr:
        if len(self._text) > MAX_LENGTH:
            raise FilterError("too_long")
        try:
            return ast.parse(self._text, mode="eval").body
        except (MemoryError, RecursionError):
            raise FilterError("too_complex") from None
        except (SyntaxError, ValueError):
            raise FilterError("syntax") from None

    def _read(self, node: ast.expr) -> Any:
        read = self._kinds.get(type(node))
        if read is None:
            raise self._refuse(node)
        self._depth += 1
        self._values += 1
        if self._depth > MAX_DEPTH or self._values > MAX_VALUES:
            raise FilterError("too_complex")
        value = read(node)
        self._depth -= 1
        return value

    def _refuse(self, node: ast.expr, code: ErrorCode = "not_allowed") -> FilterError:
        piece = ast.get_source_segment(self._text, node) or ""
        return FilterError(code, _cut(piece))

    # === VALUES ===
    def _read_constant(self, node: ast.Constant) -> Any:
        value = node.value
        if value is not None and not isinstance(value, (bool, int, float, str)):
            raise self._refuse(node)
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise self._refuse(node, "out_of_range")
        if isinstance(value, float) and not math.isfinite(value):
            raise self._refuse(node, "out_of_range")
        if isinstance(value, str) and UNSTORABLE.search(value):
            raise self._refuse(node)
        return value

    def _read_list(self, node: ast.List) -> list[Any]:
        return self._read_elements(node.elts)

    def _read_tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self._read_elements(node.elts))

    def _read_elements(self, nodes: list[ast.expr]) -> list[Any]:
        self._lists += 1
        if self._lists > MAX_LISTS:
            raise FilterError("too_complex")
        return [self._read_element(node) for node in nodes]

    def _read_element(self, node: ast.expr) -> Any:
        value = self._read(node)
        if not isinstance(value, _PLAIN):
            raise self._refuse(node)
        return value.replace(tzinfo=None) if isinstance(value, datetime) else value

    def _read_negative(self, node: ast.UnaryOp) -> int | float:
        value = self._read(node.operand)
        if not isinstance(node.op, ast.USub) or not _is_number(value):
            raise self._refuse(node)
        number: int | float = -value
        return number

    def _read_name(self, node: ast.Name) -> int:
        if node.id == "uid":
            return self._reader.uid
        if node.id in self._calls:
            raise self._refuse(node)
        raise FilterError("unknown_name", _cut(node.id))

    # === DAYS AND TIMES ===
    def _read_sum(self, node: ast.BinOp) -> Any:
        if not isinstance(node.op, (ast.Add, ast.Sub)):
            raise self._refuse(node)
        left, right = self._read(node.left), self._read(node.right)
        if not isinstance(left, date) or not isinstance(right, _DELTAS):
            raise self._refuse(node)
        if isinstance(node.op, ast.Add):
            return self._compute(node, lambda: left + right)
        return self._compute(node, lambda: left - right)

    def _read_call(self, node: ast.Call) -> Any:
        call, subject = self._find_call(node)
        values = [self._read(one) for one in node.args]
        named = {one.arg: self._read(one.value) for one in node.keywords if one.arg}
        if len(named) < len(node.keywords):
            raise self._refuse(node)
        return self._compute(node, lambda: call(*subject, *values, **named))

    def _find_call(self, node: ast.Call) -> tuple[Callable[..., Any], list[Any]]:
        """:return: what is called, and the value before the dot of a method, if any"""
        name = _get_dotted(node.func)
        if name in self._calls:
            return self._calls[name], []
        if isinstance(node.func, ast.Attribute) and node.func.attr in self._methods:
            return self._methods[node.func.attr], [self._read(node.func.value)]
        if isinstance(node.func, ast.Name):
            raise FilterError("unknown_name", _cut(node.func.id))
        raise self._refuse(node)

    def _compute(self, node: ast.expr, compute: Callable[[], Any]) -> Any:
        try:
            return compute()
        except (AttributeError, TypeError):
            raise self._refuse(node) from None
        except (ArithmeticError, LookupError, ValueError):
            raise self._refuse(node, "out_of_range") from None

    def _get_today(self) -> date:
        return self._reader.today

    def _say_now(self, pattern: object) -> str:
        return _format(_get_now(), pattern)

    def _to_utc(self, moment: object) -> datetime:
        """A time of the reader's clock. What is computed from the present one, which is
        in UTC already, is refused: an hour in it may be meant by either clock."""
        if not isinstance(moment, datetime) or moment.tzinfo:
            raise TypeError(moment)
        return moment.replace(tzinfo=self._reader.zone).astimezone(timezone.utc)


def _get_now() -> datetime:
    return datetime.now(timezone.utc)


def _combine(day: object, moment: object) -> datetime:
    if not isinstance(day, date) or not isinstance(moment, time):
        raise TypeError(day, moment)
    return datetime.combine(day, moment)


def _format(moment: object, pattern: object) -> str:
    if not isinstance(moment, (date, time)) or not isinstance(pattern, str):
        raise TypeError(moment, pattern)
    if not _FORMAT.fullmatch(pattern):
        raise TypeError(pattern)
    return moment.strftime(pattern)


def _only_numbers(make: Callable[..., Any]) -> Callable[..., Any]:
    """``make``, called with numbers only: what else its arguments may be is nothing
    that a filter has."""

    def make_of_numbers(*values: object, **named: object) -> Any:
        if not all(map(_is_number, (*values, *named.values()))):
            raise TypeError(values, named)
        return make(*values, **named)

    return make_of_numbers


def _make_relativedelta(**named: object) -> Any:
    if not named.keys() <= _RELATIVE:
        raise TypeError(named)
    return _only_numbers(relativedelta)(**named)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _get_dotted(node: ast.expr) -> str:
    """:return: ``a.b.c`` of names and dots, "" for anything else"""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join((node.id, *reversed(names)))


def _cut(piece: str) -> str:
    return piece if len(piece) <= MAX_QUOTED else f"{piece[:MAX_QUOTED]}…"
