from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.controllers.api.messages import sentence
from odoo.addons.crm_sms_gateway.tools.compose import (
    MAX_PROBLEMS,
    Composed,
    Problem,
    Recipient,
    RoundedNumber,
    Rules,
    Texts,
    compose,
    compose_all,
    compose_ready,
)
from odoo.addons.crm_sms_gateway.tools.msisdn import Reading
from odoo.addons.crm_sms_gateway.tools.template import compile_template

PHONE = "+79281706700"
UNSTORABLE = ("a\x00", "\ud800b", "\udfff")


def texts(neutral=None, *, male=None, female=None, alternative=None, names=("name",)):
    """Compile the texts that are given."""
    sources = (male, female, neutral, alternative)
    return Texts(
        *(None if text is None else compile_template(text, names) for text in sources)
    )


def composed(
    neutral="text", *, phone=PHONE, gender=None, values=None, rules=None, **others
):
    """Compose one message; `others` are further texts and names."""
    recipient = Recipient(0, phone, gender, values or {})
    return compose(recipient, texts(neutral, **others), rules or Rules())


class ComposeCase(BaseCase):
    def assert_problems(self, message, *expected):
        found = [(problem.code, problem.field) for problem in message.problems]
        self.assertEqual(found, list(expected))

    def assert_composed(self, message, text):
        self.assert_problems(message)
        self.assertEqual(message.text, text)


class TestCompose(ComposeCase):
    def test_example_of_the_manual(self):
        recipient = Recipient(2, "+79281706700", "male", {"first_name": "Андрей"})
        message = compose(
            recipient,
            texts(
                male="Уважаемый {{first_name}}! Поздравляем Вас!",
                female="Уважаемая {{first_name}}! Поздравляем Вас!",
                names=["first_name"],
            ),
            Rules(fields=("first_name",), gender_required=True),
        )
        self.assertEqual(
            message,
            Composed(
                index=2,
                phone="+79281706700",
                msisdn="+79281706700",
                gender="male",
                text="Уважаемый Андрей! Поздравляем Вас!",
                text_alternative="",
                encoding="ucs2",
                segments=1,
                problems=(),
            ),
        )

    def test_example_of_the_manual_for_speech(self):
        message = composed(
            "Здравствуйте. Поздравляем!",
            phone="+79198828851",
            values={"fio": "Дмитрий Дмитриевич"},
            alternative="Поздравляем!",
            rules=Rules(channel="voice", fields=("fio",)),
        )
        self.assert_composed(message, "Здравствуйте. Поздравляем!")
        self.assertEqual(message.text_alternative, "Поздравляем!")
        self.assertEqual((message.encoding, message.segments), (None, 0))

    def test_order_and_repetitions_are_kept(self):
        recipients = [Recipient(index, PHONE) for index in (3, 1, 1)]
        messages = list(compose_all(recipients, texts("text"), Rules()))
        self.assertEqual([message.index for message in messages], [3, 1, 1])

    def test_recipients_are_taken_one_by_one(self):
        endless = (Recipient(0, PHONE) for _ in iter(int, 1))
        self.assertEqual(next(compose_all(endless, texts("a"), Rules())).text, "a")

    def test_all_problems_are_told_at_once(self):
        message = composed(
            "{{ name }}",
            phone="nobody",
            gender="robot",
            values={"age": []},
            rules=Rules(fields=("name", "age")),
        )
        self.assert_problems(
            message,
            ("invalid_number", "phone"),
            ("invalid_gender", "gender"),
            ("missing_field", "name"),
            ("invalid_field", "age"),
        )
        self.assertEqual((message.text, message.segments), ("", 0))

    def test_few_problems_of_many_are_told(self):
        names = [f"name{number}" for number in range(100)]
        for sources in ({"neutral": "{{ name99 }}"}, {"male": "{{ name99 }}"}):
            neutral = sources.pop("neutral", None)
            message = composed(
                neutral,
                phone="nobody",
                values={"name99": "Anna"},
                names=names,
                rules=Rules(fields=tuple(names)),
                **sources,
            )
            with self.subTest(neutral):
                self.assertIn(len(message.problems), (MAX_PROBLEMS, MAX_PROBLEMS + 1))
                fields = {problem.field for problem in message.problems}
                # given, but never read
                self.assertNotIn("name99", fields)
                self.assertEqual(message.text, "")

    def test_no_break_spaces_of_amounts_cost_nothing(self):
        amount = "1\u202f200.00\xa0€"
        message = composed(
            "To\xa0pay: {{ name }}" + "a" * 100,
            values={"name": amount},
            rules=Rules(fields=("name",)),
        )
        self.assert_composed(message, "To pay: 1 200.00 €" + "a" * 100)
        self.assertEqual((message.encoding, message.segments), ("gsm7", 1))
        ready = compose_ready(0, PHONE, f"To pay: {amount}", Rules(), uuid="1")
        self.assert_composed(ready, "To pay: 1 200.00 €")
        self.assertEqual(ready.encoding, "gsm7")

    def test_text_is_rendered_for_a_bad_number_too(self):
        message = composed("Привет", phone="nobody")
        self.assert_problems(message, ("invalid_number", "phone"))
        self.assertEqual((message.text, message.segments), ("Привет", 1))

    def test_values_are_data(self):
        message = composed(
            "Hi {{ name }}",
            values={"name": "{{ name }}{% x %}"},
            rules=Rules(fields=("name",)),
        )
        self.assert_composed(message, "Hi {{ name }}{% x %}")

    def test_name_that_was_not_listed_is_a_missing_field(self):
        message = composed("{{ name }}", values={"name": "Андрей"})
        self.assert_problems(message, ("missing_field", "name"))

    json = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )

    @settings(deadline=None, derandomize=True)
    @given(
        phone=json, gender=json, name=json, channel=st.sampled_from(["sms", "voice"])
    )
    def test_nothing_received_makes_it_raise(self, phone, gender, name, channel):
        message = composed(
            "{{ name }}{{ phone }}{{ gender|default('-') }}",
            phone=phone,
            gender=gender,
            values={"name": name},
            alternative="{{ name }}",
            names=("name", "phone", "gender"),
            rules=Rules(channel=channel, fields=("name", "phone", "gender")),
        )
        self.assertTrue(message.problems or message.text)
        self.assertTrue(message.problems or message.msisdn)
        for text in (message.phone, message.text, message.text_alternative):
            self.assertNotIn("\x00", text)
            text.encode()


class TestPhone(ComposeCase):
    def test_string_or_whole_number(self):
        for phone in (
            PHONE,
            "8 (928) 170-67-00",
            79281706700,
            9281706700,
            79281706700.0,
        ):
            with self.subTest(phone=phone):
                message = composed(phone=phone)
                self.assert_composed(message, "text")
                self.assertEqual(message.msisdn, PHONE)
        self.assertEqual(composed(phone=79281706701).msisdn, "+79281706701")

    def test_anything_else_is_an_invalid_number(self):
        for phone in (
            None,
            "",
            " ",
            "Андрей",
            True,
            False,
            [79281706700],
            ["+79281706700"],
            {"phone": PHONE},
            7928170.6700,
            7928170670.5,
            float("nan"),
            float("inf"),
            10**5000,
            -79281706700,
        ):
            with self.subTest(phone=type(phone)):
                message = composed(phone=phone)
                self.assert_problems(message, ("invalid_number", "phone"))
                self.assertIsNone(message.msisdn)

    def test_reason_is_told(self):
        for phone, reason in (
            ("Андрей", "unreadable"),
            ("+71231234567", "not_possible"),
            ("+74951234567", "not_mobile"),
            ("8916000010.0", "unreadable"),
            ("7.9161E+10", "digits_lost"),
            (RoundedNumber("7.9161E+10"), "digits_lost"),
            ("+8 (499) 123-45-67", "doubtful"),
            ("+79160000131, +79160000132", "several"),
            ("", "absent"),
        ):
            with self.subTest(phone=phone):
                (problem,) = composed(phone=phone).problems
                self.assertEqual(problem.params, {"reason": reason})

    def test_readable_number_is_known_though_no_sms_reaches_it(self):
        for phone in ("8 (495) 123-45-67", "+7 495 1234567"):
            message = composed(phone=phone)
            self.assert_problems(message, ("invalid_number", "phone"))
            self.assertEqual(message.msisdn, "+74951234567")

    def test_a_number_that_was_read_already_is_not_read_again(self):
        for reading, number, reason in (
            (Reading("(917) 555-0123", "+19175550123"), "+19175550123", None),
            (Reading("9161234567", reason="doubtful"), None, "doubtful"),
            (Reading("495 1234567", "+74951234567"), "+74951234567", "not_mobile"),
            (Reading(), None, "absent"),
        ):
            with self.subTest(reading=reading):
                message = composed(phone=reading)
                self.assertEqual(message.msisdn, number)
                self.assertEqual(message.phone, reading.raw)
                reasons = [one.params["reason"] for one in message.problems]
                self.assertEqual(reasons, [reason] if reason else [])

    def test_a_call_reaches_a_landline_that_was_read_already(self):
        reading = Reading("495 1234567", "+74951234567")
        message = composed(phone=reading, rules=Rules(channel="voice"))
        self.assert_composed(message, "text")

    def test_voice_goes_to_any_valid_number(self):
        message = composed(phone="8 (495) 123-45-67", rules=Rules(channel="voice"))
        self.assert_composed(message, "text")

    def test_phone_is_kept_as_received(self):
        for phone, kept in (
            ("8 (928) 170-67-00", "8 (928) 170-67-00"),
            (79281706700, "79281706700"),
            (79281706700.0, "79281706700"),
            (7.5, "7.5"),
            (None, ""),
            ([1, 2], "[1, 2]"),
            ("a\x00b\ud800c", "abc"),
            ("1" * 100, "1" * 64),
            ([["x" * 100]] * 100, None),
        ):
            with self.subTest(phone=phone):
                raw = composed(phone=phone).phone
                self.assertLessEqual(len(raw), 64)
                if kept is not None:
                    self.assertEqual(raw, kept)

    def test_unstorable_phone(self):
        for phone in ("+79281706700\x00", "\ud800+79281706700"):
            with self.subTest(phone=phone):
                message = composed(phone=phone)
                self.assert_problems(message, ("invalid_character", "phone"))
                self.assertIsNone(message.msisdn)
                self.assertEqual(message.phone, PHONE)


class TestGender(ComposeCase):
    both = {"male": "Уважаемый", "female": "Уважаемая"}

    def test_in_any_way_it_is_written(self):
        for gender, words in (
            ("male", ("male", "MALE", "Male", "m", "M", "м", "М", " male\n")),
            ("female", ("female", "Female", "f", "F", "ж", "Ж", "\tж ")),
        ):
            for word in words:
                with self.subTest(word=word):
                    message = composed(None, gender=word, **self.both)
                    self.assert_composed(message, self.both[gender])
                    self.assertEqual(message.gender, gender)

    def test_missing_gender_matters_only_where_it_is_required(self):
        for gender in (None, "", " ", "\N{NO-BREAK SPACE}"):
            with self.subTest(gender=gender):
                self.assert_composed(composed(gender=gender), "text")
                message = composed(gender=gender, rules=Rules(gender_required=True))
                self.assert_problems(message, ("missing_gender", "gender"))

    def test_unreadable_gender_always_matters(self):
        for gender in ("robot", "муж", "mm", 1, 0, True, False, [], ["male"], {}):
            for required in (True, False):
                with self.subTest(gender=gender, required=required):
                    rules = Rules(gender_required=required)
                    message = composed(gender=gender, rules=rules)
                    self.assert_problems(message, ("invalid_gender", "gender"))
                    self.assertIsNone(message.gender)

    def test_unstorable_gender(self):
        for gender in UNSTORABLE:
            with self.subTest(gender=gender):
                message = composed(gender=gender)
                self.assert_problems(message, ("invalid_character", "gender"))

    def test_own_text_then_the_neutral_one(self):
        for gender, given_texts, expected in (
            ("male", {"neutral": "n", **self.both}, "Уважаемый"),
            ("female", {"neutral": "n", **self.both}, "Уважаемая"),
            (None, {"neutral": "n", **self.both}, "n"),
            ("female", {"neutral": "n", "male": "m"}, "n"),
            ("male", {"neutral": "n", "female": "f"}, "n"),
        ):
            with self.subTest(gender=gender, texts=given_texts):
                message = composed(gender=gender, **given_texts)
                self.assert_composed(message, expected)

    def test_no_text_for_the_gender_is_a_missing_gender(self):
        for gender, given_texts in (
            (None, self.both),
            ("female", {"male": "m"}),
            ("male", {"female": "f"}),
            (None, {}),
        ):
            with self.subTest(gender=gender, texts=given_texts):
                message = composed(None, gender=gender, **given_texts)
                self.assert_problems(message, ("missing_gender", "gender"))
                self.assertEqual((message.text, message.segments), ("", 0))

    def test_gender_is_complained_about_once(self):
        required = Rules(gender_required=True)
        message = composed(None, rules=required, **self.both)
        self.assert_problems(message, ("missing_gender", "gender"))
        message = composed(None, gender="robot", rules=required, **self.both)
        self.assert_problems(message, ("invalid_gender", "gender"))


class TestFields(ComposeCase):
    def compose(self, value, source="{{ name }}", **rules):
        return composed(
            source, values={"name": value}, rules=Rules(fields=("name",), **rules)
        )

    def test_numbers_become_text(self):
        for value, text in (
            (0, "0"),
            (-7, "-7"),
            (10**18, "1000000000000000000"),
            (1.5, "1.5"),
            (100.0, "100"),
            (-0.25, "-0.25"),
            (0.1, "0.1"),
            (1e22, "1" + "0" * 22),
            (1e-7, "0.0000001"),
            (1234567.89, "1234567.89"),
        ):
            with self.subTest(value=value):
                self.assert_composed(self.compose(value), text)

    def test_text_is_not_touched(self):
        for value in (" Андрей ", "a\r\nb", "0", "null", "\u200b"):
            with self.subTest(value=value):
                self.assertEqual(self.compose(value).text, value)

    def test_other_types_are_invalid(self):
        nan, infinity = float("nan"), float("inf")
        for value in (True, False, [], ["a"], {}, {"a": 1}, nan, -infinity, 10**5000):
            with self.subTest(type=type(value)):
                message = self.compose(value, defaults={"name": "друг"})
                self.assert_problems(message, ("invalid_field", "name"))

    def test_missing_null_and_blank_are_lacking(self):
        for values in ({}, {"name": None}, {"name": ""}, {"name": " \t\n\xa0"}):
            with self.subTest(values=values):
                rules = Rules(fields=("name",))
                message = composed("{{ name }}", values=values, rules=rules)
                self.assert_problems(message, ("missing_field", "name"))
                self.assertEqual(message.text, "")

    def test_default_of_the_request_applies_first(self):
        for value in (None, "", " "):
            with self.subTest(value=value):
                message = self.compose(value, defaults={"name": "друг"})
                self.assert_composed(message, "друг")
        self.assert_composed(self.compose("a", defaults={"name": "друг"}), "a")

    def test_blank_default_is_none(self):
        message = self.compose(None, defaults={"name": " "})
        self.assert_problems(message, ("missing_field", "name"))

    def test_default_of_the_text_applies_too(self):
        for value in (None, "", " "):
            with self.subTest(value=value):
                message = self.compose(value, "Hi {{ name|default('friend') }}")
                self.assert_composed(message, "Hi friend")

    def test_default_of_the_request_comes_before_that_of_the_text(self):
        message = self.compose(
            None, "{{ name|default('text') }}", defaults={"name": "request"}
        )
        self.assert_composed(message, "request")

    def test_one_use_without_default_is_enough_to_miss_the_field(self):
        for others in (
            {"neutral": "{{ name|default('a') }} {{ name }}"},
            {"neutral": "{{ name|default('a') }}", "alternative": "{{ name }}"},
            {"neutral": "{{ name|default('a') }}", "female": "{{ name }}"},
        ):
            with self.subTest(texts=others):
                message = composed(rules=Rules(fields=("name",)), **others)
                self.assert_problems(message, ("missing_field", "name"))

    def test_listed_field_is_needed_though_no_text_uses_it(self):
        message = self.compose(None, "text")
        self.assert_problems(message, ("missing_field", "name"))

    def test_fields_that_are_not_listed_do_not_matter(self):
        message = composed(values={"age": [], "note": "\x00"})
        self.assert_composed(message, "text")

    def test_unstorable_value(self):
        for value in UNSTORABLE:
            with self.subTest(value=value):
                message = self.compose(value)
                self.assert_problems(message, ("invalid_character", "name"))
                self.assertEqual(message.text, "")

    def test_a_bad_value_has_no_default(self):
        rules = Rules(fields=("name", "other"), defaults={"name": "d", "other": "o"})
        message = composed(
            "{{ name }} {{ other }}",
            names=("name", "other"),
            values={"name": True},
            rules=rules,
        )
        self.assert_problems(message, ("invalid_field", "name"))

    def test_a_listed_phone_has_no_use_for_its_default(self):
        rules = Rules(fields=("phone",), defaults={"phone": "d"})
        message = composed("{{ phone }}", names=("phone",), rules=rules)
        self.assert_composed(message, PHONE)

    def test_unstorable_default(self):
        message = self.compose(None, defaults={"name": "\x00"})
        self.assert_problems(message, ("invalid_character", "name"))


class TestPhoneAndGenderAsFields(ComposeCase):
    rules = Rules(fields=("phone", "gender"))

    def compose(self, source, **recipient):
        return composed(
            source, names=("phone", "gender"), rules=self.rules, **recipient
        )

    def test_their_values_are_those_received(self):
        message = self.compose(
            "{{ phone }} {{ gender }}", phone="8 928 1706700", gender="М"
        )
        self.assert_composed(message, "8 928 1706700 М")
        self.assertEqual((message.msisdn, message.gender), (PHONE, "male"))

    def test_number_as_phone(self):
        message = self.compose("{{ phone }}", phone=79281706700, gender="m")
        self.assert_composed(message, "79281706700")

    def test_values_of_the_same_name_do_not_stand_in(self):
        message = self.compose("{{ phone }}", gender="m", values={"phone": "other"})
        self.assert_composed(message, PHONE)

    def test_listed_gender_may_not_be_lacking(self):
        message = self.compose("{{ gender }}")
        self.assert_problems(message, ("missing_field", "gender"))

    def test_one_place_is_complained_about_once(self):
        message = self.compose("{{ phone }}", phone=[], gender=[])
        self.assert_problems(
            message, ("invalid_number", "phone"), ("invalid_gender", "gender")
        )
        message = self.compose("{{ phone }}", phone="\x00", gender="\x00")
        self.assert_problems(
            message, ("invalid_character", "phone"), ("invalid_character", "gender")
        )


class TestSize(ComposeCase):
    def test_sms_of_so_many_segments(self):
        message = composed("a" * 1530)
        self.assert_composed(message, "a" * 1530)
        self.assertEqual((message.encoding, message.segments), ("gsm7", 10))

    def test_longer_sms_is_too_long(self):
        message = composed("я" * 671)
        self.assertEqual(
            message.problems,
            (
                Problem(
                    "too_long",
                    "",
                    {"count": 11, "limit": 10, "unit": "segments", "text": "text"},
                ),
            ),
        )
        self.assertEqual(message.segments, 11)

    def test_limit_is_a_setting(self):
        self.assert_problems(
            composed("a" * 161, rules=Rules(max_segments=1)), ("too_long", "")
        )
        self.assert_composed(
            composed("a" * 3000, rules=Rules(max_segments=20)), "a" * 3000
        )

    def test_value_counts(self):
        rules = Rules(fields=("name",))
        values = {"name": "a" * 1531}
        message = composed("{{ name }}", values=values, rules=rules)
        self.assert_problems(message, ("too_long", ""))

    def test_a_text_far_too_long_is_not_rendered(self):
        """Rendered before it was measured, each would take a gigabyte."""
        long = "a" * 2**20
        for rules, values in (
            (Rules(fields=("name",)), {"name": long}),
            (Rules(fields=("name",), defaults={"name": long}), {}),
            (Rules(fields=("name",), channel="voice"), {"name": long}),
        ):
            for source in ("{{ name }}" * 1000, "{{ name|upper }}" * 1000):
                message = composed(source, values=values, rules=rules)
                self.assert_problems(message, ("too_long", ""))
                self.assertEqual((message.text, message.segments), ("", 0))
                [problem] = message.problems
                self.assertEqual(
                    problem.params["count"], f"> {problem.params['limit']}"
                )
        told = sentence("too_long", "en", **problem.params)
        self.assertIn("> 4000 characters, the limit is 4000", told)

    def test_a_long_value_may_be_truncated(self):
        rules = Rules(fields=("name",), defaults={"name": "a b " * 2**18})
        message = composed("{{ name|truncate(9) }}", rules=rules)
        self.assert_composed(message, "a b a...")

    def test_speech_is_counted_in_characters(self):
        rules = Rules(channel="voice")
        self.assert_composed(composed("я" * 4000, rules=rules), "я" * 4000)
        message = composed("я" * 4001, rules=rules)
        self.assertEqual(
            message.problems,
            (
                Problem(
                    "too_long",
                    "",
                    {
                        "count": 4001,
                        "limit": 4000,
                        "unit": "characters",
                        "text": "text",
                    },
                ),
            ),
        )

    def test_alternative_is_an_sms_behind_speech_too(self):
        for channel in ("sms", "voice"):
            with self.subTest(channel=channel):
                rules = Rules(channel=channel)
                self.assert_composed(
                    composed(alternative="a" * 1530, rules=rules), "text"
                )
                message = composed(alternative="a" * 1531, rules=rules)
                self.assert_problems(message, ("too_long", ""))
                self.assertEqual(
                    message.problems[0].params,
                    {
                        "count": 11,
                        "limit": 10,
                        "unit": "segments",
                        "text": "text_alternative",
                    },
                )

    def test_alternative_is_rendered_for_every_gender(self):
        message = composed(
            None,
            male="m",
            female="f",
            gender="f",
            values={"name": "Анна"},
            alternative="{{ name }}",
            rules=Rules(fields=("name",)),
        )
        self.assert_composed(message, "f")
        self.assertEqual(message.text_alternative, "Анна")

    def test_text_that_renders_to_nothing_misses_its_field(self):
        source = " {{ name|default('') }}\n"
        for others in ({"neutral": source}, {"alternative": source}):
            with self.subTest(texts=others):
                message = composed(rules=Rules(fields=("name",)), **others)
                self.assert_problems(message, ("missing_field", "name"))
