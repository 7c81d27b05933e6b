"""Headers: which column of a file has what, as far as its name tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ..country_names import plain

Target = Literal[
    "phone",
    "other_phone",
    "country",
    "name",
    "first_name",
    "last_name",
    "patronymic",
    "gender",
    "lang",
    "note",
    "value",
    "skip",
]

#: target → headers, as `plain` writes them; of two columns the earlier header wins
HEADERS: Mapping[Target, Sequence[str]] = {
    "phone": (
        "телефон",
        "мобильный телефон",
        "телефон мобильный",
        "номер телефона",
        "номер мобильного телефона",
        "номер мобильного",
        "мобильный номер",
        "мобильный",
        "моб",
        "моб тел",
        "тел моб",
        "моб телефон",
        "телефон моб",
        "сотовый",
        "сотовый телефон",
        "телефон сотовый",
        "номер сотового",
        "сот",
        "сот тел",
        "тел сот",
        "контактный телефон",
        "контактный номер",
        "телефон клиента",
        "телефон контакта",
        "телефон получателя",
        "телефон 1",
        "тел 1",
        "тел",
        "телефона",
        "телефоны",
        "phone",
        "mobile",
        "mobile phone",
        "phone mobile",
        "phone number",
        "mobile number",
        "mobile no",
        "phone no",
        "contact phone",
        "contact number",
        "cell",
        "cell phone",
        "cell number",
        "cellphone",
        "telephone",
        "telephone number",
        "phonenumber",
        "tel",
        "tel no",
        "mob",
        "phone 1",
        "mobile 1",
        "phones",
        "msisdn",
        "номер",
        "number",
    ),
    "country": ("страна", "country", "country name", "название страны"),
    "name": (
        "фио",
        "ф и о",
        "фамилия имя отчество",
        "фамилия имя",
        "полное имя",
        "fio",
        "full name",
        "fullname",
        "name",
        "контакт",
        "contact",
        "клиент",
        "контрагент",
        "покупатель",
        "заказчик",
        "получатель",
        "customer",
        "client",
    ),
    "first_name": ("имя", "first name", "firstname", "given name"),
    "last_name": ("фамилия", "last name", "lastname", "surname", "family name"),
    "patronymic": ("отчество", "patronymic", "middle name"),
    "gender": ("пол", "gender", "sex"),
    "lang": ("язык", "language", "lang"),
    "note": (
        "примечание",
        "примечания",
        "комментарий",
        "заметка",
        "note",
        "notes",
        "comment",
    ),
    # the first columns of our report of bad lines, which comes back mended
    "skip": (
        "строка файла",
        "line of the file",
        "почему не загружена",
        "why not",
        "file row",
        "ошибка импорта",
        "import error",
    ),
}


def recognise(headers: Sequence[str]) -> dict[int, Target]:
    """Return what columns mean that are known by their headers.

    Every meaning but ``skip`` is given once.
    """
    names = [plain(header) for header in headers]
    found: dict[int, Target] = {}
    for target, known in HEADERS.items():
        columns = [index for index, name in enumerate(names) if name in known]
        if target != "skip":
            columns.sort(key=lambda index: known.index(names[index]))
            columns = columns[:1]
        found.update(dict.fromkeys(columns, target))
    return found


def is_report(headers: Sequence[str]) -> bool:
    """Tell whether a file is our report of bad lines, by its first two columns."""
    first = [plain(header) for header in headers[:2]]
    return len(first) == 2 and all(name in HEADERS["skip"] for name in first)
