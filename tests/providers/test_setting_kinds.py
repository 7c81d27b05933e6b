"""Settings: what administrators enter, as adapters read it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.settings import (
    Choice,
    Kind,
    Setting,
    SettingWords,
    Unit,
)


def setting(kind, **values):
    return Setting("name", "Name", kind, **values)


class TestReading(BaseCase):
    def assert_reads(self, declared, values):
        for text, value in values.items():
            with self.subTest(text):
                self.assertEqual(declared.read(text), value)

    def test_text_stays_as_it_was_written(self):
        for kind in (Kind.TEXT, Kind.LINES, Kind.SECRET):
            with self.subTest(kind):
                self.assert_reads(setting(kind), {" a b ": " a b ", "": None})

    def test_switches(self):
        on = dict.fromkeys(("1", "true", "Yes", " on "), True)
        off = dict.fromkeys(("0", "false", "no", "off", "2"), False)
        self.assert_reads(setting(Kind.BOOLEAN), {**on, **off})
        self.assertIs(setting(Kind.BOOLEAN, default="1").read(""), True)

    def test_numbers_keep_their_bounds(self):
        declared = setting(Kind.INTEGER, default="5", minimum=1, maximum=500)
        self.assert_reads(
            declared, {" 7 ": 7, "500": 500, "501": 5, "0": 5, "x": 5, "-1": 5, "": 5}
        )

    def test_durations_have_a_unit(self):
        self.assertEqual(
            setting(Kind.DURATION, unit=Unit.MINUTES).read("90"), timedelta(minutes=90)
        )
        self.assertIsNone(setting(Kind.DURATION).read(""))

    def test_time_zones_are_those_that_there_are(self):
        self.assert_reads(
            setting(Kind.TIME_ZONE),
            {"Europe/Moscow": ZoneInfo("Europe/Moscow"), "Moscow": None, "../x": None},
        )

    def test_choices_are_those_that_are_offered(self):
        declared = setting(
            Kind.CHOICE, default="a", choices=(Choice("a", "A"), Choice("b", "B"))
        )
        self.assert_reads(declared, {"b": "b", "c": "a", "": "a"})


class TestProblems(BaseCase):
    def find(self, declared, text, *, allows_private=False):
        return list(declared.find_problems(text, allows_private=allows_private))

    def test_what_is_right_or_empty_has_none(self):
        for declared, text in (
            (setting(Kind.TEXT), "x"),
            (setting(Kind.INTEGER, maximum=9), "9"),
            (setting(Kind.DURATION), ""),
            (setting(Kind.TIME_ZONE), "UTC"),
            (setting(Kind.BOOLEAN), "whatever"),
            (setting(Kind.ADDRESS), "https://api.example.com/v1"),
        ):
            with self.subTest(kind=declared.kind):
                self.assertEqual(self.find(declared, text), [])

    def test_each_kind_says_what_is_wrong(self):
        numbers = {"minimum": 1, "maximum": 9}
        said = SettingWords.NOT_A_NUMBER.say(label="Name", **numbers)
        for declared, text, problem in (
            (setting(Kind.INTEGER, **numbers), "10", said),
            (setting(Kind.DURATION, **numbers), "soon", said),
            (
                setting(Kind.TIME_ZONE),
                "Moscow",
                SettingWords.BAD_ZONE.say(zone="Moscow"),
            ),
            (
                setting(Kind.CHOICE, choices=(Choice("a", "A"),)),
                "z",
                SettingWords.BAD_CHOICE.say(label="Name"),
            ),
            (setting(Kind.ADDRESS), "ftp://x", SettingWords.BAD_URL.say()),
            (setting(Kind.TEXT), "x" * 20_001, SettingWords.TOO_LONG.say(label="Name")),
        ):
            with self.subTest(kind=declared.kind):
                self.assertEqual(self.find(declared, text), [problem])

    def test_addresses_lead_where_routes_may_call(self):
        declared = setting(Kind.ADDRESS)
        private, never = "http://10.0.0.1", "http://169.254.169.254"
        self.assertEqual(self.find(declared, private), [SettingWords.PRIVATE_URL.say()])
        self.assertEqual(self.find(declared, private, allows_private=True), [])
        self.assertEqual(
            self.find(declared, never, allows_private=True),
            [SettingWords.NEVER_URL.say()],
        )

    def test_an_unencrypted_address_is_remarked(self):
        declared = setting(Kind.ADDRESS)
        self.assertEqual(
            list(declared.find_remarks("HTTP://x")), [SettingWords.NO_TLS.say()]
        )
        self.assertEqual(list(declared.find_remarks("https://x")), [])

    def test_an_address_directs_the_secrets(self):
        self.assertTrue(setting(Kind.ADDRESS).directs_secret)
        self.assertFalse(setting(Kind.TEXT).directs_secret)
        self.assertTrue(setting(Kind.SECRET).secret)
