"""Decisions of people about messages: to send them again, to resolve unknown ones."""

from odoo import api, models
from odoo.exceptions import UserError

from ...tools.compose import Problem
from ...tools.msisdn import InvalidNumber, normalise
from ..common import clock
from ..common.overtaken import find_overtaken
from ..recipients.sms_gateway_recipient import find_opted_out
from ..routing.plan import Way
from .reason_texts import RESOLVED
from .reasons import explain_message, explain_problem, make_params
from .sms_gateway_resend import ENDED, NEVER_READY_CODES, Resend, Row
from .sms_gateway_state_change import StateChange


class SmsGatewayMessageDecision(models.AbstractModel):
    """Checks what people decide about messages, and carries it out.

    All methods raise `UserError` with the reason where a decision is impossible. Users
    decide; only the gateway itself writes messages.
    """

    _name = "sms.gateway.message.decision"
    _description = "SMS Gateway Decisions about Messages"

    # === SEND AGAIN ===
    @api.model
    def _send_again(self, messages):
        """Send new messages with the texts of failed, expired and cancelled ones.

        :return: the new messages
        """
        self._check_can_be_sent_again(messages)
        messages.check_access("read")
        self._check_not_secret(messages)
        self._check_were_ready(messages)
        # a policy looks for a way again
        self._check_ways(messages.filtered(lambda m: not m.step_id.exists()))
        self._check_would_go(messages)
        self._check_none_arrives(messages)
        # sudo: users decide, only the gateway itself writes messages
        return self.sudo()._enqueue_retries(messages.sudo())

    def _check_can_be_sent_again(self, messages):
        wrong = messages.filtered(lambda m: m.state not in ENDED or not m.msisdn)
        if wrong:
            raise UserError(
                self.env._(
                    "Only failed, expired or cancelled messages with a valid number "
                    "can be sent again. The message to %(phone)s is not one of them.",
                    phone=wrong[0].phone,
                )
            )

    def _check_not_secret(self, messages):
        if any(message.is_secret for message in messages):
            raise UserError(
                self.env._(
                    "One-time codes are not stored, so they cannot be sent again. "
                    "The API client must send a new one."
                )
            )

    def _check_were_ready(self, messages):
        """What was refused when it was accepted has no text that could be sent."""
        refused = messages.filtered(
            lambda m: not m.attempts and m.failure_code in NEVER_READY_CODES
        )
        if refused:
            raise UserError(
                self.env._(
                    "The message to %(phone)s was rejected before sending and cannot "
                    "be sent again: %(reason)s",
                    phone=refused[0].phone,
                    reason=explain_message(refused[0]),
                )
            )

    def _check_none_arrives(self, messages):
        """What a message has replaced may have arrived: a report came late, or a step
        goes on without one."""
        steps = messages._find_steps_before()
        for message in messages:
            if any(step.state not in ENDED for step in steps.get(message.id, ())):
                raise UserError(
                    self.env._(
                        "An earlier message to %(phone)s was delivered or may still be"
                        " delivered, so nothing is sent again.",
                        phone=message.phone,
                    )
                )

    def _enqueue_retries(self, messages):
        resends = self.env["sms.gateway.resend"]
        resends._lock(messages.ids)
        if taken := self._find_sent_again(messages):
            raise UserError(
                self.env._(
                    "The message to %(phone)s has already been sent again. Open the "
                    "new message to continue.",
                    phone=taken[0].phone,
                )
            )
        ordered = messages.sorted(lambda m: (m.campaign_id.id, *_get_way(m), m.index))
        return resends._enqueue([_make_row(one) for one in ordered], Resend([]))

    def _find_sent_again(self, messages):
        """Those in whose place another message stands, or another text was sent.

        :param messages: as superuser
        """
        again = messages.search([("retry_of_id", "in", messages.ids)])
        places = messages.env["sms.gateway.recipient"].search(
            [("again_of_id", "in", messages.ids)]
        )
        replaced = messages.filtered("is_superseded")
        return again.retry_of_id | places.again_of_id | replaced

    # === RESOLVE ===
    @api.model
    def _resolve(self, messages, state, **values):
        """Set the outcome of unknown messages.

        :param values: members of the `StateChange`
        """
        self._check_unknown(messages, state)
        self._set_state(messages, state, **values)

    @api.model
    def _return_to_queue(self, messages):
        """Queue unknown messages, at the risk that they arrive twice: from here on they
        count as never sent."""
        self._check_unknown(messages, "send_again")
        self._check_ways(messages)
        self._check_would_go(messages)
        self._check_not_expired(messages)
        moment = clock.to_sql(clock.now())
        self._set_state(messages, "queued", not_before=moment, maybe_sent=False)
        self.env["sms.gateway.dispatcher"]._wake()

    def _check_unknown(self, messages, button):
        """Whoever decides has seen the attempt whose outcome is unknown."""
        if any(message.state != "unknown" for message in messages):
            raise UserError(
                self.env._(
                    "Only messages with the status “Outcome unknown” can be resolved "
                    "manually."
                )
            )
        if overtaken := find_overtaken(messages, button, "attempts"):
            raise UserError(
                self.env._(
                    "The message to %(phone)s has already been returned to the "
                    "queue. Check its status and try again.",
                    phone=overtaken[0].phone,
                )
            )

    def _check_not_expired(self, messages):
        """A message keeps its validity period when it goes back into the queue."""
        moment = clock.now()
        late = messages.filtered(lambda m: m.expires_at and m.expires_at <= moment)
        if late:
            raise UserError(
                self.env._(
                    "The validity period of the message to %(phone)s has ended, so "
                    "it cannot be sent. Mark it as failed, then send it again.",
                    phone=late[0].phone,
                )
            )

    def _set_state(self, messages, state, **values):
        messages.check_access("read")
        changes = [
            StateChange(
                id=message.id,
                state=state,
                source="person",
                code=RESOLVED,
                params=make_params(user=self.env.user.name),
                **values,
            )
            for message in messages
        ]
        # sudo: users decide, only the gateway itself writes messages
        moves = self.env["sms.gateway.state.change"].sudo()
        if moves._set_state(changes)["refused"]:
            raise UserError(
                self.env._(
                    "The message has changed in the meantime. Check its status and "
                    "try again."
                )
            )

    # === CHECKS OF BOTH ===
    def _check_ways(self, messages):
        """What would only wait for its own route is not queued."""
        for way in {_get_way(message)[:2] for message in messages}:
            channel, route_id = way
            route = self.env["sms.gateway.route"].browse(route_id)
            route._check_sends(channel)
            route._check_goes_on()

    def _check_would_go(self, messages):
        """What would be cancelled, or would only wait for its campaign, is not
        queued."""
        # sudo: whoever reads a message may not read its campaign
        states = self.env["sms.gateway.campaign.state"]
        states._check_goes_on(messages.campaign_id.sudo())
        self._check_not_opted_out(messages)
        for message in messages:
            self._check_number(message)

    def _check_not_opted_out(self, messages):
        # sudo: see _check_would_go
        obedient = messages.filtered(
            lambda m: not m.campaign_id.sudo().ignores_blacklist
        )
        opted_out = find_opted_out(self.env, set(obedient.mapped("msisdn")))
        stopped = obedient.filtered(lambda m: m.msisdn in opted_out)
        stopped += messages.filtered(
            lambda m: m.state == "failed" and m.failure_type == "opted_out"
        )
        if stopped:
            raise UserError(
                self.env._(
                    "%(phone)s has opted out: nothing is sent to this number.",
                    phone=stopped[0].phone,
                )
            )

    def _check_number(self, message):
        try:
            normalise(message.msisdn, channel=message.channel)
        except InvalidNumber as error:
            problem = Problem("invalid_number", "phone", {"reason": error.reason})
            raise UserError(
                self.env._(
                    "The message to %(phone)s can no longer be sent: %(reason)s",
                    phone=message.phone,
                    reason=explain_problem(self.env, problem),
                )
            ) from error


def _get_way(message):
    """:rtype: Way"""
    return Way(message.channel, message.route_id.id, message.step_id.id)


def _make_row(message):
    """:rtype: Row"""
    return Row(
        id=message.id,
        campaign_id=message.campaign_id.id,
        **_get_way(message)._asdict(),
        index=message.index,
        phone_raw=message.phone_raw,
        msisdn=message.msisdn,
        text=message.text,
        text_alternative=message.text_alternative,
        encoding=message.encoding or None,
        segments=message.segments,
    )
