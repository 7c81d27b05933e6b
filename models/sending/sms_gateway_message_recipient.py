"""Who a message went to: their name, their record and the blacklist."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..campaigns.filters import read_selection
from ..common.notification import RELOAD, make_notification
from ..recipients.blacklist import add_to_blacklist, ask_to_allow
from ..recipients.contacts import find_only_contacts
from ..recipients.sms_gateway_recipient import find_opted_out
from .message_search import find_lacking, find_recipient


class SmsGatewayMessage(models.Model):
    """Adds the recipient as people know them."""

    _inherit = "sms.gateway.message"

    recipient_id = fields.Many2one(
        "sms.gateway.recipient",
        "Recipient of the campaign",
        compute="_compute_recipient_id",
        exportable=False,
    )
    contact_id = fields.Many2one(
        "res.partner",
        "Contact with this number",
        compute="_compute_recipient_id",
        help="The only contact with the number of a message that names no record.",
        exportable=False,
    )
    recipient = fields.Reference(
        selection=lambda self: self.env["sms.gateway.campaign"]._selection_any_model(),
        compute="_compute_recipient",
    )
    mail_message_id = fields.Many2one(
        "mail.message", "Chatter Message", compute="_compute_recipient"
    )
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

    @api.depends("campaign_id", "index", "msisdn", "company_id")
    def _compute_recipient_id(self):
        """Whom the campaign names, or else who has the number; what the user may not
        read is left out, and is not replaced by somebody else."""
        of_place = self._find_recipients()
        readable = self._filter_readable(of_place.values())
        bare = self.filtered(lambda message: message._get_place() not in of_place)
        contacts = find_only_contacts(
            self.env, [(message.msisdn, message.company_id) for message in bare]
        )
        for message in self:
            recipient = of_place.get(message._get_place())
            message.recipient_id = recipient and recipient & readable
            pair = (message.msisdn, message.company_id)
            message.contact_id = not recipient and contacts.get(pair)

    def _find_recipients(self):
        """The recipients of these messages by their place: the row itself follows the
        message that was sent again last.

        :return: dict of (campaign, index) → `sms.gateway.recipient`
        """
        # sudo: whom the user may not read has a place all the same
        recipients = self.env["sms.gateway.recipient"].sudo()
        found = recipients.search(
            [
                ("campaign_id", "in", self.campaign_id.ids),
                ("index", "in", self.mapped("index")),
                ("message_id", "!=", False),
            ]
        )
        return {(one.campaign_id, one.index): one.with_env(self.env) for one in found}

    def _filter_readable(self, recipients):
        found = self.env["sms.gateway.recipient"].union(*recipients)
        return found._filtered_access("read")

    def _get_place(self):
        return self.campaign_id, self.index

    @api.depends("recipient_id", "contact_id")
    def _compute_recipient(self):
        """The record that the message went to and what its chatter tells, if the user
        may read them."""
        for message in self:
            recipient = message.recipient_id
            known = recipient and recipient._get_reference()
            message.recipient = known or message.contact_id
            message.mail_message_id = recipient.mail_message_id if known else False

    @api.depends("recipient_id", "contact_id", "phone")
    def _compute_recipient_name(self):
        for message in self:
            name = message.recipient_id.record_name or message.contact_id.display_name
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
