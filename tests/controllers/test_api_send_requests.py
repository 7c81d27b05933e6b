"""Requests to send: texts, fields, users, options and times."""

import time
from dataclasses import replace
from datetime import datetime

from odoo.addons.crm_sms_gateway.controllers.api.answers import (
    serialise_error,
)
from odoo.addons.crm_sms_gateway.tools.compose import Recipient
from odoo.addons.crm_sms_gateway.tools.template import TemplateError, compile_template

from .requests import ABSENT, LIMITS, NOW, SchemaCase, make_send


class TestTexts(SchemaCase):
    def test_the_text_for_men_is_for_everyone(self):
        texts = self.parse_send(send={"text_male": "Hi"}).texts
        self.assertEqual(texts.male.source, "Hi")
        self.assertIs(texts.neutral, texts.male)
        self.assertIsNone(texts.female)
        self.assertIsNone(texts.alternative)

    def test_with_a_text_for_women_there_is_no_neutral_one(self):
        document = self.parse_send(send={"text_male": "He", "text_female": "She"})
        self.assertIsNone(document.texts.neutral)
        self.assertEqual(document.texts.female.source, "She")
        self.assertTrue(document.rules.gender_required)

    def test_without_it_nobody_needs_a_gender(self):
        for text in (ABSENT, None, "", " \n\xa0"):
            with self.subTest(text):
                document = self.parse_send(send={"text_female": text})
                self.assertFalse(document.rules.gender_required)
                self.assertIsNone(document.texts.female)
                self.assertIsNone(document.sources.female)

    def test_sources_are_kept_as_they_came(self):
        document = self.parse_send(
            send={
                "text_male": " {{ a }}\r\n",
                "text_female": "{{a|upper}}",
                "text_alternative": "c",
                "fields": ["a"],
            },
            voice=1,
        )
        self.assertEqual(document.sources.male, " {{ a }}\r\n")
        self.assertEqual(document.sources.female, "{{a|upper}}")
        self.assertEqual(document.sources.alternative, "c")

    def test_a_text_is_required(self):
        for text in (ABSENT, None):
            self.assert_send_refused(
                ("missing", "send.text_male"), send={"text_male": text}
            )

    def test_a_required_text_is_not_blank(self):
        for text in ("", " ", "\r\n\t\xa0\u2003"):
            self.assert_send_refused(
                ("empty_text", "send.text_male"), send={"text_male": text}
            )

    def test_every_bad_text_is_told(self):
        for value, code in {
            1: "wrong_type",
            "\x00": "invalid_character",
            "a\ud83d": "invalid_character",
            "a\n{{ a": "template_syntax",
            "{{ unlisted }}": "template_unknown_name",
            "{% if a %}{% endif %}": "template_forbidden",
            "{{ self }}": "template_unknown_name",
            "a" * 16_001: "too_long",
        }.items():
            with self.subTest(ascii(value)[:40]):
                names = ("text_male", "text_female", "text_alternative")
                self.assert_send_refused(
                    *((code, f"send.{name}") for name in names),
                    send=dict.fromkeys(names, value),
                )

    def test_the_line_of_a_bad_template_is_told(self):
        error = self.assert_send_refused(
            ("template_unknown_name", "send.text_male"),
            send={"text_male": "one\ntwo\n{{ fio }}"},
        )
        [answer] = serialise_error(error, "ru")
        self.assertEqual(
            answer["send"]["message"],
            "Неизвестная подстановка в шаблоне send.text_male, строка 3: fio. "
            "Добавьте её в fields или исправьте текст.",
        )

    def test_the_longest_template_follows_the_settings(self):
        limits = replace(LIMITS, max_segments=1, max_speech=10)
        self.parse_send(send={"text_male": "a" * 640}, limits=limits)
        document = make_send(send={"text_male": "a" * 641})
        self.assert_refused(document, ("too_long", "send.text_male"), limits=limits)

    def test_a_template_is_never_longer_than_what_can_be_compiled(self):
        text = "a" * replace(LIMITS, max_segments=255, max_speech=10**6).max_template
        self.assertEqual(compile_template(text, ()).source, text)

    def test_an_alternative_is_read_whatever_the_channel(self):
        for voice in (ABSENT, 0, 1):
            document = self.parse_send(send={"text_alternative": "sms"}, voice=voice)
            self.assertEqual(document.texts.alternative.source, "sms")

    def test_a_blank_alternative_is_absent(self):
        document = self.parse_send(send={"text_alternative": " "})
        self.assertIsNone(document.texts.alternative)

    def test_one_word_in_two_spellings_is_one_name(self):
        document = self.parse_send(
            send={"text_male": "{{ и\u0306 }}", "fields": ["й"], "users": [{"й": "1"}]}
        )
        self.assertEqual(next(iter(document.recipients)).values, {"й": "1"})


class TestFields(SchemaCase):
    def rules(self, fields):
        return self.parse_send(send={"fields": fields}).rules

    def test_names_keep_their_order_and_come_once(self):
        self.assertEqual(self.rules(["b", "a", "b"]).fields, ("b", "a"))

    def test_no_names(self):
        for fields in (ABSENT, None, [], {}):
            self.assertEqual(self.rules(fields).fields, ())

    def test_an_object_gives_defaults(self):
        rules = self.rules(
            {"fio": "клиент", "sum": 5, "rate": 0.5, "whole": 2.0, "city": None}
        )
        self.assertEqual(rules.fields, ("fio", "sum", "rate", "whole", "city"))
        self.assertEqual(
            rules.defaults, {"fio": "клиент", "sum": "5", "rate": "0.5", "whole": "2"}
        )

    def test_the_name_of_table_1(self):
        for fields in (
            ["first name"],
            [" first  name "],
            ["first_name", "first name"],
            {"first name": "x"},
        ):
            with self.subTest(fields):
                self.assertEqual(self.rules(fields).fields, ("first_name",))

    def test_phone_and_gender_may_be_listed(self):
        text = "{{ phone }} {{ gender }}"
        self.parse_send(send={"text_male": text, "fields": ["phone", "gender"]})
        self.assert_send_refused(
            ("template_unknown_name", "send.text_male"), send={"text_male": text}
        )

    def test_names_are_identifiers(self):
        for name in ("", "1a", "a-b", "a.b", "a|b", "{{a}}", "a'", "\u0301a", "a" * 65):
            with self.subTest(name):
                self.assert_send_refused(
                    ("invalid_value", "send.fields[0]"), send={"fields": [name]}
                )

    def test_words_of_the_template_language_are_no_names(self):
        for name in ("not", "true", "True", "false", "False", "none", "None"):
            with self.subTest(name):
                self.assert_send_refused(
                    ("invalid_value", "send.fields[0]"), send={"fields": [name]}
                )
                with self.assertRaises(TemplateError):
                    compile_template(f"{{{{ {name} }}}}", {name})

    def test_other_words_are_names(self):
        for name in [
            "self",
            "class",
            "loop",
            "range",
            "имя",
            "_",
            "x1",
            "not_",
            "è",
        ] + ["and", "or", "in", "is", "if", "else"]:
            with self.subTest(name):
                text = f"{{{{ {name} }}}} {{{{ {name}|upper }}}}"
                document = self.parse_send(send={"text_male": text, "fields": [name]})
                self.assertEqual(document.texts.male.names, {name})

    def test_values_that_are_no_fields(self):
        for fields in ("fio", 1, True):
            self.assert_send_refused(
                ("wrong_type", "send.fields"), send={"fields": fields}
            )

    def test_every_bad_name_is_told(self):
        self.assert_send_refused(
            ("wrong_type", "send.fields[1]"),
            ("invalid_character", "send.fields[2]"),
            ("invalid_value", "send.fields[3]"),
            send={"fields": ["fio", 1, "a\x00", "b c!", "ok"]},
        )

    def test_a_bad_name_of_an_object(self):
        for name, code in {"\ud800": "invalid_character", "0": "invalid_value"}.items():
            self.assert_send_refused((code, "send.fields"), send={"fields": {name: ""}})

    def test_bad_defaults(self):
        self.assert_send_refused(
            ("wrong_type", "send.fields.a"),
            ("wrong_type", "send.fields.b"),
            ("invalid_character", "send.fields.c"),
            send={"fields": {"a": True, "b": ["x"], "c": "\x00", "d": "fine"}},
        )

    def test_names_are_not_counted_against_texts_when_they_cannot_be_read(self):
        self.assert_send_refused(
            ("wrong_type", "send.fields"),
            send={"fields": "fio", "text_male": "{{ fio }}"},
        )

    def test_names_are_limited(self):
        names = [f"n{number}" for number in range(101)]
        self.rules(names[:100])
        for fields in (names, dict.fromkeys(names, "")):
            self.assert_send_refused(
                ("invalid_value", "send.fields"), send={"fields": fields}
            )


class TestUsers(SchemaCase):
    def recipients(self, users, fields=ABSENT, **options):
        send = {"users": users, "fields": fields}
        return self.parse_send(send=send, **options).recipients

    def test_order_and_repetitions_are_kept(self):
        users = [{"phone": "2"}, {"phone": "1"}, {"phone": "2"}]
        found = [(one.index, one.phone) for one in self.recipients(users)]
        self.assertEqual(found, [(0, "2"), (1, "1"), (2, "2")])

    def test_values_are_as_received(self):
        user = {"phone": 79281706700, "gender": [], "a": 1.5, "b": None, "c": "\x00"}
        [recipient] = self.recipients([user], ["a", "b", "c"])
        self.assertEqual(recipient.phone, 79281706700)
        self.assertEqual(recipient.gender, [])
        self.assertEqual(recipient.values, {"a": 1.5, "b": None, "c": "\x00"})

    def test_only_listed_fields_are_read(self):
        [recipient] = self.recipients([{"phone": "1", "a": 1, "b": 2}], ["a", "c"])
        self.assertEqual(recipient.values, {"a": 1})

    def test_a_field_as_table_1_spells_it(self):
        [recipient] = self.recipients([{"first name": "Анна"}], ["first_name"])
        self.assertEqual(recipient.values, {"first_name": "Анна"})

    def test_the_exact_spelling_goes_first(self):
        user = {"first name": "A", "first_name": "B", " first_name": "C"}
        [recipient] = self.recipients([user], ["first name", "city"])
        self.assertEqual(recipient.values, {"first_name": "B"})

    def test_users_are_required(self):
        for users in (ABSENT, None, []):
            self.assert_send_refused(("missing", "send.users"), send={"users": users})

    def test_an_empty_list_is_told_apart(self):
        error = self.refused(make_send(send={"users": []}))
        [answer] = serialise_error(error, "ru")
        self.assertEqual(
            answer["send"]["message"],
            "Список send.users пуст. Укажите хотя бы один элемент.",
        )

    def test_values_that_are_no_list(self):
        for users in ("+79281706700", {"phone": "1"}, 1, False):
            self.assert_send_refused(
                ("wrong_type", "send.users"), send={"users": users}
            )

    def test_every_entry_that_is_no_object_is_told(self):
        self.assert_send_refused(
            ("wrong_type", "send.users[0]"),
            ("wrong_type", "send.users[2]"),
            ("wrong_type", "send.users[3]"),
            send={"users": ["+79281706700", {}, None, []]},
        )

    def test_too_many(self):
        limits = replace(LIMITS, max_recipients=2)
        self.assertEqual(len(self.recipients([{}] * 2, limits=limits)), 2)
        error = self.assert_refused(
            make_send(send={"users": [{}] * 3}),
            ("too_many_users", "send.users"),
            limits=limits,
        )
        self.assertEqual(error.status, 413)
        answer = serialise_error(error, "en")
        self.assertEqual(answer["details"], {"code": "too_many_users"})
        self.assertIn("3, the limit is 2", answer["message"])

    def test_beside_send(self):
        document = self.parse_send(
            send={"users": ABSENT, "text_male": "{{ fio }}"},
            users=[{"fio": "A"}],
            fields=["fio"],
        )
        self.assertEqual(
            list(document.recipients), [Recipient(0, None, None, {"fio": "A"})]
        )
        self.assertEqual(document.users_path, "users")
        self.assertEqual(self.parse_send().users_path, "send.users")

    def test_problems_beside_send_have_their_own_paths(self):
        self.assert_send_refused(
            ("invalid_value", "fields[0]"),
            ("wrong_type", "users[0]"),
            send={"users": ABSENT},
            fields=["!"],
            users=[1],
        )

    def test_in_both_places_at_once(self):
        self.assert_send_refused(
            ("invalid_value", "users"),
            ("invalid_value", "fields"),
            send={"fields": ["fio"]},
            users=[{"phone": "1"}],
            fields=["fio"],
        )

    def test_null_in_one_place(self):
        self.parse_send(users=None, fields=None)
        self.parse_send(send={"users": None}, users=[{}])

    def test_fifty_thousand_are_read_fast(self):
        users = [
            {"phone": "+79281706700", "gender": "male", "first name": "Андрей"}
            for _number in range(50_000)
        ]
        document = make_send(send={"users": users, "fields": ["first_name", "none_"]})
        started = time.process_time()
        self.assertEqual(len(self.parse(document).recipients), 50_000)
        self.assertLess(time.process_time() - started, 1)


class TestOptions(SchemaCase):
    def test_ttl(self):
        for ttl, seconds in (
            (1, 1),
            (2_592_000, 2_592_000),
            ("7200", 7200),
            (" 60 ", 60),
            (60.0, 60),
            (None, None),
            (ABSENT, None),
        ):
            with self.subTest(ttl):
                self.assertEqual(self.parse_send(ttl=ttl).ttl, seconds)

    def test_bad_ttl(self):
        for ttl in (0, -1, 2_592_001, "2592001", 1.5, "1.5", "", "1h", "-5", "1e3"):
            with self.subTest(ttl):
                self.assert_send_refused(("invalid_value", "ttl"), ttl=ttl)
        for ttl in (True, False, [60], {}):
            with self.subTest(ttl):
                self.assert_send_refused(("wrong_type", "ttl"), ttl=ttl)

    def test_mode(self):
        for mode in (ABSENT, None, "", " ", "live"):
            self.assertFalse(self.parse_send(mode=mode).is_debug)
        for mode in ("debug", " debug\n"):
            self.assertTrue(self.parse_send(mode=mode).is_debug)

    def test_bad_mode(self):
        for mode in ("test", "Debug", "LIVE", "0"):
            self.assert_send_refused(("invalid_value", "mode"), mode=mode)
        for mode in (True, 1, ["debug"]):
            self.assert_send_refused(("wrong_type", "mode"), mode=mode)

    def test_voice(self):
        for voice in (1, "1", True, 1.0):
            self.assertEqual(self.parse_send(voice=voice).channel, "voice")
        for voice in (ABSENT, None, 0, "0", False):
            document = self.parse_send(voice=voice)
            self.assertEqual((document.channel, document.rules.channel), ("sms",) * 2)

    def test_bad_voice(self):
        for voice in (2, -1, 0.5, "", "true", "yes", "01x"):
            self.assert_send_refused(("invalid_value", "voice"), voice=voice)
        for voice in ([1], {}):
            self.assert_send_refused(("wrong_type", "voice"), voice=voice)

    def test_strict(self):
        self.assertTrue(self.parse_send(strict=True).is_strict)
        for strict in (ABSENT, None, False):
            self.assertFalse(self.parse_send(strict=strict).is_strict)
        for strict in (1, 0, "true", "", []):
            self.assert_send_refused(("wrong_type", "strict"), strict=strict)

    def test_secret(self):
        self.assertTrue(self.parse_send(secret=True).is_secret)
        for secret in (ABSENT, None, False):
            self.assertFalse(self.parse_send(secret=secret).is_secret)
        for secret in (1, 0, "true", "", []):
            self.assert_send_refused(("wrong_type", "secret"), secret=secret)

    def test_limits_reach_the_rules(self):
        rules = self.parse_send(
            limits=replace(LIMITS, max_segments=3, max_speech=50)
        ).rules
        self.assertEqual((rules.max_segments, rules.max_speech), (3, 50))


class TestTime(SchemaCase):
    def not_before(self, text, *, zone="Europe/Moscow", now=NOW):
        limits = replace(LIMITS, time_zone=zone)
        return self.parse_send(timeLimit=text, limits=limits, now=now).not_before

    def assert_time(self, text, expected, **options):
        with self.subTest(text):
            moment = self.not_before(text, **options)
            self.assertEqual(moment, datetime.fromisoformat(expected))
            self.assertIsNone(moment.tzinfo)

    def test_local_time(self):
        self.assert_time("2026-12-31 23:00", "2026-12-31 20:00")
        self.assert_time("2026-12-31T23:00", "2026-12-31 20:00")
        self.assert_time("2026-12-31 23:00:59", "2026-12-31 20:00:59")
        self.assert_time(" 2026-12-31t23:00:59\n", "2026-12-31 20:00:59")

    def test_the_zone_is_a_setting(self):
        self.assert_time(
            "2026-12-31 23:00", "2026-12-31 13:00", zone="Asia/Vladivostok"
        )

    def test_time_with_offset(self):
        for text in (
            "2026-12-31T23:00:00+05:00",
            "2026-12-31T23:00:00.123+0500",
            "2026-12-31 23:00 +05",
            "2026-12-31T12:30:00-05:30",
            "2026-12-31T18:00:00Z",
            "2026-12-31t18:00z",
        ):
            self.assert_time(text, "2026-12-31 18:00")

    def test_the_past_is_now(self):
        for text in (
            "2022-03-15 13:00",
            "0001-01-02 00:00",
            "2026-11-23 13:00",
            "2026-11-23T10:00:00Z",
        ):
            self.assertIsNone(self.not_before(text))
        self.assert_time("2026-11-23 13:01", "2026-11-23 10:01")

    def test_no_time(self):
        for text in (ABSENT, None):
            self.assertIsNone(self.not_before(text))

    def test_five_years_ahead(self):
        self.assert_time("2031-11-23T10:00:00Z", "2031-11-23 10:00")
        self.assert_send_refused(
            ("invalid_value", "timeLimit"), timeLimit="2031-11-23T10:00:01Z"
        )

    def test_five_years_from_a_leap_day(self):
        now = datetime(2028, 2, 29, 10, 0)
        self.assert_time("2033-02-28T10:00:00Z", "2033-02-28 10:00", now=now)
        document = make_send(timeLimit="2033-02-28T10:00:01Z")
        self.assert_refused(document, ("invalid_value", "timeLimit"), now=now)

    def test_values_that_are_no_time(self):
        for text in (
            "",
            "tomorrow",
            "2026-12-31",
            "23:00",
            "2026-12-31 23",
            "2026-12-31 24:00",
            "2026-12-31 23:60",
            "2026-12-31 23:00:60",
            "2026-13-01 10:00",
            "2026-02-30 10:00",
            "0000-01-01 10:00",
            "0001-01-01T00:00+05:00",
            "9999-12-31T23:59-05:00",
            "31.12.2026 23:00",
            "2026-12-31 23:00 MSK",
            "2026-12-31T23:00+25:00",
            "2026-12-31T23:00+05:60",
            "2026-12-31 23:00\u0662",
            "٢٠٢٦-12-31 23:00",
            "1798761600",
        ):
            with self.subTest(text):
                self.assert_send_refused(("invalid_value", "timeLimit"), timeLimit=text)
        for value in (1798761600, True, ["2026-12-31 23:00"]):
            self.assert_send_refused(("wrong_type", "timeLimit"), timeLimit=value)

    def test_an_hour_that_comes_twice_is_the_first(self):
        self.assert_time("2027-10-31 02:30", "2027-10-31 00:30", zone="Europe/Berlin")

    def test_an_hour_that_is_skipped_counts_on(self):
        # Clocks go from 02:00 to 03:00: 02:30 is meant as 03:30.
        self.assert_time("2027-03-28 02:30", "2027-03-28 01:30", zone="Europe/Berlin")
