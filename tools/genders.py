"""Words that people write for a gender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Gender = Literal["male", "female"]

#: what the API accepts, in small letters
API_GENDERS: Mapping[str, Gender] = {
    **dict.fromkeys(("male", "m", "м"), "male"),
    **dict.fromkeys(("female", "f", "ж"), "female"),
}
#: what files have, in small letters
GENDERS: Mapping[str, Gender] = {
    **API_GENDERS,
    **dict.fromkeys(("муж", "мужской", "мужчина", "man"), "male"),
    **dict.fromkeys(("жен", "женский", "женщина", "woman"), "female"),
}
