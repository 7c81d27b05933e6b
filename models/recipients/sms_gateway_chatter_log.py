"""Notes: the chatter of a record tells what was sent to it and what became of it."""

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

_logger = logging.getLogger(__name__)

#: Notes written or changed in one transaction.
NOTED_AT_ONCE = 500
#: States that are worth a change of the note.
OUTCOMES = (*FINAL_STATES, "submitted", "unknown")
#: Later reports change no note: most providers give up after three days.
FOLLOWED = timedelta(days=14)
#: Kept with recipients that have no chatter.
NO_CHATTER = "none"

_NOTE = Markup('<p>{text}</p><p>{word} · <a href="{url}">{campaign}</a></p>')
_EMPTY_NOTE = Markup("<p>{word}</p><p>{gone}</p>")


class SmsGatewayRecipient(models.Model):
    """One note per campaign in the chatter of each recipient, kept up to date."""

    _inherit = "sms.gateway.recipient"

    mail_message_id = fields.Many2one(
        "mail.message", readonly=True, index="btree_not_null", ondelete="set null"
    )
    noted_state = fields.Char(
        readonly=True, help="The state that the chatter tells; empty before the note."
    )

    _unnoted_index = models.Index(
        "(campaign_id, index) WHERE is_prepared AND noted_state IS NULL"
    )
    _open_note_index = models.Index(
        "(campaign_id) WHERE noted_state IN"
        " ('queued', 'submitting', 'submitted', 'unknown')"
    )

    @api.model
    def _cron_note(self):
        """Write the notes of new messages, and what became of the others."""
        deadline = transactions.get_deadline(self.env)
        for step in (self._note_new, self._note_outcomes):
            transactions.begin(self.env)
            while count := step():
                transactions.commit_progress(self.env, count, remaining=count)
                if time.monotonic() >= deadline:
                    return
                transactions.begin(self.env)
        transactions.commit_progress(self.env, remaining=0)

    # === NEW ===
    @api.model
    def _note_new(self):
        """:return: the number of recipients that are done with"""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM sms_gateway_recipient
                    WHERE is_prepared AND noted_state IS NULL
                 ORDER BY campaign_id, index LIMIT %s""",
                NOTED_AT_ONCE,
            )
        )
        recipients = self.browse(row[0] for row in rows)
        for model_name, same in recipients.grouped("res_model").items():
            same._write_notes(model_name)
        return len(recipients)

    def _write_notes(self, model_name):
        threads = self._find_threads(model_name)
        for campaign, recipients in self.grouped("campaign_id").items():
            noted = recipients.filtered(lambda r: r.res_id in threads._ids)
            (recipients - noted).noted_state = NO_CHATTER
            noted._log_notes_apart(campaign, threads)

    def _find_threads(self, model_name):
        """The records that are there and have a chatter."""
        model = self.env.get(model_name)
        if model is None or not hasattr(model, "_message_log_batch"):
            return self.env["res.partner"]
        return model.browse(self.mapped("res_id")).exists()

    def _log_notes_apart(self, campaign, threads):
        """Log the notes together, or one by one where one of them fails."""
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                self._log_notes(campaign, threads)
        except psycopg2.OperationalError:
            raise  # of the transaction or the connection, and no record's fault
        except Exception:
            if len(self) == 1:
                _logger.exception("Recipient %s gets no note", self.id)
                self.env.invalidate_all()
                self.noted_state = NO_CHATTER
                return
            for recipient in self:
                recipient._log_notes_apart(campaign, threads)

    def _log_notes(self, campaign, threads):
        env = campaign._get_author_env()
        bodies = {
            recipient.res_id: _make_body(env, recipient, recipient.message_id)
            for recipient in self
        }
        notes = threads.browse(bodies)._message_log_batch(
            bodies, author_id=campaign.user_id.partner_id.id, message_type="sms"
        )
        of_record = dict(zip(bodies, notes, strict=True))
        for recipient in self:
            recipient.mail_message_id = of_record[recipient.res_id]
            recipient.noted_state = recipient.message_id.state or NO_CHATTER

    # === OUTCOMES ===
    @api.model
    def _take_over(self, messages):
        """Let recipients and their notes follow messages that were sent again."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_recipient r
                   SET message_id = m.id,
                       noted_state = CASE WHEN r.mail_message_id IS NULL
                                            OR r.noted_state = %s
                                          THEN r.noted_state ELSE m.state END
                  FROM sms_gateway_message m
                 WHERE r.message_id = m.retry_of_id AND m.id = ANY(%s)
                """,
                NO_CHATTER,
                messages.ids,
            )
        )
        self.invalidate_model(["message_id", "noted_state"])

    @api.model
    def _note_outcomes(self):
        """:return: the number of notes that were changed"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.id
                  FROM sms_gateway_recipient r
                  JOIN sms_gateway_message m ON m.id = r.message_id
                  JOIN sms_gateway_campaign c ON c.id = r.campaign_id
                 WHERE c.starts_at > %s
                   AND r.noted_state IN ('queued', 'submitting', 'submitted', 'unknown')
                   AND m.state <> r.noted_state AND m.state IN %s
                 LIMIT %s
                """,
                fields.Datetime.now() - FOLLOWED,
                OUTCOMES,
                NOTED_AT_ONCE,
            )
        )
        recipients = self.browse(row[0] for row in rows)
        for campaign, same in recipients.grouped("campaign_id").items():
            same._change_notes(campaign._get_author_env())
        return len(recipients)

    # === END ===
    @api.model
    def _empty_notes(self, messages):
        """Let the notes of messages tell what became of them, and neither their texts
        nor their numbers; those of Odoo's own SMS too, if the settings want it."""
        domain = [
            ("message_id", "in", messages.ids),
            ("mail_message_id", "!=", False),
        ]
        if not self.env["sms.gateway.settings"]._get().retention_covers_odoo:
            domain.append(("noted_state", "!=", NO_CHATTER))
        recipients = self.search(domain)
        for campaign, same in recipients.grouped("campaign_id").items():
            same._write_empty_notes(campaign._get_author_env())

    def _write_empty_notes(self, env):
        for words, recipients in self.grouped(
            lambda recipient: _name_state(env, recipient.message_id)
        ).items():
            body = _EMPTY_NOTE.format(
                word=" · ".join(words), gone=env._("The text is not kept any more.")
            )
            _write_bodies(recipients.mail_message_id, body)

    # === WRITE ===
    def _change_notes(self, env):
        """Write the notes anew in one statement, and what they tell."""
        changed = [
            {
                "id": recipient.id,
                "note": recipient.mail_message_id.id,
                "state": recipient.message_id.state,
                "body": _make_body(env, recipient, recipient.message_id),
            }
            for recipient in self
        ]
        self.env.cr.execute(
            SQL(
                """
                WITH changed AS (
                    SELECT * FROM jsonb_to_recordset(%s::jsonb)
                        AS c(id int, note int, state varchar, body text)
                ), noted AS (
                    UPDATE sms_gateway_recipient r SET noted_state = c.state
                      FROM changed c WHERE r.id = c.id
                )
                UPDATE mail_message m SET body = c.body
                  FROM changed c WHERE m.id = c.note
                """,
                json.dumps(changed),
            )
        )
        self.invalidate_model(["noted_state"])
        self.env["mail.message"].invalidate_model(["body"])


def _make_body(env, recipient, message):
    """The text as it was sent, what became of it, and where to see more."""
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
