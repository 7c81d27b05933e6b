"""Answers kept by idempotency key."""

import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..common import clock
from ..common.failed_statements import hidden_values

#: How long an answer is kept (docs/api.rst, Repeating a request safely).
KEEP = timedelta(hours=48)


class SmsGatewayIdempotency(models.Model):
    """The first answer to a request that carried an ``Idempotency-Key``."""

    _name = "sms.gateway.idempotency"
    _description = "SMS Gateway Idempotency Key"
    _log_access = False

    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    key = fields.Char("Request key", required=True)
    body_hash = fields.Char(required=True)
    answer = fields.Text(
        "Response", required=True, help="JSON response, stored verbatim."
    )
    created_at = fields.Datetime(required=True, index=True)

    _caller_key_unique = models.UniqueIndex("(user_id, key)")

    @api.model
    def _find(self, key):
        """The hash of the body and the answer of the API client's request of this key,
        if it is younger than 48 hours; None otherwise.

        The members of the answer come in the order they were given in.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT body_hash, answer FROM sms_gateway_idempotency
                 WHERE user_id = %s AND key = %s AND created_at > %s - %s
                """,
                self.env.uid,
                key,
                clock.at_statement(),
                KEEP,
            )
        )
        for body_hash, answer in rows:
            return body_hash, json.loads(answer)
        return None

    @api.model
    def _store(self, key, body_hash, answer):
        """Store an answer in the transaction of its request.

        When another request of the same key commits first, PostgreSQL makes this
        transaction fail to serialise; Odoo repeats the request, and the repetition
        finds the other's answer.
        """
        statement = SQL(
            """
            INSERT INTO sms_gateway_idempotency AS known
                   (user_id, key, body_hash, answer, created_at)
            VALUES (%(user_id)s, %(key)s, %(body_hash)s, %(answer)s, %(clock)s)
                ON CONFLICT (user_id, key) DO UPDATE
               SET body_hash = excluded.body_hash, answer = excluded.answer,
                   created_at = excluded.created_at
             WHERE known.created_at <= excluded.created_at - %(keep)s
            """,
            user_id=self.env.uid,
            key=key,
            body_hash=body_hash,
            answer=json.dumps(answer, ensure_ascii=False),
            clock=clock.at_statement(),
            keep=KEEP,
        )
        # Losing is no error.
        with hidden_values():
            self.env.cr.execute(statement, log_exceptions=False)

    @api.autovacuum
    def _gc_idempotency(self):
        self.env.cr.execute(
            SQL(
                "DELETE FROM sms_gateway_idempotency WHERE created_at <= %s - %s",
                clock.at_statement(),
                KEEP,
            )
        )
