"""Chatter: what became of an SMS, as things are now and in the reader's language."""

from odoo import models

from ..sending.outcomes import TONES
from ..sending.reasons import explain_message


class MailMessage(models.Model):
    """Adds the status of the gateway's message to what the web client shows."""

    _inherit = "mail.message"

    def _extras_to_store(self, store, format_reply):
        result = super()._extras_to_store(store, format_reply=format_reply)
        if store.target.is_current_user(self.env) and self.env.user._is_internal():
            for note_id, told in self._tell_sms_gateway().items():
                store.add(self.browse(note_id), {"sms_gateway": told})
        return result

    def _tell_sms_gateway(self):
        """What became of the messages that these went out as.

        :return: dict of the notes' ids → dict of label, tone, reason and whether the
            reader may open the message
        """
        notes = self.filtered(lambda note: note.message_type == "sms")
        if not notes:
            return {}
        # sudo: who reads a note reads what became of it; the gateway's forms are not
        # opened by that
        recipients = self.env["sms.gateway.recipient"].sudo()
        sent = recipients.search(
            [("mail_message_id", "in", notes.ids), ("message_id", "!=", False)]
        )
        may_open = self.env.user.has_group("crm_sms_gateway.group_user")
        return {
            one.mail_message_id.id: {**_tell(one.message_id), "may_open": may_open}
            for one in sent
        }


def _tell(message):
    outcomes = dict(message._fields["outcome"]._description_selection(message.env))
    explanation = explain_message(message)
    return {
        "label": outcomes[message.outcome],
        "tone": TONES[message.outcome],
        "reason": explanation.name if explanation else "",
    }
