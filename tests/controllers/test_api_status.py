"""Balance and status: what is told about a key (docs/api.rst, Balance)."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.crm_sms_gateway.controllers.api.messages import sentence
from odoo.addons.crm_sms_gateway.providers.errors import ProviderError
from odoo.addons.crm_sms_gateway.providers.sandbox import SandboxProvider
from odoo.addons.crm_sms_gateway.tools.vocabulary import STATES

from ..common import PHONE, sandbox_phone
from .common import API, KEY, ApiCase

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"


@tagged("post_install", "-at_install")
class TestBalance(ApiCase):
    def ask_balance(self, balance=("rub",), route="ds"):
        """Ask for a balance; its key."""
        answer = self.call_ok({"balance": balance, "route": route}, method="GET")
        return answer["message"][0]["balance"]["key"]

    def test_the_provider_is_not_asked_inside_the_request(self):
        with patch.object(SandboxProvider, "_balance") as asked:
            key = self.ask_balance()
        asked.assert_not_called()
        self.assertRegex(key, f"^{KEY.pattern}$")
        self.assertEqual(
            self.ask_status(key),
            {
                "message": "Статус запроса получен",
                "status": "",
                "details": {
                    "state": "pending",
                    "money": [],
                    "units": [],
                    "error": None,
                },
            },
        )

    def test_the_answer_is_told_when_it_came(self):
        key = self.ask_balance()
        self.run_balance()
        status = self.ask_status(key)
        self.assertEqual(status["status"].count("\n"), 3)
        self.assertEqual(
            status["details"],
            {
                "state": "done",
                "money": [{"amount": "97.90", "currency": "RUB"}],
                "units": [{"area": "Россия", "count": 47}],
                "error": None,
            },
        )

    def test_a_question_that_failed_says_why(self):
        key = self.ask_balance()
        error = ProviderError("The gate is closed")
        with patch.object(SandboxProvider, "_balance", side_effect=error):
            self.run_balance()
        status = self.ask_status(key)
        self.assertEqual(status["status"], "")
        self.assertEqual(
            status["details"],
            {
                "state": "failed",
                "money": [],
                "units": [],
                "error": "The gate is closed",
            },
        )

    def test_only_the_currencies_asked_for_are_told(self):
        cases = {
            ("rub",): 1,
            "rub": 1,
            ("RUR",): 1,
            ("RUB", "usd"): 1,
            ("usd", "eur"): 0,
        }
        keys = {asked: self.ask_balance(asked) for asked in cases}
        self.run_balance()
        for asked, count in cases.items():
            with self.subTest(asked=asked):
                details = self.ask_status(keys[asked])["details"]
                self.assertEqual(len(details["money"]), count)
                self.assertEqual(len(details["units"]), 1)

    def test_every_question_has_its_own_key(self):
        self.assertNotEqual(self.ask_balance(), self.ask_balance())

    def test_a_paused_route_tells_its_balance(self):
        self.ds.action_pause()
        key = self.ask_balance()
        self.run_balance()
        self.assertEqual(self.ask_status(key)["details"]["state"], "done")

    def test_a_provider_without_balance_is_told_at_once(self):
        capabilities = replace(SandboxProvider.capabilities, balance=False)
        with patch.object(SandboxProvider, "capabilities", capabilities):
            with self.assertNothingStored():
                error = self.call_error(
                    {"balance": ["rub"], "route": "ds"}, 400, "unsupported_operation"
                )
        self.assertEqual(list(error["message"][0]), ["balance"])

    def test_wrong_questions_are_refused(self):
        cases = (
            ({"balance": []}, "balance", "missing"),
            ({"balance": ""}, "balance", "invalid_value"),
            ({"balance": {}}, "balance", "wrong_type"),
            ({"balance": True}, "balance", "wrong_type"),
            ({"balance": ["rub", 1]}, "balance[1]", "wrong_type"),
            ({"balance": ["rubles"]}, "balance[0]", "invalid_value"),
            ({"balance": ["руб"]}, "balance[0]", "invalid_value"),
            ({"route": None}, "route", "missing"),
            ({"route": "нет"}, "route", "unknown_route"),
        )
        for members, path, code in cases:
            with self.subTest(members=members), self.assertNothingStored():
                document = {"balance": ["rub"], "route": "ds", **members}
                error = self.call_error(document, 400, code, method="GET")
                self.assertEqual(error["details"]["errors"][0]["path"], path)
                self.assertEqual(list(error), ["status", "message", "details"])
                self.assertEqual(list(error["message"][0]), ["balance"])


@tagged("post_install", "-at_install")
class TestStatusOfASend(ApiCase):
    def test_a_new_send_is_running_and_queued(self):
        campaign = self.send_document(self.make_send(PHONE))
        status = self.ask_status(campaign.key)
        self.assertEqual(list(status), ["message", "status", "details"])
        self.assertEqual(status["message"], "Статус запроса получен")
        self.assertEqual(status["status"], "running")
        details = status["details"]
        self.assertEqual(list(details), ["totals", "messages", "next"])
        self.assertEqual(details["totals"], {**dict.fromkeys(STATES, 0), "queued": 1})
        self.assertIsNone(details["next"])
        [message] = details["messages"]
        self.assertEqual(
            list(message),
            ["index", "phone", "state", "failure", "segments", "reference"]
            + ["accepted_at", "submitted_at", "delivered_at"],
        )
        self.assertRegex(message.pop("accepted_at"), TIME)
        self.assertEqual(message.pop("reference"), campaign.message_ids.uuid)
        self.assertEqual(
            message,
            {
                "index": 0,
                "phone": PHONE,
                "state": "queued",
                "failure": None,
                "segments": 1,
                "submitted_at": None,
                "delivered_at": None,
            },
        )

    def test_get_and_post_tell_the_same(self):
        key = self.send_document(self.make_send()).key
        document = {"status": {"key": key}, "route": "ds"}
        self.assertEqual(
            self.call_ok(document, method="GET"), self.call_ok(document, method="POST")
        )

    def test_what_became_of_every_message_is_told(self):
        self.env["phone.blacklist"].add("+79281706701")
        phones = {
            PHONE: ("delivered", None),
            sandbox_phone("9901"): ("failed", "unreachable"),
            sandbox_phone("9902"): ("failed", "content_rejected"),
            sandbox_phone("9903"): ("expired", None),
            sandbox_phone("9905"): ("unknown", None),
            sandbox_phone("9906"): ("submitted", None),
            "12": ("failed", "invalid_number"),
            "+79281706701": ("cancelled", "opted_out"),
        }
        campaign = self.send_document(self.make_send(*phones))
        self.run_lane()
        with freeze_time(fields.Datetime.now() + timedelta(seconds=5)):
            self.run_poll()
        status = self.ask_status(campaign.key)
        messages = status["details"]["messages"]
        told = {
            message["phone"]: (
                message["state"],
                message["failure"] and message["failure"]["type"],
            )
            for message in messages
        }
        self.assertEqual(told, phones)
        self.assertEqual(
            status["details"]["totals"],
            {
                **dict.fromkeys(STATES, 0),
                "delivered": 1,
                "failed": 3,
                "expired": 1,
                "unknown": 1,
                "submitted": 1,
                "cancelled": 1,
            },
        )
        self.assertEqual(status["status"], "done")
        delivered, unreachable, refused, *_others = messages
        self.assertRegex(delivered["submitted_at"], TIME)
        self.assertRegex(delivered["delivered_at"], TIME)
        self.assertIsNone(unreachable["delivered_at"])
        self.assertIsNone(refused["submitted_at"])
        self.assertEqual(
            refused["failure"],
            {"type": "content_rejected", "code": None, "message": "Text rejected"},
        )
        invalid, opted_out = (message["failure"] for message in messages[-2:])
        self.assertEqual(list(invalid), ["type", "code", "message"])
        self.assertEqual(invalid["code"], "invalid_number")
        self.assertEqual(opted_out["code"], "opted_out")

    def test_why_a_message_failed_is_told_in_the_language_of_the_question(self):
        self.env["phone.blacklist"].add("+79281706701")
        key = self.send_document(self.make_send(PHONE, "12", "+79281706701")).key
        for language in ("ru", "en"):
            answer = self.call_ok(
                {"status": {"key": key}, "route": "ds"},
                headers={"Accept-Language": language},
            )
            _sent, *failed = answer["message"][0]["send"]["details"]["messages"]
            with self.subTest(language):
                self.assertEqual(
                    [message["failure"]["message"] for message in failed],
                    [
                        sentence("invalid_number", language, reason="unreadable"),
                        sentence("opted_out", language),
                    ],
                )

    def test_a_message_older_than_its_time_to_live_is_expired(self):
        campaign = self.send_document(self.make_send(ttl=60))
        self.let_pass(61)
        self.run_lane()
        status = self.ask_status(campaign.key)
        self.assertEqual(status["status"], "done")
        [message] = status["details"]["messages"]
        self.assertEqual((message["state"], message["failure"]), ("expired", None))
        self.assertIsNone(message["submitted_at"])

    def test_an_unreadable_phone_is_told_as_received(self):
        campaign = self.send_document(
            self.make_send(PHONE, "позвоните мне", None, "1" * 99)
        )
        messages = self.ask_status(campaign.key)["details"]["messages"]
        self.assertEqual(
            [message["phone"] for message in messages],
            [PHONE, "позвоните мне", "", "1" * 64],
        )

    def test_totals_are_exact_before_and_after_folding(self):
        campaign = self.send_document(self.make_send(*[PHONE] * 3))
        before = self.ask_status(campaign.key)["details"]["totals"]
        self.run_fold()
        after = self.ask_status(campaign.key)["details"]["totals"]
        self.assertEqual(before, after)
        self.assertEqual(before["queued"], 3)
        self.run_lane()
        totals = self.ask_status(campaign.key)["details"]["totals"]
        self.assertEqual((totals["queued"], totals["submitted"]), (0, 3))

    def test_the_text_is_told_in_debug_mode_only(self):
        for mode, text in (("debug", "Здравствуйте!"), ("live", None)):
            with self.subTest(mode=mode):
                campaign = self.send_document(self.make_send(mode=mode))
                [message] = self.ask_status(campaign.key)["details"]["messages"]
                self.assertEqual(message.get("text"), text)
                self.assertEqual("text" in message, mode == "debug")

    def test_the_text_of_a_rejected_user_is_empty_in_debug_mode(self):
        send = {
            "text_male": "{{ name }}",
            "fields": ["name"],
            "users": [{"phone": PHONE, "name": "Анна"}, {"phone": PHONE}],
        }
        campaign = self.send_document(self.make_send(send=send, mode="debug"))
        messages = self.ask_status(campaign.key)["details"]["messages"]
        self.assertEqual([message["text"] for message in messages], ["Анна", ""])

    def test_speech_has_no_segments(self):
        campaign = self.send_document(self.make_send(route="осм", voice=1))
        [message] = self.ask_status(campaign.key, route="осм")["details"]["messages"]
        self.assertEqual(message["segments"], 0)

    def test_the_state_of_the_campaign_is_told(self):
        later = fields.Datetime.now() + timedelta(days=1)
        campaigns = {
            "running": self.send_document(self.make_send()),
            "scheduled": self.send_document(self.make_send(timeLimit=f"{later}Z")),
            "paused": self.send_document(self.make_send()),
            "cancelled": self.send_document(self.make_send()),
        }
        campaigns["paused"].action_pause()
        campaigns["cancelled"].action_cancel()
        for state, campaign in campaigns.items():
            with self.subTest(state=state):
                self.assertEqual(self.ask_status(campaign.key)["status"], state)
        campaigns["paused"].action_resume()
        self.run_lane()
        for state, campaign in campaigns.items():
            after = {"running": "done", "paused": "done"}.get(state, state)
            with self.subTest(state=state, after=after):
                self.assertEqual(self.ask_status(campaign.key)["status"], after)

    def test_a_message_sent_again_is_told_once(self):
        campaign = self.send_document(self.make_send(sandbox_phone("9902")))
        self.run_lane()
        self.env.invalidate_all()
        campaign.message_ids.action_retry()
        messages = self.ask_status(campaign.key)["details"]["messages"]
        self.assertEqual([message["index"] for message in messages], [0])


@tagged("post_install", "-at_install")
class TestPages(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls.send(*[PHONE] * 105, route=cls.ds)

    def get_page(self, **page):
        details = self.ask_status(self.campaign.key, **page)["details"]
        self.assertEqual(details["totals"]["queued"], 105)
        return [message["index"] for message in details["messages"]], details["next"]

    def test_a_page_has_a_hundred_messages_unless_told(self):
        self.assertEqual(self.get_page(), ([*range(100)], 100))

    def test_offset_and_limit_choose_a_page(self):
        cases = {
            (0, 2): ([0, 1], 2),
            (100, 5): ([100, 101, 102, 103, 104], None),
            (100, 4): ([100, 101, 102, 103], 104),
            (104, 1): ([104], None),
            (105, 10): ([], None),
            (2**31 - 1, 1000): ([], None),
            (0, 1000): ([*range(105)], None),
            ("3", "2"): ([3, 4], 5),
            (3.0, 2): ([3, 4], 5),
        }
        for (offset, limit), expected in cases.items():
            with self.subTest(offset=offset, limit=limit):
                self.assertEqual(self.get_page(offset=offset, limit=limit), expected)

    def test_following_next_tells_every_message_once(self):
        told, offset = [], 0
        while offset is not None:
            indexes, offset = self.get_page(offset=offset, limit=25)
            told += indexes
        self.assertEqual(told, [*range(105)])

    def test_wrong_pages_are_refused(self):
        cases = (
            ({"offset": -1}, "status.offset", "invalid_value"),
            ({"offset": 2**31}, "status.offset", "invalid_value"),
            ({"offset": "x"}, "status.offset", "invalid_value"),
            ({"offset": True}, "status.offset", "wrong_type"),
            ({"limit": 0}, "status.limit", "invalid_value"),
            ({"limit": 1001}, "status.limit", "invalid_value"),
            ({"limit": []}, "status.limit", "wrong_type"),
        )
        for page, path, code in cases:
            with self.subTest(page=page):
                document = {"status": {"key": self.campaign.key, **page}, "route": "ds"}
                error = self.call_error(document, 400, code, method="GET")
                self.assertEqual(error["details"]["errors"][0]["path"], path)


@tagged("post_install", "-at_install")
class TestKeys(ApiCase):
    def ask(self, key, route="ds"):
        return self.call({"status": {"key": key}, "route": route}, method="GET")

    def test_every_key_that_is_not_this_routes_is_the_same_404(self):
        company = self.env["res.company"].create({"name": "Вторая"})
        second = self.make_route("вторая", company_id=company.id)
        own = self.send(PHONE, route=self.ds)
        balances = self.env["sms.gateway.provider.request"]
        keys = {
            "unknown": "0" * 32,
            "not a key": "нет",
            "empty": "",
            "upper case": own.key.upper(),
            "part": own.key[:-1],
            "pattern": "%" * 32,
            "other route's send": self.send(PHONE, route=self.osm).key,
            "other route's balance": balances._request(self.osm).key,
            "other company's send": self.send(PHONE, route=second).key,
            "other company's balance": balances._request(second).key,
        }
        answers = {}
        for name, key in keys.items():
            with self.subTest(name):
                answer = self.ask(key)
                self.assertEqual(answer.status_code, 404)
                self.assertEqual(answer.json()["details"], {"code": "unknown_key"})
                answers[name] = (answer.text, sorted(answer.headers))
        self.assertEqual(len(set(map(str, answers.values()))), 1)
        self.assertEqual(self.ask(own.key).status_code, 200)

    def test_a_key_is_found_at_an_archived_route_no_more(self):
        key = self.send(PHONE, route=self.ds).key
        self.run_lane()
        self.ds.active = False
        self.call_error(
            {"status": {"key": key}, "route": "ds"}, 400, "unknown_route", method="GET"
        )

    def test_wrong_questions_are_refused(self):
        cases = (
            ({"status": "0" * 32}, "status", "wrong_type"),
            ({"status": []}, "status", "wrong_type"),
            ({"status": {}}, "status.key", "missing"),
            ({"status": {"key": 5}}, "status.key", "wrong_type"),
            ({"status": {"key": "\x00"}}, "status.key", "invalid_character"),
            ({"route": None}, "route", "missing"),
            ({"route": "нет"}, "route", "unknown_route"),
        )
        for members, path, code in cases:
            with self.subTest(members=members):
                document = {"status": {"key": "0" * 32}, "route": "ds", **members}
                error = self.call_error(document, 400, code, path=f"{API}/")
                self.assertEqual(error["details"]["errors"][0]["path"], path)
                self.assertEqual(list(error["message"][0]), ["balance"])
