"""Watchers: each kind of trouble is told once, ends by itself, and comes again."""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import Command, fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.common import clock
from odoo.addons.crm_sms_gateway.models.routing.sms_gateway_balance_reading import (
    KEEP as KEEP_READINGS,
)
from odoo.addons.crm_sms_gateway.models.routing.sms_gateway_watch import KEEP
from odoo.addons.crm_sms_gateway.models.routing.sms_gateway_watch_finder import (
    MIN_UNREPORTED,
    Finding,
)
from odoo.addons.crm_sms_gateway.models.routing.watch_texts import (
    KINDS,
    OF_CODE,
    OF_KIND,
    say_warning,
)
from odoo.addons.crm_sms_gateway.providers.types import Balance, Money, PushAnswer

from ...common import PHONE, GatewayCase, load_migration, sandbox_phone

PAUSES = "odoo.addons.crm_sms_gateway.models.routes.sms_gateway_route_pause"
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class WatchCase(GatewayCase):
    """A route whose responsible person gets emails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(mute_logger(PAUSES))
        cls.boss = new_test_user(
            cls.env,
            login="watch_boss",
            groups="crm_sms_gateway.group_administrator",
            email="boss@example.com",
        )
        cls.route.user_id = cls.boss
        cls.env["sms.gateway.route"].search([("id", "!=", cls.route.id)]).write(
            {"active": False}
        )

    def watch(self):
        with self.as_cron() as env:
            env["sms.gateway.watcher"]._cron_watch()

    def get_watches(self, route=None):
        self.env.invalidate_all()
        return (route or self.route).watch_ids

    def get_codes(self, route=None):
        """The codes of the warnings that are shown."""
        shown = self.get_watches(route).filtered(
            lambda watch: watch.told_at and not watch.cleared_at
        )
        return shown.mapped("code")

    def get_mails(self, user=None):
        partner = (user or self.boss).partner_id
        return self.env["mail.mail"].search([("recipient_ids", "in", partner.ids)])

    def assert_told(self, count, route=None):
        """So many activities and emails were made up to now."""
        route = route or self.route
        activities = self.env["mail.activity"].with_context(active_test=False)
        domain = [("res_model", "=", route._name), ("res_id", "=", route.id)]
        self.assertEqual(activities.search_count(domain), count)
        self.assertEqual(len(self.get_mails(route.user_id)), count)

    def check_life(self, code, *, begin, end):
        """A warning is told once, survives its closed activity, ends, comes again.

        :param begin: function that brings the trouble about
        :param end: function that removes it
        """
        kind = code.partition(".")[0]
        self.watch()
        self.assertEqual(self.get_codes(), [])
        begin()
        self.watch()
        self.watch()
        self.assertEqual(self.get_codes(), [code])
        self.assert_told(1)
        activity = self.route.activity_ids
        self.assertEqual(activity.user_id, self.boss)
        self.assertEqual(activity.summary, dict(KINDS)[kind])
        self.assertIn(str(OF_KIND[kind].remedy), activity.note)
        self.assertIn(dict(KINDS)[kind], self.get_mails().subject)
        self.assertIn(self.route.warnings, self.get_mails().body_html)
        end()
        self.watch()
        self.assertEqual(self.get_codes(), [])
        self.assertFalse(self.route.activity_ids)
        self.assertIn(str(OF_KIND[kind].over), self.route.message_ids[0].body)
        self.assert_told(1)
        begin()
        self.watch()
        self.assertEqual(self.get_codes(), [code])
        self.assert_told(2)
        self.route.activity_ids.with_user(self.boss).action_feedback("I know")
        self.watch()
        self.assertEqual(self.get_codes(), [code], "it lasts")
        self.assert_told(2)
        end()
        self.watch()
        self.assertEqual(self.get_codes(), [])
        begin()
        self.watch()
        self.assert_told(3)


@tagged("post_install", "-at_install")
class TestBalances(WatchCase):
    def setUp(self):
        super().setUp()
        self.route.balance_threshold = 50
        # no provider is asked
        self.startPatcher(
            patch.object(
                type(self.env["sms.gateway.watcher"]), "_request_balances", lambda *_: 0
            )
        )

    def tell(self, *amounts, hours=12, currency="RUB", route=None):
        """Let these be the balances up to now."""
        moment = clock.now()
        self.env["sms.gateway.balance.reading"].create(
            [
                {
                    "route_id": (route or self.route).id,
                    "read_at": moment - timedelta(hours=hours * number),
                    "amount": amount,
                    "currency": currency,
                }
                for number, amount in enumerate(reversed(amounts))
            ]
        )

    def forget(self):
        self.env["sms.gateway.balance.reading"].search([]).unlink()

    def test_a_low_balance(self):
        def begin():
            self.forget()
            self.tell(45)

        def end():
            self.forget()
            self.tell(1000)

        self.check_life("balance_low.unknown", begin=begin, end=end)

    def test_the_forecast_is_told(self):
        self.tell(72, 62, 52, 42)
        self.watch()
        self.assertEqual(self.get_codes(), ["balance_low.ends"])
        end = clock.now() + timedelta(hours=12 * 4.2)
        self.assertEqual(
            self.route.warnings,
            f"Balance low: 42.00 RUB, ends about {end.day} {end:%b}",
        )

    def test_a_balance_that_is_not_known_is_no_warning(self):
        self.watch()
        self.assertFalse(self.get_watches())

    def test_a_balance_at_the_threshold_is_no_warning(self):
        self.tell(50)
        self.watch()
        self.assertFalse(self.get_watches())

    def test_the_threshold_is_in_the_companys_currency_if_the_account_has_it(self):
        self.assertEqual(self.route.company_id.currency_id.name, self.get_currency())
        self.tell(10, currency="XTS")
        self.tell(1000, currency=self.get_currency())
        self.watch()
        self.assertFalse(self.get_watches())

    def get_currency(self):
        return self.env.company.currency_id.name

    def test_without_it_the_first_currency_counts(self):
        self.route.company_id.currency_id = self.env.ref("base.EUR")
        self.env["sms.gateway.balance.reading"]._record(
            self.route, [Money(Decimal(10), "RUB"), Money(Decimal(1000), "USD")]
        )
        self.watch()
        self.assertIn("10.00 RUB", self.route.warnings)

    def test_a_threshold_that_is_turned_off_ends_the_warning(self):
        self.tell(1)
        self.watch()
        self.route.balance_threshold = 0
        self.watch()
        self.assertEqual(self.get_codes(), [])

    def test_figures_of_an_open_warning_are_those_of_the_moment(self):
        self.tell(45)
        self.watch()
        self.tell(44)
        self.watch()
        self.assertIn("44.00", self.route.warnings)
        self.assert_told(1)

    def test_readings_end_after_their_time(self):
        self.tell(1)
        self.env["sms.gateway.balance.reading"]._gc_readings()
        [reading] = self.env["sms.gateway.balance.reading"].search([])
        reading.read_at = fields.Datetime.now() - KEEP_READINGS - timedelta(minutes=1)
        self.env.flush_all()
        reading._gc_readings()
        self.assertFalse(reading.exists())


@tagged("post_install", "-at_install")
class TestBalanceRequests(WatchCase):
    def setUp(self):
        super().setUp()
        self.scripted, self.provider = self.script_route(
            balance=True, route={"balance_threshold": 50, "user_id": self.boss.id}
        )
        self.calls = []

        def tell(_provider):
            self.calls.append("balance")
            return Balance((Money(Decimal("9.5"), "RUB"),), (), b"", "told")

        self.provider._balance = tell

    def get_requests(self, route=None):
        self.env.invalidate_all()
        return (route or self.scripted).balance_ids

    def age_requests(self, minutes):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sms_gateway_provider_request SET create_date = create_date - %s",
            [timedelta(minutes=minutes)],
        )
        self.env.invalidate_all()

    def test_the_balance_is_requested_hourly_and_told(self):
        self.watch()
        self.watch()
        self.assertEqual(self.get_requests().mapped("state"), ["pending"])
        self.assertFalse(self.calls, "no provider is called in a transaction")
        self.run_balance()
        self.age_requests(59)
        self.watch()
        self.assertEqual(len(self.get_requests()), 1)
        self.assertEqual(self.get_codes(self.scripted), ["balance_low.unknown"])
        self.assertIn("9.50 RUB", self.scripted.warnings)
        self.age_requests(2)
        self.watch()
        self.assertEqual(len(self.get_requests()), 2)

    def test_one_answer_is_one_reading(self):
        for _number in range(3):
            self.env["sms.gateway.provider.request"]._request(self.scripted)
        self.run_balance()
        [reading] = self.env["sms.gateway.balance.reading"].search([])
        self.assertEqual((reading.amount, reading.currency), (9.5, "RUB"))

    def test_nobody_is_asked_without_a_threshold(self):
        self.scripted.balance_threshold = 0
        self.watch()
        self.assertFalse(self.get_requests())

    def test_a_provider_that_tells_no_balance_is_not_asked(self):
        silent, _provider = self.script_route(route={"balance_threshold": 50})
        self.watch()
        self.assertFalse(self.get_requests(silent))


@tagged("post_install", "-at_install")
class TestStops(WatchCase):
    def rest(self, seconds, reason="Connection refused"):
        self.env["sms.gateway.route.pause"]._back_off(self.route, seconds, reason)

    def test_a_paused_route(self):
        self.check_life(
            "route_down.paused",
            begin=lambda: self.env["sms.gateway.route.pause"]._pause(
                self.route, "No money"
            ),
            end=self.route.action_resume,
        )

    def test_a_route_that_must_wait_long(self):
        def begin():
            self.rest(3600, "Busy")

        self.check_life("route_down.resting", begin=begin, end=self.route.action_resume)

    def test_a_pause_by_hand_is_no_warning(self):
        self.route.action_pause()
        self.watch()
        self.assertFalse(self.get_watches())

    def test_short_rests_are_told_after_five_minutes_on_end(self):
        with self.later(0):
            self.rest(15)
            self.watch()
        with self.later(4 * MINUTE):
            self.rest(15)
            self.watch()
        self.assertEqual(self.get_codes(), [])
        self.assert_told(0)
        with self.later(5 * MINUTE + 10):
            self.rest(15)
            self.watch()
        self.assertEqual(self.get_codes(), ["route_down.resting"])
        self.assert_told(1)
        with self.later(8 * MINUTE):
            self.watch()
        self.assertEqual(self.get_codes(), ["route_down.resting"])
        with self.later(11 * MINUTE):
            self.watch()
        self.assertEqual(self.get_codes(), [])
        self.assert_told(1)

    def test_a_short_rest_leaves_no_trace(self):
        with self.later(0):
            self.rest(15)
            self.watch()
        with self.later(6 * MINUTE):
            self.watch()
        self.assertFalse(self.get_watches())
        self.assertFalse(self.route.message_ids.filtered("mail_activity_type_id"))

    def test_a_pause_after_a_rest_is_told_anew_by_one_activity(self):
        self.rest(3600, "Busy")
        self.env["sms.gateway.route.pause"]._pause(self.route, "No money")
        self.assertEqual(self.get_codes(), ["route_down.paused"])
        self.assertEqual(len(self.route.activity_ids), 1)
        self.assertIn("No money", self.route.activity_ids.note)
        self.rest(3600, "Busy")
        self.assertEqual(len(self.get_watches()), 2)

    def test_a_person_who_pauses_a_resting_route_knows(self):
        self.rest(3600, "Busy")
        self.route.action_pause()
        self.watch()
        self.assertFalse(self.route.activity_ids)
        self.assertIn("The route is paused.", self.route.message_ids[0].body)

    def test_an_archived_route_has_no_warning(self):
        self.rest(3600, "Busy")
        self.route.active = False
        self.watch()
        self.assertEqual(self.get_codes(), [])
        self.assertIn("archived", self.route.message_ids[0].body)

    def test_two_who_find_the_same_make_one_warning(self):
        self.rest(3600, "Busy")
        self.assertFalse(
            self.env["sms.gateway.watch"]._begin(
                self.route, "route_down", Finding("route_down.paused", {"reason": "x"})
            )
        )
        self.assertEqual(len(self.get_watches()), 1)

    def test_stops_of_earlier_releases_keep_their_activity(self):
        self.route.write({"state": "paused", "pause_reason": "No money"})
        activity = self.route.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.boss.id
        )
        by_hand = self.make_route("by hand")
        by_hand.action_pause()
        self.env.flush_all()
        load_migration("post-watches", "19.0.1.9.0").migrate(self.env.cr, "19.0.1.8.0")
        self.watch()
        self.assertEqual(self.get_codes(), ["route_down.paused"])
        self.assertEqual(self.route.activity_ids, activity)
        self.assertFalse(self.get_watches(by_hand))
        self.route.action_resume()
        self.assertFalse(self.route.activity_ids)

    def test_todos_of_people_are_left_alone(self):
        todo = self.route.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.boss.id
        )
        self.env["sms.gateway.route.pause"]._pause(self.route, "No money")
        self.route.action_resume()
        self.assertEqual(self.route.activity_ids, todo)


@tagged("post_install", "-at_install")
class TestQueues(WatchCase):
    def setUp(self):
        super().setUp()
        self.route.max_queue_age = 15
        self.startPatcher(
            patch.object(
                type(self.env["sms.gateway.health.vitals"]),
                "_get_waiting_times",
                lambda _vitals: {
                    self.route.id: timedelta(minutes=self.age),
                },
            )
        )
        self.age = 0

    def set_age(self, minutes):
        self.age = minutes

    def test_an_old_queue(self):
        self.check_life(
            "queue_old",
            begin=lambda: self.set_age(16),
            end=lambda: self.set_age(7),
        )

    def test_a_queue_close_to_its_limit_is_one_warning(self):
        for age in (16, 14, 16, 8, 16):
            self.set_age(age)
            self.watch()
        self.assert_told(1)

    def test_the_limit_can_be_off(self):
        self.route.max_queue_age = 0
        self.set_age(600)
        self.watch()
        self.assertFalse(self.get_watches())

    def test_nothing_is_said_of_a_route_that_may_not_send(self):
        self.set_age(16)
        self.watch()
        self.set_age(0)
        self.route.action_pause()
        self.watch()
        self.assertEqual(self.get_codes(), ["queue_old"])
        self.route.action_resume()
        self.watch()
        self.assertEqual(self.get_codes(), [])

    def test_nothing_is_said_during_an_emergency_stop(self):
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.is_stopped", True)
        self.set_age(16)
        self.watch()
        self.assertFalse(self.get_watches())


@tagged("post_install", "-at_install")
class TestQueuesFound(WatchCase):
    def test_the_oldest_due_message_counts(self):
        campaign = self.send(PHONE)
        for record in (self.route, campaign):
            self.env.flush_all()
            self.env.cr.execute(
                f"UPDATE {record._table} SET write_date = now() - interval '1 day'"
                " WHERE id = %s",
                [record.id],
            )
        self.let_pass(20 * MINUTE)
        self.watch()
        self.assertEqual(self.get_codes(), ["queue_old"])
        self.assertEqual(
            self.route.warnings,
            "The oldest due message has been waiting for 20 minutes",
        )


@tagged("post_install", "-at_install")
class TestReports(WatchCase):
    def make_silent(self, *, count=MIN_UNREPORTED, **values):
        """A route to which no report comes for messages of two hours ago."""
        values = {"push": lambda _request: PushAnswer(), **values}
        self.route, self.provider = self.script_route(
            route={"user_id": self.boss.id}, **values
        )
        phones = [sandbox_phone(f"{number:04}") for number in range(count)]
        campaign = self.send(*phones, route=self.route)
        self.run_lane()
        self.set_push(minutes=120)
        self.submit_at(campaign, minutes=61)
        return campaign

    def set_push(self, *, minutes):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sms_gateway_route SET last_push_at = %s WHERE id = %s",
            [clock.now() - timedelta(minutes=minutes), self.route.id],
        )
        self.env.invalidate_all()

    def submit_at(self, campaign, *, minutes):
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET submitted_at = %s WHERE campaign_id = %s",
            [clock.now() - timedelta(minutes=minutes), campaign.id],
        )
        self.env.invalidate_all()

    def begin_watches(self, *, minutes):
        """Let the open warnings have begun so long ago."""
        self.env.cr.execute(
            "UPDATE sms_gateway_watch SET since = %s WHERE cleared_at IS NULL",
            [clock.now() - timedelta(minutes=minutes)],
        )
        self.env.invalidate_all()

    def test_no_reports(self):
        self.make_silent()
        self.set_push(minutes=1)

        def begin():
            self.set_push(minutes=120)

        def end():
            self.begin_watches(minutes=5)
            self.set_push(minutes=1)

        self.check_life("no_reports", begin=begin, end=end)

    def test_few_messages_may_be_telephones_that_are_off(self):
        self.make_silent(count=MIN_UNREPORTED - 1)
        self.watch()
        self.assertFalse(self.get_watches())

    def test_messages_of_before_the_last_report_do_not_count(self):
        campaign = self.make_silent()
        self.submit_at(campaign, minutes=121)
        self.watch()
        self.assertFalse(self.get_watches())

    def test_messages_that_have_not_waited_long_do_not_count(self):
        campaign = self.make_silent()
        self.submit_at(campaign, minutes=59)
        self.watch()
        self.assertFalse(self.get_watches())

    def test_a_route_that_never_had_a_report_expects_none(self):
        self.make_silent()
        self.route.last_push_at = False
        self.watch()
        self.assertFalse(self.get_watches())

    def test_the_limit_can_be_off(self):
        self.make_silent()
        self.route.max_report_silence = 0
        self.watch()
        self.assertFalse(self.get_watches())

    def test_polling_takes_over(self):
        campaign = self.make_silent(poll=lambda _references: [])
        messages = self.get_messages(campaign)
        later = fields.Datetime.now() + timedelta(hours=1)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET next_poll_at = %s WHERE id IN %s",
            [later, tuple(messages[1:].ids)],
        )
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET next_poll_at = NULL WHERE id = %s",
            [messages[0].id],
        )
        self.env.invalidate_all()
        self.watch()
        self.assertEqual(self.get_codes(), ["no_reports.polled"])
        moments = messages.mapped("next_poll_at")
        self.assertTrue(all(at and at <= clock.now() for at in moments))
        self.assertIn("statuses are polled", self.route.warnings)

        self.env.cr.execute("UPDATE sms_gateway_message SET next_poll_at = %s", [later])
        self.env.invalidate_all()
        self.watch()
        self.assertEqual(set(messages.mapped("next_poll_at")), {later}, "once")

    def test_polls_that_empty_the_list_do_not_end_the_warning(self):
        campaign = self.make_silent(poll=lambda _references: [])
        self.watch()
        for message in self.get_messages(campaign):
            self.set_state(message, "delivered")
        self.watch()
        self.assertEqual(self.get_codes(), ["no_reports.polled"])


@tagged("post_install", "-at_install")
class TestDrops(WatchCase):
    def setUp(self):
        super().setUp()
        self.today = self.route.company_id._get_sms_gateway_day(fields.Datetime.now())
        for number in range(1, 8):
            self.count(number, delivered=95, not_delivered=5)

    def count(self, days_ago, *, route=None, is_test=False, **outcomes):
        route = route or self.route
        states = {
            "delivered": "delivered",
            "not_delivered": "failed",
            "not_sent": "cancelled",
        }
        for outcome, count in outcomes.items():
            self.env["sms.gateway.statistic"].create(
                {
                    "day": self.today - timedelta(days=days_ago),
                    "company_id": route.company_id.id,
                    "route_id": route.id,
                    "channel": "sms",
                    "is_test": is_test,
                    "state": states[outcome],
                    "outcome": outcome,
                    "count": count,
                }
            )

    def forget_today(self):
        self.env["sms.gateway.statistic"].search([("day", "=", self.today)]).unlink()

    def test_a_drop(self):
        def begin():
            self.forget_today()
            self.count(0, delivered=70, not_delivered=30)

        def end():
            self.forget_today()
            self.count(0, delivered=95, not_delivered=5)

        self.check_life("delivery_drop", begin=begin, end=end)

    def test_the_shares_are_told(self):
        self.count(0, delivered=70, not_delivered=30)
        self.watch()
        self.assertEqual(
            self.route.warnings,
            "Delivered: 70% of the latest messages, 95% in the 7 days before",
        )

    def test_tests_and_what_was_never_sent_do_not_count(self):
        self.count(0, is_test=True, not_delivered=1000)
        self.count(0, delivered=95, not_delivered=5, not_sent=900)
        self.watch()
        self.assertFalse(self.get_watches())

    def test_few_messages_neither_begin_nor_end_a_warning(self):
        self.count(0, delivered=0, not_delivered=100)
        self.watch()
        self.env["sms.gateway.statistic"].search(
            [("route_id", "=", self.route.id), ("day", ">=", self.today)]
        ).unlink()
        self.env["sms.gateway.statistic"].search(
            [("day", "=", self.today - timedelta(days=1))]
        ).unlink()
        self.count(0, delivered=99)
        self.watch()
        self.assertEqual(self.get_codes(), ["delivery_drop"])
        self.count(1, delivered=99)
        self.watch()
        self.assertEqual(self.get_codes(), [])

    def test_both_limits_can_be_off(self):
        self.route.write({"max_drop_points": 0, "max_drop_share": 0})
        self.count(0, not_delivered=100)
        self.watch()
        self.assertFalse(self.get_watches())


@tagged("post_install", "-at_install")
class TestPeople(WatchCase):
    def pause(self, route=None):
        self.env["sms.gateway.route.pause"]._pause(route or self.route, "No money")

    def test_no_email_where_none_is_wanted(self):
        self.route.notifies_by_mail = False
        self.pause()
        self.assertTrue(self.route.activity_ids)
        self.assertFalse(self.get_mails())

    def test_no_email_to_the_person_who_did_it(self):
        self.env["sms.gateway.route.pause"].with_user(self.boss).sudo()._pause(
            self.route.with_user(self.boss).sudo(), "No money"
        )
        self.assertTrue(self.route.activity_ids)
        self.assertFalse(self.get_mails())

    def test_an_archived_person_is_not_told(self):
        self.boss.active = False
        self.pause()
        self.assertEqual(
            self.route.activity_ids.user_id, self.env.ref("base.user_admin")
        )

    def test_each_person_reads_their_own_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.boss.lang = "de_DE"

        def say(env, code, _params):
            return f"{env.lang} {code}"

        words = "odoo.addons.crm_sms_gateway.models.routing.sms_gateway_watch"
        with patch(f"{words}.say_warning", say):
            self.pause()
            self.assertIn("de_DE route_down.paused", self.route.activity_ids.note)
            self.assertIn("de_DE route_down.paused", self.get_mails().body_html)

    def test_words_of_a_provider_are_text(self):
        self.env["sms.gateway.route.pause"]._pause(self.route, "<script>x</script> 5%s")
        self.assertNotIn("<script", self.route.activity_ids.note)
        self.assertNotIn("<script", self.get_mails().body_html)
        self.assertIn("<script>x</script> 5%s", self.route.warnings)

    def test_people_of_two_companies_are_told_of_their_own_routes(self):
        company = self.env["res.company"].create({"name": "Another company"})
        other = new_test_user(
            self.env,
            login="watch_other",
            groups="crm_sms_gateway.group_administrator",
            email="other@example.com",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        route = self.make_route("other", company_id=company.id, user_id=other.id)
        self.pause(route)
        self.pause()
        self.assert_told(1)
        self.assert_told(1, route)
        self.assertEqual(route.activity_ids.user_id, other)
        for user, theirs in ((self.boss, self.route), (other, route)):
            watches = self.env["sms.gateway.watch"].with_user(user)
            self.assertEqual(watches.search([]).route_id, theirs)
            [trouble] = [
                one
                for one in self.env["sms.gateway.health"]
                .with_user(user)
                ._find_route_warnings()
            ]
            self.assertIn(theirs.name, trouble.sentence)

    def test_users_see_warnings(self):
        self.pause()
        user = new_test_user(
            self.env, login="watch_user", groups="crm_sms_gateway.group_user"
        )
        self.env.invalidate_all()
        route = self.route.with_user(user)
        self.assertIn("No money", route.warnings)
        warned = [
            ("watch_ids", "any", [("told_at", "!=", False), ("cleared_at", "=", False)])
        ]
        self.assertEqual(route.search(warned), route)
        self.route.action_resume()
        self.assertFalse(route.search(warned))

    def test_warnings_are_no_serious_trouble(self):
        self.pause()
        [trouble] = [
            one
            for one in self.env["sms.gateway.health"]._find_troubles()
            if one.code == "route_down"
        ]
        self.assertFalse(trouble.is_serious)
        self.assertEqual(trouble.sentence, f"Route down: {self.route.name}.")
        routes = self.env[trouble.action["res_model"]]
        self.assertEqual(routes.search(trouble.action["domain"]), self.route)
        self.assertNotIn("route_down", self.env["sms.gateway.health"]._find_codes())

    def test_the_form_shows_a_stop_once(self):
        self.pause()
        self.env["sms.gateway.watch"]._begin(
            self.route, "queue_old", Finding("queue_old", {"age": 20})
        ).told_at = fields.Datetime.now()
        self.env.invalidate_all()
        self.assertNotIn("No money", self.route.shown_warnings)
        self.assertIn("20 minutes", self.route.shown_warnings)

    def test_a_held_database_tells_nobody(self):
        self.route.write({"state": "paused", "pause_reason": "No money"})
        with patch.object(
            type(self.env["sms.gateway.hold"]), "_is_held", lambda _hold: True
        ):
            self.watch()
        self.assertFalse(self.get_watches())

    def test_old_warnings_end_after_their_time(self):
        self.pause()
        self.route.action_resume()
        self.pause()
        ended = self.get_watches().filtered("cleared_at")
        ended._gc_watches()
        self.assertTrue(ended.exists())
        ended.cleared_at = fields.Datetime.now() - KEEP - timedelta(minutes=1)
        ended._gc_watches()
        self.assertFalse(ended.exists())
        self.assertEqual(len(self.get_watches()), 1)

    def test_negative_thresholds_are_refused(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.route.max_queue_age = -1
            self.env.flush_all()


@tagged("post_install", "-at_install")
class TestFallbacks(WatchCase):
    def setUp(self):
        super().setUp()
        self.second = self.make_route("second", user_id=self.boss.id)
        choices = [
            Command.create({"route_id": route.id})
            for route in (self.route, self.second)
        ]
        self.policy = self.env["sms.gateway.policy"].create(
            {
                "name": "every way",
                "step_ids": [
                    Command.create(
                        {"rule_ids": [Command.create({"choice_ids": choices})]}
                    )
                ],
            }
        )
        self.rule = self.policy.step_ids.rule_ids

    def rest(self):
        self.env["sms.gateway.route.pause"]._rest(self.route, MINUTE)

    def recover(self):
        self.route.resume_at = False

    def test_life(self):
        self.check_life("fallback_works", begin=self.rest, end=self.recover)

    def test_words_name_both_routes_and_the_policy(self):
        self.rest()
        self.watch()
        for name in ("every way", "second"):
            self.assertIn(name, self.route.warnings)

    def test_nothing_works(self):
        self.rest()
        self.env["sms.gateway.route.pause"]._rest(self.second, MINUTE)
        self.watch()
        self.assertEqual(self.get_codes(), [])

    def test_pause_by_hand_is_known(self):
        self.route.action_pause()
        self.watch()
        self.assertEqual(self.get_codes(), [])

    def test_archived_route_is_not_down(self):
        self.route.action_archive()
        self.watch()
        self.assertFalse(self.get_watches())

    def test_route_behind_the_one_that_works_is_not_missed(self):
        self.env["sms.gateway.route.pause"]._rest(self.second, MINUTE)
        self.watch()
        self.assertEqual(self.get_codes(self.second), [])

    def test_every_route_that_shares_messages_is_missed(self):
        self.rule.strategy = "weight"
        self.env["sms.gateway.route.pause"]._rest(self.second, MINUTE)
        self.watch()
        self.assertEqual(self.get_codes(self.second), ["fallback_works"])

    def test_reserve_is_a_fallback_and_not_missed(self):
        self.rule.strategy = "weight"
        first, second = self.rule.choice_ids.sorted()
        first.weight = 0
        self.env["sms.gateway.route.pause"]._rest(self.second, MINUTE)
        self.watch()
        self.assertEqual(self.get_codes(self.second), ["fallback_works"])
        self.second.resume_at = False
        first.weight, second.weight = 1, 0
        self.env["sms.gateway.route.pause"]._rest(self.second, MINUTE)
        self.watch()
        self.assertEqual(self.get_codes(self.second), [])

    def test_emergency_stop_neither_ends_nor_repeats_it(self):
        self.rest()
        self.watch()
        for is_stopped in (True, False):
            parameters = self.env["ir.config_parameter"]
            parameters.set_param("crm_sms_gateway.is_stopped", is_stopped)
            self.watch()
            self.assertEqual(self.get_codes(), ["fallback_works"])
        self.assert_told(1)


@tagged("post_install", "-at_install")
class TestWatcher(WatchCase):
    def count_queries(self):
        self.watch()
        self.env.invalidate_all()
        with self.as_cron() as env:
            watcher = env["sms.gateway.watcher"]
            env.registry.clear_cache()
            watcher._watch()
            env.invalidate_all()
            before = env.cr.sql_log_count
            watcher._watch()
            return env.cr.sql_log_count - before

    def test_all_routes_together_take_a_handful_of_statements(self):
        self.route.write({"balance_threshold": 10})
        self.env["sms.gateway.balance.reading"]._record(
            self.route, [Money(Decimal(100), "RUB")]
        )
        one = self.count_queries()
        self.assertLessEqual(one, 12)
        for number in range(10):
            route = self.make_route(f"watched {number}", balance_threshold=10)
            self.env["sms.gateway.balance.reading"]._record(
                route, [Money(Decimal(100), "RUB")]
            )
        self.assertEqual(self.count_queries(), one)

    def test_every_code_can_be_said(self):
        params = {
            "amount": "1.00 RUB",
            "ends_on": "2026-12-03",
            "reason": "No money.",
            "until": "2026-12-03T10:00:00",
            "age": 75,
            "recent": 70,
            "before": 95,
            "policy": "P",
            "first": "A",
            "fallback": "B",
        }
        for code in OF_CODE:
            with self.subTest(code):
                self.assertIn(code.partition(".")[0], dict(KINDS))
                self.assertTrue(say_warning(self.env, code, params))
        self.assertEqual(OF_KIND.keys(), dict(KINDS).keys())
        self.assertEqual(
            say_warning(self.env, "balance_low.ends", params),
            "Balance low: 1.00 RUB, ends about 3 Dec",
        )
        self.assertEqual(
            say_warning(self.env, "no_reports", params),
            "No delivery reports for 1 hour",
        )

    def test_a_time_is_told_by_the_clock_of_who_is_warned(self):
        env = self.env(context={**self.env.context, "tz": "Europe/Moscow"})
        params = {"until": "2026-12-03T10:00:00", "reason": "No money."}
        self.assertEqual(
            say_warning(env, "route_down.resting", params),
            "Nothing is sent before 3 Dec 2026, 13:00 (Europe/Moscow): No money",
        )

    def test_the_scheduled_action_runs(self):
        cron = self.env.ref("crm_sms_gateway.ir_cron_watch")
        self.route.write({"state": "paused", "pause_reason": "No money"})
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(self.get_codes(), ["route_down.paused"])
