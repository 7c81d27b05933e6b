"""Sending again in bulk: who may get a message once more, and who is left out."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, groupby

from ...tools.compose import Composed
from ...tools.msisdn import InvalidNumber, normalise
from ...tools.pg_array import to_array
from ...tools.vocabulary import FINAL_STATES, Channel
from ..common.sql_values import list_words
from ..routing.plan import Way
from .message_search import lacks_number
from .row_stream import FAILURE_OF_CODE

#: Codes of messages without a text or a recipient.
NEVER_READY_CODES = FAILURE_OF_CODE.keys() - {"opted_out"}
#: Why a message is not sent again: nobody can choose these.
LEFT_OUT = (
    "delivered",
    "maybe",
    "waiting",
    "again",
    "opted_out",
    "no_number",
    "invalid_number",
    "duplicate",
    "secret",
    "not_ready",
    "stopped",
    "no_record",
)
#: The others: these, and ``failed.`` with a failure type.
UNCLICKED = "unclicked"
#: The states that a message can be sent again in.
ENDED = tuple(state for state in FINAL_STATES if state != "delivered")


@dataclass(frozen=True)
class Resend:
    """What a person sends again.

    ``domain`` finds the messages, ``places`` are keys of `_count`, those of `LEFT_OUT`
    without effect. ``route_id`` is another route or policy, None for the same way;
    ``starts_at`` is naive UTC, None for at once. With ``is_new_text`` a new campaign
    goes to the records of the messages.
    """

    domain: list
    places: frozenset = frozenset()
    route_id: int | None = None
    starts_at: datetime | None = None
    is_new_text: bool = False

    @property
    def chosen(self):
        return to_array(self.places - set(LEFT_OUT))


class Row(NamedTuple):
    """What is sent again of a message."""

    id: int
    campaign_id: int
    channel: Channel
    route_id: int
    step_id: int | None
    index: int
    phone_raw: str | None
    msisdn: str
    text: str | None
    text_alternative: str | None
    encoding: str | None
    segments: int

    @property
    def place(self):
        return self.campaign_id, Way(self.channel, self.route_id, self.step_id)


class SmsGatewayResend(models.AbstractModel):
    """Writes new messages in the place of old ones, or gives their recipients to a new
    campaign.

    A message is replaced once: `sms.gateway.message.retry_of_id` is unique, and so is
    `sms.gateway.recipient.again_of_id`. Messages are locked before they are looked at:
    a report that comes first takes its person out.
    """

    _name = "sms.gateway.resend"
    _description = "SMS Gateway Sending Again"

    # === LOOK ===
    @api.model
    def _count(self, resend):
        """:return: dict of place → number of messages that the user may read"""
        rows = self.env.execute_query(
            SQL(
                "SELECT place, count(*) FROM (%s) AS found GROUP BY place",
                self._select_places(resend, self._select(resend.domain)),
            )
        )
        return dict(rows)

    @api.model
    def _find(self, resend, limit=None):
        """:return: ids of chosen messages, in no order: a limit ends the search"""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM (%s) AS found
                    WHERE place = ANY(%s::varchar[]) LIMIT %s""",
                self._select_places(resend, self._select(resend.domain)),
                resend.chosen,
                limit,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _lock(self, message_ids):
        """Let reports wait. In a request one that came first makes Odoo repeat the
        request."""
        self.env.cr.execute(
            SQL(
                """SELECT FROM sms_gateway_message WHERE id = ANY(%s::int[])
                 ORDER BY id FOR NO KEY UPDATE""",
                to_array(message_ids),
            )
        )

    def _select(self, domain):
        """The query of the messages that the user may read."""
        query = self.env["sms.gateway.message"]._search(domain)
        self.env.flush_query(query.select())
        return query.select()

    def _select_places(self, resend, messages):
        """The query of id and place of messages.

        :param messages: SQL of a query of ids
        """
        names = ("sms.gateway.campaign", "sms.gateway.route", "phone.blacklist")
        for name in names:
            self.env[name].flush_model()
        return SQL(
            """
            SELECT m.id, CASE
                   WHEN %(is_again)s THEN 'again'
                   WHEN %(is_unclicked)s THEN %(unclicked)s
                   WHEN m.state = 'delivered' THEN 'delivered'
                   WHEN m.state IN ('queued', 'submitting') THEN 'waiting'
                   WHEN m.state IN ('submitted', 'unknown') THEN 'maybe'
                   WHEN c.is_secret THEN 'secret'
                   WHEN %(lacks_number)s THEN 'no_number'
                   WHEN m.msisdn IS NULL THEN 'invalid_number'
                   WHEN m.attempts = 0 AND m.failure_code = 'duplicate'
                   THEN 'duplicate'
                   WHEN %(is_opted_out)s THEN 'opted_out'
                   WHEN %(has_maybe)s THEN 'maybe'
                   WHEN %(is_impossible)s
                   WHEN m.state = 'failed' THEN 'failed.' || m.failure_type
                   ELSE m.state END AS place
              FROM sms_gateway_message m
              JOIN sms_gateway_campaign c ON c.id = m.campaign_id
              JOIN sms_gateway_route r ON r.id = m.route_id
             WHERE m.id IN (%(messages)s)
            """,
            is_again=_IS_AGAIN,
            is_unclicked=_IS_UNCLICKED if resend.is_new_text else SQL("FALSE"),
            unclicked=UNCLICKED,
            lacks_number=lacks_number("m"),
            is_opted_out=_IS_OPTED_OUT,
            has_maybe=_HAS_MAYBE,
            is_impossible=_get_impossible(resend),
            messages=messages,
        )

    # === SAME TEXT ===
    @api.model
    def _send_again(self, resend, message_ids):
        """Replace those of the messages that are still chosen, as superuser.

        :return: the number of new messages
        :raise UserError: nothing is sent through the other route
        """
        self._lock(message_ids)
        rows = self._read(resend, message_ids)
        return len(self._enqueue(rows, resend))

    def _read(self, resend, message_ids):
        """The chosen ones among locked messages, in the order of campaigns and ways."""
        locked = SQL("SELECT unnest(%s::int[])", to_array(message_ids))
        rows = self.env.execute_query(
            SQL(
                """SELECT %s FROM (%s) AS found
                     JOIN sms_gateway_message m ON m.id = found.id
                    WHERE place = ANY(%s::varchar[])
                 ORDER BY campaign_id, channel, route_id, step_id, index""",
                SQL(", ").join(SQL.identifier("m", name) for name in Row._fields),
                self._select_places(resend, locked),
                resend.chosen,
            )
        )
        return [row for row in map(Row._make, rows) if _is_valid(row)]

    @api.model
    def _enqueue(self, rows, resend):
        """Store new messages in the place of these.

        :param rows: list of `Row` in the order of campaigns and ways
        :return: the new messages
        """
        route = self.env["sms.gateway.route"].browse(resend.route_id)
        for (campaign_id, way), of_same in groupby(rows, lambda row: row.place):
            campaign = self.env["sms.gateway.campaign"].browse(campaign_id)
            self._check_route(route, campaign, way.channel)
            self._enqueue_way(campaign, way, of_same, route, resend.starts_at)
        ids = [row.id for row in rows]
        messages = self.env["sms.gateway.message"]
        messages.browse(ids).invalidate_recordset(["retry_ids"])
        again = messages.search_fetch([("retry_of_id", "in", ids)], ["retry_of_id"])
        self.env["sms.gateway.recipient"]._follow_retries(again)
        self.env["sms.gateway.odoo.sms"]._take_over(again)
        return again

    def _enqueue_way(self, campaign, way, rows, route, starts_at):
        plan = self.env["sms.gateway.policy"]._make_plan_again(
            campaign, way, route=route, starts_at=starts_at
        )
        self.env["sms.gateway.enqueue"]._enqueue(
            campaign,
            map(_compose, rows),
            plan=plan,
            replaced={row.index: row.id for row in rows},
        )

    @api.model
    def _check_route(self, route, campaign, channel):
        """:raise UserError: the other route would not send the campaign's messages"""
        if not route:
            return
        if route.company_id != campaign.company_id:
            raise UserError(
                self.env._(
                    "Route “%(route)s” belongs to another company than campaign"
                    " “%(campaign)s”.",
                    route=route.name,
                    campaign=campaign.name,
                )
            )
        route._check_sends(channel)
        route._check_goes_on()

    @api.model
    def _estimate(self, resend, limit):
        """What some of the chosen messages cost.

        :param limit: number of messages that are looked at
        :return: list of (SMS parts, cost or None)
        :raise UserError: nothing is sent through the other route
        """
        # sudo: who may send may know what it costs, only administrators see policies
        gateway = self.sudo()
        route = gateway.env["sms.gateway.route"].browse(resend.route_id)
        rows = gateway._read(resend, self._find(resend, limit))
        estimates = []
        for (campaign_id, way), of_same in groupby(rows, lambda row: row.place):
            campaign = gateway.env["sms.gateway.campaign"].browse(campaign_id)
            self._check_route(route, campaign, way.channel)
            policies = gateway.env["sms.gateway.policy"]
            plan = policies._make_plan_again(campaign, way, route=route)
            plan.learn(of_same)
            for row in of_same:
                _route, cost, _package = plan.chooser.choose(row.msisdn, row.segments)
                estimates.append((row.segments, cost))
        return estimates

    # === ANOTHER TEXT ===
    @api.model
    def _find_recipients(self, message_ids):
        """The recipients of messages, as superuser: texts are read as their author."""
        rows = self.env.execute_query(
            SQL(
                """SELECT place.id FROM sms_gateway_message m
                     JOIN sms_gateway_recipient place
                       ON place.campaign_id = m.campaign_id AND place.index = m.index
                    WHERE m.id = ANY(%s::int[]) ORDER BY place.campaign_id, place.index
                """,
                to_array(message_ids),
            )
        )
        # sudo: see above
        return self.env["sms.gateway.recipient"].sudo().browse(row[0] for row in rows)

    @api.model
    def _choose_recipients(self, draft, resend):
        """Make the records of the chosen messages the recipients of a draft.

        :return: the number of recipients
        """
        ids = self._find(resend)
        self._lock(ids)
        self.env["sms.gateway.cascade"]._close(
            self.env["sms.gateway.message"].browse(ids)
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sms_gateway_recipient
                       (campaign_id, index, res_model, res_id, is_prepared, again_of_id)
                SELECT %s, row_number() OVER (ORDER BY again_of_id) - 1,
                       res_model, res_id, FALSE, again_of_id
                  FROM (SELECT place.res_model, place.res_id, min(m.id) AS again_of_id
                          FROM sms_gateway_message m
                          JOIN sms_gateway_recipient place
                            ON place.campaign_id = m.campaign_id
                           AND place.index = m.index
                         WHERE m.id = ANY(%s::int[])
                      GROUP BY place.res_model, place.res_id) AS people
                """,
                draft.id,
                to_array(ids),
            )
        )
        self.env["sms.gateway.recipient"].invalidate_model()
        return draft._count_recipients()


def _get_impossible(resend):
    """The cases that only one kind of sending again knows, without the first WHEN."""
    if resend.is_new_text:
        return SQL(
            """NOT EXISTS (SELECT FROM sms_gateway_recipient place
                            WHERE place.campaign_id = m.campaign_id
                              AND place.index = m.index)
               THEN 'no_record'"""
        )
    return SQL(
        """m.attempts = 0 AND m.failure_code = ANY(%s::varchar[]) THEN 'not_ready'
           WHEN c.state IN ('paused', 'cancelled') OR %s THEN 'stopped'""",
        to_array(NEVER_READY_CODES),
        SQL("FALSE") if resend.route_id else _IS_STOPPED,
    )


#: The way of a message without policy cannot be taken again. A policy looks for one.
_IS_STOPPED = SQL(
    """m.step_id IS NULL
       AND (r.active IS NOT TRUE OR r.state = 'paused'
            OR CASE m.channel WHEN 'voice' THEN r.has_voice ELSE r.has_sms END
               IS NOT TRUE)"""
)
_IS_AGAIN = SQL(
    """(m.is_superseded
        OR EXISTS (SELECT FROM sms_gateway_message later WHERE later.retry_of_id = m.id)
        OR EXISTS (SELECT FROM sms_gateway_recipient later
                    WHERE later.again_of_id = m.id))"""
)
_IS_UNCLICKED = SQL(
    """(m.state = 'delivered'
        AND EXISTS (SELECT FROM sms_gateway_link link
                     WHERE link.campaign_id = m.campaign_id AND link.index = m.index)
        AND NOT EXISTS (SELECT FROM sms_gateway_link link
                         WHERE link.campaign_id = m.campaign_id
                           AND link.index = m.index AND link.click_count > 0)
        AND NOT EXISTS (SELECT FROM phone_blacklist b
                         WHERE b.active AND b.number = m.msisdn))"""
)
#: By the gateway's blacklist, unless the campaign ignores it, or by a provider's.
_IS_OPTED_OUT = SQL(
    """(m.state = 'failed' AND m.failure_type = 'opted_out'
        OR c.ignores_blacklist IS NOT TRUE
           AND EXISTS (SELECT FROM phone_blacklist b
                        WHERE b.active AND b.number = m.msisdn))"""
)
#: A message that this one replaced may arrive: its step allowed that.
_HAS_MAYBE = SQL(
    f"""(m.retry_of_id IS NOT NULL AND EXISTS (
        WITH RECURSIVE earlier AS (
            SELECT e.id, e.retry_of_id, e.state FROM sms_gateway_message e
             WHERE e.id = m.retry_of_id
             UNION ALL
            SELECT e.id, e.retry_of_id, e.state
              FROM earlier JOIN sms_gateway_message e ON e.id = earlier.retry_of_id
        )
        SELECT FROM earlier WHERE earlier.state NOT IN {list_words(ENDED)}))"""
)


def _is_valid(row):
    """Whether today's number plans still know the number."""
    try:
        normalise(row.msisdn, channel=row.channel)
    except InvalidNumber:
        return False
    return True


def _compose(row):
    return Composed(
        index=row.index,
        phone=row.phone_raw or "",
        msisdn=row.msisdn,
        gender=None,
        text=row.text or "",
        text_alternative=row.text_alternative or "",
        encoding=row.encoding,
        segments=row.segments,
        problems=(),
    )
