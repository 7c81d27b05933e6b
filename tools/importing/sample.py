"""Sample: a small table to fill in, with the columns that the import knows itself."""

from __future__ import annotations

import csv
import io
from typing import Literal

_ROWS: dict[Literal["ru", "en"], tuple[tuple[str, ...], ...]] = {
    "ru": (
        ("Телефон", "Фамилия", "Имя", "Отчество", "Пол", "Примечание", "Сумма"),
        (
            "+7 916 123-01-01",
            "Соколов",
            "Андрей",
            "Викторович",
            "мужской",
            "постоянный клиент",
            "1500",
        ),
        ("+7 916 123-01-02", "Лебедева", "Анна", "Сергеевна", "женский", "", "2300"),
    ),
    "en": (
        ("Phone", "Last name", "First name", "Gender", "Note", "Amount"),
        ("+44 7400 123456", "Smith", "John", "male", "regular customer", "150"),
        ("+44 7400 123457", "Brown", "Anna", "female", "", "230"),
    ),
}


def make_sample(language: Literal["ru", "en"]) -> bytes:
    """Return a CSV file that spreadsheets open and the import takes as it is."""
    file = io.StringIO()
    csv.writer(file, delimiter=";").writerows(_ROWS[language])
    return file.getvalue().encode("utf-8-sig")
