"""How far sending again in the background is: for the form of a campaign."""

from odoo import fields, models
from odoo.tools import formatLang


class SmsGatewayCampaign(models.Model):
    """Adds what is told while messages of the campaign are sent again."""

    _inherit = "sms.gateway.campaign"

    resend_words = fields.Text("Sending again", compute="_compute_resend_words")

    def _compute_resend_words(self):
        # sudo: jobs are nobody's records; who reads a campaign may know what goes on
        jobs = self.env["sms.gateway.resend.job"].sudo()
        for campaign in self:
            found = jobs._find_concerning(campaign._origin)
            campaign.resend_words = "\n".join(map(self._say_resend, found))

    def _say_resend(self, job):
        done, total = (
            formatLang(self.env, count, digits=0)
            for count in (job.sent_count, job.total_count)
        )
        return self.env._(
            "Sending again in the background: %(done)s of %(total)s done. Started by"
            " %(user)s.",
            done=done,
            total=total,
            user=job.user_id.name,
        )
