"""Chatter log: one note per campaign in the chatter of each recipient's record."""

import json
import logging
import time
from datetime import timedelta

import psycopg2
from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.vocabulary import FINAL_STATES
from ..common import transactions
from ..sending.reasons import explain_message
from .sms_gateway_recipient import NO_CHATTER

_logger = logging.getLogger(__name__)

#: Notes written or changed in one transaction.
LOGGED_AT_ONCE = 500
#: States that are worth a change of the note.
LOGGED_OUTCOMES = (*FINAL_STATES, "submitted", "unknown")
#: Later reports change no note: most providers give up after three days.
FOLLOWED = timedelta(days=14)

#: The web client shows the status of now in place of the second line.
_NOTE = Markup(
    '<p>{text}</p><p class="o_sms_gateway_logged">{word}'
    ' · <a href="{url}">{campaign}</a></p>'
)
_WITHDRAWN_NOTE = Markup('<p>{word} · <a href="{url}">{campaign}</a></p>')
_REDACTED_NOTE = Markup("<p>{word}</p><p>{gone}</p>")


class SmsGatewayChatterLog(models.AbstractModel):
    """Logs to the chatter what was sent to a record, and keeps the notes up to date."""

    _name = "sms.gateway.chatter.log"
    _description = "SMS Gateway Chatter Log"

    @api.model
    def _cron_log(self):
        """Log new messages, and the outcomes of those that are logged already."""
        deadline = transactions.get_deadline(self.env)
        for step in (self._log_new, self._log_outcomes):
            transactions.begin(self.env)
            while count := step():
                transactions.commit_progress(self.env, count, remaining=count)
                if time.monotonic() >= deadline:
                    return
                transactions.begin(self.env)
        transactions.commit_progress(self.env, remaining=0)

    # === NEW ===
    @api.model
    def _log_new(self):
        """:return: the number of recipients that are done with"""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM sms_gateway_recipient
                    WHERE is_prepared AND logged_state IS NULL
                 ORDER BY campaign_id, index LIMIT %s""",
                LOGGED_AT_ONCE,
            )
        )
        recipients = self.env["sms.gateway.recipient"].browse(row[0] for row in rows)
        for model_name, same in recipients.grouped("res_model").items():
            self._log_model(model_name, same)
        return len(recipients)

    def _log_model(self, model_name, recipients):
        """Log to records of one model."""
        threads = self._find_threads(model_name, recipients)
        for campaign, of_campaign in recipients.grouped("campaign_id").items():
            logged = of_campaign.filtered(lambda one: one.res_id in threads._ids)
            (of_campaign - logged).logged_state = NO_CHATTER
            self._log_apart(campaign, logged, threads)

    def _find_threads(self, model_name, recipients):
        """The records that are there and have a chatter."""
        model = self.env.get(model_name)
        if model is None or not hasattr(model, "_message_log_batch"):
            return self.env["res.partner"]
        return model.browse(recipients.mapped("res_id")).exists()

    def _log_apart(self, campaign, recipients, threads):
        """Log to all records together, or one by one where one of them fails."""
        if not recipients:
            return
        try:
            with self.env.cr.savepoint():
                self._log_together(campaign, recipients, threads)
        except psycopg2.OperationalError:
            raise  # of the transaction or the connection, and no record's fault
        except Exception:
            if len(recipients) == 1:
                _logger.exception("Recipient %s is not logged", recipients.id)
                self.env.invalidate_all()
                recipients.logged_state = NO_CHATTER
                return
            for recipient in recipients:
                self._log_apart(campaign, recipient, threads)

    def _log_together(self, campaign, recipients, threads):
        env = campaign._get_author_env()
        bodies = {
            recipient.res_id: _make_body(env, recipient, recipient.message_id)
            for recipient in recipients
        }
        notes = threads.browse(bodies)._message_log_batch(
            bodies, author_id=campaign.user_id.partner_id.id, message_type="sms"
        )
        of_record = dict(zip(bodies, notes, strict=True))
        for recipient in recipients:
            recipient.mail_message_id = of_record[recipient.res_id]
            recipient.logged_state = recipient.message_id.state or NO_CHATTER

    # === OUTCOMES ===
    @api.model
    def _log_outcomes(self):
        """:return: the number of notes that were changed"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.id
                  FROM sms_gateway_recipient r
                  JOIN sms_gateway_message m ON m.id = r.message_id
                  JOIN sms_gateway_campaign c ON c.id = r.campaign_id
                 WHERE c.starts_at > %s
                   AND r.logged_state IN
                       ('queued', 'submitting', 'submitted', 'unknown')
                   AND m.state <> r.logged_state AND m.state IN %s
                 LIMIT %s
                """,
                fields.Datetime.now() - FOLLOWED,
                LOGGED_OUTCOMES,
                LOGGED_AT_ONCE,
            )
        )
        recipients = self.env["sms.gateway.recipient"].browse(row[0] for row in rows)
        for campaign, same in recipients.grouped("campaign_id").items():
            self._rewrite(campaign._get_author_env(), same)
        return len(recipients)

    def _rewrite(self, env, recipients):
        """Write the notes anew in one statement, and the state that they tell."""
        changed = [
            {
                "id": recipient.id,
                "note": recipient.mail_message_id.id,
                "state": recipient.message_id.state,
                "body": _make_body(env, recipient, recipient.message_id),
            }
            for recipient in recipients
        ]
        self.env.cr.execute(
            SQL(
                """
                WITH changed AS (
                    SELECT * FROM jsonb_to_recordset(%s::jsonb)
                        AS c(id int, note int, state varchar, body text)
                ), logged AS (
                    UPDATE sms_gateway_recipient r SET logged_state = c.state
                      FROM changed c WHERE r.id = c.id
                )
                UPDATE mail_message m SET body = c.body
                  FROM changed c WHERE m.id = c.note
                """,
                json.dumps(changed),
            )
        )
        recipients.invalidate_model(["logged_state"])
        self.env["mail.message"].invalidate_model(["body"])

    # === WITHDRAWAL ===
    @api.model
    def _withdraw(self, campaign):
        """Let the notes of a campaign say that it was returned to draft."""
        recipients = self.env["sms.gateway.recipient"].search(
            [("campaign_id", "=", campaign.id), ("mail_message_id", "!=", False)]
        )
        if not recipients:
            return
        env = campaign._get_author_env()
        body = _WITHDRAWN_NOTE.format(
            word=env._("Not sent: the campaign was returned to draft"),
            url=f"/odoo/sms-gateway/{campaign.id}",
            campaign=campaign.name,
        )
        _write_bodies(recipients.mail_message_id, body)

    # === END ===
    @api.model
    def _redact(self, messages):
        """Leave in the notes of messages their outcome, and neither their texts nor
        their numbers; those of Odoo's own SMS too, if the settings want it."""
        domain = [
            ("message_id", "in", messages.ids),
            ("mail_message_id", "!=", False),
        ]
        if not self.env["sms.gateway.settings"]._get().retention_covers_odoo:
            domain.append(("logged_state", "!=", NO_CHATTER))
        recipients = self.env["sms.gateway.recipient"].search(domain)
        for campaign, same in recipients.grouped("campaign_id").items():
            self._write_redacted(campaign._get_author_env(), same)

    def _write_redacted(self, env, recipients):
        for words, same in recipients.grouped(
            lambda recipient: _name_state(env, recipient.message_id)
        ).items():
            body = _REDACTED_NOTE.format(
                word=" · ".join(words), gone=env._("The text is no longer stored.")
            )
            _write_bodies(same.mail_message_id, body)


def _make_body(env, recipient, message):
    """The text as it was sent, its outcome, and where to see more."""
    return _NOTE.format(
        text=message.text or message.phone_raw or "",
        word=_describe(env, message),
        url=f"/odoo/sms-gateway/{recipient.campaign_id.id}",
        campaign=recipient.campaign_id.name,
    )


def _write_bodies(notes, body):
    """Put one body in place of those of chatter messages, translations included."""
    notes.env.cr.execute(
        SQL(
            """
            WITH untranslated AS (
                DELETE FROM mail_message_translation WHERE message_id = ANY(%(ids)s)
            )
            UPDATE mail_message SET body = %(body)s WHERE id = ANY(%(ids)s)
            """,
            ids=list(notes.ids),
            body=body,
        )
    )
    notes.invalidate_recordset(["body"], flush=False)


def _name_state(env, message):
    channels = dict(message._fields["channel"]._description_selection(env))
    states = dict(message._fields["state"]._description_selection(env))
    return channels[message.channel], states[message.state]


def _describe(env, message):
    channel, state = _name_state(env, message)
    words = [channel, message.phone or "", state]
    explanation = explain_message(message.with_context(lang=env.lang))
    if explanation:
        words.append(str(explanation))
    return " · ".join(filter(None, words))
