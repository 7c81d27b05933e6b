"""What other programs would fill in or interpret, while we send it as it stands."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from .spaces import to_plain_spaces

Kind = Literal["placeholder", "markup"]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A piece of a text. ``replacement`` is what to write instead; None where only the
    author knows."""

    kind: Kind
    text: str
    start: int
    replacement: str | None


# our names for words that are plain
_OURS = {
    **dict.fromkeys(
        "имя name firstname fname givenname имяклиента clientname customername"
        " username contactname".split(),
        "first_name",
    ),
    **dict.fromkeys("фамилия lastname lname surname familyname".split(), "last_name"),
    **dict.fromkeys("отчество patronymic middlename".split(), "patronymic"),
    **dict.fromkeys("фио fullname fio".split(), "fio"),
    **dict.fromkeys("город city".split(), "city"),
    **dict.fromkeys("телефон phone".split(), "phone"),
    **dict.fromkeys("почта email".split(), "email"),
    "улица": "street",
    "индекс": "zip",
}
# words of fields: in square or angle brackets any other one may be meant so
_WORDS = frozenset(_OURS) | frozenset(
    "адрес баланс баллы врач время дата день деньрождения договор долг дом заказ"
    " заказа записи запись клиент клиента код компания контакт контакта купон магазин"
    " мастер менеджер название номер обращение организация остаток пользователь"
    " пользователя пол получатель получателя промокод салон специалист ссылка сумма"
    " счет тариф текст товар услуга филиал цена"
    " address age amount balance birthday birthdate bonus client code company contact"
    " count coupon currency customer date discount field gender greeting id label link"
    " login mobile number offer order param password patient points price product"
    " promocode recipient salutation secondname sender service shop store sum text time"
    " title total url user value var".split()
)

_WORD = r"[^\W\d]\w*"
_PERCENT = r"(?<![\w%])(?<!\d )%"
_TAGS = (
    "a|b|big|blockquote|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|img|li|ol|p"
    "|pre|s|small|span|strong|style|sub|sup|table|tbody|td|th|tr|tt|u|ul|wbr"
)
_ENTITIES = (
    "amp|apos|bull|copy|deg|euro|gt|hellip|laquo|ldquo|lsaquo|lsquo|lt|mdash|middot|nbsp"
    "|ndash|quot|raquo|rdquo|reg|rsaquo|rsquo|bdquo|sbquo|shy|thinsp|times|trade"
)
_ATTRIBUTES = r"(?:\s+[\w:-]{1,50}\s?=[^<>]{0,500})?"

# Each group has a judge of its own: what is taken for a field in one kind of brackets
# is a common way to write in another.
_PATTERNS = {
    # {name}, ${name}, {$name}, {=Document:NAME}, {Имя клиента}, {name|друг}, {0}
    "braces": r"[$#%@]?\{\s?[$=@]?(?:[^\W\d][\w .:=|-]{0,60}|\d{1,2})\}",
    "stars": r"\*\|[^|\n]{1,60}\|\*",
    # <%= name %>, <?= $name ?>, <t t-out="object.name"/>
    "blocks": r"<%[^%\n]{1,200}%>|<\?[^?\n]{1,200}\?>|<t\s+t-[^<>]{1,200}>",
    "double": rf"\[\[\s?{_WORD}(?:[ .-]\w+){{0,3}}\s?\]\]",
    # #NAME#, but no hashtags, as in "#sale #summer" and "#sale#summer"
    "hashes": rf"#{_WORD}(?:[. -]\w+){{0,2}}#",
    # %NAME%, %%name%%, %(name)s, %s, but not "10%, 20%"
    "percents": rf"{_PERCENT}%?{_WORD}(?: {_WORD}){{0,2}}%(?:%|(?![\w%]))"
    rf"|{_PERCENT}(?:\({_WORD}\))?[sd](?!\w)",
    "dollars": rf"(?<![\w$])\${_WORD}\b\$?",
    "square": rf"\[\s?{_WORD}(?: {_WORD}){{0,2}}\s?\]",
    "angle": rf"(?<!<)<\s?{_WORD}(?: {_WORD}){{0,2}}\s?>(?!>)",
    "entity": rf"&(?:{_ENTITIES}|\#\d{{2,6}}|\#x[0-9a-fA-F]{{2,5}});",
    "tag": rf"</?(?:{_TAGS}){_ATTRIBUTES}\s?/?>",
}
# a known tag comes before a word in angle brackets
_ORDER = [*list(_PATTERNS)[:8], "entity", "tag", "angle"]
_FOREIGN = re.compile(
    "|".join(f"(?P<{name}>{_PATTERNS[name]})" for name in _ORDER),
)
_URL = re.compile(
    r"https?://[^\s<>\"«»“”„]+|(?<![\w@.-])[\w.-]{1,200}\.\w{2,24}/[^\s<>]*",
    re.IGNORECASE,
)
# what an address cannot have unless somebody fills it in
_IN_URL = frozenset(("braces", "stars", "double", "entity"))
_MARKS = "{}[]()<>#%$@*|?= "
_BREAK = re.compile(r"</?(?:br|p|div|li|tr)\b", re.IGNORECASE)
_NOT_OF_WORDS = re.compile(r"[\W\d_]+")


def find_foreign(text: str, names: Collection[str]) -> Iterator[Foreign]:
    """Yield what looks like placeholders of other systems and like HTML.

    :param text: without placeholders of ours
    :param names: the names that a placeholder of ours may have
    """
    urls = [found.span() for found in _URL.finditer(text)]
    starts = [start for start, _ in urls]
    position = 0
    while found := _FOREIGN.search(text, position):
        kind = found.lastgroup or ""
        number = bisect_right(starts, found.start())
        is_in_url = number > 0 and found.start() < urls[number - 1][1]
        is_meant = _is_meant(kind, found, is_in_url)
        # what is no placeholder may end where one begins, as in "#sale#NAME#"
        position = found.end() if is_meant else found.start() + 1
        if is_meant:
            yield _describe(kind, found, names)


def _is_meant(kind: str, found: re.Match[str], is_in_url: bool) -> bool:
    if is_in_url:
        return kind in _IN_URL
    judge = _JUDGES.get(kind)
    return judge is None or judge(found)


def _is_field_between_hashes(found: re.Match[str]) -> bool:
    """Known words and NAMES_OF_FIELDS touch anything; other words nothing."""
    word = found[0][1:-1]
    if _is_known(word) or ("_" in word and word.isascii()):
        return True
    before = found.string[: found.start()][-1:]
    after = found.string[found.end() :][:1]
    touches = any(one.isalnum() or one in "_#" for one in (before + after))
    return word.isalpha() and not touches


def _is_known(words: str) -> bool:
    """Tell whether all of the words are such as fields have."""
    return _plain(words) in _WORDS or all(
        _plain(word) in _WORDS for word in re.split(r"[ ._-]+", words) if word
    )


def _is_field_between_percents(found: re.Match[str]) -> bool:
    word = found[0].strip("%")
    return " " not in word or _is_known(word)


def _is_field_behind_dollar(found: re.Match[str]) -> bool:
    return _is_known(found[0].strip("$"))


def _is_field_in_brackets(found: re.Match[str]) -> bool:
    word = found[0][1:-1].strip()
    return _is_known(word) or ("_" in word and " " not in word)


def _plain(word: str) -> str:
    return _NOT_OF_WORDS.sub("", word.lower().replace("ё", "е"))


_JUDGES = {
    "hashes": _is_field_between_hashes,
    "percents": _is_field_between_percents,
    "dollars": _is_field_behind_dollar,
    "square": _is_field_in_brackets,
    "angle": _is_field_in_brackets,
}


def _describe(kind: str, found: re.Match[str], names: Collection[str]) -> Foreign:
    text, start = found[0], found.start()
    if kind == "entity":
        character = to_plain_spaces(html.unescape(text)).strip("\xad")
        return Foreign("markup", text, start, character)
    if kind == "tag":
        return Foreign("markup", text, start, "\n" if _BREAK.match(text) else "")
    name = _find_name(text, names)
    return Foreign("placeholder", text, start, name and f"{{{{ {name} }}}}")


def _find_name(text: str, names: Collection[str]) -> str | None:
    """Return the name of ours that a placeholder means, None when that is not sure."""
    # up to a default, as in {name|friend}, or a format, as in %(name)s
    word = re.split(r"(?<=\w)[|)]", text.strip(_MARKS), maxsplit=1)[0].lower()
    # a field "name" would be the full name, or the title of a lead
    known = (_OURS.get(_plain(word), ""), word)
    return next((name for name in known if name in names), None)
