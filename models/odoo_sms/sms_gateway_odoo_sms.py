"""Odoo's own SMS: its transport enqueues in the gateway, its records follow."""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL, groupby

from odoo.addons.sms.tools.sms_api import SmsApiBase

from ...tools.compose import Rules, compose_ready
from ...tools.vocabulary import FINAL_STATES
from ..campaigns.campaign_values import CampaignValues
from ..common import crons, transactions
from ..common.copied_many2one import CopiedMany2one
from ..recipients.phone import read_phone
from ..recipients.sms_gateway_recipient import NO_CHATTER
from ..sending.reasons import explain_message

_logger = logging.getLogger(__name__)

#: Messages whose final state is synced in one transaction.
SYNCED_AT_ONCE = 500
#: A report that turns a failure into a delivery is waited for so long.
FOLLOWED = timedelta(days=14)

#: Our failure types in Odoo's words, without their "sms_". None of them is "credit" or
#: "acc": these show banners that sell Odoo's own service.
WORD_OF_FAILURE = {
    "invalid_number": "number_format",
    "missing_data": "not_delivered",
    "unreachable": "not_delivered",
    "blocked": "not_allowed",
    "opted_out": "not_allowed",
    "operator_refusal": "rejected",
    "sender_rejected": "rejected",
    "sender_unregistered": "rejected",
    "content_rejected": "rejected",
    "template_mismatch": "rejected",
    "spam": "rejected",
    "mailing_forbidden": "not_allowed",
    "sim_changed": "not_allowed",
    "no_answer": "not_delivered",
    "busy": "not_delivered",
    "declined": "not_delivered",
    "machine": "not_delivered",
    "no_funds": "server",
    "unsupported": "rejected",
    "attempts_exhausted": "not_delivered",
    "provider_error": "server",
    "other": "unknown",
}


@dataclass(frozen=True)
class NativeSms:
    """What Odoo's composer or chatter wants to be sent."""

    uuid: str
    number: str
    body: str


@dataclass(frozen=True)
class Status:
    """What a final state of a message is in Odoo.

    ``state`` is one of `sms.sms`; ``word`` a failure without its "sms_", None where
    nothing failed.
    """

    state: str
    word: str | None = None

    @classmethod
    def of(cls, state, failure_type):
        """The status of a message's state and failure type."""
        if state == "delivered":
            return cls("sent")
        if state == "expired":
            return cls("error", "expired")
        if state == "failed" or failure_type:
            return cls("error", WORD_OF_FAILURE[failure_type or "other"])
        return cls("canceled")


class SmsApiGateway(SmsApiBase):
    """Odoo's transport that only enqueues: the lanes do the sending."""

    PROVIDER_TO_SMS_FAILURE_TYPE = SmsApiBase.PROVIDER_TO_SMS_FAILURE_TYPE | {
        "number_format": "sms_number_format",
        "server": "sms_server",
    }

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        """Hand texts over to the gateway, in the transaction of the caller.

        :return: a result per uuid; what the gateway has already is a success
        """
        wanted = [
            NativeSms(one["uuid"], one["number"] or "", message["content"] or "")
            for message in messages
            for one in message["numbers"]
        ]
        # Odoo takes what is raised here for a failure of the batch and goes on.
        with self.env.cr.savepoint():
            return self.env["sms.gateway.odoo.sms"]._accept(self.company, wanted)


class SmsGatewayOdooSms(models.Model):
    """A message of Odoo's own SMS, and the final state that Odoo's records have."""

    _name = "sms.gateway.odoo.sms"
    _description = "SMS Gateway: Odoo SMS"
    _log_access = False

    message_id = CopiedMany2one("sms.gateway.message", required=True, readonly=True)
    synced_state = fields.Char(
        readonly=True, help="Final status already reported to Odoo; empty until then."
    )

    _message_unique = models.UniqueIndex("(message_id)")
    _unsynced_index = models.Index("(id) WHERE synced_state IS NULL")
    _failed_index = models.Index("(id) WHERE synced_state IN ('failed', 'expired')")

    # === ACCEPT ===
    @api.model
    def _accept(self, company, wanted):
        """Enqueue what the gateway does not have yet.

        :param wanted: list of `NativeSms`
        :return: list of dicts of uuid, state and, where it fails, failure_reason
        """
        # sudo: whoever may send an SMS in Odoo sends it through the company's route
        native, company = self.sudo(), company.sudo()
        by_uuid = {one.uuid: one for one in wanted}
        for uuid in native._find_known(by_uuid):
            del by_uuid[uuid]
        domain = [("uuid", "in", list(by_uuid))]
        records = native.env["sms.sms"].search(domain, order="id")
        of_mailing = records.grouped("mailing_id") if _has_mailings(records) else {}
        for mailing, of_same in (of_mailing or {None: records}).items():
            texts = [by_uuid.pop(uuid) for uuid in of_same.mapped("uuid")]
            native._enqueue(company, mailing, texts, of_same)
        native._enqueue(company, None, list(by_uuid.values()), records.browse())
        return native._answer(wanted)

    def _find_known(self, uuids):
        rows = self.env.execute_query(
            SQL(
                "SELECT uuid FROM sms_gateway_message WHERE uuid = ANY(%s)", list(uuids)
            )
        )
        return [uuid for (uuid,) in rows]

    def _enqueue(self, company, mailing, texts, records):
        """Accept one campaign of texts.

        :param mailing: `mailing.mailing` that they belong to, or nothing
        :param records: the `sms.sms` of the texts, as far as there are any
        """
        if not texts:
            return
        route = company.sms_gateway_route_id
        campaign = self._insert_campaign(company, route, mailing, texts)
        settings = self.env["sms.gateway.settings"]._get()
        rules = Rules(max_segments=settings.max_segments)
        # before the messages stream to PostgreSQL: countries of companies are read
        phones = [read_phone(one.number, company) for one in texts]
        composed = (
            compose_ready(index, phone, one.body, rules, uuid=one.uuid)
            for index, (one, phone) in enumerate(zip(texts, phones, strict=True))
        )
        self.env["sms.gateway.enqueue"]._enqueue(campaign, composed)
        self._follow(campaign)
        self._record_recipients(campaign, texts, records)

    def _insert_campaign(self, company, route, mailing, texts):
        values = CampaignValues(
            name=mailing.display_name if mailing else _make_name(texts[0]),
            source="odoo",
            recipient_count=len(texts),
            text_neutral=texts[0].body,
            ignores_blacklist=not company.sms_gateway_obeys_blacklist,
            mailing_id=mailing.id if mailing else None,
        )
        return self.env["sms.gateway.campaign.accept"]._insert(values, route)

    def _follow(self, campaign):
        self.env.cr.execute(
            SQL(
                """INSERT INTO sms_gateway_odoo_sms (message_id)
                   SELECT id FROM sms_gateway_message WHERE campaign_id = %s
                 ORDER BY id""",
                campaign.id,
            )
        )

    def _record_recipients(self, campaign, texts, records):
        """Store the recipients; the chatter has the SMS already."""
        indexes = {one.uuid: index for index, one in enumerate(texts)}
        messages = self.env["sms.gateway.message"].search(
            [("campaign_id", "=", campaign.id)]
        )
        of_uuid = {message.uuid: message for message in messages}
        rows = [
            {
                "campaign_id": campaign.id,
                "index": indexes[sms.uuid],
                "res_model": res_model,
                "res_id": res_id,
                "phone": of_uuid[sms.uuid].msisdn,
                "message_id": of_uuid[sms.uuid].id,
                "is_prepared": True,
                "logged_state": NO_CHATTER,
                "mail_message_id": sms.mail_message_id.id,
            }
            for sms, res_model, res_id in _find_targets(records)
        ]
        self.env["sms.gateway.recipient"].create(rows)

    def _answer(self, wanted):
        """What the transport says: what waits or was sent is a success."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id, uuid, state, failure_type
                     FROM sms_gateway_message WHERE uuid = ANY(%s)""",
                [one.uuid for one in wanted],
            )
        )
        words = {
            message_id: Status.of(state, failure_type).word
            for message_id, _uuid, state, failure_type in rows
            if state in FINAL_STATES
        }
        failed = [message_id for message_id, word in words.items() if word]
        reasons = self._get_reasons(self.env["sms.gateway.message"].browse(failed))
        return [
            {
                "uuid": uuid,
                "state": words[message_id],
                "failure_reason": reasons[message_id],
            }
            if message_id in reasons
            else {"uuid": uuid, "state": "success"}
            for message_id, uuid, _state, _failure_type in rows
        ]

    def _get_reasons(self, messages):
        """Why messages failed, for those who wrote the SMS.

        :return: dict of the messages' ids → sentence
        """
        records = self.env["sms.sms"].search([("uuid", "in", messages.mapped("uuid"))])
        authors = {sms.uuid: sms.create_uid for sms in records}
        return {
            message.id: _explain(message, authors.get(message.uuid))
            for message in messages
        }

    @api.model
    def _take_over(self, messages):
        """Let Odoo's records follow messages that were sent again."""
        first = messages.retry_of_id
        domain = [("message_id", "in", first.ids)]
        followed = self.search(domain).message_id
        for message in messages.filtered(lambda m: m.retry_of_id in followed):
            old, new = message.retry_of_id.uuid, message.uuid
            sms, tracker = self.env["sms.sms"]._renew(old, new)
            sms.write({"state": "pending", "failure_type": False})
            tracker._action_update_from_sms_state("pending")
            self.create({"message_id": message.id})

    # === SYNC ===
    @api.model
    def _cron_sync(self):
        """Let Odoo's records follow the messages that have ended."""
        deadline = transactions.get_deadline(self.env)
        count = 1
        while count and time.monotonic() < deadline:
            transactions.begin(self.env)
            count = self._sync_or_wait()
            transactions.commit_progress(self.env, count, remaining=count)

    def _sync_or_wait(self):
        """Records that another transaction is changing are synced by the next run."""
        try:
            return self._sync_ended()
        except psycopg2.extensions.TransactionRollbackError as error:
            _logger.info("Odoo's SMS are synced later: %s", error)
            self.env.cr.rollback()
            crons.trigger(self.env, "tell")
            return 0

    def _sync_ended(self):
        """:return: the number of messages whose final state Odoo's records got"""
        rows = self.env.execute_query(
            SQL(
                """
                (SELECT n.id FROM sms_gateway_odoo_sms n
                   JOIN sms_gateway_message m ON m.id = n.message_id
                  WHERE n.synced_state IS NULL AND m.state IN %(final)s
                  LIMIT %(limit)s)
                UNION ALL
                (SELECT n.id FROM sms_gateway_odoo_sms n
                   JOIN sms_gateway_message m ON m.id = n.message_id
                  WHERE n.synced_state IN ('failed', 'expired')
                    AND m.state = 'delivered' AND m.accepted_at > %(followed)s
                  LIMIT %(limit)s)
                """,
                final=FINAL_STATES,
                limit=SYNCED_AT_ONCE,
                followed=fields.Datetime.now() - FOLLOWED,
            )
        )
        ended = self.browse(row[0] for row in rows)
        failed = ended.message_id.filtered(lambda m: _get_status(m).word)
        reasons = self._get_reasons(failed)
        arrived = self._find_arrived(ended.message_id)

        def explain(native):
            message = native.message_id
            if message in arrived:
                return Status.of("delivered", None), None
            return _get_status(message), reasons.get(message.id)

        for (status, reason), same in groupby(ended, explain):
            self.concat(*same)._sync_apart(status, reason)
        return len(ended)

    def _find_arrived(self, messages):
        """Those in whose place an earlier message arrived after all."""
        replaced = messages.filtered("is_superseded")
        counting = messages.search(
            [
                ("campaign_id", "in", replaced.campaign_id.ids),
                ("index", "in", replaced.mapped("index")),
                ("is_superseded", "=", False),
                ("state", "=", "delivered"),
            ]
        )
        places = set(counting.mapped(_get_place))
        return replaced.filtered(lambda message: _get_place(message) in places)

    def _sync_apart(self, status, reason):
        """Sync them together, or one by one where one of them fails."""
        try:
            with self.env.cr.savepoint():
                self._sync(status, reason)
        except psycopg2.extensions.TransactionRollbackError:
            raise
        except Exception:
            self.env.invalidate_all()
            if len(self) > 1:
                for native in self:
                    native._sync_apart(status, reason)
                return
            _logger.exception(
                "The SMS of message %s cannot be synced", self.message_id.id
            )
        for native in self:
            native.synced_state = native.message_id.state

    def _sync(self, status, reason):
        uuids = self.message_id.mapped("uuid")
        self.env["sms.sms"]._apply_status(uuids, status, reason)


def _get_status(message):
    return Status.of(message.state, message.failure_type)


def _get_place(message):
    return message.campaign_id, message.index


def _explain(message, author):
    """The reason in the author's language; what Odoo sends by itself speaks the
    company's."""
    lang = message.company_id._get_sms_gateway_lang()
    if author and author.id != SUPERUSER_ID:
        lang = author.lang
    return str(explain_message(message.with_context(lang=lang)))


def _make_name(one):
    """The beginning of a text, as long as a line of a list."""
    return " ".join(one.body.split())[:60] or one.number


def _has_mailings(records):
    """Whether SMS Marketing is installed."""
    return "mailing_id" in records._fields


def _find_targets(records):
    """:return: iterable of (sms, model, id of the record that it is for)"""
    # Read at once: one after the other they would be as many statements.
    traces = records.mailing_trace_ids if _has_mailings(records) else ()
    of_sms = {trace.sms_id_int: trace for trace in traces}
    for sms in records:
        note, trace = sms.mail_message_id, of_sms.get(sms.id)
        if note.model and note.res_id:
            yield sms, note.model, note.res_id
        elif trace:
            yield sms, trace.model, trace.res_id
        elif sms.partner_id:
            yield sms, "res.partner", sms.partner_id.id
