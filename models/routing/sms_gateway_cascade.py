"""Cascades: the next step begins where the one before has definitely ended."""

import time
from dataclasses import replace

from odoo import api, models
from odoo.tools import SQL, groupby

from ...tools.compose import Rules, compose_ready
from ...tools.msisdn import Reading
from ...tools.pg_array import to_array
from ...tools.vocabulary import ENDING_TYPES
from ..common import clock, crons, transactions

#: Persons whose next step begins in one transaction.
CONTINUED_AT_ONCE = 500


class SmsGatewayCascade(models.AbstractModel):
    """Writes the messages of next steps.

    One row per person and step: a step's message replaces the one before, which can
    happen once (`sms.gateway.message.retry_of_id` is unique). Whoever dies in the
    middle leaves everything as it was before.
    """

    _name = "sms.gateway.cascade"
    _description = "SMS Gateway Cascade"

    @api.model
    def _wake(self):
        """Messages have ended whose policy has another step."""
        crons.trigger_once(self.env, "cascade")

    @api.model
    def _cron_continue(self):
        """Begin the next step of messages that have ended."""
        deadline = transactions.get_deadline(self.env)
        if self.env["sms.gateway.hold"]._is_held():
            return
        count = total = 0
        while time.monotonic() < deadline:
            transactions.begin(self.env)
            count = self._continue()
            transactions.commit(self.env)
            total += count
            if not count:
                break
        transactions.commit_progress(self.env, total, remaining=count)

    @api.model
    def _continue(self):
        """Decide about the messages that have waited longest, in the caller's
        transaction.

        A step that an administrator has deleted since is the last one. The original of
        a restored database may have begun the next step of what was accepted before.

        :return: the number of messages that were decided about
        """
        messages = self._lock_ended() or self._lock_unanswered()
        known = messages.step_id.exists()
        end_of_doubt = self.env["sms.gateway.hold"]._get_end_of_doubt()
        ending = messages.filtered(
            lambda m: (
                m.accepted_at > end_of_doubt and (not m.step_id or m.step_id in known)
            )
        )
        for place, of_same in groupby(ending, _get_place):
            following = messages.browse().concat(*of_same).filtered(_goes_on)
            if following:
                self._begin_next(*place, following)
        self._close(messages)
        return len(messages)

    def _lock_ended(self):
        return self._lock(
            SQL("follow_up IS NOT NULL AND finished_at IS NOT NULL"),
            SQL("finished_at, id"),
        )

    def _lock_unanswered(self):
        """Messages without a final status, where an administrator has allowed that the
        person gets both."""
        return self._lock(
            SQL(
                "follow_up = 'any' AND state IN ('submitted', 'unknown')"
                " AND expires_at <= %s",
                clock.now(),
            ),
            SQL("expires_at, id"),
        )

    def _lock(self, condition, order):
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM sms_gateway_message WHERE %s
                 ORDER BY %s LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
                condition,
                order,
                CONTINUED_AT_ONCE,
            )
        )
        messages = self.env["sms.gateway.message"].browse(row[0] for row in rows)
        messages.invalidate_recordset()
        return messages

    def _close(self, messages):
        """Nothing more follows these; a hidden text is of no more use."""
        self.env.cr.execute(
            SQL(
                """UPDATE sms_gateway_message
                      SET follow_up = NULL,
                          secret_text = CASE WHEN finished_at IS NULL
                                             THEN secret_text END
                    WHERE id = ANY(%s::int[])""",
                to_array(messages.ids),
            )
        )
        messages.invalidate_recordset()

    # === NEXT STEP ===
    def _begin_next(self, campaign, step, only, life, messages):
        """Enqueue the messages of the next step in the place of these."""
        plan = self._make_next_plan(campaign, step, only, life)
        if plan is None or _is_over(campaign, plan):
            return
        texts = self._read_texts(messages)
        rules = self._make_rules(plan.channel)
        composed = [
            _compose(message, texts[message.id], plan, rules) for message in messages
        ]
        self.env["sms.gateway.enqueue"]._enqueue(
            campaign,
            composed,
            plan=plan,
            replaced={message.index: message.id for message in messages},
        )
        again = messages.search([("retry_of_id", "in", messages.ids)])
        self.env["sms.gateway.recipient"]._follow_retries(again)
        self.env["sms.gateway.odoo.sms"]._take_over(again)

    def _make_next_plan(self, campaign, step, only, life):
        """
        :param step: that has ended; empty for a call without a policy, which is
            followed by the SMS that its caller gave
        :param only: the route without a policy, which sends that SMS too
        :param life: when the time to live of the whole cascade began
        :return: `Plan`, None behind the last step, and where no route would ever send
            the next one
        """
        if step:
            following = step._get_next()
            routes = following.rule_ids.choice_ids.route_id
            if not any(route._lock_active() for route in routes):
                return None
            return replace(following._make_plan(campaign), lives_since=life)
        if not (only.has_sms and only._lock_active()):
            return None
        plan = self.env["sms.gateway.policy"]._make_single_plan(only, campaign, "sms")
        return replace(plan, lives_since=life)

    def _read_texts(self, messages):
        """Hidden texts are in a column that only the gateway reads."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id, COALESCE(secret_text, text, '') FROM sms_gateway_message
                    WHERE id = ANY(%s::int[])""",
                to_array(messages.ids),
            )
        )
        return dict(rows)

    def _make_rules(self, channel):
        settings = self.env["sms.gateway.settings"]._get()
        return Rules(
            channel=channel,
            max_segments=settings.max_segments,
            max_speech=settings.max_speech,
        )


def _get_place(message):
    """What messages have in common whose next step begins together: campaign, step,
    the route of those without a policy, and when their life began."""
    only = message.route_id if not message.step_id else message.route_id.browse()
    return message.campaign_id, message.step_id, only, _get_birth(message)


def _get_birth(message):
    """When the time to live of a message's cascade began: with its campaign, or when a
    person sent again."""
    steps = message.step_id.policy_id.step_ids.sorted().ids
    first = message
    while (before := first.retry_of_id) and _is_behind(first, before, steps):
        first = before
    if before:
        return max(first.accepted_at, first.not_before or first.accepted_at)
    return message.campaign_id.accepted_at


def _is_behind(message, before, steps):
    """Whether a message is of a later step than another one.

    :param steps: ids of the steps of a policy, in order
    """
    places = [one.step_id.id for one in (before, message)]
    return set(places) <= set(steps) and steps.index(places[0]) < steps.index(places[1])


def _goes_on(message):
    """Whether the next step may begin for the person of a message that has ended."""
    if message.is_superseded or message.campaign_id.state == "cancelled":
        return False
    if message.state in ("delivered", "cancelled"):
        return False
    if message.failure_type in ENDING_TYPES:
        return False
    is_done = message.step_id.ends_with == "submitted" and message.submitted_at
    return not is_done


def _is_over(campaign, plan):
    """Whether the time to live of the whole campaign has ended."""
    end = plan.get_expiry(campaign, clock.now())
    return bool(end) and end <= clock.now()


def _compose(message, text, plan, rules):
    """The message of the next step: behind a call its own text, where it has one."""
    alternative = message.text_alternative or ""
    is_behind_call = message.channel == "voice" and plan.channel == "sms"
    if is_behind_call and alternative:
        text = alternative
    phone = Reading(message.phone_raw or "", message.msisdn)
    composed = compose_ready(message.index, phone, text, rules)
    return replace(composed, text_alternative=alternative)
