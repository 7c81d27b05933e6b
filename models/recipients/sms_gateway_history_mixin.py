"""What contacts and leads have in common: messages that were sent to them."""

from odoo import fields, models
from odoo.tools import SQL

from .sms_gateway_recipient import find_phones

#: Messages of one record that its list shows, the newest.
MAX_LISTED = 1000


class SmsGatewayHistoryMixin(models.AbstractModel):
    """Adds the messages of a record: those sent to it, and those sent to its number."""

    _name = "sms.gateway.history.mixin"
    _description = "SMS Gateway Recipient Mixin"

    sms_gateway_message_count = fields.Integer(
        "Gateway messages",
        compute="_compute_sms_gateway_message_count",
        groups="crm_sms_gateway.group_user",
    )

    def _compute_sms_gateway_message_count(self):
        Message = self.env["sms.gateway.message"]
        for record in self:
            domain = record._get_message_domain()
            record.sms_gateway_message_count = Message.search_count(domain)

    def _get_message_domain(self):
        """The messages of one record, whoever sent them.

        One set of ids: of two conditions joined by OR PostgreSQL serves neither by an
        index when one is a subquery.
        """
        number = self._origin and find_phones(self._origin, self.env.company)[0].number
        found = SQL(
            """(SELECT message_id FROM sms_gateway_recipient
                 WHERE res_model = %s AND res_id = %s AND message_id IS NOT NULL
                 UNION
                SELECT id FROM sms_gateway_message WHERE reverse(msisdn) = %s)""",
            self._name,
            self._origin.id or None,
            number and number[::-1],
        )
        return fields.Domain("id", "in", found)

    def action_open_sms_gateway_messages(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_message_action"
        )
        messages = self.env["sms.gateway.message"].search(
            self._get_message_domain(), limit=MAX_LISTED
        )
        return {**action, "domain": [("id", "in", messages.ids)], "context": {}}
