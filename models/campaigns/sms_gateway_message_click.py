"""Whether the recipient of a message clicked a link in it."""

from odoo import api, fields, models
from odoo.tools import SQL


class SmsGatewayMessage(models.Model):
    """Adds what the links of the message's recipient tell."""

    _inherit = "sms.gateway.message"

    click_state = fields.Selection(
        [("clicked", "Clicked"), ("unclicked", "Did not click")],
        "Click",
        compute="_compute_click_state",
        search="_search_click_state",
        help="Empty if the message has no short links.",
    )

    @api.depends("campaign_id", "index")
    def _compute_click_state(self):
        for message in self:
            counts = message.link_ids.mapped("click_count")
            clicked = "clicked" if any(counts) else "unclicked"
            message.click_state = clicked if counts else False

    def _search_click_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        return fields.Domain.OR(_has_click_state(one) for one in value)


def _has_click_state(state):
    """The domain of the messages whose recipients clicked or did not; of those without
    links when the state is false."""

    def to_sql(_model, alias, _query):
        has_links = _has_links(alias, SQL("TRUE"))
        has_clicked = _has_links(alias, SQL("link.click_count > 0"))
        if state == "clicked":
            return has_clicked
        if state == "unclicked":
            return SQL("(%s AND NOT %s)", has_links, has_clicked)
        return SQL("NOT %s", has_links)

    return fields.Domain.custom(
        to_sql=to_sql, predicate=lambda message: message.click_state == state
    )


def _has_links(alias, condition):
    return SQL(
        """EXISTS (SELECT FROM sms_gateway_link link
                    WHERE link.campaign_id = %s AND link.index = %s AND %s)""",
        SQL.identifier(alias, "campaign_id"),
        SQL.identifier(alias, "index"),
        condition,
    )
