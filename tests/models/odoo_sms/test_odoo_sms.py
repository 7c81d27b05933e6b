"""What Odoo itself sends goes through the gateway once, and learns its end."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.sms.tools.sms_api import SmsApi

from ....models.odoo_sms.sms_gateway_odoo_sms import WORD_OF_FAILURE, NativeSms, Status
from ....providers.errors import MaybeSent
from ....providers.types import Outcome
from ...common import PHONE, GatewayCase, answer, fail, sandbox_phone
from ..routing.common import RoutingCase

GROUP = "crm_sms_gateway.group_"
OTHER_PHONE = sandbox_phone("6701")


@tagged("-at_install", "post_install")
class NativeCase(GatewayCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(
            patch.object(SmsApi, "_contact_iap", side_effect=AssertionError("IAP"))
        )
        self.company = self.env.company
        self.partner = self.env["res.partner"].create(
            {"name": "Анна Ким", "phone": PHONE}
        )

    def switch_on(self, submit=None, **values):
        """Let the company's SMS go through a provider that does what it is told."""
        script = {"submit": submit} if submit else {}
        route, provider = self.script_route(**script, **values)
        self.company.sms_gateway_route_id = route
        return provider

    def make_sms(self, number=PHONE, body="Здравствуйте", **values):
        return self.env["sms.sms"].create({"number": number, "body": body, **values})

    def get_message(self, sms):
        self.env.invalidate_all()
        return self.env["sms.gateway.message"].search([("uuid", "=", sms.uuid)])

    def run_queue(self):
        with self.as_cron() as env:
            env["sms.sms"]._process_queue()

    def count_deliveries(self, provider):
        return sum(map(len, provider.batches))


class TestNativeTransport(NativeCase):
    def test_a_company_without_a_route_sends_as_odoo_does(self):
        with (
            patch.object(SmsApi, "_send_sms_batch", return_value=[]) as iap,
            patch.object(SmsApi, "__init__", return_value=None),
        ):
            self.make_sms().send()
        iap.assert_called_once()
        self.assertFalse(self.env["sms.gateway.odoo.sms"].search_count([]))

    def test_an_sms_is_enqueued_under_its_uuid_and_not_sent_yet(self):
        provider = self.switch_on()
        sms = self.make_sms()
        sms.send()
        message = self.get_message(sms)
        self.assertEqual((sms.state, sms.to_delete), ("pending", True))
        self.assertEqual((message.state, message.text), ("queued", "Здравствуйте"))
        self.assertEqual(message.campaign_id.source, "odoo")
        self.assertFalse(provider.batches)
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 1)

    def test_a_user_without_rights_in_the_gateway_calls_the_transport(self):
        """SMS Marketing's test does, as its user."""
        self.switch_on()
        sms = self.make_sms()
        env = self.env(user=new_test_user(self.env, "marketing", "base.group_user"))
        self.env.flush_all()
        self.env.invalidate_all()
        sms_api = env.company._get_sms_api_class()(env)
        numbers = [{"number": sms.number, "uuid": sms.uuid}]
        [result] = sms_api._send_sms_batch([{"content": "Да", "numbers": numbers}])
        self.assertEqual(result["state"], "success")

    def test_a_batch_is_as_large_as_odoo_is_told(self):
        self.switch_on()
        parameters = self.env["ir.config_parameter"]
        many = self.env["sms.sms"].concat(*(self.make_sms() for _ in range(5)))
        for size, batches in ((2, 3), (False, 1)):
            parameters.set_param("sms.session.batch.size", size)
            self.assertEqual(len(list(many._split_batch())), batches)

    def test_a_text_is_no_template(self):
        self.switch_on()
        sms = self.make_sms(body="{{ 7 * 7 }} {% raw %}")
        sms.send()
        self.assertEqual(self.get_message(sms).text, "{{ 7 * 7 }} {% raw %}")

    def test_what_the_gateway_has_already_is_a_success_and_not_sent_again(self):
        provider = self.switch_on()
        sms = self.make_sms()
        sms.send()
        sms.write({"state": "outgoing", "to_delete": False})
        self.run_queue()
        self.run_lane()
        self.run_lane()
        self.assertEqual(sms.state, "pending")
        self.assertEqual(self.count_deliveries(provider), 1)

    def test_the_test_of_a_mailing_that_leaves_its_sms_outgoing_is_sent_once(self):
        """SMS Marketing calls the transport by itself and then leaves the queue's cron
        the same records."""
        provider = self.switch_on()
        sms = self.make_sms()
        sms_api = self.company._get_sms_api_class()(self.env)
        numbers = [{"number": sms.number, "uuid": sms.uuid}]
        results = sms_api._send_sms_batch([{"content": sms.body, "numbers": numbers}])
        self.assertEqual(results, [{"uuid": sms.uuid, "state": "success"}])
        self.run_lane()
        self.run_queue()
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 1)

    def test_a_rolled_back_hand_over_leaves_nothing_and_is_sent_once(self):
        provider = self.switch_on()
        sms = self.make_sms()
        self.env.flush_all()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            sms.send()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertFalse(self.get_message(sms))
        self.assertEqual(sms.state, "outgoing")
        self.run_queue()
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 1)

    def test_an_answer_that_never_came_is_not_a_failure_that_invites_a_retry(self):
        provider = self.switch_on(submit=fail(MaybeSent("No answer")))
        sms = self.make_sms()
        sms.send()
        self.run_lane()
        self.run_tell()
        self.assertEqual(self.get_message(sms).state, "unknown")
        self.assertEqual(sms.state, "pending")
        self.run_queue()
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 1)

    def test_one_bad_number_fails_and_the_others_go(self):
        provider = self.switch_on()
        bad, good = self.make_sms("0456"), self.make_sms()
        (bad | good).send()
        self.run_lane()
        self.assertEqual((bad.state, bad.failure_type), ("error", "sms_number_format"))
        self.assertEqual(good.state, "pending")
        self.assertEqual(self.count_deliveries(provider), 1)

    def test_what_the_database_refuses_fails_by_itself(self):
        """Two that hand the same over at the same time: one of them is refused."""
        provider = self.switch_on()
        sms = self.make_sms()
        sms.send()
        sms.write({"state": "outgoing", "to_delete": False})
        native = self.registry["sms.gateway.odoo.sms"]
        with (
            patch.object(native, "_find_known", lambda _self, _uuids: []),
            mute_logger("odoo.sql_db"),
        ):
            sms.send()
        self.assertEqual((sms.state, sms.failure_type), ("error", "sms_server"))
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 1)

    def test_many_are_one_campaign_and_few_statements(self):
        self.switch_on()
        many = self.env["sms.sms"].create(
            [
                {"number": f"+7916{1000000 + number}", "body": f"Текст {number}"}
                for number in range(600)
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        many.send()
        self.assertLess(self.env.cr.sql_log_count - before, 60)
        messages = self.env["sms.gateway.message"].search(
            [("uuid", "in", many.mapped("uuid"))]
        )
        self.assertEqual(len(messages), 600)
        self.assertEqual(len(messages.campaign_id), 1)
        self.assertEqual(messages.campaign_id.recipient_count, 600)

    def test_a_number_of_the_blacklist_gets_nothing(self):
        provider = self.switch_on()
        self.env["phone.blacklist"].add(PHONE)
        sms = self.make_sms()
        sms.send()
        self.run_lane()
        self.assertEqual((sms.state, sms.failure_type), ("error", "unknown"))
        self.assertEqual(self.get_message(sms).failure_type, "opted_out")
        self.assertFalse(provider.batches)

    def test_the_blacklist_can_be_left_to_odoo(self):
        provider = self.switch_on()
        self.company.sms_gateway_obeys_blacklist = False
        self.env["phone.blacklist"].add(PHONE)
        sms = self.make_sms()
        sms.send()
        self.run_lane()
        self.assertEqual(sms.state, "pending")
        self.assertEqual(self.count_deliveries(provider), 1)

    def test_people_without_rights_in_the_gateway_send(self):
        self.switch_on()
        employee = self.env["res.users"].create(
            {
                "name": "Employee",
                "login": "native_employee",
                "group_ids": [
                    Command.link(self.env.ref("base.group_user").id),
                    Command.link(self.env.ref("base.group_partner_manager").id),
                ],
            }
        )
        partner = self.partner.with_user(employee)
        partner._message_sms("Здравствуйте")
        note = self.partner.message_ids[:1]
        sms = self.env["sms.sms"].search([("mail_message_id", "=", note.id)])
        self.assertEqual(self.get_message(sms).state, "queued")
        self.assertEqual(self.get_message(sms).campaign_id.user_id, employee)


class TestNativeCompanies(NativeCase):
    def setUp(self):
        super().setUp()
        self.other = self.env["res.company"].create({"name": "Other company"})

    def test_a_queue_of_two_companies_goes_out_through_their_routes(self):
        provider = self.switch_on()
        route, other_provider = self.script_route(
            route={"company_id": self.other.id, "name": "of the other company"}
        )
        self.other.sms_gateway_route_id = route
        ours = self.make_sms()
        theirs = self.env["sms.sms"].with_company(self.other)
        theirs = theirs.create({"number": OTHER_PHONE, "body": "Other"})
        self.run_queue()
        self.run_queue()
        self.run_lane()
        self.assertEqual((ours.state, theirs.state), ("pending", "pending"))
        self.assertEqual(self.count_deliveries(provider), 1)
        self.assertEqual(self.count_deliveries(other_provider), 1)
        self.assertEqual(self.get_message(theirs).route_id, route)

    def test_a_company_without_a_route_keeps_its_own_way(self):
        self.switch_on()
        ours = self.make_sms()
        theirs = self.env["sms.sms"].with_company(self.other)
        theirs = theirs.create({"number": OTHER_PHONE, "body": "Other"})
        sent = []

        def send(_api, messages, delivery_reports_url=False):
            sent.extend(one["uuid"] for m in messages for one in m["numbers"])
            return [{"uuid": uuid, "state": "success"} for uuid in sent]

        with patch.object(SmsApi, "_send_sms_batch", send):
            self.run_queue()
            self.run_queue()
        self.assertEqual(sent, [theirs.uuid])
        self.assertEqual((ours.state, theirs.state), ("pending", "pending"))
        self.assertFalse(self.get_message(theirs))

    def test_an_sms_for_a_record_is_sent_by_the_records_company(self):
        route, _provider = self.script_route(
            route={"company_id": self.other.id, "name": "of the other company"}
        )
        self.other.sms_gateway_route_id = route
        self.partner.company_id = self.other
        composer = self.env["sms.composer"].create(
            {
                "res_model": "res.partner",
                "res_ids": repr(self.partner.ids),
                "composition_mode": "mass",
                "body": "Здравствуйте",
                "mass_keep_log": False,
            }
        )
        sms = composer._action_send_sms()
        self.run_queue()
        self.assertEqual(self.get_message(sms).route_id, route)

    def test_a_route_of_another_company_is_refused(self):
        route, _provider = self.script_route(route={"company_id": self.other.id})
        with self.assertRaisesRegex(
            ValidationError, "active SMS route of this company"
        ):
            self.company.sms_gateway_route_id = route

    def test_an_administrator_of_odoo_without_rights_in_the_gateway_sees_it(self):
        self.switch_on()
        admin = new_test_user(self.env, "native_admin", "base.group_system")
        settings = self.env["res.config.settings"].with_user(admin).create({})
        route = {"sms_gateway_route_id": {"fields": {"display_name": {}}}}
        [values] = settings.web_read(route)
        self.assertEqual(
            values["sms_gateway_route_id"]["id"], self.company.sms_gateway_route_id.id
        )

    def test_a_route_that_odoo_uses_is_not_archived(self):
        self.switch_on()
        with self.assertRaisesRegex(
            ValidationError, "active SMS route of this company"
        ):
            self.company.sms_gateway_route_id.active = False


class TestNativeFollows(NativeCase):
    def post(self, partner=None):
        """Send an SMS from a contact's chatter: its record and notification."""
        partner = partner or self.partner
        note = partner._message_sms("Здравствуйте")
        sms = self.env["sms.sms"].search([("mail_message_id", "=", note.id)])
        notification = self.env["mail.notification"].search(
            [("mail_message_id", "=", note.id)]
        )
        return sms, notification

    def finish(self, sms, state, **values):
        message = self.get_message(sms)
        self.force_state(message, "submitted")
        self.set_state(message, state, **values)
        self.run_tell()

    def test_a_delivery_is_told_to_the_sms_and_its_notification(self):
        self.switch_on()
        sms, notification = self.post()
        self.assertEqual(notification.notification_status, "pending")
        self.finish(sms, "delivered")
        self.assertEqual((sms.state, sms.to_delete), ("sent", True))
        self.assertEqual(notification.notification_status, "sent")

    def test_a_failure_is_told_with_its_reason_and_stays_for_a_retry(self):
        self.switch_on()
        sms, notification = self.post()
        self.finish(sms, "failed", failure_type="unreachable", detail="Switched off")
        self.assertEqual((sms.state, sms.to_delete), ("error", False))
        self.assertEqual(notification.notification_status, "exception")
        self.assertEqual(notification.failure_type, "sms_not_delivered")
        self.assertEqual(
            notification.failure_reason,
            "The phone was switched off, out of coverage or did not accept messages."
            " Send again later. If this happens again, ask the customer for another"
            " number. Provider response: Switched off",
        )

    def test_the_reason_is_told_in_the_language_of_the_sms_author(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.switch_on()
        sms, notification = self.post()
        author = new_test_user(self.env, login="sms_author", lang="ru_RU")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sms_sms SET create_uid = %s WHERE id = %s", (author.id, sms.id)
        )
        self.env.invalidate_all()
        self.finish(sms, "failed", failure_type="unreachable", detail="Switched off")
        message = self.get_message(sms).with_context(lang="ru_RU")
        self.assertEqual(
            notification.failure_reason,
            " ".join(
                (
                    message.failure_explanation,
                    message.failure_remedy,
                    message.failure_words,
                )
            ),
        )

    def test_every_failure_has_words_of_odoo_that_sell_nothing(self):
        self.switch_on()
        field = self.env["sms.gateway.message"]._fields["failure_type"]
        self.assertEqual(WORD_OF_FAILURE.keys(), dict(field.selection).keys())
        for failure_type in WORD_OF_FAILURE:
            sms, notification = self.post()
            self.finish(sms, "failed", failure_type=failure_type)
            self.assertEqual(sms.state, "error", failure_type)
            self.assertIn(notification.notification_status, ("exception", "bounce"))
            for record in (sms, notification):
                self.assertNotIn(record.failure_type, (False, "sms_credit", "sms_acc"))

    def test_a_delivery_that_is_learned_after_a_failure_wins(self):
        self.switch_on()
        sms, notification = self.post()
        self.finish(sms, "failed", failure_type="unreachable")
        self.set_state(self.get_message(sms), "delivered")
        self.run_tell()
        self.assertEqual(sms.state, "sent")
        self.assertEqual(notification.notification_status, "sent")
        self.assertFalse(notification.failure_type)

    def test_a_cancelled_campaign_cancels(self):
        self.switch_on()
        sms, notification = self.post()
        self.set_state(self.get_message(sms), "cancelled")
        self.run_tell()
        self.assertEqual(sms.state, "canceled")

    def test_time_to_live_expires(self):
        self.assertEqual(Status.of("expired", None), Status("error", "expired"))

    def test_one_record_that_cannot_be_told_does_not_stop_the_others(self):
        self.switch_on()
        bad, _notification = self.post()
        good, notification = self.post()
        for sms in (bad, good):
            self.set_state(self.get_message(sms), "cancelled")
        Tracker = type(self.env["sms.tracker"])
        original = Tracker._apply_status

        def stumble(trackers, status, reason):
            if bad.uuid in trackers.mapped("sms_uuid"):
                raise ValueError("A module of somebody else fails")
            return original(trackers, status, reason)

        with (
            patch.object(Tracker, "_apply_status", stumble),
            self.assertLogs("odoo.addons.crm_sms_gateway", "ERROR"),
        ):
            self.run_tell()
        self.assertEqual((bad.state, good.state), ("pending", "canceled"))
        self.run_tell()
        self.assertEqual(bad.state, "pending")

    def test_the_story_stays_when_odoo_purges_its_record(self):
        self.switch_on()
        sms, notification = self.post()
        message = self.get_message(sms)
        self.env["sms.sms"]._gc_device()
        self.assertTrue(sms.exists(), "its end is not known yet")
        self.finish(sms, "delivered")
        self.env["sms.sms"]._gc_device()
        self.env.invalidate_all()
        self.assertFalse(sms.exists())
        self.assertEqual(message.state, "delivered")
        self.assertEqual(message.recipient, self.partner)
        self.assertEqual(notification.notification_status, "sent")

    def test_the_message_leads_to_the_record_and_its_chatter(self):
        self.switch_on()
        sms, _notification = self.post()
        message = self.get_message(sms)
        self.assertEqual(message.recipient, self.partner)
        self.assertEqual(message.mail_message_id, sms.mail_message_id)

    def test_the_chatter_leads_to_the_message(self):
        self.switch_on()
        sms, _notification = self.post()
        person = new_test_user(self.env, "native_user", f"{GROUP}user")
        stranger = new_test_user(self.env, "native_stranger", "base.group_user")
        messages = self.env["sms.gateway.message"]
        note = sms.mail_message_id
        action = messages.with_user(person).action_open_of_note(note.id)
        self.assertEqual(action["res_id"], self.get_message(sms).id)
        self.assertFalse(messages.with_user(person).action_open_of_note(note.id + 1))
        with self.assertRaises(AccessError):
            messages.with_user(stranger).action_open_of_note(note.id)

    def test_no_second_note_is_written_into_the_chatter(self):
        self.switch_on()
        sms, _notification = self.post()
        count = len(self.partner.message_ids)
        with self.as_cron() as env:
            env["sms.gateway.chatter.log"]._cron_log()
        self.assertEqual(len(self.partner.message_ids), count)


class TestNativeButtons(NativeCase, RoutingCase):
    def fail_one(self):
        provider = self.switch_on(
            submit=answer(Outcome.REFUSED, failure_type="content_rejected")
        )
        sms = self.make_sms()
        sms.send()
        self.run_lane()
        self.run_tell()
        self.assertEqual(sms.state, "error")
        return provider, sms

    def test_a_retry_is_a_new_message(self):
        provider, sms = self.fail_one()
        first = self.get_message(sms)
        sms.action_set_outgoing()
        self.run_queue()
        second = self.get_message(sms)
        self.assertNotEqual(first, second)
        self.assertEqual((first.state, second.state), ("failed", "queued"))
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 2)

    def test_after_a_retry_no_next_step_begins(self):
        sms, provider = self.fail_first_step()
        sms.action_set_outgoing()
        self.run_queue()
        self.run_steps()
        self.assertEqual(self.count_deliveries(provider), 1, "that of the retry")

    def test_after_a_cancellation_no_next_step_begins(self):
        sms, provider = self.fail_first_step()
        sms.action_set_canceled()
        self.run_steps()
        self.assertEqual(self.count_deliveries(provider), 0)
        self.assertEqual(sms.state, "canceled")

    def fail_first_step(self):
        """Send by a policy of two steps, of which the first one fails.

        :return: the SMS and the provider of the second step
        """
        refuse = answer(Outcome.REFUSED, failure_type="unreachable")
        first, _provider = self.script_route(submit=refuse)
        second, provider = self.script_route()
        policy = self.make_cascade({"routes": [first]}, {"routes": [second]})
        self.company.sms_gateway_route_id = policy.route_id
        sms = self.make_sms()
        sms.send()
        self.run_lane()
        self.run_tell()
        self.assertEqual(sms.state, "error")
        return sms, provider

    def run_steps(self):
        for _time in range(2):
            self.run_lane()
            self.run_cascade()
        self.run_lane()

    def test_the_notification_follows_the_retry(self):
        self.switch_on(submit=answer(Outcome.REFUSED, failure_type="content_rejected"))
        note = self.partner._message_sms("Здравствуйте")
        sms = self.env["sms.sms"].search([("mail_message_id", "=", note.id)])
        self.run_lane()
        self.run_tell()
        sms.action_set_outgoing()
        sms.send()
        self.force_state(self.get_message(sms), "submitted")
        self.set_state(self.get_message(sms), "delivered")
        self.run_tell()
        self.assertEqual(note.notification_ids.notification_status, "sent")

    def test_odoo_follows_what_is_sent_again_in_the_gateway(self):
        self.switch_on(submit=answer(Outcome.REFUSED, failure_type="content_rejected"))
        note = self.partner._message_sms("Здравствуйте")
        sms = self.env["sms.sms"].search([("mail_message_id", "=", note.id)])
        self.run_lane()
        self.run_tell()
        self.assertEqual(note.notification_ids.notification_status, "bounce")
        again = self.env["sms.gateway.message"].browse(
            self.get_message(sms).action_retry()["res_id"]
        )
        self.assertEqual(sms.state, "pending")
        self.assertEqual(note.notification_ids.notification_status, "pending")
        self.force_state(again, "submitted")
        self.set_state(again, "delivered")
        self.run_tell()
        self.assertEqual(sms.state, "sent")
        self.assertEqual(note.notification_ids.notification_status, "sent")

    def test_a_delivery_is_told_although_a_message_in_its_place_was_cancelled(self):
        self.switch_on(submit=answer(Outcome.REFUSED, failure_type="content_rejected"))
        note = self.partner._message_sms("Здравствуйте")
        sms = self.env["sms.sms"].search([("mail_message_id", "=", note.id)])
        self.run_lane()
        self.run_tell()
        message = self.get_message(sms)
        again = message.browse(message.action_retry()["res_id"])
        self.set_state(message, "delivered")
        self.assertEqual(again.state, "cancelled")
        self.run_tell()
        self.assertEqual(sms.state, "sent")
        self.assertEqual(note.notification_ids.notification_status, "sent")

    def test_resend_tells_how_many_are_on_their_way_again(self):
        _provider, sms = self.fail_one()
        action = sms.resend_failed()
        self.assertEqual(action["params"]["type"], "success")
        self.assertIn("1 of 1", action["params"]["message"])
        self.assertEqual(self.get_message(sms).state, "queued")

    def test_cancel_takes_a_waiting_message_back(self):
        provider = self.switch_on()
        sms = self.make_sms()
        sms.send()
        sms.action_set_canceled()
        self.run_lane()
        self.run_tell()
        self.assertEqual(sms.state, "canceled")
        self.assertEqual(self.get_message(sms).state, "cancelled")
        self.assertFalse(provider.batches)

    def test_what_is_on_its_way_is_not_called_cancelled(self):
        provider = self.switch_on()
        sms = self.make_sms()
        sms.send()
        self.run_lane()
        action = sms.action_set_canceled()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertEqual(sms.state, "pending")
        self.assertEqual(self.count_deliveries(provider), 1)


class TestNativeComposer(NativeCase):
    def test_more_ids_than_odoo_can_read_are_read(self):
        self.switch_on()
        composer = self.env["sms.composer"].new(
            {
                "res_model": "res.partner",
                "res_ids": repr(list(range(1, 20_001))),
                "composition_mode": "mass",
            }
        )
        self.assertGreater(len(composer.res_ids), 100 * 1024)
        self.assertEqual(composer.res_ids_count, 20_000)
        self.assertEqual(len(composer._get_records()), 20_000)

    def test_ids_that_are_none_are_refused(self):
        self.switch_on()
        composer = self.env["sms.composer"].new({"res_model": "res.partner"})
        for res_ids in ("[1, (2]", "__import__('os')", "['1']"):
            with self.subTest(res_ids):
                composer.res_ids = res_ids
                with self.assertRaisesRegex(UserError, "Invalid recipient IDs"):
                    composer._get_records()

    def test_a_server_action_with_a_bad_number_serves_the_others(self):
        provider = self.switch_on()
        bad = self.env["res.partner"].create({"name": "Bad", "phone": "0456"})
        none = self.env["res.partner"].create({"name": "None"})
        model = self.env["ir.model"]._get("res.partner")
        template = self.env["sms.template"].create(
            {"name": "Hello", "model_id": model.id, "body": "Здравствуйте"}
        )
        action = self.env["ir.actions.server"].create(
            {
                "name": "Send",
                "model_id": model.id,
                "state": "sms",
                "sms_template_id": template.id,
                "sms_method": "comment",
            }
        )
        records = bad | none | self.partner
        action.with_context(active_model="res.partner", active_ids=records.ids).run()
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 1)
        failures = {
            partner: partner.message_ids.notification_ids.filtered("sms_number")
            for partner in records
        }
        self.assertEqual(failures[self.partner].notification_status, "pending")
        self.assertEqual(failures[bad].notification_status, "exception")

    def test_texts_are_taken_as_they_are(self):
        self.switch_on()
        answers = self.env["sms.gateway.odoo.sms"]._accept(
            self.company, [NativeSms("a" * 32, PHONE, "")]
        )
        self.assertEqual(answers[0]["state"], "not_delivered")
