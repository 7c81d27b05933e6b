"""Server actions: "Send by SMS gateway", for buttons, automation rules and crons."""

import logging
from datetime import timedelta

from odoo import api, fields, models

from ..common import clock
from ..sending.selections import CATEGORIES

_logger = logging.getLogger(__name__)


class IrActionsServer(models.Model):
    """Adds the action that sends through the gateway."""

    _inherit = "ir.actions.server"

    state = fields.Selection(
        selection_add=[("sms_gateway", "Send via SMS Gateway"), ("followers",)],
        ondelete={"sms_gateway": "cascade"},
    )
    sms_gateway_template_id = fields.Many2one(
        "sms.gateway.template", "Gateway template", ondelete="restrict"
    )
    sms_gateway_route_id = fields.Many2one(
        "sms.gateway.route", "Gateway route", ondelete="restrict"
    )
    sms_gateway_category = fields.Selection(
        CATEGORIES,
        "Message category",
        help="Empty = the category of the template.",
    )
    sms_gateway_delay = fields.Float(
        "Delay (hours)",
        help="Time to wait after the action is triggered (hours:minutes). Empty or 0 "
        "= send immediately.",
    )

    def _name_depends(self):
        return [*super()._name_depends(), "sms_gateway_template_id"]

    def _generate_action_name(self):
        self.ensure_one()
        if self.state == "sms_gateway" and self.sms_gateway_template_id:
            return self.env._(
                "Send “%(template)s” via SMS Gateway",
                template=self.sms_gateway_template_id.name,
            )
        return super()._generate_action_name()

    @api.model
    def _warning_depends(self):
        return [
            *super()._warning_depends(),
            "sms_gateway_template_id",
            "sms_gateway_route_id",
        ]

    def _get_warning_messages(self):
        warnings = super()._get_warning_messages()
        if self.state == "sms_gateway":
            warnings += self._get_gateway_warnings()
        return warnings

    def _get_gateway_warnings(self):
        warnings = []
        if not (self.sms_gateway_template_id and self.sms_gateway_route_id):
            warnings.append(self.env._("Select a template and a route."))
        model = self.env.get(self.model_id.model)
        if model is not None and not self._has_phone(model):
            warnings.append(
                self.env._(
                    "Records of this model have no phone number and no contact. "
                    "Select another model."
                )
            )
        return warnings

    def _has_phone(self, model):
        return bool(
            model._phone_get_number_fields() or model._mail_get_partner_fields()
        )

    def _run_action_sms_multi(self, eval_context=None):
        """Override: where Odoo's SMS go through the gateway, one bad number does not
        stop the others."""
        if self.env.company._uses_sms_gateway():
            self = self.with_context(sms_gateway_skip_invalid=True)
        return super()._run_action_sms_multi(eval_context=eval_context)

    def _run_action_sms_gateway_multi(self, eval_context=None):
        """Accept one campaign to the records; a bad record never stops the others."""
        records = eval_context.get("records") or eval_context.get("record")
        if records and not self._is_recompute():
            self._send_by_gateway(records)
        return False

    def _send_by_gateway(self, records):
        template = self.sms_gateway_template_id
        delay = timedelta(hours=self.sms_gateway_delay)
        if not (template and self.sms_gateway_route_id):
            _logger.warning(
                "%s has no template or no route: nothing is sent", self.name
            )
            return
        self.env["sms.gateway.campaign.accept"]._send_to_records(
            records,
            {
                "name": self.name,
                "source": "action",
                "user_id": self._get_gateway_author().id,
                "route_id": self.sms_gateway_route_id.id,
                "template_id": template.id,
                **template._get_campaign_values(),
                "category": self.sms_gateway_category or template.category,
                "recipient_source": "selection",
                "scheduled_at": delay and clock.this_second() + delay,
            },
        )

    def _get_gateway_author(self):
        """Whoever starts the action; where that is a visitor, who may read nothing,
        whoever made it."""
        user = self.env.user
        # sudo: a visitor may not read the action
        return user if user._is_internal() else self.sudo().create_uid
