"""Short links in the texts of messages."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from string import ascii_letters, digits, punctuation
from urllib.parse import quote, urlsplit

from .hosts import encode_host
from .template import PLACEHOLDER

#: so many of 62 letters and digits: nobody guesses even one of the millions in use
TOKEN_LENGTH = 10
TOKEN_ALPHABET = digits + ascii_letters
#: longer ones are refused by servers and browsers
MAX_URL = 2_000
#: texts that may be sent have no room for more
MAX_LINKS = 50

# no address has one as it stands, while phones read on behind it
_DASHES = "‒–—―−"
_NOT_OF_URLS = rf"""\s<>"«»“”„`…{_DASHES}"""
# All that touches it, placeholders as a whole; but after a comma another one may begin.
_URL = rf"""(?<![\w+])https?://
            (?:{PLACEHOLDER}|(?!(?<=[,;])https?://)[^{_NOT_OF_URLS}])+"""
_FOUND = re.compile(
    rf"(?P<url>{_URL})|{PLACEHOLDER}", re.IGNORECASE | re.DOTALL | re.VERBOSE
)
# what ends a sentence or a quotation does not belong to the link before it
_MARKS = ".,;:!?…'’*"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_PLACEHOLDER = re.compile(f"({PLACEHOLDER})", re.DOTALL)
_SERVER = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_NOT_OF_SERVERS = re.compile(r"[,;!'()*]")

# a link as phones find it
_SHOWN = re.compile(
    rf"""(?:https?://|\bwww\.)[^{_NOT_OF_URLS}]+
         |(?<![\w@./-])(?:[a-z0-9-]{{1,63}}\.){{1,5}}
          (?:app|biz|by|cc|club|com|gl|info|io|kz|link|ly|market|me|net|online|org|pro|ru
            |shop|site|space|store|su|to|tv|ua|uz|xyz|рф)
          (?![a-z0-9_@.])(?:[/?\#][^{_NOT_OF_URLS}]*|[а-яё-][^{_NOT_OF_URLS}]*)?""",
    re.IGNORECASE | re.VERBOSE,
)
_GLUED_BEFORE = re.compile(rf"[\w:{_DASHES}-]")
_GLUED_BEHIND = re.compile(rf"[{_DASHES}]|…\w")
_CYRILLIC = "[\u0400-\u04ff]"
_OTHER_LETTERS = re.compile(rf"{_CYRILLIC}.*[a-z]|[a-z].*{_CYRILLIC}", re.IGNORECASE)
# where words begin behind an address in Latin letters
_SENTENCE = re.compile(
    rf"[!-~]*?(?:[a-z0-9][,;!.)]{{0,3}}|/[,;!.)]{{1,3}}){_CYRILLIC}", re.IGNORECASE
)
_CYRILLIC_DOMAINS = frozenset(
    "бг бел ею дети қаз ком мкд мон москва онлайн орг рус рф сайт срб укр".split()
)


def new_token() -> str:
    """Return what nobody can guess, for the end of a short link."""
    return "".join(secrets.choice(TOKEN_ALPHABET) for _ in range(TOKEN_LENGTH))


def is_token(word: str) -> bool:
    """Tell whether this may be a token, before anybody looks for it."""
    return len(word) == TOKEN_LENGTH and word.isascii() and word.isalnum()


def read_token(word: str) -> str:
    """Return the token of what a phone took for one: with a dash, or with all that
    touched the link in the text."""
    end = word[TOKEN_LENGTH:]
    return word[:TOKEN_LENGTH] if end and end[0] not in TOKEN_ALPHABET else word


class ShortLinks:
    """The links of a campaign's texts.

    In texts each stands as a sample of its short link. A sample is as long as the links
    that recipients get, of the same letters, and leads nowhere: texts are counted and
    shown before anybody has a link.
    """

    def __init__(self, base: str) -> None:
        """:param base: all of a short link but its token; links stay as they are
        where it is empty"""
        self.base = base
        self._samples: dict[str, str] = {}

    def shorten(self, source: str) -> str:
        """Put samples in place of the links that an author wrote in full."""
        return replace_urls(source, self._get_sample) if self.base else source

    def _get_sample(self, url: str) -> str:
        if url not in self._samples and len(self._samples) == MAX_LINKS:
            return url
        number = len(self._samples) + 1
        return self._samples.setdefault(url, f"{self.base}{number:0{TOKEN_LENGTH}}")

    def find(self, text: str) -> dict[str, str]:
        """Return the links of a composed text: sample → URL."""
        return {sample: url for url, sample in self._samples.items() if sample in text}


def insert_links(text: str, links: Mapping[str, str]) -> str:
    """Put somebody's own links (sample → short link) in place of the samples."""
    for sample, link in links.items():
        text = text.replace(sample, link)
    return text


def replace_urls(source: str, shorten: Callable[[str], str]) -> str:
    """Replace every http(s) URL that is written in full.

    One with a placeholder in it is another one for everybody: it stays, as does what
    stands inside of placeholders.
    """

    return _replace_found(
        source,
        lambda url: url if "{{" in url or not _is_address(url) else shorten(url),
    )


def _replace_found(source: str, replace: Callable[[str], str]) -> str:
    """Replace everything that looks like an http(s) URL, without the marks behind."""

    def replace_run(found: re.Match[str]) -> str:
        run = found["url"] or ""
        if not run or len(run) > MAX_URL:
            return found[0]
        url = _without_end(_without_sentence(run))
        return replace(url) + run[len(url) :]

    return _FOUND.sub(replace_run, source)


def find_glued(text: str) -> Iterator[int]:
    """Yield where links begin that touch a dash or letters of the text: phones take
    these into the address.

    :param text: without placeholders of ours
    """
    for found in _SHOWN.finditer(text):
        if _is_glued(found):
            yield found.start()


def _is_glued(found: re.Match[str]) -> bool:
    before, behind = found.string[: found.start()][-1:], found.string[found.end() :][:2]
    if "://" in found[0] and _GLUED_BEFORE.match(before):
        return True
    if _GLUED_BEHIND.match(behind):
        return True
    url = _without_end(_without_sentence(found[0][:MAX_URL]))
    server, path = re.split(r"(?=[/?#])|\Z", url.rpartition("://")[2], maxsplit=1)
    host = server.partition(":")[0].lower()
    return (
        url.endswith("-")
        or _has_no_domain(host)
        or _ends_in_russian(host)
        or _SENTENCE.match(path) is not None
    )


def _has_no_domain(host: str) -> bool:
    """Tell whether a host ends in what no domain is called: words of the text."""
    names, _, domain = host.rpartition(".")
    has_dash = "-" in domain and not domain.startswith("xn--")
    return bool(names) and (has_dash or _OTHER_LETTERS.search(domain) is not None)


def _ends_in_russian(host: str) -> bool:
    """Tell whether a sentence seems to begin behind the dot of "shop.ru."."""
    *names, domain = host.split(".")
    is_word = re.fullmatch(f"{_CYRILLIC}+", domain) is not None
    return len(names) > 1 and is_word and domain not in _CYRILLIC_DOMAINS


def to_ascii_urls(source: str) -> tuple[str, list[str]]:
    """Write the http(s) URLs of a text as browsers send them, in Latin letters.

    Placeholders in them stay.

    :return: the text, and those URLs, up to their placeholders, that have no such form
        and stay as they are
    """
    unencodable: dict[str, None] = {}

    def encode(url: str) -> str:
        found = _SERVER.match(url)
        server = found[0] if found else ""
        if "{{" in server:
            return url
        if not _is_address(server):
            unencodable[url.partition("{{")[0]] = None
            return url
        pieces = _PLACEHOLDER.split(url[len(server) :])
        pieces[::2] = map(_quote, pieces[::2])
        return to_ascii(server) + "".join(pieces)

    return _replace_found(source, encode), [one for one in unencodable if one]


def to_ascii(url: str) -> str:
    """Return a URL that `replace_urls` found as browsers send it, in Latin letters.

    :raise ValueError: the host's name has no such form
    """
    scheme, _, rest = url.partition("://")
    place, tail = re.split(r"(?=[/?#])|\Z", rest, maxsplit=1)
    user, at, server = place.rpartition("@")
    if not server.isascii():
        host, colon, port = server.partition(":")
        server = encode_host(host) + colon + port
    return f"{scheme}://{_quote(user)}{at}{server}{_quote(tail)}"


def _quote(text: str) -> str:
    """Write letters that are not ASCII as bytes; what is written so already stays."""
    return quote(text, safe=punctuation)


def _without_sentence(url: str) -> str:
    """Leave off what begins with a mark directly behind the server's name."""
    server = _SERVER.match(url)
    if server is None or "@" in server[0]:
        return url
    mark = _NOT_OF_SERVERS.search(server[0])
    return url[: mark.start()] if mark else url


def _without_end(url: str) -> str:
    """Leave off marks at the end, and closing brackets that were opened before."""
    while url[-1] in _MARKS or _closes_nothing(url):
        url = url[:-1]
    return url


def _closes_nothing(url: str) -> bool:
    opening = _BRACKETS.get(url[-1])
    return opening is not None and url.count(opening) < url.count(url[-1])


def _is_address(url: str) -> bool:
    """Tell whether a browser could go there."""
    try:
        parts = urlsplit(url)
        # both raise: what is no port, what is no name of a host
        host = parts.hostname or ""
        has_name = bool(encode_host(host)) and not _has_no_domain(host)
        return parts.port != 0 and has_name
    except ValueError:
        return False
