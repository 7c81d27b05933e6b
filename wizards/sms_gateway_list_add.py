"""Adding of selected contacts and leads to a recipient list."""

import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.campaigns.filters import read_selection
from ..models.common.notification import CLOSE, make_notification


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
        "Record type",
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
                "res_domain": json.dumps(domain),
                "record_count": self.env[model_name].search_count(domain),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Add to recipient list"),
            "res_model": self._name,
            "res_id": question.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_add(self):
        """Add the records, each once."""
        self.ensure_one()
        if not self.list_id:
            raise UserError(self.env._("Select a list first."))
        count = self.list_id._add_records(self.res_model, self._read_domain())
        return make_notification(
            self.env._(
                "Added to “%(list)s”: %(count)s.",
                list=self.list_id.name,
                count=count,
            ),
            next=CLOSE,
        )

    def _read_domain(self):
        """The records that were selected: up to as many ids as the web client sends,
        more than a filter may have.

        :raise UserError: somebody else than the web client wrote the selection
        """
        try:
            domain = fields.Domain(json.loads(self.res_domain))
            return domain.optimize_full(self.env[self.res_model])
        except Exception as error:
            raise UserError(
                self.env._("The selected records could not be read. Select them again.")
            ) from error
