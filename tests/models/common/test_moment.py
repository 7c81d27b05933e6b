"""Moments: what tells a time to a person names the time zone."""

from datetime import datetime

from odoo.tests import TransactionCase

from odoo.addons.crm_sms_gateway.models.common.moment import say_moment

from ...common import ROOT


class TestMoment(TransactionCase):
    def say(self, **context):
        env = self.env(context={**self.env.context, **context})
        return say_moment(env, datetime(2026, 11, 30, 20, 40))

    def test_a_moment_is_told_by_the_reader_s_clock(self):
        self.assertEqual(
            self.say(tz="Europe/Moscow"), "30 Nov 2026, 23:40 (Europe/Moscow)"
        )
        self.assertEqual(self.say(tz="UTC"), "30 Nov 2026, 20:40 (UTC)")

    def test_nothing_else_writes_times_into_sentences(self):
        words = ("format_datetime", "strftime", "toLocaleDateTimeString")
        places = {
            path.relative_to(ROOT).as_posix()
            for pattern in ("models/**/*.py", "wizards/**/*.py", "static/src/**/*.js")
            for path in ROOT.glob(pattern)
            if any(word in path.read_text() for word in words)
        }
        # what is written into the texts of recipients is spelled as Odoo does
        allowed = {"models/common/moment.py", "models/recipients/field_text.py"}
        self.assertEqual(places - allowed, set())
