"""Filters that people saved select what they selected, and freeze nothing."""

from time import monotonic

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tools import safe_eval

from odoo.addons.crm_sms_gateway.models.campaigns.filters import (
    read_domain,
)
from odoo.addons.crm_sms_gateway.tools.filters import MAX_STEPS

from ...common import GatewayCase

#: Filters of Odoo's search views and of its domain editor.
REAL = (
    ("crm.lead", "[]"),
    ("crm.lead", "['&', ('date_closed', '=', False), ('date_deadline', '<', 'today')]"),
    ("crm.lead", "[('user_id', '=', uid)]"),
    ("crm.lead", "[('stage_id.is_won', '=', True)]"),
    ("crm.lead", "[('won_status', '=', 'lost'), ('active', '=', False)]"),
    ("crm.lead", "[('create_date', '>=', 'today -30d +1d')]"),
    ("crm.lead", "[('create_date', '>', time.strftime('%Y-%m-01 00:00:00'))]"),
    ("crm.lead", "[('date_open', '<', datetime.date.today())]"),
    ("res.partner", "['|', ('active', '=', False), ('active', '=', True)]"),
    ("res.partner", "['!', ('is_company', '=', True)]"),
    ("res.partner", "[('category_id', 'in', [1, 2]), ('parent_id', '=', False)]"),
    ("res.partner", "[('user_ids', 'in', [uid])]"),
    ("res.partner", "[('child_ids', 'any', [('city', 'ilike', 'Ростов')])]"),
    ("res.partner", "[('id', 'child_of', 1), ('color', '>', -1)]"),
    (
        "res.partner",
        "[('activity_date_deadline', '<', context_today().strftime('%Y-%m-%d'))]",
    ),
    (
        "res.partner",
        "[('create_date', '>', (context_today() - datetime.timedelta(days=1))"
        ".strftime('%Y-%m-%d'))]",
    ),
    (
        "res.partner",
        "[('create_date', '>=', context_today() + relativedelta(days=-365))]",
    ),
    (
        "res.partner",
        "[('create_date', '<', (datetime.datetime.now() + relativedelta(months=-1))"
        ".strftime('%Y-%m-%d'))]",
    ),
    (
        "res.partner",
        "[('create_date', '>', datetime.datetime.combine(context_today() +"
        " relativedelta(day=1, month=1), datetime.time(0, 0, 0)))]",
    ),
)


class TestReadDomain(GatewayCase):
    def evaluate(self, model, text):
        words = {
            "uid": self.env.uid,
            "context_today": lambda: fields.Date.context_today(model),
            "time": safe_eval.time,
            "datetime": safe_eval.datetime,
            "relativedelta": safe_eval.dateutil.relativedelta.relativedelta,
        }
        return list(fields.Domain(safe_eval.safe_eval(text, words)))

    def test_real_filters_are_read_to_the_same_domain(self):
        for name, text in REAL:
            with self.subTest(text):
                model = self.env[name].with_context(tz="Asia/Kamchatka")
                before = self.evaluate(model, text)
                domain = list(read_domain(model, text))
                # midnight may pass between them
                self.assertIn(domain, (before, self.evaluate(model, text)))

    def test_midnight_is_that_of_whoever_reads(self):
        text = (
            "[('create_date', '>=', datetime.datetime.combine(context_today(),"
            " datetime.time(0, 0, 0)).to_utc().strftime('%Y-%m-%d %H:%M:%S'))]"
        )
        contacts = self.env["res.partner"].with_context(tz="Asia/Kolkata")
        [(_path, _operator, value)] = read_domain(contacts, text)
        self.assertTrue(value.endswith(" 18:30:00"), value)

    def test_hostile_filters_are_refused_at_once(self):
        contacts = self.env["res.partner"]
        for text, words in (
            ("[('id', '=', 9**(10**7))]", "9**(10**7)"),
            ("[('id', '=', active_id)]", "active_id"),
            ("[('id', '=', __import__('os'))]", "__import__"),
            ("[('name', '=', 'a' * 10**9)]", "is not a value"),
            (
                "[('create_date', '>', context_today()"
                " + relativedelta(years=1000000000))]",
                "out of range",
            ),
            ("[" + "('id', '=', 1)," * 1000 + "]", "too many"),
            ("[('id', 'in', [" + "1," * 30_000 + "])]", "characters"),
            ("[('gone', '=', 1)]", "gone"),
            ("[('name', 5, 'x')]", ""),
            ("[('name', ['='], 'x')]", ""),
            ("['|', ('name', '=', 'x')]", "malformed"),
            ("[('create_date', '>', 'long ago')]", "long ago"),
            ("True", "True"),
            (" ", "list of conditions"),
        ):
            with self.subTest(text[:60]):
                start = monotonic()
                with self.assertRaises(ValidationError) as caught:
                    read_domain(contacts, text)
                self.assertIn("Invalid filter", str(caught.exception))
                self.assertIn(words, str(caught.exception))
                self.assertLess(monotonic() - start, 5)

    def test_the_largest_filters_are_searched_with_in_time(self):
        path = ".".join(["parent_id"] * MAX_STEPS + ["name"])
        many = "('name', 'ilike', 'a'), ('city', '=', 'b'), ('id', '>', 1), "
        for text in (
            f"[('{path}', '=', 'x')]",
            f"[('id', 'in', {list(range(1, 7000))})]",
            f"[{many * 160}]",
            "[" + "'|', " * 479 + f"{many * 160}]",
            "[" + "'!', " * 20 + "('name', '=', 'x')]",
            "[" + "'&', '|', " * 10 + "('name', '=', 'x'), " * 21 + "]",
        ):
            with self.subTest(text[:60]):
                start = monotonic()
                domain = read_domain(self.env["res.partner"], text)
                self.env["res.partner"].search_count(domain)
                self.assertLess(monotonic() - start, 10)
