"""Counters and statistics: folded a moment later, exact at any moment."""

from collections import Counter
from random import Random

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_state_change import (
    StateChange,
)
from odoo.addons.crm_sms_gateway.tools.statuses import Failure, MessageStatus
from odoo.addons.crm_sms_gateway.tools.vocabulary import ARROWS, STATES

from ...common import PHONE, GatewayCase, sandbox_phone

ENDINGS = ("6700", "9901", "9902", "9903", "9904", "9905", "9908")


class StatisticCase(GatewayCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        # Whatever the database came with is counted already.
        self.run_fold()
        self.statistics_before = self.read_statistics()

    def count_messages(self, campaign):
        """The truth about a campaign: state → number of messages."""
        groups = self.env["sms.gateway.message"]._read_group(
            [("campaign_id", "=", campaign.id)], ["state"], ["__count"]
        )
        return {state: dict(groups).get(state, 0) for state in STATES}

    def read_counters(self, campaign):
        campaign.invalidate_recordset()
        return {state: campaign[f"{state}_count"] for state in STATES}

    def read_statistics(self):
        """What the statistics tell, without what became nothing."""
        rows = self.env["sms.gateway.statistic"].search([])
        counts = Counter()
        for row in rows:
            key = (row.day, row.route_id.id, row.channel, row.state, row.failure_type)
            counts[key] += row.count
            counts[(*key, "segments")] += row.segments
        return {key: count for key, count in counts.items() if count}

    def get_new_statistics(self):
        counts = Counter(self.read_statistics())
        counts.subtract(self.statistics_before)
        return {key: count for key, count in counts.items() if count}

    def count_for_statistics(self, messages):
        """The truth in the shape of `read_statistics`."""
        counts = Counter()
        for message in messages.filtered(lambda message: not message.is_debug):
            key = (
                message.company_id._get_sms_gateway_day(message.accepted_at),
                message.route_id.id,
                message.channel,
                message.state,
                message.failure_type,
            )
            counts[key] += 1
            counts[(*key, "segments")] += message.segments
        return {key: count for key, count in counts.items() if count}


@tagged("post_install", "-at_install")
class TestFolding(StatisticCase):
    def make_traffic(self):
        """Campaigns of all kinds, lived through for a while."""
        campaigns = self.env["sms.gateway.campaign"]
        for values in (
            {},
            {"channel": "voice"},
            {"is_debug": True},
            {"text": "ж" * 99},
        ):
            phones = [*map(sandbox_phone, ENDINGS), "123"]
            campaigns |= self.send(*phones, **values)
        stopped = self.send(PHONE, PHONE)
        stopped.action_cancel()
        for seconds in (0, 2, 4, 8):
            with self.later(seconds):
                self.run_lane()
                self.run_poll()
                self.run_recover()
        return campaigns | stopped | self.send(PHONE, PHONE)

    def test_after_traffic_the_counters_are_the_truth(self):
        campaigns = self.make_traffic()
        self.run_fold()
        for campaign in campaigns:
            truth = self.count_messages(campaign)
            self.assertEqual(self.read_counters(campaign), truth)
            self.assertEqual(campaign._get_totals(), truth)
            self.assertEqual(campaign.message_count, campaign.recipient_count)
        states = {state for c in campaigns for state, n in campaign_states(c) if n}
        self.assertGreaterEqual(
            len(states), 6, "the traffic has something of everything"
        )

    def test_after_traffic_the_statistics_are_the_truth(self):
        messages = self.make_traffic().message_ids
        self.run_fold()
        self.assertEqual(self.get_new_statistics(), self.count_for_statistics(messages))

    def test_random_walks_are_counted_whenever_they_are_folded(self):
        random = Random(7)
        campaign = self.send(*[PHONE] * 12)
        messages = self.get_messages(campaign)
        for message in messages:
            self.force_state(message, "submitting")
        self.recount(campaign)
        for _step in range(12):
            self.env["sms.gateway.state.change"]._set_state(
                [self.choose_change(random, message) for message in messages]
            )
            self.env.invalidate_all()
            truth = self.count_messages(campaign)
            self.assertEqual(campaign._get_totals(), truth)
            if random.random() < 0.4:
                self.run_fold()
                self.assertEqual(self.read_counters(campaign), truth)
        self.run_fold()
        self.assertEqual(self.get_new_statistics(), self.count_for_statistics(messages))

    def recount(self, campaign):
        """Count the messages, which were forced into their state, as submitting."""
        self.env.cr.execute(
            "UPDATE sms_gateway_statistic_change SET state = 'submitting'"
            " WHERE campaign_id = %s",
            [campaign.id],
        )

    def choose_change(self, random, message):
        states = [new for new in ARROWS[message.state] if new != "submitting"]
        return StateChange(
            id=message.id,
            state=random.choice(states or ["delivered"]),
            source="poll",
            failure_type=random.choice([None, "blocked", "unreachable"]),
            segments=random.choice([None, 1, 2, 3]),
        )

    def test_totals_are_exact_before_anything_is_folded(self):
        campaign = self.send(PHONE, PHONE, "123")
        totals = campaign._get_totals()
        self.assertEqual(list(totals), list(STATES))
        self.assertEqual((totals["queued"], totals["failed"]), (2, 1))
        self.assertEqual(campaign.queued_count, 0)

    def test_nothing_is_counted_twice(self):
        campaign = self.send(PHONE, PHONE)
        self.run_fold()
        statistics = self.read_statistics()
        self.run_fold()
        self.assertEqual(campaign.queued_count, 2)
        self.assertEqual(self.read_statistics(), statistics)
        self.assertFalse(self.env["sms.gateway.statistic.change"].search_count([]))

    def test_a_fold_takes_its_share_and_says_what_is_left(self):
        campaign = self.send(PHONE, "123")
        Change = self.env["sms.gateway.statistic.change"]
        self.assertTrue(Change._fold(limit=1))
        self.assertTrue(Change._fold(limit=1))
        self.assertFalse(Change._fold(limit=1))
        counters = self.read_counters(campaign)
        self.assertEqual((counters["queued"], counters["failed"]), (1, 1))

    def test_debug_messages_are_counted_by_their_campaign_only(self):
        campaign = self.send(PHONE, PHONE, is_debug=True)
        self.run_fold()
        self.assertEqual(campaign.queued_count, 2)
        self.assertFalse(self.get_new_statistics())

    def test_deleted_messages_stay_counted(self):
        campaign = self.send(PHONE, PHONE)
        self.run_lane()
        self.run_fold()
        self.get_messages(campaign).unlink()
        self.run_fold()
        self.assertEqual(campaign.submitted_count, 2)


def campaign_states(campaign):
    return ((state, campaign[f"{state}_count"]) for state in STATES)


@tagged("post_install", "-at_install")
class TestCampaignStates(StatisticCase):
    def get_states(self, campaign):
        """The state on the screen and the one the API tells."""
        campaign.invalidate_recordset()
        return campaign.state, campaign._get_status(campaign._get_totals())

    def test_running_until_nothing_waits(self):
        campaign = self.send(PHONE, sandbox_phone("9907"))
        self.assertEqual(self.get_states(campaign), ("running", "running"))
        self.run_lane()
        self.assertEqual(self.get_states(campaign), ("running", "running"))
        for seconds in (2, 4):
            with self.later(seconds):
                self.run_lane()
        self.assertEqual(self.get_states(campaign), ("done", "done"))

    def test_the_api_tells_the_end_before_it_is_folded(self):
        campaign = self.send(PHONE)
        message = self.get_messages(campaign)
        self.set_state(message, "failed")
        self.assertEqual(self.get_states(campaign), ("running", "done"))
        self.run_fold()
        self.assertEqual(self.get_states(campaign), ("done", "done"))

    def test_what_is_queued_again_runs_again(self):
        campaign = self.send(PHONE)
        message = self.get_messages(campaign)
        self.force_state(message, "unknown")
        self.recount_as_unknown(campaign)
        self.run_fold()
        self.assertEqual(self.get_states(campaign), ("done", "done"))
        message.action_resolve_send_again()
        self.run_fold()
        self.assertEqual(self.get_states(campaign), ("running", "running"))

    def recount_as_unknown(self, campaign):
        self.env.cr.execute(
            "UPDATE sms_gateway_statistic_change SET state = 'unknown'"
            " WHERE campaign_id = %s",
            [campaign.id],
        )

    def test_scheduled_until_its_time(self):
        start = fields.Datetime.add(fields.Datetime.now(), hours=1)
        campaign = self.send(PHONE, "123", not_before=start)
        self.run_fold()
        self.assertEqual(self.get_states(campaign), ("scheduled", "scheduled"))
        with self.later(3600):
            self.assertEqual(campaign._get_status(campaign._get_totals()), "running")
            self.run_lane()
        self.assertEqual(self.get_states(campaign), ("done", "done"))

    def test_pause_resume_and_cancel(self):
        campaign = self.send(PHONE)
        for action, state in (
            ("action_pause", "paused"),
            ("action_resume", "running"),
            ("action_pause", "paused"),
            ("action_cancel", "cancelled"),
        ):
            getattr(campaign, action)()
            self.run_fold()
            self.assertEqual(self.get_states(campaign), (state, state))

    def test_a_form_moves_only_what_it_showed(self):
        campaign = self.send(PHONE)
        campaign.action_pause()
        seen = [campaign._name, [[campaign.id, campaign.moves]]]
        by_form = campaign.with_context(sms_gateway_seen=seen)
        by_form.action_resume()
        states = self.env["sms.gateway.campaign.state"]
        states._stop(campaign, "The template is gone.")
        for press in (by_form.action_resume, by_form.action_cancel):
            with self.assertRaisesRegex(
                UserError, "was changed by another user or process"
            ):
                press()
        self.assertEqual(campaign.state, "paused")
        campaign.action_resume()
        with self.assertRaisesRegex(
            UserError, "was changed by another user or process"
        ):
            by_form.action_pause()
        self.assertEqual(campaign.state, "running")

    def test_a_list_moves_only_what_it_showed(self):
        campaigns = self.send(PHONE) + self.send(PHONE)
        shown = [[campaign.id, campaign.moves] for campaign in campaigns]
        by_list = campaigns.with_context(sms_gateway_seen=[campaigns._name, shown])
        campaigns[1].action_pause()
        campaigns[1].action_resume()
        with self.assertRaisesRegex(
            UserError, "was changed by another user or process"
        ):
            by_list.action_pause()
        self.assertEqual(set(campaigns.mapped("state")), {"running"})

    def test_a_form_that_showed_another_record_says_nothing_of_this_one(self):
        campaign = self.send(PHONE)
        for seen in (
            ["sms.gateway.message", [[campaign.id, 9]]],
            [campaign._name, [[campaign.id + 1, 9]]],
        ):
            campaign.with_context(sms_gateway_seen=seen).action_pause()
            campaign.action_resume()

    def test_resuming_tells_the_state_of_the_moment(self):
        start = fields.Datetime.add(fields.Datetime.now(), hours=1)
        scheduled = self.send(PHONE, not_before=start)
        ended = self.send(PHONE)
        self.run_lane()
        for campaign in (scheduled, ended):
            campaign.state = "paused"
            campaign.action_resume()
        self.assertEqual(self.get_states(scheduled), ("scheduled", "scheduled"))
        self.assertEqual(self.get_states(ended), ("done", "done"))

    def test_what_has_ended_stays_ended(self):
        campaign = self.send(PHONE)
        for state in ("done", "cancelled"):
            campaign.state = state
            for action in ("action_pause", "action_resume", "action_cancel"):
                with self.subTest(state=state, action=action):
                    with self.assertRaises(UserError):
                        getattr(campaign, action)()
                    self.assertEqual(campaign.state, state)

    def test_the_share_of_delivered_messages(self):
        campaign = self.send(PHONE, sandbox_phone("9902"), PHONE, PHONE)
        self.run_lane()
        with self.later(5):
            self.run_poll()
        self.assertEqual(campaign.delivered_share, 75)


@tagged("post_install", "-at_install")
class TestStatusPage(StatisticCase):
    """What the API tells of a send."""

    def test_pages_are_ranges_of_indexes(self):
        campaign = self.send(*[PHONE] * 5)
        for offset, limit, indexes, following in (
            (0, 2, [0, 1], 2),
            (2, 2, [2, 3], 4),
            (4, 2, [4], None),
            (0, 5, [0, 1, 2, 3, 4], None),
            (9, 2, [], None),
        ):
            with self.subTest(offset=offset):
                status = campaign._get_status_page(offset, limit)
                told = [message.index for message in status.messages]
                self.assertEqual((told, status.next_offset), (indexes, following))

    def test_a_message_as_it_is_told(self):
        message = self.send_one("8 928 170 6700")
        self.assertEqual(
            message._get_status(),
            MessageStatus(
                index=0,
                phone=PHONE,
                state="queued",
                failure=None,
                segments=1,
                uuid=message.uuid,
                accepted_at=message.accepted_at,
                submitted_at=None,
                delivered_at=None,
                text=None,
            ),
        )

    def test_a_failure_of_our_own_is_told_with_its_parameters(self):
        message = self.get_messages(self.send("12 34", PHONE))[0]
        status = message._get_status()
        self.assertEqual((status.phone, status.state), ("12 34", "failed"))
        params = {"path": "phone", "reason": "unreadable"}
        self.assertEqual(
            status.failure, Failure("invalid_number", "invalid_number", params, None)
        )

    def test_a_failure_of_the_provider_is_told_in_its_words(self):
        message = self.send_one(sandbox_phone("9902"))
        self.run_lane()
        self.assertEqual(
            message._get_status().failure,
            Failure("content_rejected", None, None, "Text rejected"),
        )

    def test_the_text_is_told_in_debug_mode_only(self):
        for is_debug in (True, False):
            status = self.send_one(is_debug=is_debug, text="Код 1")._get_status()
            self.assertEqual(status.text, "Код 1" if is_debug else None)

    def test_of_a_message_sent_again_the_new_one_is_told(self):
        campaign = self.send(sandbox_phone("9902"))
        self.run_lane()
        self.get_messages(campaign).action_retry()
        status = campaign._get_status_page(0, 100)
        self.assertEqual([m.state for m in status.messages], ["queued"])
        self.assertEqual([m.steps[0].state for m in status.messages], ["failed"])
        self.assertEqual((status.totals["queued"], status.totals["failed"]), (1, 0))
