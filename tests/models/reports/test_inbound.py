"""Inbound messages: pushed, fetched, stored once, and what they answer."""

from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.providers.errors import NotSent
from odoo.addons.crm_sms_gateway.providers.types import (
    InboundMessage,
    PushAnswer,
    PushRequest,
)

from ...common import PHONE, GatewayCase, sandbox_phone

INBOUND = "odoo.addons.crm_sms_gateway.models.reports.sms_gateway_inbound"
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


class InboundCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Inbound = cls.env["sms.gateway.inbound"]

    def store(self, *messages, route=None):
        return self.Inbound._store(route or self.route, messages, "push")

    def write_back(self, **values):
        """What somebody writes, at noon."""
        told = {"sender": PHONE, "text": "Да", "recipient": "+79160000000"}
        return InboundMessage(**{**told, "received_at": NOON, **values})


@tagged("post_install", "-at_install")
class TestStore(InboundCase):
    def test_a_message_is_stored_as_it_came(self):
        [stored] = self.store(self.write_back(provider_reference="in-1"))
        self.assertEqual(
            (stored.sender, stored.recipient, stored.text, stored.provider_reference),
            (PHONE, "+79160000000", "Да", "in-1"),
        )
        self.assertEqual(stored.received_at, NOON.replace(tzinfo=None))
        self.assertEqual(
            (stored.route_id, stored.company_id), (self.route, self.route.company_id)
        )

    def test_what_a_provider_repeats_is_stored_once(self):
        for reference in ("in-1", ""):
            with self.subTest(reference):
                message = self.write_back(provider_reference=reference)
                self.assertEqual(len(self.store(message, message)), 1)
                self.assertFalse(self.store(message))

    def test_the_same_words_at_another_time_are_another_message(self):
        later = self.write_back(received_at=NOON + timedelta(seconds=1))
        self.assertEqual(len(self.store(self.write_back(), later)), 2)

    def test_a_reference_means_something_at_its_own_account_only(self):
        message = self.write_back(provider_reference="in-1")
        other = self.make_route("another account")
        self.assertTrue(self.store(message))
        self.assertTrue(self.store(message, route=other))

    def test_numbers_are_written_as_ours(self):
        [stored] = self.store(self.write_back(sender="7 928 170-67-00"))
        self.assertEqual(stored.sender, PHONE)

    def test_names_stay_as_they_are(self):
        [stored] = self.store(self.write_back(sender="MegaFon", recipient="Shop"))
        self.assertEqual((stored.sender, stored.recipient), ("MegaFon", "Shop"))

    def test_words_the_database_cannot_keep_lose_no_message(self):
        [stored] = self.store(self.write_back(text="a\0b\ud83d", sender="\0X"))
        self.assertEqual((stored.text, stored.sender), ("ab", "X"))

    @freeze_time("2026-11-23 15:00:00")
    def test_without_a_time_it_came_when_we_got_it(self):
        [stored] = self.store(self.write_back(received_at=None))
        self.assertEqual(stored.received_at, datetime(2026, 11, 23, 15))


@tagged("post_install", "-at_install")
class TestAnswers(InboundCase):
    def submit(self, phone=PHONE, *, before=timedelta(minutes=1), route=None, **values):
        """A message that was handed over so long before noon."""
        message = self.send_one(phone, route=route or self.route, **values)
        self.force_state(message, "submitted")
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET submitted_at = %s WHERE id = %s",
            [(NOON - before).replace(tzinfo=None), message.id],
        )
        return message

    def find(self, **values):
        [stored] = self.store(self.write_back(**values))
        return stored.message_id

    def test_the_last_message_to_the_number_is_answered(self):
        self.submit(before=timedelta(hours=2))
        last = self.submit(before=timedelta(hours=1))
        self.submit(sandbox_phone("0002"))
        self.assertEqual(self.find(), last)

    def test_what_was_sent_later_is_not_answered(self):
        first = self.submit(before=timedelta(hours=2))
        self.submit(before=timedelta(minutes=-5))
        self.assertEqual(self.find(), first)

    def test_what_was_sent_through_another_route_is_not_answered(self):
        self.submit(route=self.make_route("another account"))
        self.assertFalse(self.find())

    def test_after_a_month_nobody_answers(self):
        self.submit(before=timedelta(days=31))
        self.assertFalse(self.find())

    def test_tests_are_not_answered(self):
        self.submit(is_debug=True)
        self.assertFalse(self.find())


@tagged("post_install", "-at_install")
class TestFetch(InboundCase):
    def make_fetching(self, fetch, **values):
        """A route whose provider answers with this function of the earliest time."""
        route, provider = self.script_route(inbound_poll=True, **values)
        route.fetches_inbound = True
        self.startPatcher(
            patch.object(provider, "_fetch_inbound", lambda _self, since: fetch(since))
        )
        return route

    def test_routes_that_fetch_are_asked(self):
        route = self.make_fetching(lambda _since: [self.write_back()])
        self.run_fetch()
        [stored] = self.Inbound.search([("route_id", "=", route.id)])
        self.assertEqual((stored.sender, stored.source), (PHONE, "poll"))

    def test_others_are_not(self):
        route = self.make_fetching(lambda _since: [self.write_back()])
        route.fetches_inbound = False
        self.run_fetch()
        self.assertFalse(self.Inbound.search([]))

    def test_each_question_begins_before_the_end_of_the_last(self):
        asked = []
        route = self.make_fetching(lambda since: asked.append(since) or [])
        with freeze_time("2026-11-23 12:00:00"):
            self.run_fetch()
        with freeze_time("2026-11-23 18:00:00"):
            self.run_fetch()
        self.assertEqual(
            asked, [NOON - timedelta(days=1, hours=1), NOON - timedelta(hours=1)]
        )
        self.assertEqual(route.inbound_fetched_at, datetime(2026, 11, 23, 18))

    @mute_logger(INBOUND)
    def test_a_provider_that_fails_is_asked_for_the_same_again(self):
        def fail(_since):
            raise NotSent("Connection refused")

        def stumble(_since):
            raise KeyError("messages")

        for one in (fail, stumble):
            with self.subTest(one.__name__):
                route = self.make_fetching(one)
                other = self.make_fetching(lambda _since: [self.write_back()])
                self.run_fetch()
                self.assertFalse(route.inbound_fetched_at)
                self.assertTrue(other.inbound_fetched_at)


@tagged("post_install", "-at_install")
class TestPushed(InboundCase):
    def test_a_push_may_bring_reports_and_messages(self):
        message = self.write_back()
        route, _provider = self.script_route(
            push=lambda _push: PushAnswer(inbound=(message,), body=b"OK")
        )
        self.env["sms.gateway.push"]._receive(route, PushRequest("POST", b""))
        self.assertEqual(self.Inbound.search([]).sender, PHONE)


@tagged("post_install", "-at_install")
class TestRights(InboundCase):
    def test_users_read_answers_to_what_they_may_read(self):
        mine, theirs = sandbox_phone("0001"), sandbox_phone("0002")
        user = new_test_user(self.env, "u", groups="crm_sms_gateway.group_user")
        campaign = self.send(mine)
        campaign.write({"source": "person", "user_id": user.id})
        for message in campaign.message_ids | self.send(theirs).message_ids:
            self.force_state(message, "submitted")
        self.env.cr.execute("UPDATE sms_gateway_message SET submitted_at = %s", [NOON])
        stored = self.store(
            *(self.write_back(sender=one) for one in (mine, theirs, "MegaFon"))
        )
        seen = self.Inbound.with_user(user).search([])
        self.assertEqual(seen.mapped("sender"), [mine])
        manager = new_test_user(self.env, "m", groups="crm_sms_gateway.group_manager")
        self.assertEqual(self.Inbound.with_user(manager).search([]), stored.sorted())
        with self.assertRaises(AccessError):
            (stored - seen).with_user(user).read(["text"])

    def test_other_companies_read_nothing(self):
        company = self.env["res.company"].create({"name": "Other"})
        manager = new_test_user(
            self.env,
            "m",
            groups="crm_sms_gateway.group_manager",
            company_id=company.id,
            company_ids=[company.id],
        )
        self.store(self.write_back())
        self.assertFalse(self.Inbound.with_user(manager).search([]))


@tagged("post_install", "-at_install")
class TestRetention(InboundCase):
    def test_what_is_older_than_the_settings_keep_goes(self):
        now = fields.Datetime.now().replace(tzinfo=timezone.utc)
        self.store(
            self.write_back(text="old", received_at=now - timedelta(days=31)),
            self.write_back(text="new", received_at=now - timedelta(days=29)),
        )
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.retention_days", 30)
        self.run_retention()
        self.assertEqual(self.Inbound.search([]).mapped("text"), ["new"])
