"""Sending: what is accepted, how it is stored, what is refused (docs/api.rst, Send)."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.crm_sms_gateway.controllers.api.answers import serialise_send_status
from odoo.addons.crm_sms_gateway.tools.vocabulary import PRIORITY_SINGLE

from ..common import PHONE
from .common import ApiCase

HELLO = "Здравствуйте!"


class SendCase(ApiCase):
    def make_texts(self, *users, text="Здравствуйте, {{ name }}!", **inside):
        """A send of a template to users."""
        send = {"text_male": text, "fields": ["name"], "users": list(users)}
        return {"send": {**send, **inside}, "route": "ds"}

    def get_sent(self, document):
        """The texts that a send stores, by index."""
        campaign = self.send_document(document)
        return [message.text for message in self.get_messages(campaign)]

    def assertRefused(self, document, path, code):
        """The request fails for this reason at this place, and nothing is stored."""
        with self.assertNothingStored():
            [error] = self.call_error(document, 400, code)
        [first, *_others] = error["send"]["details"]["errors"]
        self.assertEqual((first["path"], first["code"]), (path, code), first)

    def get_rejected(self, document):
        """What an accepted send tells of its bad users: (index, phone, code)."""
        [answer] = self.call_ok(document)
        rejected = answer["send"]["details"]["rejected"]
        self.assertTrue(all(one["message"] for one in rejected))
        return [(one["index"], one["phone"], one["code"]) for one in rejected]


@tagged("post_install", "-at_install")
class TestAccepted(SendCase):
    def test_a_clean_answer_has_no_details(self):
        [answer] = self.call_ok(self.make_send())
        self.assertEqual(list(answer["send"]), ["status", "message", "key"])

    def test_a_campaign_and_its_messages_are_stored(self):
        campaign = self.send_document(self.make_send(PHONE, "+79281706701"))
        self.assertEqual(campaign.route_id, self.ds)
        self.assertEqual((campaign.source, campaign.state), ("api", "running"))
        self.assertEqual((campaign.channel, campaign.is_debug), ("sms", False))
        self.assertEqual((campaign.recipient_count, campaign.text_male), (2, HELLO))
        messages = self.get_messages(campaign)
        self.assertEqual(messages.mapped("msisdn"), [PHONE, "+79281706701"])
        self.assertEqual(messages.mapped("state"), ["queued"] * 2)
        self.assertEqual(messages.mapped("text"), [HELLO] * 2)
        self.assertEqual(messages.mapped("encoding"), ["ucs2"] * 2)
        self.assertFalse(any(messages.mapped("expires_at")))

    def test_order_and_repetitions_are_kept(self):
        phones = ["+79281706703", PHONE, PHONE, "+79281706701", PHONE]
        campaign = self.send_document(self.make_send(*phones))
        messages = self.get_messages(campaign)
        self.assertEqual(messages.mapped("index"), [0, 1, 2, 3, 4])
        self.assertEqual(messages.mapped("msisdn"), phones)
        self.assertEqual(len(set(messages.mapped("uuid"))), 5)

    def test_one_message_goes_before_a_campaign(self):
        single = self.send_document(self.make_send(PHONE))
        many = self.send_document(self.make_send(PHONE, PHONE))
        self.assertEqual(single.priority, PRIORITY_SINGLE)
        self.assertLess(single.priority, many.priority)

    def test_two_sends_have_two_keys(self):
        keys = {self.send_document(self.make_send()).key for _time in range(3)}
        self.assertEqual(len(keys), 3)

    def test_fields_and_users_may_stand_beside_send(self):
        users = [{"phone": PHONE, "name": "Анна"}]
        beside = {"fields": ["name"], "users": users, "route": "ds"}
        text = {"text_male": "Здравствуйте, {{ name }}!"}
        mixed = {**text, "fields": ["name"]}
        for document in (
            {"send": text, **beside},
            {"send": mixed, "users": users, "route": "ds"},
            {"send": {**text, "fields": None, "users": None}, **beside},
        ):
            with self.subTest(document=document):
                self.assertEqual(self.get_sent(document), ["Здравствуйте, Анна!"])

    def test_phones_are_read_as_people_write_them(self):
        written = (
            "+79281706700",
            "8 (928) 170-67-00",
            "79281706700",
            "9281706700",
            "+7 928 170 67 00",
            "+7\N{NO-BREAK SPACE}928.170.67.00",
            " 8-928-170\N{EN DASH}67-00 ",
            89281706700,
        )
        campaign = self.send_document(self.make_send(*written))
        messages = self.get_messages(campaign)
        self.assertEqual(messages.mapped("msisdn"), [PHONE] * len(written))
        self.assertEqual(messages.mapped("phone_raw")[1], "8 (928) 170-67-00")

    def test_other_countries_are_read_with_a_plus(self):
        phones = ["+77012345678", "+375291234567", "+4915112345678", "+12025550123"]
        messages = self.get_messages(self.send_document(self.make_send(*phones)))
        self.assertEqual(messages.mapped("msisdn"), phones)

    def test_every_gender_gets_its_text(self):
        words = {
            "male": ("male", "MALE", "m", "м", "М"),
            "female": ("female", "Female", " f ", "ж", "Ж"),
        }
        for gender, spellings in words.items():
            users = [
                {"phone": PHONE, "name": "Саша", "gender": word} for word in spellings
            ]
            document = self.make_texts(
                *users, text="male {{ name }}", text_female="female {{ name }}"
            )
            with self.subTest(gender=gender):
                self.assertEqual(
                    self.get_sent(document), [f"{gender} Саша"] * len(spellings)
                )

    def test_without_a_female_text_the_male_one_is_for_everyone(self):
        users = [
            {"phone": PHONE, "name": "Анна", **gender}
            for gender in ({}, {"gender": None}, {"gender": "f"}, {"gender": ""})
        ]
        for female in ({}, {"text_female": None}, {"text_female": " "}):
            with self.subTest(female=female):
                self.assertEqual(
                    self.get_sent(self.make_texts(*users, **female)),
                    ["Здравствуйте, Анна!"] * 4,
                )

    def test_values_become_text_and_never_template(self):
        values = {
            "Анна": "Анна",
            0: "0",
            7: "7",
            1.5: "1.5",
            "{{ phone }}": "{{ phone }}",
            "{% raw %}": "{% raw %}",
            "<b>&amp;": "<b>&amp;",
            "tab\tline\nback\\slash": "tab\tline\nback\\slash",
            "\\N": "\\N",
            "\\.": "\\.",
        }
        users = [{"phone": PHONE, "name": value} for value in values]
        self.assertEqual(
            self.get_sent(self.make_texts(*users, text="{{ name }}")),
            list(values.values()),
        )

    def test_defaults_stand_in_for_lacking_values(self):
        users = [
            {"phone": PHONE, **name}
            for name in ({}, {"name": None}, {"name": " "}, {"name": "Анна"})
        ]
        with self.subTest("in fields"):
            document = self.make_texts(*users, fields={"name": "друг", "town": 5})
            texts = self.get_sent(document)
            self.assertEqual(
                texts, ["Здравствуйте, друг!"] * 3 + ["Здравствуйте, Анна!"]
            )
        with self.subTest("in the text"):
            document = self.make_texts(*users, text="{{ name | default('друг') }}")
            self.assertEqual(self.get_sent(document), ["друг"] * 3 + ["Анна"])

    def test_a_name_with_a_space_is_the_one_with_an_underscore(self):
        document = {
            "send": {
                "text_male": "Здравствуйте, {{ first_name }}!",
                "fields": ["first name"],
                "users": [
                    {"phone": PHONE, "first name": "Анна"},
                    {"phone": PHONE, "first_name": "Анна"},
                ],
            },
            "route": "ds",
        }
        self.assertEqual(self.get_sent(document), ["Здравствуйте, Анна!"] * 2)

    def test_phone_and_gender_may_be_used_when_listed(self):
        user = {"phone": "8 928 170-67-00", "gender": "m"}
        document = self.make_texts(
            user, text="{{ phone }} {{ gender }}", fields=["phone", "gender"]
        )
        self.assertEqual(self.get_sent(document), ["8 928 170-67-00 m"])

    def test_filters_are_applied(self):
        document = self.make_texts(
            {"phone": PHONE, "name": " анна ПЕТРОВА "},
            text="{{ name|trim|title }} {{ name|trim|upper|truncate(5) }}",
        )
        self.assertEqual(self.get_sent(document), ["Анна Петрова АН..."])

    def test_the_channel_is_what_voice_says(self):
        channels = {
            "sms": (None, 0, "0", False, 0.0, " 0 "),
            "voice": (1, "1", True, 1.0),
        }
        for channel, flags in channels.items():
            for voice in flags:
                with self.subTest(voice=voice):
                    campaign = self.send_document(
                        self.make_send(route="осм", voice=voice)
                    )
                    self.assertEqual(campaign.channel, channel)
                    self.assertEqual(campaign.message_ids.channel, channel)

    def test_a_call_goes_to_any_valid_number(self):
        document = self.make_send("+74951234567", route="осм", voice=1)
        self.assertEqual(self.send_document(document).message_ids.state, "queued")

    def test_the_alternative_text_is_rendered_and_kept(self):
        document = self.make_texts(
            {"phone": PHONE, "name": "Анна"},
            text="Говорю: {{ name }}",
            text_alternative="Пишу: {{ name }}",
        )
        campaign = self.send_document({**document, "route": "осм", "voice": 1})
        self.assertEqual(campaign.text_alternative, "Пишу: {{ name }}")
        self.assertEqual(campaign.message_ids.text, "Говорю: Анна")
        self.assertEqual(campaign.message_ids.text_alternative, "Пишу: Анна")

    def test_an_alternative_text_that_is_lost_is_warned_of(self):
        self.make_route("calls only", provider_code="zvonok", has_sms=False)
        for values in (
            {},
            {"route": "calls only", "voice": 1},
            {"route": "осм", "voice": 1, "secret": True},
        ):
            document = self.make_send(send={"text_alternative": "Иначе"}, **values)
            with self.subTest(**values):
                [answer] = self.call_ok(document)
                [warning] = answer["send"]["details"].pop("warnings")
                self.assertEqual(answer["send"]["details"], {})
                self.assertEqual(warning["code"], "text_alternative_unused")
                self.assertIn("text_alternative", warning["message"])

    def test_the_mode_decides_whether_it_is_debugging(self):
        modes = {"": False, "live": False, "debug": True, None: False}
        for mode, is_debug in modes.items():
            with self.subTest(mode=mode):
                campaign = self.send_document(self.make_send(mode=mode))
                self.assertEqual(campaign.is_debug, is_debug)
                self.assertEqual(campaign.message_ids.is_debug, is_debug)

    def test_debug_messages_never_reach_the_routes_provider(self):
        gate = self.make_route("gate", provider_code="xml_gate", has_voice=False)
        debug = self.send_document(self.make_send(route="gate", mode="debug"))
        self.run_lane()
        self.env.invalidate_all()
        self.assertEqual(debug.message_ids.state, "submitted")
        self.assertTrue(gate.lacks_settings, "paused for nothing else")

    def test_a_time_to_live_counts_from_acceptance(self):
        for ttl in (1, "7200", 7200.0, 2_592_000):
            with self.subTest(ttl=ttl):
                message = self.send_document(self.make_send(ttl=ttl)).message_ids
                self.assertEqual(
                    message.expires_at - message.accepted_at,
                    timedelta(seconds=int(ttl)),
                )

    def test_a_time_to_live_counts_from_a_later_start(self):
        document = self.make_send(ttl=60, timeLimit="2030-06-01T12:00:00Z")
        with freeze_time("2029-01-01"):
            message = self.send_document(document).message_ids
        self.assertEqual(message.not_before, datetime(2030, 6, 1, 12))
        self.assertEqual(message.expires_at, datetime(2030, 6, 1, 12, 1))

    def test_the_start_is_read_in_the_gateways_time_zone(self):
        noon = datetime(2030, 6, 1, 12)
        cases = (
            ("2030-06-01 15:00", "Europe/Moscow", noon),
            ("2030-06-01T15:00:00", "Europe/Moscow", noon),
            (
                "2030-06-01 19:00:30",
                "Asia/Yekaterinburg",
                datetime(2030, 6, 1, 14, 0, 30),
            ),
            ("2030-06-01 12:00", "UTC", noon),
            ("2030-06-01T12:00:00Z", "Europe/Moscow", noon),
            ("2030-06-01T14:00+02:00", "Europe/Moscow", noon),
            (" 2030-06-01 08:00 -0400 ", "Europe/Moscow", noon),
        )
        for text, zone, start in cases:
            self.set_param("time_zone", zone)
            with self.subTest(text=text, zone=zone), freeze_time("2029-01-01"):
                campaign = self.send_document(self.make_send(timeLimit=text))
                self.assertEqual(campaign.scheduled_at, start)
                self.assertEqual(campaign.state, "scheduled")
                self.assertEqual(campaign.message_ids.not_before, start)

    def test_a_start_in_the_past_is_now(self):
        for text in ("2022-03-15 13:00", "1970-01-01T00:00:00Z", None):
            with self.subTest(text=text):
                campaign = self.send_document(self.make_send(timeLimit=text))
                self.assertFalse(campaign.scheduled_at)
                self.assertEqual(campaign.state, "running")
                self.assertLess(
                    campaign.message_ids.not_before,
                    fields.Datetime.now() + timedelta(seconds=5),
                )

    def test_the_route_is_found_by_its_name(self):
        self.make_route("Йод")
        decomposed = "И\N{COMBINING BREVE}од"
        for name, route in ((" ds\n", "ds"), ("осм ", "осм"), (decomposed, "Йод")):
            with self.subTest(name=name):
                campaign = self.send_document(self.make_send(route=name))
                self.assertEqual(campaign.route_id.name, route)

    def test_a_paused_route_accepts_and_queues(self):
        self.ds.action_pause()
        campaign = self.send_document(self.make_send())
        self.run_lane()
        self.env.invalidate_all()
        self.assertEqual(campaign.message_ids.state, "queued")

    def test_the_limit_of_recipients_is_a_setting(self):
        self.set_param("max_recipients", 3)
        self.call_ok(self.make_send(*[PHONE] * 3))
        with self.assertNothingStored():
            error = self.call_error(self.make_send(*[PHONE] * 4), 413, "too_many_users")
        self.assertEqual(error["details"], {"code": "too_many_users"})
        self.assertIn("4", error["message"])
        self.assertIn("3", error["message"])


@tagged("post_install", "-at_install")
class TestRejectedUsers(SendCase):
    """One bad user does not sink the others."""

    def test_bad_users_are_stored_as_failed_and_told(self):
        users = (
            {"phone": PHONE, "gender": "m", "name": "Пётр"},
            {"phone": "12", "gender": "m", "name": "Пётр"},
            {"gender": "m", "name": "Пётр"},
            {"phone": "+74951234567", "gender": "m", "name": "Пётр"},
            {"phone": PHONE, "name": "Пётр"},
            {"phone": PHONE, "gender": "x", "name": "Пётр"},
            {"phone": PHONE, "gender": "m"},
            {"phone": PHONE, "gender": "m", "name": ["Пётр"]},
            {"phone": PHONE, "gender": "m", "name": True},
            {"phone": PHONE, "gender": "m", "name": "П\x00тр"},
            {"phone": PHONE, "gender": "m", "name": "П\ud800тр"},
            {"phone": PHONE, "gender": "m", "name": "щ" * 700},
        )
        document = self.make_texts(*users, text_female="Уважаемая {{ name }}!")
        [answer] = self.call_ok(document)
        rejected = answer["send"]["details"]["rejected"]
        self.assertEqual(
            [(one["index"], one["phone"], one["code"]) for one in rejected],
            [
                (1, "12", "invalid_number"),
                (2, "", "invalid_number"),
                (3, "+74951234567", "invalid_number"),
                (4, PHONE, "missing_gender"),
                (5, PHONE, "invalid_gender"),
                (6, PHONE, "missing_field"),
                (7, PHONE, "invalid_field"),
                (8, PHONE, "invalid_field"),
                (9, PHONE, "invalid_character"),
                (10, PHONE, "invalid_character"),
                (11, PHONE, "too_long"),
            ],
        )
        campaign = self.env["sms.gateway.campaign"].search([], limit=1)
        messages = self.get_messages(campaign)
        self.assertEqual(messages.mapped("state"), ["queued"] + ["failed"] * 11)
        self.assertEqual(
            messages[1:].mapped("failure_code"), [one["code"] for one in rejected]
        )
        page = campaign._get_status_page(1, 11)
        told = serialise_send_status(page, "ru")["message"][0]["send"]["details"]
        self.assertEqual(
            [message["failure"]["message"] for message in told["messages"]],
            [one["message"] for one in rejected],
        )
        self.assertFalse(messages[1].msisdn)
        self.assertEqual(messages[4].msisdn, PHONE)

    def test_opted_out_numbers_are_cancelled_and_told(self):
        self.env["phone.blacklist"].add("+79281706701")
        document = self.make_send(PHONE, "8 928 170-67-01")
        self.assertEqual(
            self.get_rejected(document), [(1, "+79281706701", "opted_out")]
        )
        campaign = self.env["sms.gateway.campaign"].search([], limit=1)
        messages = self.get_messages(campaign)
        self.assertEqual(messages.mapped("state"), ["queued", "cancelled"])
        self.assertEqual(messages[1].failure_type, "opted_out")

    def test_a_number_that_may_be_sent_to_again_is_no_opt_out(self):
        self.env["phone.blacklist"].add(PHONE)
        self.env["phone.blacklist"].remove(PHONE)
        [answer] = self.call_ok(self.make_send(PHONE))
        self.assertNotIn("details", answer["send"])

    def test_rejected_users_are_told_in_the_order_of_the_request(self):
        self.env["phone.blacklist"].add("+79281706701")
        document = self.make_send("1", "+79281706701", "2", PHONE)
        indexes = [index for index, *_others in self.get_rejected(document)]
        self.assertEqual(indexes, [0, 1, 2])

    def test_rejected_users_and_warnings_come_together(self):
        document = self.make_send(PHONE, "12", send={"text_alternative": "Иначе"})
        [answer] = self.call_ok(document)
        self.assertEqual(list(answer["send"]["details"]), ["rejected", "warnings"])

    def test_segments_and_speech_are_limited_by_settings(self):
        self.set_param("max_segments", 1)
        self.set_param("max_speech", 20)
        users = [{"phone": PHONE, "name": name} for name in ("щ", "щ" * 100)]
        document = self.make_texts(*users, text="{{ name }}")
        self.assertEqual(self.get_rejected(document), [(1, PHONE, "too_long")])
        document = {**document, "route": "осм", "voice": 1}
        self.assertEqual(self.get_rejected(document), [(1, PHONE, "too_long")])

    def test_without_a_valid_user_the_request_fails(self):
        self.env["phone.blacklist"].add(PHONE)
        cases = {
            "invalid": (["12", "+74951234567"], ["invalid_number"] * 2),
            "opted out": ([PHONE], ["opted_out"]),
            "both": (["12", PHONE], ["invalid_number", "opted_out"]),
        }
        for name, (phones, codes) in cases.items():
            with self.subTest(name), self.assertNothingStored():
                [error] = self.call_error(
                    self.make_send(*phones), 400, "no_valid_users"
                )
                details = error["send"]["details"]
                self.assertEqual(
                    [(one["path"], one["code"]) for one in details["errors"]],
                    [("send.users", "no_valid_users")]
                    + [
                        (f"send.users[{index}].phone", code)
                        for index, code in enumerate(codes)
                    ],
                )

    def test_strict_fails_the_request_for_one_bad_user(self):
        self.env["phone.blacklist"].add("+79281706701")
        for bad, code in (("12", "invalid_number"), ("+79281706701", "opted_out")):
            document = self.make_send(PHONE, bad, strict=True)
            with self.subTest(code=code), self.assertNothingStored():
                [error] = self.call_error(document, 400, "rejected_users")
                [_whole, user] = error["send"]["details"]["errors"]
                self.assertEqual(user["path"], "send.users[1].phone")
                self.assertEqual(user["code"], code)

    def test_strict_lets_good_users_pass(self):
        for strict in (True, False, None):
            with self.subTest(strict=strict):
                [answer] = self.call_ok(self.make_send(PHONE, strict=strict))
                self.assertNotIn("details", answer["send"])

    def test_errors_of_users_beside_send_are_told_there(self):
        document = {
            "send": {"text_male": HELLO},
            "users": [{"phone": "12"}],
            "route": "ds",
        }
        [error] = self.call_error(document, 400, "no_valid_users")
        paths = [one["path"] for one in error["send"]["details"]["errors"]]
        self.assertEqual(paths, ["users", "users[0].phone"])


@tagged("post_install", "-at_install")
class TestRefused(SendCase):
    """A request that is wrong is refused as a whole and stores nothing."""

    def test_wrong_members_inside_send(self):
        user = {"phone": PHONE}
        cases = (
            ({"text_male": None}, "send.text_male", "missing"),
            ({"text_male": 5}, "send.text_male", "wrong_type"),
            ({"text_male": " \n"}, "send.text_male", "empty_text"),
            ({"text_male": "а\x00"}, "send.text_male", "invalid_character"),
            ({"text_male": "\ud800"}, "send.text_male", "invalid_character"),
            ({"text_male": "щ" * 16_001}, "send.text_male", "too_long"),
            ({"text_male": "{{ name"}, "send.text_male", "template_syntax"),
            ({"text_male": "{% if 1 %}"}, "send.text_male", "template_forbidden"),
            ({"text_male": "{{ a.b }}"}, "send.text_male", "template_forbidden"),
            ({"text_male": "{{ name }}"}, "send.text_male", "template_unknown_name"),
            ({"text_male": "{{ self }}"}, "send.text_male", "template_unknown_name"),
            ({"text_male": "{{ phone }}"}, "send.text_male", "template_unknown_name"),
            ({"text_male": "{{ gender }}"}, "send.text_male", "template_unknown_name"),
            ({"text_female": ["x"]}, "send.text_female", "wrong_type"),
            ({"text_female": "{{ x }}"}, "send.text_female", "template_unknown_name"),
            ({"text_alternative": 1}, "send.text_alternative", "wrong_type"),
            ({"text_alternative": "{{"}, "send.text_alternative", "template_syntax"),
            ({"fields": "name"}, "send.fields", "wrong_type"),
            ({"fields": [1]}, "send.fields[0]", "wrong_type"),
            ({"fields": ["a-b"]}, "send.fields[0]", "invalid_value"),
            ({"fields": {"a": []}}, "send.fields.a", "wrong_type"),
            ({"users": None}, "send.users", "missing"),
            ({"users": []}, "send.users", "missing"),
            ({"users": user}, "send.users", "wrong_type"),
            ({"users": [user, PHONE]}, "send.users[1]", "wrong_type"),
        )
        for inside, path, code in cases:
            with self.subTest(inside=str(inside)[:60]):
                self.assertRefused(self.make_send(send=inside), path, code)

    def test_wrong_members_beside_send(self):
        cases = (
            ({"route": None}, "route", "missing"),
            ({"route": " "}, "route", "missing"),
            ({"route": 5}, "route", "wrong_type"),
            ({"route": "нет"}, "route", "unknown_route"),
            ({"route": "DS"}, "route", "unknown_route"),
            ({"route": "d s"}, "route", "unknown_route"),
            ({"route": "d" * 100_000}, "route", "unknown_route"),
            ({"route": "ds\x00"}, "route", "invalid_character"),
            ({"ttl": 0}, "ttl", "invalid_value"),
            ({"ttl": -5}, "ttl", "invalid_value"),
            ({"ttl": 2_592_001}, "ttl", "invalid_value"),
            ({"ttl": 1.5}, "ttl", "invalid_value"),
            ({"ttl": ""}, "ttl", "invalid_value"),
            ({"ttl": True}, "ttl", "wrong_type"),
            ({"ttl": []}, "ttl", "wrong_type"),
            ({"mode": "test"}, "mode", "invalid_value"),
            ({"mode": "DEBUG"}, "mode", "invalid_value"),
            ({"mode": 1}, "mode", "wrong_type"),
            ({"voice": 2}, "voice", "invalid_value"),
            ({"voice": "yes"}, "voice", "invalid_value"),
            ({"voice": ""}, "voice", "invalid_value"),
            ({"voice": []}, "voice", "wrong_type"),
            ({"timeLimit": "2030-01-01"}, "timeLimit", "invalid_value"),
            ({"timeLimit": "13:00"}, "timeLimit", "invalid_value"),
            ({"timeLimit": "2030-02-30 13:00"}, "timeLimit", "invalid_value"),
            ({"timeLimit": ""}, "timeLimit", "invalid_value"),
            ({"timeLimit": 1893456000}, "timeLimit", "wrong_type"),
            ({"strict": "yes"}, "strict", "wrong_type"),
            ({"strict": 1}, "strict", "wrong_type"),
            ({"users": [{"phone": PHONE}]}, "users", "invalid_value"),
        )
        for members, path, code in cases:
            with self.subTest(members=members):
                self.assertRefused(self.make_send(**members), path, code)

    def test_send_must_be_an_object(self):
        for value in ([], "text", 1, True):
            with self.subTest(value=value):
                self.assertRefused({"send": value, "route": "ds"}, "send", "wrong_type")

    def test_fields_in_two_places_at_once(self):
        document = self.make_send(send={"fields": ["a"]}, fields=["a"])
        self.assertRefused(document, "fields", "invalid_value")

    def test_a_start_is_at_most_five_years_ahead(self):
        with freeze_time("2029-01-01"):
            self.send_document(self.make_send(timeLimit="2034-01-01 02:59"))
            self.assertRefused(
                self.make_send(timeLimit="2034-01-02 03:00"),
                "timeLimit",
                "invalid_value",
            )

    def test_voice_on_a_route_without_it_is_never_an_sms(self):
        for mode in ("live", "debug"):
            with self.subTest(mode=mode):
                self.assertRefused(
                    self.make_send(voice=1, mode=mode), "voice", "unsupported_channel"
                )

    def test_an_sms_on_a_route_for_calls_is_never_a_call(self):
        self.osm.has_sms = False
        self.assertRefused(self.make_send(route="осм"), "voice", "unsupported_channel")

    def test_an_archived_route_is_unknown(self):
        self.ds.active = False
        self.assertRefused(self.make_send(), "route", "unknown_route")

    def test_a_bad_template_names_its_line(self):
        document = self.make_send(send={"text_male": "раз\nдва {{ три"})
        [error] = self.call_error(document, 400, "template_syntax")
        self.assertIn("строка 2", error["send"]["message"])

    def test_all_problems_are_told_at_once(self):
        document = self.make_send(
            send={"text_male": "", "users": [{"phone": PHONE}, None]},
            ttl=0,
            mode="x",
            voice=5,
        )
        [error] = self.call_error(document, 400, "empty_text")
        problems = error["send"]["details"]["errors"]
        self.assertEqual(
            {problem["path"] for problem in problems},
            {"send.text_male", "send.users[1]", "ttl", "mode", "voice"},
        )
        self.assertTrue(all(problem["message"] for problem in problems))

    def test_every_rejected_user_is_told_however_many_there_are(self):
        users = [*([{"gender": "x"}] * 600), {"phone": PHONE}]
        [answer] = self.call_ok(self.make_send(send={"users": users}))
        rejected = answer["send"]["details"]["rejected"]
        self.assertEqual({one["index"] for one in rejected}, set(range(600)))
        # two problems of each of the first five hundred, one of each of the others
        self.assertEqual(len(rejected), 1100)

    def test_at_most_a_hundred_problems_are_told(self):
        cases = {
            "of the request": ({"users": [None] * 150}, 100, "wrong_type"),
            "of its users": (
                {"users": [{"phone": "12"}] * 150},
                100,
                "no_valid_users",
            ),
        }
        for name, (inside, count, code) in cases.items():
            with self.subTest(name):
                [error] = self.call_error(self.make_send(send=inside), 400, code)
                self.assertEqual(len(error["send"]["details"]["errors"]), count)
