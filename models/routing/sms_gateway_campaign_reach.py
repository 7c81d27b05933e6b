"""How a campaign reached its recipients: its messages by step and channel."""

from collections import defaultdict

from odoo import fields, models
from odoo.tools import SQL, groupby

from ...tools.vocabulary import SENT_OUTCOMES
from ..sending.outcomes import outcome_of


class SmsGatewayCampaign(models.Model):
    """Adds the table of the steps."""

    _inherit = "sms.gateway.campaign"

    reach_table = fields.Html(
        "How recipients were reached",
        compute="_compute_reach_table",
        sanitize=False,
        help="Messages by step of the policy and channel. A recipient may have one"
        " in each step.",
    )

    def _compute_reach_table(self):
        """Only campaigns with replaced messages have more than one step to tell of:
        they alone are counted."""
        counted = self.filtered("resent_count")
        rows = counted._count_by_step() if counted else {}
        for campaign in self:
            lines = rows.get(campaign.id)
            campaign.reach_table = lines and self.env["ir.qweb"]._render(
                "crm_sms_gateway.sms_gateway_campaign_reach_table", {"lines": lines}
            )

    def _count_by_step(self):
        """:return: dict of campaign id → list of dicts, in the order of the steps"""
        rows = self.env.execute_query(
            SQL(
                """SELECT campaign_id, step_id, channel, %s AS outcome, count(*)
                     FROM sms_gateway_message m
                    WHERE campaign_id = ANY(%s)
                 GROUP BY 1, 2, 3, 4""",
                outcome_of("m"),
                self.ids,
            )
        )
        found = defaultdict(list)
        for (campaign_id, step_id, channel), of_same in groupby(rows, _get_step):
            counts = {outcome: count for *_place, outcome, count in of_same}
            found[campaign_id].append(self._make_line(step_id, channel, counts))
        for lines in found.values():
            lines.sort(key=lambda line: line["place"])
        return found

    def _make_line(self, step_id, channel, counts):
        # sudo: users learn by which step people were reached, only administrators
        # read policies
        step = self.env["sms.gateway.policy.step"].sudo().browse(step_id).exists()
        labels = dict(self._fields["channel"]._description_selection(self.env))
        number = step._get_number() if step else 0
        return {
            "place": (number, channel != "voice"),
            "name": f"{number}. {labels[channel]}" if number else labels[channel],
            "sent": sum(counts.get(outcome, 0) for outcome in SENT_OUTCOMES),
            "delivered": counts.get("delivered", 0),
            "not_delivered": counts.get("not_delivered", 0),
            "not_sent": counts.get("not_sent", 0),
        }


def _get_step(row):
    return row[:3]
