"""Templates of requests: a closed corner of Jinja2.

Allowed is text and ``{{ name }}`` through the filters of `FILTERS`. Values are data:
what they contain is never read as template text. A template renders one value (a
member of JSON, a field of a form, an attribute of XML); what surrounds the value is
built by `bodies`, so that no text can break out of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ..types import Words, _

#: longest source of one template, in characters
MAX_SOURCE = 2_000
#: most placeholders of one template: with them, a value of a text's length is the
#: longest that comes out
MAX_PLACEHOLDERS = 20
#: tokens of one placeholder: nothing of this size nests deeper than the parser follows
_MAX_TOKENS = 24
#: the parser takes other digits for numbers, and crashes on thousands of them
_MAX_DIGITS = 9
_ALLOWED_TOKENS = frozenset(
    {
        *("data", "whitespace", "variable_begin", "variable_end"),
        *("name", "operator", "string", "integer"),
    }
)
_NOT_DIGITS = re.compile(r"[^0-9]")


class TemplateWords(Words):
    """Why a template is refused."""

    UNREADABLE = _("the template could not be parsed")
    ONLY_PLACEHOLDERS = _("only placeholders and their filters are allowed")
    NO_SUCH_NAME = _("unknown placeholder {name}")
    NO_SUCH_FILTER = _("unknown filter {name}, or wrong arguments of the filter")
    TOO_LONG = _("the template has more than {maximum} characters")
    TOO_MANY = _("the template has more than {maximum} placeholders")


class TemplateError(ValueError):
    """A source that is no template; says why in words."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A checked template of one value.

    ``names`` are the placeholders used. ``is_number`` is true where the value is a
    number of JSON: the last filter is ``number``.
    """

    source: str
    names: frozenset[str]
    is_number: bool
    _render: Callable[[Mapping[str, Any]], str]

    def render(self, values: Mapping[str, Any]) -> str:
        """Fill the placeholders.

        :param values: one for each of ``names``: texts, whole numbers, aware
            datetimes, or None where there is none
        """
        return self._render(values)


# === FILTERS ===
def _digits(value: Any) -> str:
    return _NOT_DIGITS.sub("", _show(value))


def _plus(value: Any) -> str:
    digits = _digits(value)
    return f"+{digits}" if digits else ""


def _hex(value: Any) -> str:
    digits = _digits(value)
    return f"{int(digits):x}" if digits else ""


def _iso(value: Any) -> str:
    if not isinstance(value, datetime):
        return _show(value)
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _unix(value: Any) -> str:
    return str(int(value.timestamp())) if isinstance(value, datetime) else _show(value)


def _in_units(seconds: int) -> Callable[[Any], Any]:
    """A number of seconds in a unit; a begun one counts."""
    return lambda value: -(-value // seconds) if isinstance(value, int) else value


def _default(value: Any, text: str) -> Any:
    return value if _show(value) else text


def _quote(value: Any) -> str:
    """A value as a part of an address."""
    return quote(_show(value), safe="", errors="replace")


def _show(value: Any) -> str:
    """A value as text; moments as `_iso` writes them."""
    if isinstance(value, datetime):
        return _iso(value)
    return "" if value is None else str(value)


#: name → filter. ``number`` only marks the value, see `Template.is_number`.
FILTERS: dict[str, Callable[..., Any]] = {
    "default": _default,
    "digits": _digits,
    "hex": _hex,
    "hex16": lambda value: _show(value).encode("utf-16-be", "replace").hex().upper(),
    "hours": _in_units(3600),
    "iso": _iso,
    "lower": lambda value: _show(value).lower(),
    "minutes": _in_units(60),
    "number": _show,
    "plus": _plus,
    "unix": _unix,
    "upper": lambda value: _show(value).upper(),
    "urlencode": _quote,
}


def _make_environment(finalize: Callable[[Any], str]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        finalize=finalize, autoescape=False, keep_trailing_newline=True
    )
    environment.filters = dict(FILTERS)
    environment.globals = {}
    return environment


_PLAIN = _make_environment(_show)
#: for parts of an address: what a value contains stays one part
_QUOTING = _make_environment(_quote)


# === COMPILING ===
def compile_template(
    source: str, names: Collection[str], *, quoting: bool = False
) -> Template:
    """Check and compile a template that may use ``names``.

    :param quoting: values become parts of an address
    :raise TemplateError: the source is more than placeholders of these names
    """
    return _compile(source, frozenset(names), quoting)


@lru_cache(maxsize=1024)
def _compile(source: str, names: frozenset[str], quoting: bool) -> Template:
    if len(source) > MAX_SOURCE:
        raise TemplateError(TemplateWords.TOO_LONG.say(maximum=MAX_SOURCE))
    if "{" not in source:
        return Template(source, frozenset(), False, lambda _values: source)
    environment = _QUOTING if quoting else _PLAIN
    try:
        _check_tokens(environment, source)
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateError(TemplateWords.UNREADABLE.say()) from error
    used = [_check_placeholder(node, names) for node in _get_placeholders(tree)]
    compiled = environment.template_class.from_code(
        environment, environment.compile(tree), {}
    )
    is_number = [filters[-1:] for _name, filters in used] == [["number"]]
    return Template(
        source,
        frozenset(name for name, _filters in used),
        is_number and source.strip().startswith("{{") and source.strip()[-2:] == "}}",
        lambda values: compiled.render(values),
    )


def _check_tokens(environment: ImmutableSandboxedEnvironment, source: str) -> None:
    """Refuse what is no placeholder, or too big to be parsed safely."""
    placeholders = tokens = 0
    for _line, kind, value in environment.lex(source):
        tokens += 1
        if kind == "variable_begin":
            placeholders, tokens = placeholders + 1, 0
        if kind == "data":
            tokens = 0
        if (
            kind not in _ALLOWED_TOKENS
            or tokens > _MAX_TOKENS
            or (kind == "integer" and len(value) > _MAX_DIGITS)
        ):
            raise TemplateError(TemplateWords.ONLY_PLACEHOLDERS.say())
    if placeholders > MAX_PLACEHOLDERS:
        raise TemplateError(TemplateWords.TOO_MANY.say(maximum=MAX_PLACEHOLDERS))


def _get_placeholders(tree: nodes.Template) -> list[nodes.Expr]:
    found: list[nodes.Expr] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            raise TemplateError(TemplateWords.ONLY_PLACEHOLDERS.say())
        found += [
            node for node in output.nodes if not isinstance(node, nodes.TemplateData)
        ]
    return found


def _check_placeholder(
    expression: nodes.Expr, names: frozenset[str]
) -> tuple[str, list[str]]:
    """The name of a placeholder and its filters, in their order."""
    filters: list[str] = []
    while isinstance(expression, nodes.Filter) and expression.node is not None:
        _check_filter(expression)
        filters.insert(0, expression.name)
        expression = expression.node
    if not isinstance(expression, nodes.Name):
        raise TemplateError(TemplateWords.ONLY_PLACEHOLDERS.say())
    if expression.name not in names:
        raise TemplateError(TemplateWords.NO_SUCH_NAME.say(name=expression.name))
    return expression.name, filters


def _check_filter(node: nodes.Filter) -> None:
    arguments = [getattr(argument, "value", None) for argument in node.args]
    has_text = len(arguments) == 1 and isinstance(arguments[0], str)
    fits = has_text if node.name == "default" else not arguments
    others = node.kwargs or node.dyn_args or node.dyn_kwargs
    if node.name not in FILTERS or others or not fits:
        raise TemplateError(TemplateWords.NO_SUCH_FILTER.say(name=node.name))
