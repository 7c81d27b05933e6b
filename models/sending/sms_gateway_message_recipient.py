"""Who a message went to: their name, their record and the blacklist."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..campaigns.filters import read_selection
from ..common.notification import RELOAD, make_notification
from ..recipients.blacklist import add_to_blacklist, ask_to_allow
from ..recipients.sms_gateway_recipient import find_opted_out
from .message_search import find_lacking, find_recipient


class SmsGatewayMessage(models.Model):
    """Adds the recipient as people know them."""

    _inherit = "sms.gateway.message"

    recipient_name = fields.Char(
        "Recipient name",
        compute="_compute_recipient_name",
        search="_search_recipient_name",
        help="The number where no contact or other record is known.",
    )
    lacks_number = fields.Boolean(
        "Without a number",
        compute="_compute_lacks_number",
        search="_search_lacks_number",
        help="The recipient has no number at all, not a wrong one.",
    )
    is_blacklisted = fields.Boolean(
        "On the blacklist", compute="_compute_is_blacklisted"
    )

    @api.depends("campaign_id", "index", "phone")
    def _compute_recipient_name(self):
        of_place = self._find_recipients()
        for message in self:
            recipient = of_place.get((message.campaign_id, message.index))
            name = recipient and recipient.record_name
            message.recipient_name = name or message.display_name

    def _search_recipient_name(self, operator, value):
        return find_recipient(self.env, operator, value)

    @api.depends("failure_code", "failure_params")
    def _compute_lacks_number(self):
        for message in self:
            params = message.failure_params or {}
            message.lacks_number = (
                message.failure_code == "invalid_number"
                and params.get("reason") == "absent"
            )

    def _search_lacks_number(self, operator, value):
        if operator != "in":
            return NotImplemented
        return fields.Domain.OR(find_lacking(one) for one in value)

    @api.depends("msisdn")
    def _compute_is_blacklisted(self):
        opted_out = find_opted_out(self.env, filter(None, self.mapped("msisdn")))
        for message in self:
            message.is_blacklisted = message.msisdn in opted_out

    # === BUTTONS ===
    def action_open_recipient(self):
        """Open the record that the message went to, say to correct its number."""
        self.ensure_one()
        if not self.recipient:
            raise UserError(
                self.env._("The recipient was deleted, or you cannot view it.")
            )
        return self.recipient.get_formview_action()

    def action_blacklist(self):
        """Send nothing more to the numbers of these messages, nor of those that were
        selected beyond them."""
        self.check_access("read")
        selected = self._search(self._read_selected())
        count = add_to_blacklist(self.env, selected.select(SQL.identifier("msisdn")))
        return make_notification(
            self.env._("Numbers added to the blacklist: %(count)s.", count=count),
            next=RELOAD,
        )

    def _read_selected(self):
        """The domain of what a person selected: the web client cuts the ids."""
        context = {"active_model": self._name, **self.env.context}
        _model_name, domain = read_selection({**context, "active_ids": self.ids})
        return domain

    def action_allow_again(self):
        """Ask why the number is taken off the blacklist."""
        self.ensure_one()
        self.check_access("read")
        return ask_to_allow(self.env, self.msisdn)
