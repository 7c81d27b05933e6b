"""Answers and errors as documents, and their language."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.crm_sms_gateway.controllers.api.answers import (
    serialise_balance_accepted,
    serialise_balance_status,
    serialise_error,
    serialise_send_accepted,
    serialise_send_status,
)
from odoo.addons.crm_sms_gateway.controllers.api.balance_request import BalanceRequest
from odoo.addons.crm_sms_gateway.controllers.api.errors import (
    RequestError,
    RequestProblem,
    request_error,
)
from odoo.addons.crm_sms_gateway.controllers.api.json_body import parse_json
from odoo.addons.crm_sms_gateway.controllers.api.languages import choose_language
from odoo.addons.crm_sms_gateway.controllers.api.messages import SENTENCES
from odoo.addons.crm_sms_gateway.controllers.api.send_request import SendRequest
from odoo.addons.crm_sms_gateway.controllers.api.status_request import StatusRequest
from odoo.addons.crm_sms_gateway.tools.compose import Recipient, compose_all
from odoo.addons.crm_sms_gateway.tools.statuses import (
    CampaignStatus,
    Failure,
    MessageStatus,
)

from .requests import KEY, NOW, SMS_EXAMPLE, VOICE_EXAMPLE, Refused, SchemaCase

# The manual's examples, chapter 3.2, to the letter.
BALANCE_EXAMPLE = '{ "balance": ["rub"], "route": "ds" }'
BALANCE_ANSWER = (
    '{ "status": "ok", "message": [{ "balance": { "message": "Запрос баланса успешно'
    ' отправлен", "key": "d4ef9989a9e651d870a90cfed132f8d4" } }] }'
)
STATUS_EXAMPLE = (
    '{ "status": { "key": "d4ef9989a9e651d870a90cfed132f8d4" }, "route": "ds" }'
)
STATUS_ANSWER = (
    '{ "status": "ok", "message": [{ "balance": { "message": "Статус запроса получен",'
    r' "status": "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response>\n <sms'
    r" area=\"Россия\">47</sms><money currency=\"RUR\">97.9</money>\n</response>"
    '" } }] }'
)
SEND_ANSWER = """
[
  {
    "send": {
      "status": "ok",
      "message": "Сообщения в очереди на отправку",
      "key": "1f49abdac0f0c8c513ce9f678ea2cb56"
    }
  }
]
"""

FAILED = MessageStatus(
    index=0,
    phone="12",
    state="failed",
    failure=Failure("missing_data", "missing_field", {"path": "fio"}, None),
    segments=0,
    uuid=KEY,
    accepted_at=NOW,
    submitted_at=None,
    delivered_at=None,
    text=None,
)


class TestManual(SchemaCase):
    """Clients written against the manual work unchanged."""

    def parse_text(self, text, method):
        return self.parse(parse_json(text.encode()), method=method)

    def test_balance(self):
        for method in ("GET", "POST"):
            request = self.parse_text(BALANCE_EXAMPLE, method)
            self.assertEqual(request, BalanceRequest("ds", ("RUB",)))

    def test_status(self):
        for method in ("GET", "POST"):
            request = self.parse_text(STATUS_EXAMPLE, method)
            self.assertEqual(request, StatusRequest("ds", KEY, 0, 100))

    def test_sms(self):
        document = self.parse_text(SMS_EXAMPLE, "POST")
        self.assertIsInstance(document, SendRequest)
        self.assertEqual(document.route, "ds")
        self.assertEqual(document.ttl, 7200)
        self.assertTrue(document.is_debug)
        self.assertEqual(document.channel, "sms")
        self.assertIsNone(document.not_before)
        self.assertFalse(document.is_strict)
        self.assertFalse(document.is_secret)
        self.assertEqual(document.rules.fields, ("first_name",))
        self.assertTrue(document.rules.gender_required)
        recipient = Recipient(1, "+79281706700", "male", {"first_name": "Андрей"})
        self.assertEqual(len(document.recipients), 3)
        self.assertEqual(list(document.recipients)[1], recipient)

    def test_sms_composes(self):
        document = self.parse_text(SMS_EXAMPLE, "POST")
        messages = compose_all(document.recipients, document.texts, document.rules)
        text = "Уважаемый Андрей! Поздравляем Вас с наступающим Новым годом!"
        self.assertEqual([message.text for message in messages], [text] * 3)

    def test_voice(self):
        document = self.parse_text(VOICE_EXAMPLE, "POST")
        self.assertEqual(document.route, "осм")
        self.assertEqual(document.channel, "voice")
        self.assertEqual(document.rules.channel, "voice")
        self.assertIsNone(document.not_before)
        self.assertFalse(document.is_debug)
        self.assertIsNone(document.ttl)
        self.assertFalse(document.rules.gender_required)
        self.assertEqual(document.sources.alternative, document.sources.male)
        self.assertEqual(document.texts.alternative.source, document.sources.male)

    def assert_same_text(self, answer, text):
        """Equal with the order of members."""
        self.assertEqual(json.dumps(answer), json.dumps(json.loads(text)))

    def test_balance_answer(self):
        self.assert_same_text(serialise_balance_accepted(KEY, "ru"), BALANCE_ANSWER)

    def test_status_answer(self):
        example = json.loads(STATUS_ANSWER)
        text = example["message"][0]["balance"]["status"]
        answer = serialise_balance_status(text, {"state": "done"}, "ru")
        self.assertEqual(
            answer["message"][0]["balance"].pop("details"), {"state": "done"}
        )
        self.assert_same_text(answer, STATUS_ANSWER)

    def test_send_answer(self):
        answer = serialise_send_accepted(
            "1f49abdac0f0c8c513ce9f678ea2cb56", rejected=[], warnings=(), language="ru"
        )
        self.assert_same_text(answer, SEND_ANSWER)


class TestAnswers(SchemaCase):
    def test_send_status(self):
        details = {"totals": {"queued": 1}, "messages": [], "next": None}
        campaign = CampaignStatus("running", {"queued": 1}, [], None)
        self.assertEqual(
            serialise_send_status(campaign, "en"),
            {
                "status": "ok",
                "message": [
                    {
                        "send": {
                            "message": "The status of the request has been received",
                            "status": "running",
                            "details": details,
                        }
                    }
                ],
            },
        )

    def test_a_message(self):
        campaign = CampaignStatus("running", {}, [FAILED], 1)
        answer = serialise_send_status(campaign, "ru")["message"][0]["send"]["details"]
        self.assertEqual(answer["next"], 1)
        self.assertEqual(
            json.dumps(answer["messages"]),
            json.dumps(
                [
                    {
                        "index": 0,
                        "phone": "12",
                        "state": "failed",
                        "failure": {
                            "type": "missing_data",
                            "code": "missing_field",
                            "message": "Не указано поле fio. Укажите его значение или"
                            " значение по умолчанию в fields.",
                        },
                        "segments": 0,
                        "reference": KEY,
                        "accepted_at": "2026-11-23T10:00:00Z",
                        "submitted_at": None,
                        "delivered_at": None,
                    }
                ]
            ),
        )

    def test_the_text_of_a_message_is_told_where_there_is_one(self):
        sent = replace(FAILED, state="delivered", failure=None, text="")
        campaign = CampaignStatus("done", {}, [sent], None)
        details = serialise_send_status(campaign, "ru")["message"][0]["send"]["details"]
        [message] = details["messages"]
        self.assertEqual((message["failure"], message["text"]), (None, ""))

    def test_words_of_a_provider_are_told_as_they_came(self):
        for text in ("Абонент недоступен", None):
            failure = Failure("unreachable", "opted_out", None, text)
            campaign = CampaignStatus("done", {}, [replace(FAILED, failure=failure)], 1)
            answer = serialise_send_status(campaign, "en")
            [message] = answer["message"][0]["send"]["details"]["messages"]
            self.assertEqual(
                message["failure"],
                {"type": "unreachable", "code": "opted_out", "message": text},
            )

    def test_rejected_users_and_warnings(self):
        rejected = [
            Refused(2, "123", "invalid_number", "phone", {"reason": "unreadable"}),
            Refused(3, "+79281706700", "missing_field", "fio"),
        ]
        [answer] = serialise_send_accepted(
            KEY,
            rejected=rejected,
            warnings=("text_alternative_unused",),
            language="ru",
        )
        self.assertEqual(list(answer["send"]), ["status", "message", "key", "details"])
        self.assertEqual(
            answer["send"]["details"],
            {
                "rejected": [
                    {
                        "index": 2,
                        "phone": "123",
                        "code": "invalid_number",
                        "message": (
                            "Не удалось распознать номер телефона. Укажите его в "
                            "формате +79876543210."
                        ),
                    },
                    {
                        "index": 3,
                        "phone": "+79281706700",
                        "code": "missing_field",
                        "message": "Не указано поле fio. Укажите его значение или "
                        "значение по умолчанию в fields.",
                    },
                ],
                "warnings": [
                    {
                        "code": "text_alternative_unused",
                        "message": SENTENCES["text_alternative_unused"][0],
                    }
                ],
            },
        )

    def test_details_tell_only_what_there_is(self):
        rejected = [Refused(0, "", "missing_gender", "gender")]
        [answer] = serialise_send_accepted(KEY, rejected=rejected, language="ru")
        self.assertEqual(list(answer["send"]["details"]), ["rejected"])
        warnings = ["text_alternative_unused"]
        [answer] = serialise_send_accepted(KEY, warnings=warnings, language="ru")
        self.assertEqual(list(answer["send"]["details"]), ["warnings"])

    def test_answers_in_english(self):
        answer = json.dumps(
            [
                serialise_balance_accepted(KEY, "en"),
                serialise_balance_status("", {}, "en"),
                serialise_send_status(CampaignStatus("done", {}, [FAILED], None), "en"),
                serialise_send_accepted(
                    KEY,
                    rejected=[Refused(0, "", "opted_out", "phone")],
                    warnings=["text_alternative_unused"],
                    language="en",
                ),
                serialise_error(request_error("missing", kind="send"), "en"),
            ],
            ensure_ascii=False,
        )
        self.assertTrue(answer.isascii(), answer)


class TestErrors(SchemaCase):
    def test_of_a_send(self):
        error = request_error("missing", path="route", kind="send")
        message = "Не указан обязательный параметр route. Добавьте его в запрос."
        problem = {"path": "route", "code": "missing", "message": message}
        details = {"code": "missing", "errors": [problem]}
        self.assertEqual(
            serialise_error(error, "ru"),
            [{"send": {"status": "error", "message": message, "details": details}}],
        )

    def test_of_a_balance_and_of_a_status(self):
        message = "The required parameter route is missing. Add it to the request."
        problem = {"path": "route", "code": "missing", "message": message}
        for kind in ("balance", "status"):
            error = request_error("missing", path="route", kind=kind)
            self.assertEqual(
                serialise_error(error, "en"),
                {
                    "status": "error",
                    "message": [{"balance": {"message": message}}],
                    "details": {"code": "missing", "errors": [problem]},
                },
            )

    def test_of_anything_else(self):
        for code in ("bad_json", "no_operation", "unknown_key", "internal"):
            self.assertEqual(
                serialise_error(request_error(code), "en"),
                {
                    "status": "error",
                    "message": serialise_error(request_error(code), "en")["message"],
                    "details": {"code": code},
                },
            )

    def test_only_bad_requests_have_the_envelope_of_their_operation(self):
        for code in ("unavailable", "idempotency_conflict", "too_many_users"):
            error = request_error(code, kind="send")
            self.assertEqual(serialise_error(error, "ru")["details"], {"code": code})

    def test_the_first_problem_leads(self):
        problems = [
            RequestProblem("no_valid_users", "send.users"),
            RequestProblem("missing_field", "send.users[0].fio"),
        ]
        error = RequestError(problems, kind="send")
        [answer] = serialise_error(error, "en")
        self.assertEqual(
            answer["send"]["message"],
            "No recipient is valid, so nothing was sent. Correct the recipients' "
            "data. The other errors are listed in details.errors.",
        )
        details = answer["send"]["details"]
        self.assertEqual(details["code"], "no_valid_users")
        self.assertEqual(
            [entry["code"] for entry in details["errors"]],
            ["no_valid_users", "missing_field"],
        )
        self.assertIn("send.users[0].fio", details["errors"][1]["message"])

    def test_statuses(self):
        for code, status in {
            "bad_json": 400,
            "unknown_route": 400,
            "rejected_users": 400,
            "unauthorized": 401,
            "forbidden": 403,
            "unknown_key": 404,
            "unknown_path": 404,
            "method_not_allowed": 405,
            "idempotency_conflict": 409,
            "too_large": 413,
            "too_many_users": 413,
            "unsupported_media_type": 415,
            "rate_limited": 429,
            "internal": 500,
            "unavailable": 503,
        }.items():
            self.assertEqual(request_error(code).status, status)

    def test_headers_and_parameters(self):
        error = request_error("internal", headers={"Retry-After": "5"}, incident="a1b2")
        self.assertEqual(error.headers, {"Retry-After": "5"})
        self.assertIn("a1b2", serialise_error(error, "ru")["message"])


class TestLanguage(SchemaCase):
    def test_russian_unless_english_is_preferred(self):
        for header, language in {
            None: "ru",
            "": "ru",
            "*": "ru",
            "ru": "ru",
            "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7": "ru",
            "en": "en",
            "EN-us": "en",
            "en-US,en;q=0.9,ru;q=0.8": "en",
            "en;q=0.3, ru;q=0.2": "en",
            "ru;q=0.2, en;q=0.3": "en",
            "en, ru;q=0.5, en-US;q=0.1": "en",
            "en, ru": "ru",
            "ru;q=0, en;q=0.001": "en",
            "en;q=0": "ru",
            "*, en;q=0.5": "ru",
            "en, *;q=0.5": "en",
            "ru;q=0.5, *": "en",
            "de": "ru",
            "de, fr;q=0.5": "ru",
            "de, en;q=0.5": "en",
            "en;q=2": "ru",
            "en;q=x, ru;q=0.1": "ru",
            "en ; q=0.9 , ru ; q=0.1": "en",
            ",;=;q=,": "ru",
            "english": "ru",
        }.items():
            with self.subTest(header):
                self.assertEqual(choose_language(header), language)

    @settings(deadline=None, derandomize=True)
    @given(st.text())
    def test_any_header_has_a_language(self, header):
        self.assertIn(choose_language(header), ("ru", "en"))
