"""Failover: messages that wait on a route in trouble take another one."""

from odoo import api, models

from ..common import crons


class SmsGatewayFailover(models.AbstractModel):
    """Moves messages to other routes of their policy."""

    _name = "sms.gateway.failover"
    _description = "SMS Gateway Failover"

    @api.model
    def _wake(self):
        """A route has stopped or recovered: look for messages to move."""
        crons.trigger_once(self.env, "failover")

    @api.model
    def _cron_move(self):
        """Move messages that wait on routes in trouble."""
