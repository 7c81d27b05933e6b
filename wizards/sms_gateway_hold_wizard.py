"""What becomes of the messages of a restored or copied database."""

from odoo import api, fields, models

from ..models.common.notification import CLOSE, make_notification
from ..models.operations.sms_gateway_hold import DECISIONS


class SmsGatewayHoldWizard(models.TransientModel):
    """Shows what is in doubt, route by route, and asks what the database is.

    The decision holds for what is shown: see `sms.gateway.hold._decide`.
    """

    _name = "sms.gateway.hold.wizard"
    _description = "SMS Gateway Hold Decision"

    hold_id = fields.Many2one(
        "sms.gateway.hold", required=True, readonly=True, ondelete="cascade"
    )
    cause = fields.Selection(related="hold_id.cause")
    began_at = fields.Datetime(related="hold_id.began_at")
    line_ids = fields.One2many("sms.gateway.hold.line", "wizard_id", readonly=True)
    in_doubt_count = fields.Integer("In doubt", readonly=True)
    unprepared_count = fields.Integer(
        "Campaigns in doubt",
        readonly=True,
        help="Campaigns whose messages have not all been prepared.",
    )
    decision = fields.Selection(DECISIONS, "What is this database?")

    @api.model
    def _open(self, hold):
        """Ask about a hold, with the figures of this moment."""
        # sudo: administrators of Odoo need not be users of the gateway
        rows = hold.sudo()._count_in_doubt()
        routes = self.env["sms.gateway.route"].sudo()
        wizard = self.create(
            {
                "hold_id": hold.id,
                "in_doubt_count": sum(row["in_doubt"] for row in rows),
                "unprepared_count": len(hold.sudo()._find_unprepared()),
                "line_ids": [
                    fields.Command.create(
                        {
                            "route_name": routes.browse(row["route_id"]).name,
                            "way_to_ask": routes.browse(
                                row["route_id"]
                            )._get_lookup_method(),
                            "in_doubt_count": row["in_doubt"],
                            "unknown_count": row["unknown"],
                            "oldest_at": row["oldest"],
                            "newest_at": row["newest"],
                        }
                    )
                    for row in rows
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Restored or copied database"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_decide(self):
        """Let the decision be carried out."""
        self.ensure_one()
        self.hold_id._decide(self.decision, self.in_doubt_count)
        return make_notification(
            self.env._("Decision saved. It takes effect within a minute."), next=CLOSE
        )


class SmsGatewayHoldLine(models.TransientModel):
    """What is in doubt on one route."""

    _name = "sms.gateway.hold.line"
    _description = "SMS Gateway Hold Decision: Route"

    wizard_id = fields.Many2one(
        "sms.gateway.hold.wizard", required=True, ondelete="cascade"
    )
    route_name = fields.Char("Route", readonly=True)
    way_to_ask = fields.Selection(
        [
            ("lookup", "By client reference"),
            (
                "again",
                "By submitting again: the provider does not send a known message twice",
            ),
            ("none", "Not supported by the provider"),
        ],
        "Reconciliation",
        readonly=True,
    )
    in_doubt_count = fields.Integer("In doubt", readonly=True)
    unknown_count = fields.Integer(
        "Outcome unknown",
        readonly=True,
        help="Messages that were being sent, or whose outcome was unknown, when the "
        "backup was made.",
    )
    oldest_at = fields.Datetime("Oldest", readonly=True)
    newest_at = fields.Datetime("Newest", readonly=True)
