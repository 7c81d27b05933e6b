"""What the suites of requests share: documents and how they are read."""

import json
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.controllers.api.answers import (
    serialise_error,
)
from odoo.addons.crm_sms_gateway.controllers.api.errors import RequestError
from odoo.addons.crm_sms_gateway.controllers.api.requests import parse
from odoo.addons.crm_sms_gateway.controllers.api.send_request import Limits

NOW = datetime(2026, 11, 23, 10, 0)
KEY = "d4ef9989a9e651d870a90cfed132f8d4"
LIMITS = Limits(
    max_recipients=50_000,
    max_segments=10,
    max_speech=4000,
    time_zone="Europe/Moscow",
)
SMS_EXAMPLE = (
    '{ "send": { "text_male": "Уважаемый {{first_name}}! Поздравляем Вас с наступающим'
    ' Новым годом!", "text_female": "Уважаемая {{first_name}}! Поздравляем Вас с'
    ' наступающим Новым годом!", "fields": ["first_name"], "users": [{ "phone":'
    ' "+79281706700", "gender": "male", "first_name": "Андрей" }, { "phone":'
    ' "+79281706700", "gender": "male", "first_name": "Андрей" }, { "phone":'
    ' "+79281706700", "gender": "male", "first_name": "Андрей" }] }, "route": "ds",'
    ' "ttl": 7200, "mode": "debug" }'
)
VOICE_EXAMPLE = (
    '{ "send": { "text_male": "Здравствуйете. Поздравляем с наступающим Новым Годом!",'
    ' "text_alternative": "Здравствуйете. Поздравляем с наступающим Новым Годом!",'
    ' "fields": ["fio"], "users": [{ "phone": "+79198828851", "fio": "Дмитрий'
    ' Дмитриевич" }] }, "voice": 1, "timeLimit": "2022-03-15 13:00", "route": "осм" }'
)
ABSENT = object()


class Refused(NamedTuple):
    """A recipient nothing is sent to."""

    index: int
    phone: str
    code: str
    field: str = ""
    params: Any = MappingProxyType({})


def changed(members, changes):
    """Members with changes, those that are `ABSENT` taken away."""
    merged = {**members, **changes}
    return {name: value for name, value in merged.items() if value is not ABSENT}


def make_send(*, send=None, **changes):
    """A send document with changes inside `send` and beside it."""
    inside = {"text_male": "Hello", "users": [{"phone": "+79281706700"}]}
    return changed({"send": changed(inside, send or {}), "route": "ds"}, changes)


class SchemaCase(BaseCase):
    def parse(self, document, *, method="POST", limits=None, now=NOW):
        return parse(document, method=method, limits=limits or LIMITS, now=now)

    def parse_send(self, *, send=None, limits=None, now=NOW, **changes):
        return self.parse(make_send(send=send, **changes), limits=limits, now=now)

    def refused(self, document, **options):
        """The error of a document, which both languages can tell."""
        with self.assertRaises(RequestError) as caught:
            self.parse(document, **options)
        for language in ("ru", "en"):
            json.dumps(serialise_error(caught.exception, language)).encode()
        return caught.exception

    def assert_refused(self, document, *expected, **options):
        """`expected` are pairs of code and path, all of them, in order."""
        error = self.refused(document, **options)
        found = [(problem.code, problem.path) for problem in error.problems]
        self.assertEqual(found, list(expected))
        return error

    def assert_send_refused(self, *expected, send=None, **changes):
        error = self.assert_refused(make_send(send=send, **changes), *expected)
        self.assertEqual((error.kind, error.status), ("send", 400))
        return error
