"""Accepting: what is stored of every recipient, and when it is due."""

from datetime import timedelta
from itertools import islice
from uuid import RFC_4122, UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.campaigns.sms_gateway_campaign_accept import (
    RecipientsRejected,
)
from odoo.addons.crm_sms_gateway.models.sending.row_stream import (
    FAILURE_OF_CODE,
    make_uuids,
)
from odoo.addons.crm_sms_gateway.tools.compose import Composed, Recipient

from ...common import PHONE, Document, GatewayCase, sandbox_phone

#: everything that means something to PostgreSQL's COPY, and more
SPECIAL = (
    "tab\tline\nreturn\r\nback\\slash \\N \\. \\t \\x41 'single' \"double\" ; -- %s {}"
    " \b\v\f\x01\x7f NBSP\xa0 \u2028 ЁЖ 漢字 😀 \\"
)


def composed(index, text, **values):
    """A composed message as the compiler of texts gives it."""
    return Composed(
        **{
            "index": index,
            "phone": PHONE,
            "msisdn": PHONE,
            "gender": None,
            "text": text,
            "text_alternative": "",
            "encoding": "ucs2",
            "segments": 1,
            "problems": (),
            **values,
        }
    )


@tagged("post_install", "-at_install")
class TestMessageEnqueue(GatewayCase):
    # === ROWS ===
    def test_uuids_are_of_version_7(self):
        """RFC 9562: they begin with the time, and no two are alike."""
        found = list(islice(make_uuids(), 250))
        self.assertEqual(len(set(found)), 250)
        moments = [text[:12] for text in found]
        self.assertEqual(moments, sorted(moments))
        uuids = [UUID(text) for text in found]
        self.assertEqual({one.version for one in uuids}, {7})
        self.assertEqual({one.variant for one in uuids}, {RFC_4122})
        self.assertEqual(len({text[16] for text in found}), 4, "two bits of chance")
        self.assertEqual(found, [one.hex for one in uuids])

    def test_order_and_repetitions_are_kept(self):
        phones = [PHONE, "+79281706702", PHONE, "+79281706701", PHONE]
        messages = self.get_messages(self.send(*phones))
        self.assertEqual(messages.mapped("index"), [0, 1, 2, 3, 4])
        self.assertEqual(messages.mapped("msisdn"), phones)

    def test_the_number_is_kept_as_received_and_as_e164(self):
        message = self.send_one("8 (928) 170-67-00")
        self.assertEqual(message.phone_raw, "8 (928) 170-67-00")
        self.assertEqual(message.msisdn, "+79281706700")
        self.assertEqual(message.phone, "+79281706700")

    def test_a_row_has_everything_its_campaign_has(self):
        campaign = self.send(PHONE, is_debug=True)
        message = self.get_messages(campaign)
        self.assertEqual(message.route_id, self.route)
        self.assertEqual(message.company_id, self.route.company_id)
        self.assertEqual((message.channel, message.is_debug), ("sms", True))
        self.assertEqual((message.state, message.attempts), ("queued", 0))
        self.assertEqual((message.encoding, message.segments), ("ucs2", 1))
        self.assertFalse(message.event_ids, "the row itself says that it was accepted")

    def test_a_single_message_is_stored_like_one_of_a_batch(self):
        own = {"id", "display_name", "uuid", "client_reference", "campaign_id"}
        own |= {"priority", "not_before"}
        recipient = Recipient(0, PHONE, values={"word": SPECIAL})
        values = {"text": "<{{word}}>", "names": ("word",), "ttl": 60}
        with freeze_time("2029-01-01"):
            single = self.get_messages(self.send(recipient, **values)).read()[0]
            batch = self.send(recipient, "+79281706701", **values)
        one_of_many = self.get_messages(batch)[0].read()[0]
        stored = {
            name
            for name, field in self.env["sms.gateway.message"]._fields.items()
            if field.store
        }
        for name in single.keys() & stored - own:
            with self.subTest(column=name):
                self.assertEqual(single[name], one_of_many[name])

    def test_the_campaign_knows_its_messages_at_once(self):
        campaign = self.send(PHONE, PHONE)
        self.assertEqual(len(campaign.message_ids), 2)

    def test_references_are_unique(self):
        messages = self.get_messages(self.send(*[PHONE] * 300))
        self.assertEqual(len(set(messages.mapped("uuid"))), 300)
        self.assertEqual(len(set(messages.mapped("client_reference"))), 300)
        for message in messages:
            self.assertRegex(message.uuid, "^[0-9a-f]{32}$")
            self.assertLess(int(message.client_reference), 2**63)

    def test_speech_has_no_segments(self):
        message = self.send_one(channel="voice", text="Здравствуйте")
        self.assertEqual(message.channel, "voice")
        self.assertFalse(message.encoding)
        self.assertEqual(message.segments, 0)

    # === TEXTS ===
    def test_special_characters_are_stored_verbatim_but_for_no_break_spaces(self):
        message = self.get_messages(
            self.send(
                Recipient(0, PHONE, values={"word": SPECIAL}),
                text="<{{ word }}>",
                names=("word",),
            )
        )
        plain = SPECIAL.replace("\N{NO-BREAK SPACE}", " ")
        self.assertEqual(message.text, f"<{plain}>")

    def test_an_unreadable_phone_is_stored_verbatim(self):
        message = self.get_messages(self.send(SPECIAL[:60], PHONE))[0]
        self.assertEqual(message.phone_raw, SPECIAL[:60])
        self.assertEqual(message.state, "failed")

    def test_rows_longer_than_a_read_are_stored_whole(self):
        texts = ["Ж" * 20_000, "😀" * 9_000, "a\\\n" * 10_000, "короткий"]
        self.assertEqual(self.store(texts), texts)

    @settings(deadline=None, derandomize=True, max_examples=40)
    @given(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            max_size=250,
        )
    )
    def test_any_text_is_stored_verbatim(self, texts):
        self.assertEqual(self.store(texts), texts)

    def store(self, texts):
        """Put texts through the bulk insert and read them."""
        campaign = self.send(PHONE)
        self.get_messages(campaign).unlink()
        rows = (composed(index, text) for index, text in enumerate(texts))
        self.env["sms.gateway.enqueue"]._enqueue(campaign, rows)
        return [message.text or "" for message in self.get_messages(campaign)]

    # === REJECTED RECIPIENTS ===
    def test_every_code_of_a_recipient_becomes_a_failed_row(self):
        rejected_by = {
            "invalid_number": Recipient(0, "123"),
            "missing_gender": Recipient(0, PHONE, values={"n": "x"}),
            "invalid_gender": Recipient(0, PHONE, "?", {"n": "x"}),
            "missing_field": Recipient(0, PHONE, "male"),
            "invalid_field": Recipient(0, PHONE, "male", {"n": [1]}),
            "invalid_character": Recipient(0, PHONE, "male", {"n": "\0"}),
            "too_long": Recipient(0, PHONE, "male", {"n": "x" * 2000}),
        }
        of_campaigns = {"opted_out", "duplicate"}
        self.assertEqual(rejected_by.keys() | of_campaigns, FAILURE_OF_CODE.keys())
        for code, recipient in rejected_by.items():
            with self.subTest(code=code):
                message = self.get_messages(
                    self.send(
                        recipient,
                        Recipient(1, PHONE, "male", {"n": "x"}),
                        text="{{ n }}",
                        names=("n",),
                        rules={"gender_required": True},
                    )
                )[0]
                self.assertEqual(message.state, "failed")
                self.assertEqual(message.failure_type, FAILURE_OF_CODE[code])
                self.assertEqual(message.failure_code, code)
                self.assertIn("path", message.failure_params)
                self.assertTrue(message.finished_at)

    def test_of_a_reason_the_code_and_the_parameters_are_stored(self):
        accept = self.env["sms.gateway.campaign.accept"]
        for source, variant in (("api", {}), ("action", {"variant": "person"})):
            campaign, _rejected = accept._accept(
                Document([Recipient(0, "123"), Recipient(1, PHONE)]),
                self.route,
                source=source,
            )
            message = self.get_messages(campaign)[0]
            with self.subTest(source):
                self.assertEqual(message.failure_code, "invalid_number")
                self.assertEqual(
                    message.failure_params,
                    {**variant, "path": "phone", "reason": "unreadable"},
                )
                self.assertFalse(message.failure_message)

    def test_rejected_recipients_are_told_in_order_with_all_their_problems(self):
        self.opt_out(PHONE)
        document = Document(
            [
                Recipient(0, "123", "?"),
                Recipient(1, PHONE),
                Recipient(2, "+79281706701"),
                Recipient(3, "456"),
            ]
        )
        campaign, rejected = self.env["sms.gateway.campaign.accept"]._accept(
            document, self.route, source="api"
        )
        self.assertEqual(
            [(one.index, one.phone, one.code) for one in rejected],
            [
                (0, "123", "invalid_number"),
                (0, "123", "invalid_gender"),
                (1, PHONE, "opted_out"),
                (3, "456", "invalid_number"),
            ],
        )
        self.assertEqual(
            self.get_messages(campaign).mapped("state"),
            ["failed", "cancelled", "queued", "failed"],
        )

    def test_an_opted_out_number_is_cancelled_at_once(self):
        self.opt_out(PHONE)
        message = self.get_messages(self.send(PHONE, "+79281706701"))[0]
        self.assertEqual(
            (message.state, message.failure_type), ("cancelled", "opted_out")
        )
        self.assertEqual(message.failure_code, "opted_out")
        self.assertEqual(message.failure_params, {})
        self.assertTrue(message.finished_at)

    def test_a_number_taken_off_the_blacklist_is_queued(self):
        self.opt_out(PHONE)
        self.env["phone.blacklist"]._remove([PHONE])
        self.assertEqual(self.send_one().state, "queued")

    def opt_out(self, phone):
        self.env["phone.blacklist"]._add([phone])

    def test_nobody_valid_or_one_invalid_under_strict_is_an_error(self):
        for code, phones, is_strict in (
            ("no_valid_users", ["123", "456"], False),
            ("rejected_users", ["123", PHONE], True),
        ):
            with (
                self.subTest(code=code),
                self.assertRaises(RecipientsRejected) as caught,
            ):
                self.send(*phones, is_strict=is_strict)
            self.assertEqual(caught.exception.code, code)
            self.assertEqual(caught.exception.rejected[0].code, "invalid_number")

    # === TURNS ===
    def test_one_message_overtakes_a_campaign(self):
        campaign = self.send(PHONE, PHONE)
        single = self.send(PHONE)
        self.assertLess(
            self.get_messages(single).priority, self.get_messages(campaign)[0].priority
        )

    # === TIMES ===
    def test_a_scheduled_campaign_waits_for_its_time(self):
        start = fields.Datetime.now() + timedelta(hours=1)
        campaign = self.send(PHONE, not_before=start)
        message = self.get_messages(campaign)
        self.assertEqual(campaign.state, "scheduled")
        self.run_lane()
        self.assertEqual((message.state, message.attempts), ("queued", 0))
        with self.later(3600):
            self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertEqual(message.not_before.replace(microsecond=0), start)

    def test_a_time_in_the_past_is_now(self):
        campaign = self.send(
            PHONE, not_before=fields.Datetime.now() - timedelta(days=900)
        )
        self.assertEqual(campaign.state, "running")
        self.assertFalse(campaign.scheduled_at)
        self.run_lane()
        self.assertEqual(self.get_messages(campaign).state, "submitted")

    def test_the_time_to_live_counts_from_acceptance(self):
        message = self.send_one(ttl=60)
        self.assertEqual(message.expires_at - message.accepted_at, timedelta(minutes=1))

    def test_the_time_to_live_counts_from_a_later_start(self):
        start = fields.Datetime.now() + timedelta(hours=1)
        message = self.send_one(ttl=60, not_before=start)
        self.assertEqual(message.expires_at, start + timedelta(minutes=1))

    def test_without_a_time_to_live_a_message_never_expires(self):
        self.assertFalse(self.send_one().expires_at)

    # === FINDING ===
    def test_a_number_is_found_however_it_is_written(self):
        message = self.send_one("8 928 170-67-00")
        for written in ("+79281706700", "8 (928) 170 67 00", "170-67-00", "6700"):
            with self.subTest(written=written):
                found = self.env["sms.gateway.message"].search(
                    [("phone", "ilike", written)]
                )
                self.assertEqual(found, message)


def is_queued(message):
    return message.state == "queued"


@tagged("post_install", "-at_install")
class TestSendAgain(GatewayCase):
    """A person sends a finished message again: a new message, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "sms_user", "crm_sms_gateway.group_manager")

    def make_failed(self, **values):
        campaign = self.send(sandbox_phone("9902"), text="Код 1234", **values)
        self.run_lane()
        message = self.get_messages(campaign)
        self.assertEqual(message.state, "failed")
        return message

    def retry(self, message):
        """Press the button as a user; the new message."""
        action = message.with_user(self.user).action_retry()
        return self.env["sms.gateway.message"].browse(action["res_id"])

    def test_nothing_is_sent_again_through_an_archived_route(self):
        message = self.make_failed()
        message.route_id.active = False
        with self.assertRaises(UserError):
            self.retry(message)

    def test_a_new_message_is_sent_in_the_same_campaign(self):
        message = self.make_failed()
        self.assertFalse(message.retry_ids)
        again = self.retry(message)
        self.assertEqual(again.retry_of_id, message)
        self.assertEqual(message.retry_ids, again)
        self.assertEqual(again.campaign_id, message.campaign_id)
        self.assertEqual(again.state, "queued")
        for name in ("text", "msisdn", "phone_raw", "index", "segments", "encoding"):
            self.assertEqual(again[name], message[name], name)
        self.assertNotEqual(again.uuid, message.uuid)
        self.assertNotEqual(again.client_reference, message.client_reference)
        self.assertEqual(message.state, "failed")

    def test_the_campaign_counts_it_and_runs_again(self):
        message = self.make_failed()
        campaign = message.campaign_id
        self.assertEqual(campaign.state, "done")
        self.retry(message)
        self.run_fold()
        self.assertEqual(campaign.state, "running")
        self.assertEqual((campaign.failed_count, campaign.queued_count), (0, 1))

    def test_it_is_sent_again_once(self):
        message = self.make_failed()
        self.retry(message)
        with self.assertRaisesRegex(UserError, "has already been sent again"):
            self.retry(message)

    def test_two_presses_at_once_make_one_message(self):
        message = self.make_failed()
        self.retry(message)
        other = self.make_failed()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.env.cr.execute(
                "UPDATE sms_gateway_message SET retry_of_id = %s WHERE id = %s",
                [message.id, other.id],
            )

    def test_a_message_sent_again_can_be_sent_again(self):
        again = self.retry(self.make_failed())
        self.run_lane()
        self.assertEqual(self.retry(again).retry_of_id, again)

    def test_only_what_has_ended_without_arriving_is_sent_again(self):
        message = self.send_one()
        for state in ("queued", "submitting", "submitted", "unknown", "delivered"):
            self.force_state(message, state)
            with self.subTest(state=state), self.assertRaises(UserError):
                self.retry(message)
        for state in ("failed", "expired", "cancelled"):
            self.force_state(message, state)
            with self.subTest(state=state):
                again = self.retry(message)
                self.assertEqual(again.state, "queued")
                again.unlink()
                self.env["sms.gateway.succession"]._restore(message.ids)

    def test_an_unreadable_number_is_not_sent_again(self):
        message = self.get_messages(self.send("123", PHONE))[0]
        with self.assertRaisesRegex(UserError, "123"):
            self.retry(message)

    def test_an_opted_out_number_stays_unsent_and_nothing_is_made(self):
        message = self.make_failed()
        self.env["phone.blacklist"]._add([message.msisdn])
        with self.assertRaisesRegex(UserError, "opted out"):
            self.retry(message)
        self.assertFalse(message.retry_ids)

    def test_who_ignores_the_blacklist_ignores_it_again(self):
        message = self.make_failed()
        message.campaign_id.ignores_blacklist = True
        self.env["phone.blacklist"]._add([message.msisdn])
        self.assertEqual(self.retry(message).state, "queued")

    def test_nothing_is_made_that_would_only_wait(self):
        message = self.make_failed()
        for stopped in (message.route_id, message.campaign_id):
            stopped.state = "paused"
            with self.subTest(stopped), self.assertRaisesRegex(UserError, "paused"):
                self.retry(message)
            stopped.state = "active" if stopped == message.route_id else "done"
        self.assertEqual(self.retry(message).state, "queued")

    def test_nothing_is_sent_again_by_a_channel_that_the_route_gave_up(self):
        message = self.make_failed()
        message.route_id.write({"has_sms": False, "has_voice": True})
        with self.assertRaisesRegex(UserError, "channel"):
            self.retry(message)

    def test_a_number_that_is_not_valid_any_more_is_told(self):
        message = self.make_failed()
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET msisdn = '+7916' WHERE id = %s",
            [message.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, r"\+7916 can no longer be sent"):
            self.retry(message)

    def test_an_unknown_message_goes_back_into_the_queue_only_if_it_would_go(self):
        message = self.send_one(ttl=60)
        self.force_state(message, "unknown")
        refused = {
            "opted out": lambda: self.env["phone.blacklist"]._add([message.msisdn]),
            "cancelled": message.campaign_id.action_cancel,
            "validity period": lambda: self.let_pass(61, message),
        }
        for reason, change in refused.items():
            with self.subTest(reason), self.env.cr.savepoint() as savepoint:
                change()
                with self.assertRaisesRegex(UserError, reason):
                    message.with_user(self.user).action_resolve_send_again()
                self.assertEqual(message.state, "unknown")
                savepoint.rollback()
                self.env.invalidate_all()
        message.with_user(self.user).action_resolve_send_again()
        self.assertEqual(message.state, "queued")

    def test_its_time_to_live_begins_anew(self):
        message = self.make_failed(ttl=3600)
        again = self.retry(message)
        self.assertEqual(again.expires_at - again.accepted_at, timedelta(hours=1))

    def test_nothing_is_sent_again_in_a_cancelled_campaign(self):
        message = self.send_one()
        message.campaign_id.action_cancel()
        self.run_lane()
        self.assertEqual(message.state, "cancelled")
        with self.assertRaisesRegex(UserError, "cancelled"):
            self.retry(message)

    def test_several_are_sent_again_in_one_go(self):
        messages = self.get_messages(self.send(*[sandbox_phone("9902")] * 3))
        self.run_lane()
        action = messages.with_user(self.user).action_retry()
        again = self.env["sms.gateway.message"].search(action["domain"])
        self.assertEqual(again.retry_of_id, messages)
        self.run_fold()
        self.assertEqual(messages.campaign_id.queued_count, 3)
