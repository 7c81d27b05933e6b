"""The journey of a message: its step, the next one, and the person's other messages."""

from odoo import api, fields, models


class SmsGatewayMessage(models.Model):
    """Adds what the form of a message tells of policies."""

    _inherit = "sms.gateway.message"

    chain_ids = fields.Many2many(
        "sms.gateway.message",
        string="Messages to this recipient",
        compute="_compute_chain_ids",
        help="All messages to this recipient of the campaign. Empty if there is only"
        " this one.",
    )
    step_words = fields.Char("Step", compute="_compute_step_words", compute_sudo=True)
    next_step_words = fields.Char(
        "What follows", compute="_compute_next_step_words", compute_sudo=True
    )
    replaced_mark = fields.Char("Replaced", compute="_compute_replaced_mark")

    @api.depends("campaign_id", "index")
    def _compute_chain_ids(self):
        """As far as the user may read them, in the order in which they were written."""
        messages = self.search(
            [
                ("campaign_id", "in", self.campaign_id.ids),
                ("index", "in", self.mapped("index")),
            ],
            order="id",
        )
        of_place = messages.grouped(lambda one: (one.campaign_id, one.index))
        for message in self:
            chain = of_place.get((message.campaign_id, message.index), self.browse())
            message.chain_ids = chain if len(chain) > 1 else False

    @api.depends("step_id")
    @api.depends_context("lang")
    def _compute_step_words(self):
        for message in self:
            step = message.step_id.exists()
            steps = step.policy_id.step_ids
            message.step_words = len(steps) > 1 and self.env._(
                "%(number)s of %(count)s",
                number=step._get_number(),
                count=len(steps),
            )

    @api.depends("step_id", "follow_up", "channel")
    @api.depends_context("lang")
    def _compute_next_step_words(self):
        conditions = dict(self._fields["follow_up"]._description_selection(self.env))
        for message in self:
            condition = conditions.get(message.follow_up)
            following = condition and message._name_next_step()
            message.next_step_words = following and f"{following} – {condition}"

    def _name_next_step(self):
        """The step behind this one; behind a call without a policy an SMS follows."""
        step = self.step_id.exists()
        if step:
            return step._get_next().display_name
        channels = dict(self._fields["channel"]._description_selection(self.env))
        return f"{channels['sms']}: {self.route_id.name}"

    @api.depends("is_superseded")
    @api.depends_context("lang")
    def _compute_replaced_mark(self):
        for message in self:
            message.replaced_mark = message.is_superseded and self.env._("Replaced")
