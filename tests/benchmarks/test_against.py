"""How two commits are compared; nothing is measured here."""

import json
import tempfile
from pathlib import Path

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.benchmarks.against import (
    Comparison,
    compare,
    format_comparisons,
    read_turn,
)
from odoo.addons.crm_sms_gateway.benchmarks.figures import Figure, Line
from odoo.addons.crm_sms_gateway.benchmarks.records import keep

RATE = Line("rate", "a rate", "msg/s", 1000)
DELAY = Line("delay", "a delay", "s", 0.4, is_ceiling=True)
WAIT = Line("wait", "a wait, not promised", "s")


def make_turn(**values):
    """What one turn measured, of the lines above."""
    lines = {line.name: line for line in (RATE, DELAY, WAIT)}
    return {name: (lines[name], value) for name, value in values.items()}


class TestRatios(BaseCase):
    def test_more_of_a_rate_is_better(self):
        self.assertEqual(Comparison(RATE, [1200], [1000]).ratios, [1.2])

    def test_less_of_what_is_spent_is_better_promised_or_not(self):
        self.assertEqual(Comparison(DELAY, [0.25], [0.5]).ratios, [2])
        self.assertEqual(Comparison(WAIT, [4], [2]).ratios, [0.5])

    def test_rounds_are_compared_with_each_other(self):
        """A machine that halves its pace changes no ratio."""
        self.assertEqual(Comparison(RATE, [2000, 1000], [1000, 500]).ratios, [2, 2])

    def test_what_one_of_both_lacks_has_no_ratio(self):
        self.assertEqual(Comparison(RATE, [1000, 1000], [None, None]).ratios, [])
        self.assertEqual(Comparison(RATE, [None, 1000], [500, 500]).ratios, [2])
        self.assertEqual(Comparison(DELAY, [0], [0.5]).ratios, [])


class TestPairs(BaseCase):
    def test_lines_are_paired_by_name_in_the_order_of_ours(self):
        ours = [make_turn(delay=0.1, rate=10), make_turn(delay=0.2, rate=20)]
        theirs = [make_turn(rate=30, wait=3), make_turn(rate=40, wait=4)]
        self.assertEqual(
            compare(ours, theirs),
            [
                Comparison(DELAY, [0.1, 0.2], [None, None]),
                Comparison(RATE, [10, 20], [30, 40]),
                Comparison(WAIT, [None, None], [3, 4]),
            ],
        )

    def test_ours_tells_what_a_line_is(self):
        """A floor of theirs that has been raised since is of no account."""
        old = Line("rate", "an old title", "msg/s", 500)
        [comparison] = compare([make_turn(rate=1)], [{"rate": (old, 1)}])
        self.assertEqual(comparison.line, RATE)


class TestFiles(BaseCase):
    def read(self, *rows):
        """The turn that the benchmarks' file tells."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "figures.json"
            keep(path, {"date": "2026-11-29"}, rows)
            return read_turn(json.loads(path.read_text()))

    def test_values_are_read_by_line(self):
        turn = self.read((RATE, Figure(1200)), (WAIT, Figure(3, native=5)))
        self.assertEqual(turn, make_turn(rate=1200, wait=3))

    def test_what_this_commit_does_not_know_of_a_line_is_left_out(self):
        told = {"name": "wait", "title": WAIT.title, "unit": "s", "colour": "red"}
        turn = read_turn({"figures": [{"line": told, "value": 3}]})
        self.assertEqual(turn, make_turn(wait=3))

    def test_the_memory_of_a_worker_is_told_idle_and_busy(self):
        web = Line("memory-50000", "over the idle worker", "MB", 120, is_ceiling=True)
        lane = Line("submit-one", "one per call", "msg/s")
        turn = self.read(
            (web, Figure(44, facts={"idle": 150.0, "peak": 194.0, "after": 160.0})),
            (lane, Figure(900, facts={"lanes": [{"idle": 140.0, "peak": 170.0}]})),
        )
        memory = {
            name: value for name, (line, value) in turn.items() if line.unit == "MB"
        }
        self.assertEqual(
            memory,
            {
                "memory-50000": 44,
                "memory-50000-idle": 150,
                "memory-50000-peak": 194,
                "submit-one-idle": 140,
                "submit-one-peak": 170,
            },
        )
        self.assertTrue(turn["submit-one-peak"][0].less_is_better)


class TestTable(BaseCase):
    def test_a_row_tells_medians_the_ratio_and_its_spread(self):
        table = format_comparisons(
            [
                Comparison(RATE, [1200, 1000, 1800], [1000, 1000, 1200]),
                Comparison(DELAY, [0.25], [None]),
            ]
        )
        _headings, _rule, rate, delay = table.splitlines()
        self.assertEqual(
            rate.split("  "),
            "a rate   msg/s  more    1 200  1 000   1.20   1.00–1.50".split("  "),
        )
        self.assertEqual(
            delay.split("  "),
            "a delay  s      less    0.25   –       –      –".split("  "),
        )
