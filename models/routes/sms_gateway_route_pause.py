"""Pausing, backing off and resuming of routes."""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL, format_datetime, plaintext2html

from ..common import clock, crons
from ..sending.reasons import say_words

_logger = logging.getLogger(__name__)

#: The person responsible is notified of longer waits of a route, in seconds.
MAX_SILENT_BACK_OFF = 5 * 60


class SmsGatewayRoutePause(models.AbstractModel):
    """Stops routes until a person resumes them, or for some seconds."""

    _name = "sms.gateway.route.pause"
    _description = "SMS Gateway Pause of Routes"

    @api.model
    def _pause(self, routes, reason, *, lacks_settings=False):
        """Stop active routes that cannot work until a person acts, and notify the
        person responsible.

        :param reason: as stored, see `sending.reasons`
        """
        for route in routes.filtered(lambda route: route.state == "active"):
            words = " ".join(reason.split())
            _logger.warning("Route %s is paused: %s", route.name, words)
            route.write(
                {
                    "state": "paused",
                    "pause_reason": reason,
                    "lacks_settings": lacks_settings,
                }
            )
            user, theirs = self._get_responsible(route)
            route.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=theirs._("The route is paused"),
                note=plaintext2html(say_words(theirs, reason)),
                user_id=user.id,
            )

    @api.model
    def _resume(self, routes):
        """Let routes send at once."""
        # sudo: administrators decide, only the gateway itself writes breakers
        self.env["sms.gateway.breaker"].sudo()._reset(routes)
        routes.write({"state": "active", "pause_reason": False, "resume_at": False})
        self._end_back_off(routes)
        routes.activity_feedback(["mail.mail_activity_data_todo"])
        self.env["sms.gateway.dispatcher"]._wake()

    @api.model
    def _back_off(self, routes, seconds, reason=""):
        """Send nothing for as long as a provider asks for; notify the person
        responsible when that is more than `MAX_SILENT_BACK_OFF`."""
        self._rest(routes, seconds, reason)
        if seconds > MAX_SILENT_BACK_OFF:
            for route in routes:
                _logger.warning("Route %s: back-off of %d s", route.name, seconds)
                self._notify_back_off(route)

    @api.model
    def _rest(self, routes, seconds, reason=""):
        """Send nothing for some seconds, not a moment less: the field keeps whole
        ones."""
        resume_at = clock.now() + timedelta(seconds=seconds, microseconds=999_999)
        resume_at = resume_at.replace(microsecond=0)
        routes.write({"resume_at": resume_at, "rest_reason": reason})
        crons.trigger(self.env, "send_1", at=resume_at)

    def _notify_back_off(self, route):
        """One activity is enough for as long as nobody has done it."""
        user, theirs = self._get_responsible(route)
        summary = theirs._("The provider has delayed the route")
        if summary in route.activity_ids.mapped("summary"):
            return
        text = theirs._(
            "Nothing is sent before %(time)s unless a user resumes the route. "
            "Provider response: %(words)s",
            time=format_datetime(theirs, route.resume_at, tz=user.tz),
            words=say_words(theirs, route.rest_reason) or "–",
        )
        route.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=summary,
            note=plaintext2html(text),
            user_id=user.id,
        )

    def _get_responsible(self, route):
        """:return: the user who is notified, and the environment in their language"""
        user = route.user_id or self.env.ref("base.user_admin")
        return user, self.with_context(lang=user.lang).env

    def _end_back_off(self, routes):
        """Make messages due that wait for another attempt; messages without an attempt
        wait for the time for which they are planned."""
        Message = self.env["sms.gateway.message"]
        Message.flush_model(["not_before"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_message SET not_before = %(now)s
                 WHERE id IN (SELECT id FROM sms_gateway_message
                               WHERE state = 'queued' AND route_id IN %(routes)s
                                 AND attempts > 0 AND not_before > %(now)s
                                 FOR NO KEY UPDATE SKIP LOCKED)
                """,
                now=clock.now(),
                routes=tuple(routes.ids) or (0,),
            )
        )
        Message.invalidate_model(["not_before"])
