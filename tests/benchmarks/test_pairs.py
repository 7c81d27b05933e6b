"""How two commits take turns; nothing is measured here."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.benchmarks import pairs
from odoo.addons.crm_sms_gateway.benchmarks.figures import Line

RATE = Line("rate", "a rate", "msg/s", 1000)


class TestTurns(BaseCase):
    def test_who_comes_first_changes_and_the_first_turn_only_warms_up(self):
        taken = []

        @contextmanager
        def open_stage(scene, **_settings):
            yield scene

        def take(stage, number):
            taken.append(stage)
            return {"ours": 20, "theirs": 10}[stage] * number

        with patch.object(pairs, "open_stage", open_stage):
            comparison = pairs.measure(pairs.Turns(RATE, take), ("ours", "theirs"), 3)
        self.assertEqual(taken, ["theirs", "ours", "ours", "theirs"] * 2)
        self.assertEqual(comparison.ours, [20, 40, 60])
        self.assertEqual(comparison.theirs, [10, 20, 30])
        self.assertEqual(comparison.ratios, [2, 2, 2])

    def test_names_are_checked(self):
        self.assertEqual(pairs.read_name("enqueue"), "enqueue")
        with self.assertRaisesRegex(Exception, "outage is not measured in pairs"):
            pairs.read_name("outage")
