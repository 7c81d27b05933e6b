"""The recipients of a campaign and what became of them, as a workbook."""

from datetime import datetime

from odoo import fields, models
from odoo.exceptions import AccessError

from ...tools.workbook import write_workbook

#: Places among a campaign's recipients that are read at a time.
PAGE = 1000
EXPORT_GROUP = "base.group_allow_export"


class SmsGatewayCampaign(models.Model):
    """Adds the export."""

    _inherit = "sms.gateway.campaign"

    def action_export_recipients(self):
        """Download the workbook."""
        self.ensure_one()
        self._check_export()
        return {
            "type": "ir.actions.act_url",
            "url": f"/crm_sms_gateway/campaign/{self.id}/recipients.xlsx",
            "target": "self",
        }

    def _check_export(self):
        """:raise AccessError: the user may not read the campaign, or export at all"""
        self.check_access("read")
        if not self.env.user.has_group(EXPORT_GROUP):
            raise AccessError(self.env._("You are not allowed to export data."))

    def _export_recipients(self, file):
        """Write the messages that count and that the user may read, one for each
        recipient, in the order of the recipients.

        Times are those of the user's time zone.

        :param file: a binary file to write to
        :raise AccessError: the user may not read the campaign, or export at all
        """
        self.ensure_one()
        self._check_export()
        columns = self._get_export_columns()
        write_workbook(file, columns, self._iterate_export_rows())

    def _get_export_columns(self):
        """:return: list of (title, type), in the order of `_make_export_row`"""
        return [
            (self.env._("Recipient"), str),
            (self.env._("Number"), str),
            (self.env._("Status"), str),
            (self.env._("Failure reason"), str),
            (self.env._("Accepted on"), datetime),
            (self.env._("Submitted on"), datetime),
            (self.env._("Delivered on"), datetime),
            (self.env._("SMS parts"), int),
            (self.env._("Cost"), float),
            (self.env._("Currency"), str),
            (self.env._("Clicks"), int),
            (self.env._("First click"), datetime),
            (self.env._("Channel"), str),
            (self.env._("Route"), str),
            (self.env._("Message ID"), str),
        ]

    def _iterate_export_rows(self):
        """Yield the rows, without keeping the messages in memory."""
        messages = self.env["sms.gateway.message"]
        last = messages.search([("campaign_id", "=", self.id)], limit=1).index
        for first in range(0, last + 1, PAGE):
            page = messages.search_fetch(
                [
                    ("campaign_id", "=", self.id),
                    ("index", ">=", first),
                    ("index", "<", first + PAGE),
                    ("is_superseded", "=", False),
                ],
                order="index, id",
            )
            yield from self._make_export_rows(page)
            self.env.invalidate_all()

    def _make_export_rows(self, messages):
        names = self._find_recipient_names(messages)
        channels = dict(messages._fields["channel"]._description_selection(self.env))
        outcomes = dict(messages._fields["outcome"]._description_selection(self.env))
        for message in messages:
            links = message.link_ids
            is_free = message.outcome == "not_sent" or message.is_debug
            cost = None if is_free else message.cost or None
            clicked = list(filter(None, links.mapped("first_click_at")))
            yield [
                names.get(message.index),
                message.phone or None,
                outcomes.get(message.outcome),
                message.failure_reason or None,
                self._localise(message.accepted_at),
                self._localise(message.submitted_at),
                self._localise(message.delivered_at),
                message.segments or None,
                cost,
                message.currency_id.name if cost else None,
                sum(links.mapped("click_count")) if links else None,
                self._localise(min(clicked, default=None)),
                channels.get(message.channel),
                message.route_id.name,
                message.uuid,
            ]

    def _find_recipient_names(self, messages):
        """:return: dict of place → name of the record, if the user may read it"""
        recipients = self.env["sms.gateway.recipient"].search(
            [
                ("campaign_id", "=", self.id),
                ("index", "in", messages.mapped("index")),
            ]
        )
        return {one.index: one.record_name or None for one in recipients}

    def _localise(self, moment):
        """A moment on the clock of the user; workbooks know no time zones."""
        if not moment:
            return None
        return fields.Datetime.context_timestamp(self, moment).replace(tzinfo=None)
