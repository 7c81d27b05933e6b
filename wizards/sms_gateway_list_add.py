"""Adding of selected contacts and leads to a recipient list."""

from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.notification import CLOSE, make_notification
from ..models.sms_gateway_draft import read_selection


class SmsGatewayListAdd(models.TransientModel):
    """Asks which list the records that were selected are added to."""

    _name = "sms.gateway.list.add"
    _description = "SMS Gateway Add to List"

    list_id = fields.Many2one(
        "sms.gateway.list",
        domain=[("kind", "=", "members")],
        ondelete="cascade",
    )
    res_model = fields.Selection(
        [("res.partner", "Contacts"), ("crm.lead", "Leads")],
        "Records",
        required=True,
        readonly=True,
    )
    res_domain = fields.Text(required=True, readonly=True)
    record_count = fields.Integer("Selected", readonly=True)

    @api.model
    def _open(self):
        """Ask for the list; called by server actions, with the web client's context."""
        model_name, domain = read_selection(self.env.context)
        question = self.create(
            {
                "res_model": model_name,
                "res_domain": repr(domain),
                "record_count": self.env[model_name].search_count(domain),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Add to a recipient list"),
            "res_model": self._name,
            "res_id": question.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_add(self):
        """Add the records, each once."""
        self.ensure_one()
        if not self.list_id:
            raise UserError(self.env._("Choose a list first."))
        domain = literal_eval(self.res_domain)
        count = self.list_id._add_records(self.res_model, domain)
        return make_notification(
            self.env._(
                "Added to “%(list)s”: %(count)s.",
                list=self.list_id.name,
                count=count,
            ),
            next=CLOSE,
        )
