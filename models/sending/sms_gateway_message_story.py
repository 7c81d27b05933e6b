"""What the form of a message tells: the way it went, its timeline, how it ended."""

from odoo import api, fields, models

from ...tools.vocabulary import FINAL_STATES
from ..common.moment import say_moment
from .sms_gateway_resend import ENDED, NEVER_READY_CODES

#: State or kind of an event → colour of its badge.
_TONES = {
    "submitting": "info",
    "submitted": "info",
    "unknown": "warning",
    "delivered": "success",
    "failed": "danger",
    "expired": "danger",
}


class SmsGatewayMessage(models.Model):
    """Adds the way of a message from state to state, for people."""

    _inherit = "sms.gateway.message"

    passed_states = fields.Json("Passed Statuses", compute="_compute_story")
    timeline = fields.Json(compute="_compute_story")
    outcome_summary = fields.Char("Summary", compute="_compute_outcome_summary")
    may_send_again = fields.Boolean(
        "Can be sent again", compute="_compute_may_send_again"
    )

    @api.depends("state", "event_ids", "not_before", "next_poll_at", "next_check_at")
    @api.depends_context("lang", "tz")
    def _compute_story(self):
        for message in self:
            events = message.event_ids.sorted("id")
            message.passed_states = _list_passed(message, events)
            message.timeline = message._tell_story(events)

    @api.depends("state", "submitted_at", "delivered_at", "segments")
    @api.depends_context("lang", "tz")
    def _compute_outcome_summary(self):
        for message in self:
            message.outcome_summary = message._summarise()

    def _compute_may_send_again(self):
        decisions = self.env["sms.gateway.message.decision"]
        # sudo: whoever reads a message may not read what was sent in its place
        again = decisions._find_sent_again(self.sudo())
        for message in self:
            is_ended = message.state in ENDED and message.msisdn
            is_never_ready = (
                not message.attempts and message.failure_code in NEVER_READY_CODES
            )
            is_refused = message.failure_type == "opted_out" and (
                message.state == "failed" or message.is_blacklisted
            )
            message.may_send_again = is_ended and not (
                message.is_secret or message in again or is_never_ready or is_refused
            )

    # === SUMMARY ===
    def _summarise(self):
        """One line of a message that needs no explanation, False for others."""
        if self.state == "delivered" and self.channel == "voice":
            return self.env._(
                "Delivered on %(time)s by route %(route)s.",
                time=self._say_time(self.delivered_at),
                route=self.route_id.name,
            )
        if self.state == "delivered":
            return self.env._(
                "Delivered on %(time)s by route %(route)s. SMS parts: %(count)s.",
                time=self._say_time(self.delivered_at),
                route=self.route_id.name,
                count=self.segments,
            )
        if self.state == "submitted" and not self.failure_type:
            return self.env._(
                "Submitted on %(time)s by route %(route)s. The provider has not"
                " reported the delivery yet.",
                time=self._say_time(self.submitted_at),
                route=self.route_id.name,
            )
        return False

    def _say_time(self, moment):
        return say_moment(self.env, moment) if moment else "…"

    # === TIMELINE ===
    def _tell_story(self, events):
        """Acceptance, what the events tell, an end that left no event, and what the
        message waits for.

        :return: list of dicts of at (UTC, ISO 8601), label, tone, source, words, code
        """
        told = [self._tell_acceptance(events), *map(self._tell_event, events)]
        is_ended = self.state in FINAL_STATES
        if is_ended and not events:
            told.append(self._tell_end())
        elif is_ended and not told[-1]["words"] and events[-1].kind == self.state:
            told[-1]["words"] = self._say_reason()
        if not is_ended:
            told.append(self._tell_wait(since=told[-1]["at"]))
        return told

    def _tell_acceptance(self, events):
        # sudo: whoever reads a message may not read its campaign
        campaign = self.campaign_id.sudo()
        words = [self._say_route(self._get_first_route(events))]
        if campaign.scheduled_at and campaign.scheduled_at > self.accepted_at:
            time = self._say_time(campaign.scheduled_at)
            words.append(self.env._("Scheduled for %(time)s", time=time))
        return _make_entry(
            self.accepted_at,
            self.env._("Accepted"),
            source=_get_label(campaign, "source"),
            words=" · ".join(filter(None, words)),
        )

    def _get_first_route(self, events):
        """The route that the message was accepted for, empty if it has left that one
        before anything was tried there."""
        first = events[:1]
        if first and _is_move(first):
            return self.route_id.browse()
        return first.route_id or self.route_id

    def _say_route(self, route):
        return route and self.env._("Route: %(route)s", route=route.name)

    def _tell_event(self, event):
        words = [event.words, _is_move(event) and self._say_route(event.route_id)]
        return _make_entry(
            event.occurred_at,
            _get_label(event, "kind"),
            tone=_TONES.get(event.kind),
            source=_get_label(event, "source"),
            words=" · ".join(filter(None, words)),
            code=event.params is False and event.code,
        )

    def _tell_end(self):
        """The end of what never came into the queue, or whose events are gone."""
        return _make_entry(
            self.finished_at,
            _get_label(self, "state"),
            tone=_TONES.get(self.state),
            words=self._say_reason(),
        )

    def _say_reason(self):
        words = (self.failure_reason, self.failure_explanation)
        return ". ".join(filter(None, words))

    def _tell_wait(self, since):
        entry = _make_entry(None, self.env._("Waiting"), words=self._say_wait())
        return {**entry, "at": since}

    def _say_wait(self):
        """For what a message waits, and until when at most."""
        words = [getattr(self, f"_say_wait_{self.state}")()]
        if self.expires_at and self.state == "queued":
            time = self._say_time(self.expires_at)
            words.append(self.env._("It is not sent later than %(time)s.", time=time))
        return " ".join(words)

    def _say_wait_queued(self):
        sentences = [
            reason["sentence"]
            for reason in self.waiting_reasons or []
            if reason["is_blocking"]
        ]
        return next(iter(sentences), self.env._("Waiting for its turn to be sent."))

    def _say_wait_submitting(self):
        return self.env._("Waiting for the provider's response.")

    def _say_wait_submitted(self):
        if not self.next_poll_at:
            return self.env._("Waiting for the delivery report.")
        return self.env._(
            "Waiting for the delivery report. Next status poll: %(time)s.",
            time=self._say_time(self.next_poll_at),
        )

    def _say_wait_unknown(self):
        if not self.next_check_at:
            return self.env._("Waiting until a user resolves the message.")
        return self.env._(
            "Waiting for the reconciliation with the provider: %(time)s.",
            time=self._say_time(self.next_check_at),
        )


def _list_passed(message, events):
    """The states that a message went through, its present one last. Submitting takes a
    second, so it is told of the present only."""
    is_queued = events or message.finished_at != message.accepted_at
    passed = dict.fromkeys(["queued"] if is_queued else [])
    passed.update(dict.fromkeys(events.mapped("kind")))
    left_out = ("submitting", "report", message.state)
    return [*(one for one in passed if one not in left_out), message.state]


def _is_move(event):
    """Whether the message took another route."""
    return event.kind == "queued" and event.source in ("failover", "earlier_route")


def _make_entry(moment, label, *, tone=None, source="", words="", code=""):
    return {
        "at": moment and moment.isoformat(sep=" ", timespec="seconds"),
        "label": label,
        "tone": tone or "secondary",
        "source": source or "",
        "words": words or "",
        "code": code or "",
    }


def _get_label(record, name):
    """The label of a selection field's value, in the reader's language."""
    labels = dict(record._fields[name]._description_selection(record.env))
    return labels.get(record[name], "")
