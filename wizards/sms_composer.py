"""Odoo's SMS composer, while a company sends through the gateway."""

import json

from odoo import models
from odoo.exceptions import UserError

from ..models.recipients.sms_gateway_recipient import find_opted_out


class SmsComposer(models.TransientModel):
    """Serves as many recipients as are chosen, and lets no bad one stop the others."""

    _inherit = "sms.composer"

    # === MANY RECIPIENTS ===
    def _compute_res_ids_count(self):
        """Override: Odoo reads ids with `literal_eval`, which takes 100 KiB."""
        if not self.env.company._uses_sms_gateway():
            return super()._compute_res_ids_count()
        for composer in self:
            composer.res_ids_count = len(composer._read_res_ids())
        return None

    def _get_records(self):
        """Override: see `_compute_res_ids_count`."""
        is_ours = self.env.company._uses_sms_gateway()
        if not (self.res_model and self.res_ids and is_ours):
            return super()._get_records()
        records = self.env[self.res_model].browse(self._read_res_ids())
        return records.with_context(mail_notify_author=True)

    def _read_res_ids(self):
        """The ids of a list or tuple of Python, whose numbers are JSON's."""
        try:
            ids = json.loads(f"[{(self.res_ids or '').strip('()[], ')}]")
        except ValueError:
            ids = [None]
        if not all(type(record_id) is int for record_id in ids):
            raise UserError(
                self.env._(
                    "Invalid recipient IDs: %(ids)s. Select the recipients again.",
                    ids=self.res_ids[:100],
                )
            )
        return ids

    def _get_blacklist_record_ids(self, records, recipients_info):
        """Override: Odoo looks every recipient up along the whole blacklist."""
        if not (self.use_exclusion_list and self.env.company._uses_sms_gateway()):
            return super()._get_blacklist_record_ids(records, recipients_info)
        numbers = {info["sanitized"] for info in recipients_info.values()} - {False}
        found = find_opted_out(self.env, numbers)
        return [
            record.id
            for record in records
            if recipients_info[record.id]["sanitized"] in found
        ]

    def _prepare_mass_sms_values(self, records):
        """Override: an SMS for a record is sent by the record's company."""
        values = super()._prepare_mass_sms_values(records)
        if "company_id" in records._fields:
            for record in records:
                values[record.id]["sms_gateway_company_id"] = record.company_id.id
        return values

    # === BAD NUMBERS ===
    def action_send_sms(self):
        """Override: an action on many records tells of bad numbers where they are, in
        the chatter, and sends to the others."""
        if self.env.context.get("sms_gateway_skip_invalid") and not self.res_id:
            self._action_send_sms()
            return False
        return super().action_send_sms()
