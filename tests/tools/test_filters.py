"""Filters are values and known words: they are parsed, nothing of them is run."""

from datetime import date, datetime, timedelta, timezone
from time import monotonic
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.filters import (
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_LISTS,
    MAX_STEPS,
    FilterError,
    Reader,
    read_filter,
)

READER = Reader(uid=7, today=date(2026, 3, 31), zone=ZoneInfo("Europe/Moscow"))
MIDNIGHT = "datetime.datetime.combine(context_today(), datetime.time(0, 0, 0))"


def read_value(text):
    return read_filter(f"[('x', '=', {text})]", READER)[0][2]


class TestFilters(BaseCase):
    def assert_refused(self, text, code, detail=None):
        start = monotonic()
        with self.assertRaises(FilterError) as caught:
            read_filter(text, READER)
        self.assertEqual(caught.exception.code, code)
        if detail is not None:
            self.assertEqual(caught.exception.detail, detail)
        self.assertLess(monotonic() - start, 5)

    def test_conditions_are_what_is_written(self):
        for value in (
            [],
            [("city", "=", "Ростов")],
            ["|", ["a", "=", 1], ("b", "!=", False)],
            [("a", "any", [("b", "in", (1, -2.5, None))])],
        ):
            with self.subTest(value):
                self.assertEqual(read_filter(f" {value!r}\n", READER), value)

    def test_words_are_the_readers(self):
        for text, value in (
            ("uid", 7),
            ("[uid]", [7]),
            ("context_today()", date(2026, 3, 31)),
            ("context_today().strftime('%Y-%m-01')", "2026-03-01"),
            ("context_today() + relativedelta(days=-30)", date(2026, 3, 1)),
            ("context_today() - relativedelta(months=1)", date(2026, 2, 28)),
            ("context_today() + relativedelta(day=1, months=-1)", date(2026, 2, 1)),
            ("context_today() + relativedelta(weekday=0)", date(2026, 4, 6)),
            ("context_today() - datetime.timedelta(days=1)", date(2026, 3, 30)),
            ("datetime.date(2026, 1, 2)", date(2026, 1, 2)),
            (f"{MIDNIGHT}.strftime('%Y-%m-%d %H:%M:%S')", "2026-03-31 00:00:00"),
        ):
            with self.subTest(text):
                self.assertEqual(read_value(text), value)

    def test_times_of_the_readers_clock_become_utc(self):
        expected = datetime(2026, 3, 30, 21)
        self.assertEqual(read_value(f"{MIDNIGHT}.to_utc()"), expected)
        written = read_value(f"{MIDNIGHT}.to_utc().strftime('%Y-%m-%d %H:%M:%S')")
        self.assertEqual(written, "2026-03-30 21:00:00")

    def test_the_present_time_is_in_utc(self):
        for text in (
            "datetime.datetime.now()",
            "datetime.datetime.now() + relativedelta(hours=0)",
        ):
            before = datetime.now(timezone.utc).replace(tzinfo=None)
            now = read_value(text)
            self.assertLess(now - before, timedelta(minutes=1))
            self.assertGreaterEqual(now, before)

    def test_whose_hour_is_meant_is_not_guessed(self):
        now = "datetime.datetime.now() + relativedelta(hour=0)"
        self.assert_refused(f"[('x', '=', ({now}).to_utc())]", "not_allowed")

    def test_what_is_no_value_is_refused_and_quoted(self):
        for piece in (
            "9**(10**7)",
            "9**9**9",
            "9*9",
            "'a' * 10**9",
            "[1] * 10**9",
            "'a' + 'b'",
            "1 + 1",
            "context_today() * 2",
            "context_today() - context_today()",
            "relativedelta(days=1) + relativedelta(days=1)",
            "[x for x in [1]]",
            "{1}",
            "{'a': 1}",
            "f'{uid}'",
            "b'a'",
            "1j",
            "...",
            "lambda: 1",
            "1 if uid else 2",
            "uid or 1",
            "not uid",
            "~1",
            "+1",
            "-'a'",
            "-True",
            "1 < 2",
            "uid.real",
            "().__class__",
            "''.join([])",
            "'{0.x}'.format(uid)",
            "time.sleep(9)",
            "datetime.datetime.strptime('1', '2')",
            "datetime.sys",
            "context_today",
            "context_today(1)",
            "context_today().replace(day=1)",
            "context_today().strftime('%99999999d')",
            "context_today().strftime('%')",
            "context_today().to_utc()",
            "'%Y'.strftime('%Y')",
            "relativedelta(days='1')",
            "relativedelta(days=True)",
            "relativedelta(dt1=1)",
            "relativedelta(**[1])",
            "relativedelta(*[1])",
            "context_today() + relativedelta(weekday=0.5)",
            "datetime.timedelta(days='1')",
            "datetime.date('1234567890')",
            "datetime.datetime.combine(1, 2)",
            "datetime.timedelta(days=1)",
            "relativedelta(days=1)",
            "'\\x00'",
            "'\\ud800'",
        ):
            with self.subTest(piece):
                self.assert_refused(f"[('x', '=', {piece})]", "not_allowed")
        self.assert_refused("[('x', '=', 9**(10**7))]", "not_allowed", "9**(10**7)")

    def test_a_filter_is_a_list(self):
        for text in ("True", "1", "'a'", "context_today()"):
            with self.subTest(text):
                self.assert_refused(text, "not_allowed", text)

    def test_names_that_are_not_known_are_named(self):
        for piece, name in (
            ("active_id", "active_id"),
            ("[active_id]", "active_id"),
            ("today", "today"),
            ("true", "true"),
            ("len([1])", "len"),
            ("__import__('os')", "__import__"),
            ("x" * 99, "x" * 60 + "…"),
        ):
            with self.subTest(piece):
                self.assert_refused(f"[('x', '=', {piece})]", "unknown_name", name)

    def test_values_out_of_range_are_refused(self):
        for piece in (
            "9" * 20,
            "-" + "9" * 20,
            "1e999",
            "context_today() + relativedelta(years=1000000000)",
            "context_today() + relativedelta(years=-3000)",
            "context_today() + relativedelta(days=1e308)",
            "context_today() + relativedelta(weekday=9)",
            "context_today() + datetime.timedelta(days=999999999)",
            "context_today() + datetime.timedelta(days=9999999999)",
            "datetime.date(0, 1, 1)",
            "datetime.date(9999999999, 1, 1)",
            "datetime.datetime(1, 1, 1).to_utc()",
            "context_today() + relativedelta(yearday=999)",
        ):
            with self.subTest(piece):
                self.assert_refused(f"[('x', '=', {piece})]", "out_of_range")

    def test_what_is_no_expression_is_refused(self):
        for text in ("", " ", "[", "[('x', '=', 1)", "x = 1", "[\0]", "9" * 5000):
            with self.subTest(text):
                self.assert_refused(text, "syntax")

    def test_filters_without_end_are_refused_at_once(self):
        condition = "('x', '=', 1),"
        path = ".".join(["parent_id"] * (MAX_STEPS + 2))
        nested = "[('x', '=', 1)]"
        for _level in range(MAX_STEPS // 2 + 1):
            nested = f"[('parent_id.parent_id', 'any', {nested})]"
        for text, code in (
            ("[" + "1," * MAX_LENGTH + "]", "too_long"),
            ("[" + "1," * 20_001 + "]", "too_complex"),
            (f"[{condition * MAX_LISTS}]", "too_complex"),
            ("[" * MAX_DEPTH + "[]" + "]" * MAX_DEPTH, "too_complex"),
            (f"[('a', '=', context_today(){' + uid' * MAX_DEPTH})]", "too_complex"),
            ("[" + "-" * 40_000 + "1]", "too_complex"),
            ("[" + "1+" * 20_000 + "1]", "too_complex"),
            ("[" + "9**" * 15_000 + "9]", "too_complex"),
            ("[uid" + ".x" * 20_000 + "]", "too_complex"),
            ("[uid" + "()" * 20_000 + "]", "too_complex"),
            ("[" + "1<" * 20_000 + "1]", "not_allowed"),
            ("(" * 20_000, "syntax"),
            (f"[('{path}', '=', 1)]", "too_complex"),
            (nested, "too_complex"),
            ("[" + "'&', '|', " * 100 + condition * 201 + "]", "too_complex"),
            ("[" + "'!', " * 9_000 + condition + "]", "too_complex"),
        ):
            with self.subTest(text[:40]):
                self.assert_refused(text, code)

    def test_large_filters_are_read(self):
        ids = list(range(1_000_000, 1_005_000))
        text = f"[('id', 'in', {ids})]"
        self.assertEqual(read_filter(text, READER), [("id", "in", ids)])
        path = ".".join(["parent_id"] * MAX_STEPS + ["name"])
        for value in (
            [(path, "=", "a." * 99)],
            [*"|" * 399, *[("name", "=", "a")] * 400],
            ["|", *"&" * 199, *[("name", "=", "a")] * 201, "!", ("city", "=", "b")],
        ):
            with self.subTest(repr(value)[:40]):
                self.assertEqual(read_filter(repr(value), READER), value)
