"""The arithmetic of the benchmarks; no test here depends on how fast a machine is."""

import subprocess
import sys
import tempfile
from pathlib import Path

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.benchmarks.figures import (
    Figure,
    Line,
    format_table,
    format_value,
    median,
    percentile,
)
from odoo.addons.crm_sms_gateway.benchmarks.machine import get_cpu, get_family_cpu
from odoo.addons.crm_sms_gateway.benchmarks.records import keep, load

RATE = Line("rate", "a rate", "msg/s", 1000)
DELAY = Line("delay", "a delay", "s", 0.4, is_ceiling=True)
PLAIN = Line("plain", "no promise", "")


class TestFloors(BaseCase):
    def test_a_rate_misses_its_floor_from_below(self):
        self.assertEqual(RATE.misses_by(1000), 0)
        self.assertEqual(RATE.misses_by(5000), 0)
        self.assertAlmostEqual(RATE.misses_by(750), 0.25)

    def test_a_delay_misses_its_ceiling_from_above(self):
        self.assertEqual(DELAY.misses_by(0.4), 0)
        self.assertEqual(DELAY.misses_by(0.1), 0)
        self.assertAlmostEqual(DELAY.misses_by(0.6), 0.5)

    def test_a_line_without_floor_misses_nothing(self):
        self.assertEqual(PLAIN.misses_by(-1), 0)

    def test_the_ratio_is_ours_over_native(self):
        self.assertEqual(Figure(30, native=20).ratio, 1.5)
        self.assertIsNone(Figure(30).ratio)


class TestStatistics(BaseCase):
    def test_median(self):
        self.assertEqual(median([5, 1, 3]), 3)
        self.assertEqual(median([4, 1, 3, 2]), 2.5)

    def test_percentile_is_a_value_that_was_measured(self):
        values = list(range(20, 0, -1))
        self.assertEqual(percentile(values, 95), 19)
        self.assertEqual(percentile(values, 50), 10)
        self.assertEqual(percentile(values, 100), 20)
        self.assertEqual(percentile([7], 95), 7)


class TestTable(BaseCase):
    def test_rows_tell_the_verdict_and_by_how_much(self):
        rows = [
            (RATE, Figure(750, native=250, memory=99.6, cpu={"sender": 12.4})),
            (DELAY, Figure(0.25, note="p50 0.10 s", profile="profile.txt")),
        ]
        table = format_table(rows).splitlines()
        self.assertEqual(
            table[2].split("  "),
            "a rate   750 msg/s  250 msg/s  3.0×   ≥ 1 000 msg/s  missed by 25%"
            "  100 MB  sender 12 µs".split("  "),
        )
        self.assertIn("≤ 0.40 s", table[3])
        self.assertIn("reached", table[3])
        self.assertEqual(table[5:], ["a delay: p50 0.10 s", "a delay: profile.txt"])

    def test_numbers_have_the_digits_that_matter(self):
        self.assertEqual(format_value(19_876.54, "msg/s"), "19 877 msg/s")
        self.assertEqual(format_value(1.68, "×"), "1.68 ×")
        self.assertEqual(format_value(204.0, ""), "204")
        self.assertEqual(format_value(3, "s"), "3 s")


class TestRecords(BaseCase):
    def test_what_is_kept_is_read_again(self):
        rows = [(DELAY, Figure(0.5, rounds=[0.4, 0.5], facts={"a": [1]}, note="n"))]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "figures.json"
            keep(path, {"date": "2026-11-23"}, rows)
            self.assertEqual(load(path), ({"date": "2026-11-23"}, rows))


class TestMachine(BaseCase):
    def test_the_time_of_children_counts_for_the_family(self):
        """Of children that run, and of those that have ended."""
        spin = "sum(range(10_000_000))"
        script = (
            "import subprocess, sys\n"
            f"subprocess.run([sys.executable, '-c', '{spin}'])\n"
            f"child = subprocess.Popen([sys.executable, '-c', "
            f"'{spin}; print(flush=True); input()'], stdin=subprocess.PIPE)\n"
            "sys.stdin.readline()\n"
            "child.communicate()\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        process.stdout.readline()
        self.assertGreater(get_family_cpu(process.pid), get_cpu(process.pid))
        self.assertLess(get_cpu(process.pid), get_family_cpu(process.pid) / 2)
