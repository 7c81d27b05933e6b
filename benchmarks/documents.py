"""Documents that the benchmarks send to the API."""

from __future__ import annotations

from typing import Any

#: the API name of the route that everything goes through
ROUTE = "bench"
#: that of the policy, where there is one
POLICY = "policy"
NAMES = ("Андрей", "Мария", "Пётр", "Анна", "Сергей", "Ольга", "Иван")
TEXT_MALE = "Уважаемый {{first_name}}! Ваш заказ готов, ждём Вас."
TEXT_FEMALE = "Уважаемая {{first_name}}! Ваш заказ готов, ждём Вас."


def make_phone(number: int) -> str:
    """A valid Russian mobile number; another one for each number below 10 million."""
    return f"+7916{number:07d}"


def make_document(count: int, *, first: int = 0) -> dict[str, Any]:
    """A send to so many recipients, each with a text of its own."""
    users = [
        {
            "phone": make_phone(number),
            "gender": "female" if number % 2 else "male",
            "first_name": NAMES[number % len(NAMES)],
        }
        for number in range(first, first + count)
    ]
    return {
        "send": {
            "text_male": TEXT_MALE,
            "text_female": TEXT_FEMALE,
            "fields": ["first_name"],
            "users": users,
        },
        "route": ROUTE,
    }
