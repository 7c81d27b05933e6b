"""Pausing, backing off and resuming of routes."""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..common import clock, crons

_logger = logging.getLogger(__name__)

#: The person responsible is notified at once of longer waits of a route, in seconds.
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
            self.env["sms.gateway.watcher"]._tell_stop(route)

    @api.model
    def _resume(self, routes):
        """Let routes send at once."""
        # sudo: administrators decide, only the gateway itself writes breakers
        self.env["sms.gateway.breaker"].sudo()._reset(routes)
        routes.write({"state": "active", "pause_reason": False, "resume_at": False})
        self._end_back_off(routes)
        self.env["sms.gateway.watcher"]._end_stop(routes)
        self.env["sms.gateway.dispatcher"]._wake()

    @api.model
    def _back_off(self, routes, seconds, reason=""):
        """Send nothing for as long as a provider asks for; notify the person
        responsible when that is more than `MAX_SILENT_BACK_OFF`."""
        self._rest(routes, seconds, reason)
        if seconds > MAX_SILENT_BACK_OFF:
            for route in routes:
                _logger.warning(
                    "Route %s backs off until %s", route.name, route.resume_at
                )
                self.env["sms.gateway.watcher"]._tell_stop(route)

    @api.model
    def _rest(self, routes, seconds, reason=""):
        """Send nothing for some seconds, not a moment less: the field keeps whole
        ones."""
        resume_at = clock.now() + timedelta(seconds=seconds, microseconds=999_999)
        resume_at = resume_at.replace(microsecond=0)
        routes.write({"resume_at": resume_at, "rest_reason": reason})
        crons.trigger(self.env, "send_1", at=resume_at)

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
