"""Health: every way in which sending dies silently is found, and told by what runs."""

import threading
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from lxml import html

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import config, convert_file

from odoo.addons.crm_sms_gateway.models.common.clock import now
from odoo.addons.crm_sms_gateway.models.operations import (
    sms_gateway_health_notification,
)
from odoo.addons.crm_sms_gateway.models.operations.cron_workers import (
    SHORTEST_CRON_LIMIT,
)
from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_rate_limit import (
    get_route_scope,
)

from ...common import PHONE, GatewayCase, sandbox_phone

CRON = "crm_sms_gateway.ir_cron_"
ACTIVITY_TYPE = "crm_sms_gateway.mail_activity_type_health"
DATA = "data/sms_gateway_health_data.xml"


class HealthCase(GatewayCase):
    """All crons ran a minute ago, on a server that is well configured."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = new_test_user(
            cls.env,
            login="health_administrator",
            groups="crm_sms_gateway.group_administrator",
        )
        cls.health = cls.env["sms.gateway.health"].with_user(cls.administrator)
        cls.startClassPatcher(
            patch.dict(
                config.options, {"max_cron_threads": 2, "limit_time_real_cron": 120}
            )
        )
        cls.crons = cls.env["ir.cron"].search(
            [("cron_name", "=like", "SMS Gateway: %")]
        )
        cls.env.cr.execute("DELETE FROM ir_cron_progress")
        cls.env.cr.execute("UPDATE ir_cron SET create_date = now() - interval '1 day'")
        cls.env.cr.execute("DELETE FROM sms_gateway_statistic_change")
        cls.ran(cls.crons, minutes=1)

    @classmethod
    def ran(cls, crons, *, minutes):
        """Let crons have been done for the last time so many minutes ago."""
        cls.env.flush_all()
        cls.env.cr.execute(
            """UPDATE ir_cron
                  SET lastcall = now() AT TIME ZONE 'UTC' - %s, active = TRUE
                WHERE id IN %s""",
            [timedelta(minutes=minutes), tuple(crons.ids)],
        )
        cls.env.invalidate_all()

    def get_cron(self, name):
        return self.env.ref(CRON + name)

    def find(self):
        """The troubles by code."""
        return {trouble.code: trouble for trouble in self.health._find_troubles()}

    def assert_codes(self, *codes):
        self.assertEqual(set(self.find()), set(codes))

    @contextmanager
    def options(self, **values):
        with patch.dict(config.options, values):
            yield


@tagged("post_install", "-at_install")
class TestCrons(HealthCase):
    def test_all_is_well(self):
        self.send(PHONE)
        self.run_fold()
        self.assert_codes()

    def test_crons_that_are_off_are_named(self):
        crons = self.get_cron("poll") + self.get_cron("send_1")
        crons.active = False
        trouble = self.find()["crons_inactive"]
        for cron in crons:
            self.assertIn(cron.name, trouble.sentence)
        self.assertIsNone(trouble.action, "The gateway's administrators see no crons")

    def test_who_may_switch_them_on_is_led_there(self):
        self.administrator.group_ids += self.env.ref("base.group_system")
        cron = self.get_cron("poll")
        cron.active = False
        action = self.find()["crons_inactive"].action
        crons = self.env[action["res_model"]].with_context(**action["context"])
        self.assertEqual(crons.search(action["domain"]), cron)

    def test_a_deleted_lane_is_off(self):
        self.get_cron("send_1").unlink()
        self.assert_codes("crons_inactive")

    def test_lanes_above_the_configured_number_need_not_run(self):
        lanes = self.get_cron("send_2") + self.get_cron("send_3")
        lanes.active = False
        self.ran(self.get_cron("send_4"), minutes=60)
        self.assert_codes()
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.lanes", 2)
        self.assertIn(lanes[0].name, self.find()["crons_inactive"].sentence)
        self.assertNotIn(lanes[1].name, self.find()["crons_inactive"].sentence)

    def test_crons_that_fail_are_told_before_odoo_switches_them_off(self):
        cron = self.get_cron("recover")
        cron.failure_count = 2
        self.assert_codes()
        cron.failure_count = 3
        self.assertIn(cron.name, self.find()["crons_failing"].sentence)

    def test_crons_of_a_neutralised_copy_are_off_on_purpose(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.crons.active = False
        self.assert_codes()


@tagged("post_install", "-at_install")
class TestLanes(HealthCase):
    def setUp(self):
        super().setUp()
        self.start_cron_thread()

    def start_cron_thread(self):
        """A thread like those in which Odoo runs crons."""
        end = threading.Event()
        thread = threading.Thread(target=end.wait, daemon=True)
        thread.type = "cron"
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(end.set)
        self.end_cron_thread = lambda: (end.set(), thread.join())

    def test_a_lane_that_does_not_run_is_told(self):
        lane = self.get_cron("send_1")
        self.ran(lane, minutes=4)
        self.assert_codes()
        self.ran(lane, minutes=8)
        trouble = self.find()["lanes_late"]
        self.assertIn(lane.name, trouble.sentence)
        self.assertIn("8 minutes", trouble.sentence)

    def test_a_lane_that_never_ran_is_told(self):
        lane = self.get_cron("send_1")
        lane.lastcall = False
        self.assertIn("has never run", self.find()["lanes_late"].sentence)
        self.env.cr.execute(
            "UPDATE ir_cron SET create_date = now() AT TIME ZONE 'UTC' WHERE id = %s",
            [lane.id],
        )
        self.assert_codes()

    def test_a_lane_that_is_busy_for_hours_is_well(self):
        """Odoo writes ``lastcall`` when a cron is done, its progress all the time."""
        lane = self.get_cron("send_1")
        self.ran(lane, minutes=180)
        self.assertIn("lanes_late", self.find())
        with self.as_cron() as env:
            cron = env["ir.cron"].with_context(cron_id=lane.id).browse(lane.id)
            cron._add_progress()[0]._commit_progress(1, remaining=1)
        self.assert_codes()

    def test_a_real_run_of_the_cron_is_seen(self):
        lane = self.get_cron("send_1")
        self.ran(lane, minutes=60)
        with self.enter_registry_test_mode():
            lane.method_direct_trigger()
        self.assert_codes()

    def test_the_age_is_told_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.administrator.lang = "ru_RU"
        self.health = self.health.with_context(lang="ru_RU")
        self.assertEqual(self.health._say_ago(timedelta(minutes=8)), "8 минут назад")

    # === WHY ===
    def test_odoo_without_cron_workers_is_told(self):
        with self.options(max_cron_threads=0):
            self.assert_codes()
            self.ran(self.get_cron("send_1"), minutes=8)
            self.assert_codes("no_cron_workers", "lanes_late")

    def test_cron_threads_that_ended_are_told(self):
        self.ran(self.get_cron("send_1"), minutes=8)
        self.assert_codes("lanes_late")
        self.end_cron_thread()
        self.assert_codes("cron_threads_ended", "lanes_late")

    def test_a_limit_that_kills_idle_cron_workers_is_told(self):
        for limit, is_told in (
            (60, True),
            (SHORTEST_CRON_LIMIT - 1, True),
            (SHORTEST_CRON_LIMIT, False),
            (0, False),
        ):
            with self.options(limit_time_real_cron=limit):
                self.assertEqual("cron_limit_short" in self.find(), is_told, limit)

    def test_the_limit_of_crons_may_be_that_of_requests(self):
        with self.options(limit_time_real_cron=-1, limit_time_real=60):
            self.assert_codes("cron_limit_short")

    def test_a_host_without_crons_may_have_any_limit(self):
        with self.options(max_cron_threads=0, limit_time_real_cron=60):
            self.assert_codes()

    def test_too_many_lanes_are_a_warning(self):
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.lanes", 2)
        self.assertFalse(self.find()["many_lanes"].is_serious)

    # === COUNTERS ===
    def test_counters_that_nobody_folds_are_told(self):
        self.send(PHONE)
        self.ran(self.get_cron("fold"), minutes=8)
        self.assert_codes()
        self.ran(self.get_cron("send_1"), minutes=8)
        self.assert_codes("lanes_late", "counters_late")
        self.run_fold()
        self.assert_codes("lanes_late")


@tagged("post_install", "-at_install")
class TestWaiting(HealthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.age(cls.route)

    @classmethod
    def age(cls, *records):
        """Let records be written long ago."""
        cls.env.flush_all()
        for record in records:
            cls.env.cr.execute(
                f"UPDATE {record._table} SET write_date = now() - interval '1 day'"
                " WHERE id = %s",
                [record.id],
            )
        cls.env.invalidate_all()

    def send_long_ago(self, *phones, minutes=8, **values):
        campaign = self.send(*phones or (PHONE,), **values)
        self.age(campaign)
        self.let_pass(minutes * 60, self.get_messages(campaign))
        return campaign

    def assert_waiting(self, is_waiting):
        self.assertEqual("messages_waiting" in self.find(), is_waiting)

    def test_a_message_that_waits_for_minutes_is_told(self):
        self.send_long_ago(minutes=4)
        self.assert_waiting(False)
        campaign = self.send_long_ago(minutes=8)
        trouble = self.find()["messages_waiting"]
        self.assertIn("8 minutes", trouble.sentence)
        found = self.env["sms.gateway.message"].search(trouble.action["domain"])
        self.assertLessEqual(self.get_messages(campaign), found)

    def test_so_is_a_campaign(self):
        self.send_long_ago(*(sandbox_phone(f"{n:04}") for n in range(3)))
        self.assert_waiting(True)

    def test_what_is_sent_later_does_not_wait(self):
        self.send_long_ago(not_before=now() + timedelta(hours=1))
        self.assert_waiting(False)

    def test_what_is_held_back_does_not_wait(self):
        phones = [sandbox_phone(f"{n:04}") for n in range(3)]
        campaign = self.send_long_ago(*phones)
        campaign.action_pause()
        self.age(campaign)
        self.assert_waiting(False)
        campaign.action_resume()
        self.assert_waiting(False)
        self.age(campaign)
        self.assert_waiting(True)

    def test_what_is_cancelled_does_not_wait(self):
        phones = [sandbox_phone(f"{n:04}") for n in range(3)]
        campaign = self.send_long_ago(*phones)
        campaign.action_cancel()
        self.age(campaign)
        self.assert_waiting(False)

    def test_a_route_that_must_not_send_has_its_own_reasons(self):
        self.send_long_ago()
        self.route.action_pause()
        self.age(self.route)
        self.assert_waiting(False)
        self.route.action_resume()
        self.assert_waiting(False)
        self.age(self.route)
        self.assert_waiting(True)
        self.env["sms.gateway.route.pause"]._back_off(self.route, 60)
        self.age(self.route)
        self.assert_waiting(False)

    def test_the_emergency_stop_has_its_own_reasons(self):
        self.send_long_ago()
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.is_stopped", True)
        self.assert_waiting(False)

    def test_a_long_queue_that_moves_is_no_trouble(self):
        self.send_long_ago(PHONE, sandbox_phone("1111"))
        [first, _second] = self.get_messages(
            self.env["sms.gateway.campaign"].search([], limit=1, order="id desc")
        )
        self.env.cr.execute(
            """INSERT INTO sms_gateway_event
                      (message_id, company_id, route_id, kind, source, occurred_at,
                       recorded_at)
               SELECT id, company_id, route_id, 'submitting', 'dispatcher', %(at)s,
                      %(at)s
                 FROM sms_gateway_message WHERE id = %(id)s""",
            {"at": now() - timedelta(minutes=6), "id": first.id},
        )
        self.assert_waiting(True)
        self.env.cr.execute(
            "UPDATE sms_gateway_event SET recorded_at = %s WHERE message_id = %s",
            [now() - timedelta(minutes=1), first.id],
        )
        self.assert_waiting(False)

    def test_a_slow_route_that_is_asked_is_no_trouble(self):
        self.send_long_ago()
        self.env.cr.execute(
            """INSERT INTO sms_gateway_rate_limit (scope, tokens, filled_at)
               VALUES (%s, 0, %s)""",
            [get_route_scope(self.route.id), now() - timedelta(minutes=1)],
        )
        self.assert_waiting(False)

    def test_time_is_the_databases(self):
        self.send_long_ago(minutes=0)
        with self.later(0, ahead=3600):
            self.assert_waiting(False)


@tagged("post_install", "-at_install")
class TestWhoIsTold(HealthCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(
            patch.object(sms_gateway_health_notification, "NOTIFY_EVERY", 300)
        )
        self.startPatcher(
            patch.dict(sms_gateway_health_notification._looked_at, clear=True)
        )

    def get_activities(self):
        self.env.invalidate_all()
        kind = self.env.ref(ACTIVITY_TYPE)
        return self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])

    def let_time_pass(self):
        sms_gateway_health_notification._looked_at.clear()

    def test_the_banner_is_for_administrators(self):
        self.get_cron("poll").active = False
        [trouble] = self.health.action_get_troubles()
        self.assertEqual(trouble["code"], "crons_inactive")
        for group in ("user", "manager"):
            person = new_test_user(
                self.env,
                login=f"health_{group}",
                groups=f"crm_sms_gateway.group_{group}",
            )
            with self.assertRaises(AccessError):
                self.health.with_user(person).action_get_troubles()

    def test_another_cron_tells_by_one_activity(self):
        self.get_cron("send_1").active = False
        with self.assertLogs("odoo.addons.crm_sms_gateway.models", "WARNING") as log:
            self.run_recover()
        self.assertIn("crons_inactive", log.output[0])
        activity = self.get_activities()
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.env.ref("base.user_admin"))
        self.assertIn(self.get_cron("send_1").name, activity.note)

        self.let_time_pass()
        self.run_fold()
        self.assertEqual(self.get_activities(), activity, "There is one already")

        self.get_cron("send_1").active = True
        self.let_time_pass()
        self.run_fold()
        self.assertFalse(self.get_activities())
        self.assertTrue(activity.date_done)

    def test_a_lane_tells_too(self):
        self.get_cron("recover").active = False
        with self.enter_registry_test_mode():
            self.get_cron("send_1").method_direct_trigger()
        self.assertEqual(len(self.get_activities()), 1)

    def test_a_request_tells_after_its_commit(self):
        self.get_cron("send_1").active = False
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env["sms.gateway.health.notification"]._notify_after_commit()
            self.assertFalse(self.get_activities(), "Nothing is asked before")
            self.env.cr.postcommit.run()
        self.assertEqual(len(self.get_activities()), 1)

    def test_other_requests_ask_nothing(self):
        self.env["sms.gateway.health.notification"]._notify_after_commit()
        self.env.cr.postcommit.clear()
        with self.assertQueryCount(0):
            self.env["sms.gateway.health.notification"]._notify_after_commit()
        self.assertFalse(self.env.cr.postcommit._funcs)

    def test_where_all_is_well_nobody_is_told(self):
        self.run_recover()
        self.assertFalse(self.get_activities())

    def test_a_warning_is_no_reason_for_an_activity(self):
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.lanes", 2)
        self.run_recover()
        self.assertFalse(self.get_activities())

    def test_without_the_databases_administrator_another_one_is_told(self):
        self.env.ref("base.user_admin").active = False
        self.get_cron("send_1").active = False
        self.run_recover()
        user = self.get_activities().user_id
        self.assertTrue(user.has_group("crm_sms_gateway.group_administrator"))

    # === PAGES ===
    def test_the_settings_page_tells_them(self):
        page = self.env["res.config.settings"].create({})
        self.assertFalse(page.sms_gateway_has_troubles)
        self.get_cron("poll").active = False
        self.ran(self.get_cron("send_1"), minutes=3)
        page = self.env["res.config.settings"].create({})
        self.assertTrue(page.sms_gateway_has_troubles)
        words = html.fromstring(page.sms_gateway_health).text_content()
        self.assertIn(self.get_cron("poll").name, words)
        self.assertIn("last run 3 minutes ago", words)

    def test_the_dashboard_tells_managers_less(self):
        self.get_cron("poll").active = False
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.lanes", 2)
        told = self.health._describe()
        self.assertEqual(
            [one["code"] for one in told["troubles"]], ["crons_inactive", "many_lanes"]
        )
        self.assertEqual([lane["ago"] for lane in told["lanes"]], ["1 minute ago"] * 2)
        self.env["res.lang"]._activate_lang("ru_RU")
        told = self.health.with_context(lang="ru_RU")._describe()
        self.assertEqual(
            [lane["ago"] for lane in told["lanes"]], ["1 минуту назад"] * 2
        )
        manager = new_test_user(
            self.env, login="health_manager", groups="crm_sms_gateway.group_manager"
        )
        told = self.health.with_user(manager)._describe()
        self.assertEqual([one["code"] for one in told["troubles"]], ["crons_inactive"])
        self.assertEqual(told["lanes"], [])


@tagged("post_install", "-at_install")
class TestUpdate(HealthCase):
    """What every update of the module does: it reads the file anew."""

    def update(self):
        convert_file(
            self.env, "crm_sms_gateway", DATA, {}, mode="update", noupdate=False
        )
        self.env.invalidate_all()

    def test_an_update_switches_the_crons_on(self):
        self.crons.active = False
        self.update()
        off = self.crons.filtered(lambda cron: not cron.active)
        lanes = {f"SMS Gateway: Send (job {number})" for number in range(2, 9)}
        self.assertEqual(set(off.mapped("cron_name")), lanes)

    def test_a_neutralised_copy_stays_as_it_is(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.crons.active = False
        self.update()
        self.assertFalse(any(self.crons.mapped("active")))
