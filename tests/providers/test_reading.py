"""Reading documents of strangers."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import reading
from odoo.addons.crm_sms_gateway.providers.errors import UnreadablePush
from odoo.addons.crm_sms_gateway.providers.types import Fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
MOSCOW = ZoneInfo("Europe/Moscow")


class TestDocuments(BaseCase):
    def test_json_keeps_fractions_exact(self):
        self.assertEqual(reading.read_json(b'{"a": 1.10}'), {"a": Decimal("1.10")})

    def test_what_is_no_json(self):
        for body in (b"", b"<html>", b"NaN", b"[" * 100_000, b"1" * 5000, b"\xff"):
            with self.subTest(body[:10]), self.assertRaises(reading.Unreadable):
                reading.read_json(body)

    def test_what_is_no_xml(self):
        for body in (b"", b"{}", b"<a>", b"<!DOCTYPE a []><a/>"):
            with self.subTest(body), self.assertRaises(reading.Unreadable):
                reading.read_xml(body)


class TestValues(BaseCase):
    def test_a_path_leads_to_what_is_there(self):
        value = {"a": [{"b": 1}]}
        self.assertEqual(reading.dig(value, "a", 0, "b"), 1)
        for path in (("x",), ("a", 1), ("a", "b"), ("a", 0, "b", "c"), (0,)):
            with self.subTest(path):
                self.assertIsNone(reading.dig(value, *path))
        self.assertIsNone(reading.dig("text", 0))

    @given(value=JSON, path=st.lists(st.text() | st.integers()))
    def test_any_shape_is_read(self, value, path):
        found = reading.dig(value, *path)
        for read in (
            reading.as_text,
            reading.as_integer,
            reading.as_decimal,
            reading.as_list,
            reading.as_dict,
            reading.read_unix,
        ):
            read(found)

    def test_texts(self):
        values = {" a ": "a", 5: "5", True: "", None: ""}
        for value, text in values.items():
            self.assertEqual(reading.as_text(value), text)
        self.assertEqual(reading.as_text(Decimal("1.50")), "1.50")
        self.assertEqual(reading.as_text({}), "")

    def test_numbers(self):
        self.assertEqual(reading.as_integer("12"), 12)
        self.assertIsNone(reading.as_integer("1.5"))
        self.assertEqual(reading.as_decimal("1,50"), Decimal("1.50"))
        self.assertIsNone(reading.as_decimal("NaN"))
        self.assertIsNone(reading.as_decimal("1e9"))

    def test_msisdns(self):
        for text in ("79161234567", "+7 (916) 123-45-67"):
            self.assertEqual(reading.as_msisdn(text), "+79161234567")
        for text in ("", "Shop", "123", "+7916123456789012"):
            self.assertIsNone(reading.as_msisdn(text))


class TestTimes(BaseCase):
    def test_seconds_and_milliseconds_since_1970(self):
        seconds = int(NOON.timestamp())
        for value in (seconds, str(seconds), seconds * 1000):
            self.assertEqual(reading.read_unix(value), NOON)
        for value in (0, -1, 10**18, "soon", None, True):
            self.assertIsNone(reading.read_unix(value))

    def test_iso(self):
        for text in (
            "2026-11-23T12:00:00Z",
            "2026-11-23T15:00:00+0300",
            "2026-11-23T12:00:00.0000000+00:00",
            "2026-11-23 12:00:00z",
        ):
            with self.subTest(text):
                self.assertEqual(reading.read_iso(text), NOON)

    def test_without_an_offset_a_zone_is_needed(self):
        self.assertIsNone(reading.read_iso("2026-11-23T15:00:00"))
        self.assertEqual(reading.read_iso("2026-11-23T15:00:00", MOSCOW), NOON)
        self.assertEqual(
            reading.read_time("23.11.2026 15:00:00", "%d.%m.%Y %H:%M:%S", MOSCOW), NOON
        )

    def test_what_is_no_time(self):
        for text in ("", "soon", "2026-13-01", "0001-01-01T00:00:00+14:00"):
            with self.subTest(text):
                self.assertIsNone(reading.read_iso(text, MOSCOW))
                self.assertIsNone(reading.read_time(text, "%Y", MOSCOW))
                self.assertIsNone(reading.read_rfc2822(text))

    def test_mails_write_times_so(self):
        self.assertEqual(reading.read_rfc2822("Mon, 23 Nov 2026 12:00:00 +0000"), NOON)

    def test_how_long_to_wait(self):
        with freeze_time(NOON):
            later = NOON + timedelta(seconds=30)
            date = later.strftime("%a, %d %b %Y %H:%M:%S GMT")
            for value, seconds in (("30", 30), (date, 30), ("-5", 0), ("soon", None)):
                with self.subTest(value):
                    self.assertEqual(reading.read_retry_after(value), seconds)


class TestFields(BaseCase):
    def test_names_may_be_repeated(self):
        fields = Fields.parse(b"a=1&b=%D0%94%D0%B0+1&a=2&c")
        self.assertEqual(fields["a"], "1")
        self.assertEqual(fields.get_all("a"), ["1", "2"])
        self.assertEqual(fields["b"], "Да 1")
        self.assertEqual(dict(fields), {"a": "1", "b": "Да 1", "c": ""})

    def test_what_was_not_quoted_is_read_all_the_same(self):
        self.assertEqual(Fields.parse("a=Да".encode())["a"], "Да")
        self.assertEqual(Fields.parse("a=Да".encode("cp1251"), "cp1251")["a"], "Да")

    def test_a_flood_of_fields_is_none(self):
        with self.assertRaises(UnreadablePush):
            Fields.parse(b"a=1&" * 6000)

    @given(st.binary(max_size=200))
    def test_any_bytes_are_read(self, body):
        Fields.parse(body)
