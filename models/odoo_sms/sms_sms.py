"""Odoo's SMS records, while a company sends them through the gateway."""

from uuid import uuid4

from odoo import api, fields, models

from ...tools.vocabulary import FINAL_STATES
from ..common import transactions
from ..common.notification import make_notification
from ..sending.sms_gateway_state_change import StateChange
from .sms_gateway_odoo_sms import SmsApiGateway

#: SMS that are handed over in one transaction: they are only enqueued. Odoo compares
#: the answers of a transaction each with each.
HANDED_OVER_AT_ONCE = 2000
#: States of Odoo's own records that nobody works on any more.
ENDED_STATES = ("sent", "error", "canceled")


class SmsSms(models.Model):
    """Goes through the gateway where its company says so, natively elsewhere."""

    _inherit = "sms.sms"

    sms_gateway_company_id = fields.Many2one(
        "res.company", "Sending company", readonly=True, ondelete="set null"
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Override: whoever makes an SMS decides on its company, not the cron."""
        for vals in vals_list:
            company_id = vals.get("sms_gateway_company_id") or self.env.company.id
            vals["sms_gateway_company_id"] = company_id
        return super().create(vals_list)

    # === SEND ===
    def _get_sms_company(self):
        if not self.env["res.company"]._get_sms_gateway_company_ids():
            return super()._get_sms_company()
        note = self.mail_message_id
        return (
            note.record_company_id
            or self.sms_gateway_company_id
            or super()._get_sms_company()
        )

    def _split_by_api(self):
        """Override: the companies that send through the gateway first."""
        if not self.env["res.company"]._get_sms_gateway_company_ids():
            yield from super()._split_by_api()
            return
        others = self.browse()
        for company, same in self.grouped(lambda sms: sms._get_sms_company()).items():
            if company._uses_sms_gateway():
                sms_api = company._get_sms_api_class()(self.env)
                sms_api._set_company(company)
                yield sms_api, same
            else:
                others += same
        if others:
            yield from super(SmsSms, others)._split_by_api()

    def _get_send_batch_size(self):
        company_ids = self.env["res.company"]._get_sms_gateway_company_ids()
        if self and set(self._get_sms_company().ids) <= set(company_ids):
            # sudo: as Odoo reads its own setting
            parameters = self.env["ir.config_parameter"].sudo()
            chosen = parameters.get_param("sms.session.batch.size")
            return int(chosen or HANDED_OVER_AT_ONCE)
        return super()._get_send_batch_size()

    @api.model
    def _process_queue(self):
        """Override: one transport per transaction, so that companies do not get into
        each other's way."""
        if not self.env["res.company"]._get_sms_gateway_company_ids():
            return super()._process_queue()
        transactions.begin(self.env)
        domain = [("state", "=", "outgoing"), ("to_delete", "!=", True)]
        found = self.search(domain, limit=HANDED_OVER_AT_ONCE, order="id")
        # Asked again under the lock: somebody may have sent them meanwhile.
        waiting = found.try_lock_for_update().filtered_domain(domain)
        if waiting:
            sms_api, same = next(waiting._split_by_api())
            batch = self.browse(next(same._split_batch()))
            batch.with_context(sms_api=sms_api)._send(
                unlink_failed=False, unlink_sent=True, raise_exception=False
            )
            remaining = self.search_count(domain)
            self.env["ir.cron"]._commit_progress(len(batch), remaining=remaining)
        return None

    @api.autovacuum
    def _gc_device(self):
        """Override: what is on its way stays until its end is known."""
        self.flush_model(["to_delete"])
        self.env.cr.execute(
            """UPDATE sms_sms
                  SET to_delete = FALSE
                 FROM sms_gateway_message m
                 JOIN sms_gateway_odoo_sms n ON n.message_id = m.id
                WHERE sms_sms.to_delete AND m.uuid = sms_sms.uuid
                  AND n.synced_state IS NULL"""
        )
        self.invalidate_model(["to_delete"])
        return super()._gc_device()

    def _apply_status(self, uuids, status, reason):
        """Follow messages that have ended; what a person has cancelled stays so.

        :param status: `sms_gateway_odoo_sms.Status`
        """
        silent = self.with_context(sms_skip_msg_notification=True)
        trackers = silent.env["sms.tracker"].search([("sms_uuid", "in", uuids)])
        records = silent.search([("uuid", "in", uuids)])
        followers = records.filtered(lambda sms: sms.state not in ("canceled", "sent"))
        failure = status.word and f"sms_{status.word}"
        known = dict(self._fields["failure_type"].selection)
        followers.write(
            {
                "state": status.state,
                "failure_type": failure
                and (failure if failure in known else "unknown"),
                "to_delete": status.state == "sent",
            }
        )
        trackers._apply_status(status, reason)
        notes = records.mail_message_id | trackers.mail_notification_id.mail_message_id
        notes._notify_message_notification_update()

    # === END ===
    @api.model
    def _forget(self, uuids):
        """Let what Odoo keeps of ended messages go with them: its queue, where failed
        SMS stay for ever, and the trackers that wait for news."""
        trackers = self.env["sms.tracker"].search([("sms_uuid", "in", uuids)])
        if self.env["sms.gateway.settings"]._get().retention_covers_odoo:
            trackers._forget_numbers()
        trackers.unlink()
        ended = [("uuid", "in", uuids), ("state", "in", ENDED_STATES)]
        self.search(ended).unlink()

    # === BUTTONS ===
    def action_set_outgoing(self):
        """Override: a retry is a new message."""
        self._renew_uuid()
        return super().action_set_outgoing()

    def action_set_canceled(self):
        """Override: what still waits in the gateway is cancelled there, what is on its
        way stays what it is."""
        gone = self._cancel_messages()
        super(SmsSms, self - gone).action_set_canceled()
        if not gone:
            return None
        return make_notification(
            self.env._(
                "SMS already submitted to the provider, cannot be cancelled: "
                "%(count)s.",
                count=len(gone),
            ),
            "warning",
        )

    def resend_failed(self):
        """Override: tell how many are on their way again."""
        failed = self.filtered(lambda sms: sms.state == "error" and not sms.to_delete)
        ours = failed._find_messages().mapped("uuid")
        mine = failed.filtered(lambda sms: sms.uuid in ours)
        if not mine:
            return super().resend_failed()
        failed.action_set_outgoing()
        failed.send()
        sent = failed.exists().filtered(lambda sms: sms.state != "error")
        return make_notification(
            self.env._(
                "SMS being resent: %(sent)s of %(count)s.",
                sent=len(sent),
                count=len(self),
            ),
            "success" if sent else "warning",
        )

    def _find_messages(self):
        """The messages of the gateway that these have become."""
        # sudo: administrators of Odoo press these buttons, not users of the gateway
        messages = self.env["sms.gateway.message"].sudo()
        return messages.search([("uuid", "in", self.mapped("uuid"))])

    def _renew_uuid(self):
        """Let those whose message has ended begin anew, with what follows them: no next
        step of their policy does."""
        ended = self._find_messages().filtered(lambda m: m.state in FINAL_STATES)
        self.env["sms.gateway.cascade"]._close(ended)
        uuids = set(ended.mapped("uuid"))
        for uuid in uuids:
            self._renew(uuid, uuid4().hex)

    @api.model
    def _renew(self, old, new):
        """Let an SMS and what follows it be known by another uuid.

        :return: the record and its tracker
        """
        # sudo: as in `_update_sms_state_and_trackers`, rights are those to the SMS
        record = self.sudo().search([("uuid", "=", old)])
        tracker = self.env["sms.tracker"].sudo().search([("sms_uuid", "=", old)])
        record.uuid = tracker.sms_uuid = new
        return record, tracker

    def _cancel_messages(self):
        """Cancel what waits; no next step of a policy begins.

        :return: the records whose message cannot be taken back any more
        """
        messages = self._find_messages()
        self.env["sms.gateway.cascade"]._close(messages)
        waiting = messages.filtered(lambda m: m.state == "queued" and not m.maybe_sent)
        outcomes = self.env["sms.gateway.state.change"]._set_state(
            [
                StateChange(id=message.id, state="cancelled", source="person")
                for message in waiting
            ]
        )
        refused = {change.id for change in outcomes["refused"]}
        gone = messages.filtered(
            lambda m: (
                m.id in refused or m.state in ("submitting", "submitted", "unknown")
            )
        )
        uuids = set(gone.mapped("uuid"))
        return self.filtered(lambda sms: sms.uuid in uuids)


class SmsTracker(models.Model):
    """Follows what became of a message."""

    _inherit = "sms.tracker"

    def _apply_status(self, status, reason):
        """:param status: `sms_gateway_odoo_sms.Status`"""
        if not status.word:
            self._action_update_from_sms_state(status.state)
        elif status.word in SmsApiGateway.PROVIDER_TO_SMS_FAILURE_TYPE:
            self._action_update_from_sms_state(
                status.state,
                failure_type=SmsApiGateway.PROVIDER_TO_SMS_FAILURE_TYPE[status.word],
                failure_reason=reason,
            )
        else:
            self.with_context(
                sms_known_failure_reason=reason
            )._action_update_from_provider_error(status.word)

    def _forget_numbers(self):
        """Take the numbers out of what the chatter and mailings tell of an SMS."""
        self.mail_notification_id.write({"sms_number": False, "failure_reason": False})
        if "mailing_trace_id" in self._fields:
            self.mailing_trace_id.write({"sms_number": False})
