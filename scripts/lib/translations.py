#!/usr/bin/env python3
"""Bring i18n/ up to date with the terms that Odoo exports.

    translations.py exported.pot

Terms that are gone are dropped, translations are kept, also those of sentences that
were only wrapped anew. What lacks a translation is named on the standard error.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import polib

FOLDER = Path(__file__).resolve().parents[2] / "i18n"
TEMPLATE = FOLDER / "crm_sms_gateway.pot"
RUSSIAN = FOLDER / "ru.po"

#: Without dates: the files change only when their terms do.
METADATA = {
    "Project-Id-Version": "crm_sms_gateway",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}
RUSSIAN_METADATA = {
    **METADATA,
    "Language": "ru",
    "Plural-Forms": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 &&"
    " n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
}


def main() -> None:
    """Write the template and the translation."""
    terms = sorted(polib.pofile(sys.argv[1]), key=lambda term: term.msgid)
    known = read_translations()
    write(TEMPLATE, METADATA, terms)
    for term in terms:
        term.msgstr = known.get(squeeze(term.msgid), "")
        if not term.msgstr:
            sys.stderr.write(f"not translated: {squeeze(term.msgid)}\n")
    write(RUSSIAN, RUSSIAN_METADATA, terms)


def read_translations() -> dict[str, str]:
    """The translations there are, by what they translate."""
    if not RUSSIAN.exists():
        return {}
    return {squeeze(entry.msgid): entry.msgstr for entry in polib.pofile(RUSSIAN)}


def squeeze(text: str) -> str:
    """A text without regard to how it is wrapped."""
    return " ".join(text.split())


def write(path: Path, metadata: dict[str, str], terms: Iterable[polib.POEntry]) -> None:
    """Write terms as they are at the moment."""
    file = polib.POFile(wrapwidth=88)
    file.header = "Kept up to date by scripts/translate."
    file.metadata = metadata
    file.extend(terms)
    file.save(path)


if __name__ == "__main__":
    main()
