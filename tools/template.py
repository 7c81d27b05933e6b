"""Texts with placeholders: a closed corner of Jinja2.

Allowed is text and ``{{ name }}``, through the filters ``upper``, ``lower``,
``capitalize``, ``title``, ``trim``, ``default('literal')`` and ``truncate(n)``.
Values are data: what they contain is never read as template text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .characters import UNSTORABLE
from .spaces import to_plain_spaces

ErrorCode = Literal["template_syntax", "template_forbidden", "template_unknown_name"]

#: longer sources are refused unread
MAX_SOURCE = 100_000
#: more placeholders do not fit into any message, and cost seconds to compile
MAX_PLACEHOLDERS = 1_000
#: of a title: a line of a list
MAX_TITLE = 60
#: what is read of a text for its title
MAX_READ_FOR_TITLE = 1_000
#: the longest text ``truncate`` may leave
MAX_TRUNCATE = 500
#: characters beyond which no text is rendered on: none so long can be sent
LONGEST = 4 * MAX_SOURCE

# pieces of one placeholder: a name and several filters fit, while nothing of this
# size nests deeper than the parser can follow
_MAX_TOKENS = 24
# digits of a whole number: the parser crashes on thousands of them, and on fractions
# whose digits are not ASCII
_MAX_DIGITS = 9
_ELLIPSIS = "..."

#: A placeholder, as a pattern without groups.
# Between braces and quotation marks neither a brace nor a backslash is allowed: no text
# is read from end to end once for each of its braces.
PLACEHOLDER = r"""\{\{(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^'"{}\\])*\}\}"""

_OPENING = re.compile(r"\{[{%#]")
_PLACEHOLDER = re.compile(PLACEHOLDER, re.DOTALL)
_NAME = re.compile(r"\{\{\s*(\w+)")
_LINE_BREAK = re.compile(r"\r\n?")
_VISIBLE = re.compile(r"\S")

# what is not a placeholder, in the words an author would use
_FORBIDDEN_TOKENS = {
    "comment_begin": "comment",
    "block_begin": "statement",
    "raw_begin": "statement",
}
# what is neither a name nor a filter; the first kind that fits
_FORBIDDEN_NODES: tuple[tuple[type[nodes.Node], str], ...] = (
    (nodes.Call, "call"),
    (nodes.Getattr, "attribute"),
    (nodes.Getitem, "subscript"),
    (nodes.CondExpr, "condition"),
    (nodes.Test, "test"),
    (nodes.Literal, "literal"),
    (nodes.Expr, "operator"),
)


class TemplateError(ValueError):
    """A source that is no template of ours.

    ``line`` counts from 1. ``detail`` is the unknown name, the filter, or the kind of
    thing that is not allowed; empty where a syntax error has no name.
    """

    def __init__(self, code: ErrorCode, line: int, detail: str = "") -> None:
        super().__init__(f"{code} in line {line}: {detail}")
        self.code: ErrorCode = code
        self.line = line
        self.detail = detail


class TextTooLong(ValueError):
    """A text with its values is longer than the caller wants."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A checked text.

    ``names`` are the names used, ``required`` those used at least once without
    ``default(...)`` directly behind them. A name has one alias for where it is
    truncated, one for where it is not, with the number of those uses.
    """

    source: str
    names: frozenset[str]
    required: frozenset[str]
    _aliases: tuple[tuple[str, str, int], ...]
    _pieces: Callable[[dict[str, str]], Iterable[str]]

    def render(self, values: Mapping[str, str], longest: int = LONGEST) -> str:
        r"""Return the text with its values; its own line breaks are all ``\n``.

        A name that ``values`` lacks takes its default. A text of more than ``longest``
        characters is not rendered to its end.

        :param values: as `make_ready` leaves them
        :raise KeyError: when a required name is lacking
        :raise TextTooLong:
        """
        found = {
            alias: values[name] if uses else _cut(values[name], MAX_TRUNCATE)
            for name, alias, uses in self._aliases
            if name in values
        }
        if len(found) < len(self._aliases):
            self._check_required(values)
        if max(map(len, found.values()), default=0) > MAX_TRUNCATE:
            self._check_length(values, longest)
        return _join(self._pieces(found), longest)

    def _check_length(self, values: Mapping[str, str], longest: int) -> None:
        """Check long values before any of them is rendered: no filter but
        ``truncate`` makes one shorter than it is without the spaces around it."""
        least = sum(
            uses * len(values[name].strip())
            for name, _alias, uses in self._aliases
            if name in values
        )
        if least > longest:
            raise TextTooLong

    def _check_required(self, values: Mapping[str, str]) -> None:
        for name in sorted(self.required - values.keys()):
            raise KeyError(name)


def make_ready(value: str, longest: int = LONGEST) -> str:
    """Return a value as `Template.render` takes it: with plain spaces, and no longer
    than it takes to see that its text is too long.

    What is cut off changes no text of up to ``longest`` characters, which is more than
    `MAX_TRUNCATE`.
    """
    plain = to_plain_spaces(value)
    return plain if len(plain) <= MAX_TRUNCATE else _cut(plain, longest)


def _cut(value: str, longest: int) -> str:
    """Cut a value that has more characters, counted without the spaces around it.

    It ends with a letter: ``trim`` takes nothing more away from it.
    """
    if len(value) <= longest:
        return value
    begin = len(value) - len(value.lstrip())
    last = _VISIBLE.search(value, begin + longest)
    return value[: last.end()] if last else value


def _join(pieces: Iterable[str], longest: int) -> str:
    found, size = [], 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size > longest:
            raise TextTooLong
    return "".join(found)


def compile_template(source: str, names: Collection[str]) -> Template:
    """Check and compile a text that may use ``names``.

    :raise TemplateError: when the text is more than placeholders of these names
    """
    return _compile(source, frozenset(names))


def make_title(source: str) -> str:
    """The beginning of a text as people read it, with names in square brackets."""
    words = " ".join(source[:MAX_READ_FOR_TITLE].split())
    return _PLACEHOLDER.sub(_name_placeholder, words)[:MAX_TITLE]


def _name_placeholder(found: re.Match[str]) -> str:
    name = _NAME.match(found[0])
    return f"[{name[1]}]" if name else found[0]


@lru_cache(maxsize=128)
def _compile(source: str, names: frozenset[str]) -> Template:
    _check_source(source)
    text = to_plain_spaces(source)
    if not _OPENING.search(text):
        return _plain(source, text)
    try:
        _check_tokens(text)
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        raise TemplateError("template_syntax", error.lineno) from None
    return _compile_tree(source, tree, names)


def _plain(source: str, text: str) -> Template:
    """Return a template without placeholders; it costs nothing to render."""
    text = _LINE_BREAK.sub("\n", text)
    return Template(source, frozenset(), frozenset(), (), lambda _: (text,))


def _compile_tree(source: str, tree: nodes.Template, names: frozenset[str]) -> Template:
    # Names become positions: a field called `self`, or two that Python would take for
    # one identifier, are then fields like any other.
    aliases: dict[tuple[str, bool], str] = {}
    uses: Counter[tuple[str, bool]] = Counter()
    required = set()
    for node, filters in _check_nodes(tree, names):
        if filters[-1:] != ["default"]:
            required.add(node.name)
        use = node.name, "truncate" in filters
        uses[use] += not use[1]
        node.name = aliases.setdefault(use, f"field_{len(aliases)}")
    return Template(
        source,
        frozenset(name for name, _is_cut in aliases),
        frozenset(required),
        tuple((use[0], alias, uses[use]) for use, alias in aliases.items()),
        _renderer(tree),
    )


def _renderer(tree: nodes.Template) -> Callable[[dict[str, str]], Iterable[str]]:
    """The renderer of a template, piece by piece."""
    code = _ENVIRONMENT.compile(tree)
    template = _ENVIRONMENT.template_class.from_code(_ENVIRONMENT, code, {})
    return lambda values: template.root_render_func(template.new_context(values))


def _check_source(source: str) -> None:
    if len(source) > MAX_SOURCE:
        raise TemplateError("template_forbidden", 1, "length")
    if unstorable := UNSTORABLE.search(source):
        line = source.count("\n", 0, unstorable.start()) + 1
        raise TemplateError("template_forbidden", line, "character")


def _check_tokens(source: str) -> None:
    """Refuse what is no placeholder, or too big to be parsed safely."""
    placeholders = tokens = 0
    for line, kind, value in _ENVIRONMENT.lex(source):
        tokens += kind != "whitespace"
        if kind == "variable_begin":
            placeholders, tokens = placeholders + 1, 0
        forbidden = (
            _FORBIDDEN_TOKENS.get(kind)
            or (placeholders > MAX_PLACEHOLDERS and "placeholders")
            or (tokens > _MAX_TOKENS and "nesting")
            or (kind == "float" and "literal")
            or (kind == "integer" and len(value) > _MAX_DIGITS and "literal")
        )
        if forbidden:
            raise TemplateError("template_forbidden", line, forbidden)


def _check_nodes(
    tree: nodes.Template, names: frozenset[str]
) -> Iterator[tuple[nodes.Name, list[str]]]:
    """Yield every use of a name and its filters, the one directly behind it last."""
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            raise TemplateError("template_forbidden", output.lineno, "statement")
        for expression in output.nodes:
            if not isinstance(expression, nodes.TemplateData):
                yield _check_placeholder(expression, names)


def _check_placeholder(
    expression: nodes.Expr, names: frozenset[str]
) -> tuple[nodes.Name, list[str]]:
    filters = []
    # only the filter of a block statement has no node
    while isinstance(expression, nodes.Filter) and expression.node is not None:
        _check_filter(expression)
        filters.append(expression.name)
        expression = expression.node
    return _check_name(expression, names), filters


def _check_name(expression: nodes.Expr, names: frozenset[str]) -> nodes.Name:
    if not isinstance(expression, nodes.Name):
        raise _forbidden(expression)
    if expression.name not in names:
        raise TemplateError("template_unknown_name", expression.lineno, expression.name)
    return expression


def _forbidden(node: nodes.Expr) -> TemplateError:
    kind = next(word for type_, word in _FORBIDDEN_NODES if isinstance(node, type_))
    return TemplateError("template_forbidden", node.lineno, kind)


def _check_filter(node: nodes.Filter) -> None:
    """Refuse a filter, or arguments of it, that are not in the closed list."""
    arguments = [getattr(argument, "value", None) for argument in node.args]
    extra = node.kwargs or node.dyn_args or node.dyn_kwargs
    is_allowed = _FILTERS.get(node.name)
    if is_allowed is None or extra or not is_allowed(arguments):
        raise TemplateError("template_forbidden", node.lineno, node.name)


def _nothing(arguments: list[Any]) -> bool:
    return not arguments


def _one_text(arguments: list[Any]) -> bool:
    match arguments:
        case [str(text)]:
            return not UNSTORABLE.search(text)
    return False


def _one_length(arguments: list[Any]) -> bool:
    match arguments:
        case [int(length)] if not isinstance(length, bool):
            return len(_ELLIPSIS) <= length <= MAX_TRUNCATE
    return False


# filter → whether these arguments are allowed
_FILTERS: dict[str, Callable[[list[Any]], bool]] = {
    "upper": _nothing,
    "lower": _nothing,
    "capitalize": _nothing,
    "title": _nothing,
    "trim": _nothing,
    "default": _one_text,
    "truncate": _one_length,
}


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        cache_size=0,
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    # ``truncate(20)`` leaves 20 characters, not up to five more
    environment.policies["truncate.leeway"] = 0
    return environment


_ENVIRONMENT = _environment()
