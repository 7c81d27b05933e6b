"""A campaign as a report: what became of its messages, why, when and at what cost."""

from collections import Counter, defaultdict
from typing import NamedTuple

from odoo import fields, models
from odoo.tools import SQL

from ...tools.time_buckets import make_buckets
from ...tools.vocabulary import OUTCOMES, SENT_OUTCOMES
from ..sending.message_search import lacks_number
from ..sending.outcomes import outcome_of
from ..sending.reasons import name_reason
from ..sending.sms_gateway_resend import NEVER_READY_CODES

#: Outcomes that have a reason.
REASONED = ("not_delivered", "not_sent")
#: The key of the gateway's own reason that a recipient has no number at all.
_NO_NUMBER = "invalid_number.absent"
#: The gateway's own reasons that sending again, with any text, does not remove.
_FINAL_CODES = (_NO_NUMBER, "invalid_number", "duplicate", "opted_out")


class _Group(NamedTuple):
    """Messages of a campaign that have all of this in common.

    ``code`` is the key of the gateway's own reason, None where the provider gave it;
    ``minute`` is that of the delivery, since the start; ``amount`` is the cost by the
    route's prices, ``reported`` the one by the provider in ``currency``.
    """

    is_superseded: int
    outcome: str
    state: str
    failure_type: str | None
    code: str | None
    currency: str | None
    minute: int | None
    count: int
    amount: float
    unpriced_count: int
    reported: float

    @property
    def reason(self):
        """State, failure type and code, as far as they tell why: the gateway's own
        reasons are told by their code, and only failures have a type."""
        has_type = self.state == "failed" and not self.code
        return self.state, self.failure_type if has_type else None, self.code


class SmsGatewayCampaign(models.Model):
    """Adds the report.

    The figures are those of the whole campaign, whoever may read it; the messages
    behind a figure are those that the user may read.
    """

    _inherit = "sms.gateway.campaign"

    def action_get_report(self):
        """What became of the campaign.

        Of the messages to a recipient the one that counts is told. The outcomes and the
        recipients without a message add up to the recipients. Every ``domain`` finds
        the messages that its figure counts.

        :return: dict of ``recipients`` (count), ``outcomes`` (``name``, ``count``,
            ``domain``, ``can_send_again``), ``without_message`` (count: not prepared
            yet, or cancelled before), ``replaced`` (``count``, ``domain``),
            ``not_delivered`` and ``not_sent`` (reasons: ``label``, ``count``,
            ``domain``, ``can_send_again``), ``forgotten`` (messages that are no longer
            stored), ``cost`` (see `_describe_cost`), ``clicks`` (see
            `_describe_clicks`) and ``timeline`` (see `_describe_timeline`), each None
            where there is nothing to tell
        """
        self.ensure_one()
        self.check_access("read")
        self.flush_recordset()
        groups = self._read_groups()
        counts = self._count_exactly("outcome", OUTCOMES)
        stored = [group for group in groups if not group.is_superseded]
        replaced = [group for group in groups if group.is_superseded]
        clicked_by_minute, clicks = self._read_clicks()
        total = sum(counts.values())
        return {
            "recipients": max(self.recipient_count, total),
            "outcomes": self._describe_outcomes(counts),
            "without_message": max(self.recipient_count - total, 0),
            "replaced": {
                "count": sum(group.count for group in replaced),
                "domain": [
                    ("campaign_id", "=", self.id),
                    ("is_superseded", "=", True),
                ],
            },
            **{name: self._describe_reasons(name, stored) for name in REASONED},
            "forgotten": max(total - sum(group.count for group in stored), 0),
            "cost": self._describe_cost(groups, counts["delivered"]),
            "clicks": self._describe_clicks(clicks, clicked_by_minute, counts),
            "timeline": self._describe_timeline(stored, clicked_by_minute),
        }

    def action_send_again_to(self, domain):
        """Ask how some of the campaign's messages are sent again.

        :param domain: of messages, as the report tells it; only those of the campaign
            that the user may read are found
        """
        self.ensure_one()
        return self.env["sms.gateway.send.again"]._open_for_campaign(self, domain)

    # === READ ===
    def _read_groups(self):
        """Count the messages in one pass.

        PostgreSQL takes every moment behind an expression for a group of its own and
        would sort all messages. It looks at plain columns instead, those of a subquery
        (``OFFSET 0``), and at a number instead of a truth value, and hashes the groups.

        :return: list of `_Group`
        """
        self.env["sms.gateway.message"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT is_superseded, outcome, state, failure_type, code, currency,
                       minute, count(*), COALESCE(sum(cost), 0),
                       count(*) FILTER (WHERE cost IS NULL),
                       COALESCE(sum(provider_price), 0)
                  FROM (SELECT (m.is_superseded IS TRUE)::int AS is_superseded,
                               %(outcome)s AS outcome, m.state, m.failure_type,
                               CASE WHEN m.failure_params IS NULL THEN NULL
                                    WHEN %(lacks_number)s THEN %(no_number)s
                                    ELSE m.failure_code END AS code,
                               CASE WHEN m.provider_price <> 0
                                    THEN m.provider_currency END AS currency,
                               CASE WHEN m.state = 'delivered'
                                    THEN %(minute)s END AS minute,
                               m.cost, m.provider_price
                          FROM sms_gateway_message m
                         WHERE m.campaign_id = %(campaign_id)s
                        OFFSET 0) AS message
              GROUP BY 1, 2, 3, 4, 5, 6, 7
                """,
                outcome=outcome_of("m"),
                lacks_number=lacks_number("m"),
                no_number=_NO_NUMBER,
                minute=self._make_minute(SQL("m.delivered_at")),
                campaign_id=self.id,
            )
        )
        return [_Group(*row) for row in rows]

    def _read_clicks(self):
        """:return: dict of minute since the start → recipients who clicked first in it,
        and the number of all clicks"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(%(minute)s, 0), count(*)::int, sum(clicks)::int
                  FROM (SELECT min(first_click_at) AS happened_at,
                               sum(click_count) AS clicks
                          FROM sms_gateway_link
                         WHERE campaign_id = %(campaign_id)s AND click_count > 0
                      GROUP BY index) AS person
              GROUP BY 1
                """,
                minute=self._make_minute(SQL("happened_at")),
                campaign_id=self.id,
            )
        )
        by_minute = {minute: people for minute, people, _clicks in rows}
        return by_minute, sum(clicks for _minute, _people, clicks in rows)

    def _make_minute(self, moment):
        """The minute since the campaign's start, NULL without a moment.

        :param moment: SQL of a column
        """
        return SQL(
            """CASE WHEN %(moment)s IS NOT NULL THEN
               GREATEST(floor(date_part('epoch', %(moment)s - %(start)s) / 60), 0)::int
               END""",
            moment=moment,
            start=self._get_start(),
        )

    def _get_start(self):
        return self.starts_at or self.accepted_at or self.create_date

    # === DESCRIBE ===
    def _get_counting_domain(self):
        """The messages that count."""
        return [("campaign_id", "=", self.id), ("is_superseded", "=", False)]

    def _describe_outcomes(self, counts):
        counting = self._get_counting_domain()
        return [
            {
                "name": name,
                "count": counts[name],
                "domain": [*counting, ("outcome", "=", name)],
                "can_send_again": name in REASONED and not self.is_secret,
            }
            for name in OUTCOMES
        ]

    def _describe_reasons(self, outcome, groups):
        """The reasons of an outcome, the most frequent first."""
        counts = Counter()
        for group in groups:
            if group.outcome == outcome:
                counts[group.reason] += group.count
        return [
            {
                "label": name_reason(
                    self.env, *reason, is_unsent=outcome == "not_sent"
                ),
                "count": count,
                "domain": [
                    *self._get_counting_domain(),
                    ("outcome", "=", outcome),
                    *_make_reason_domain(*reason),
                ],
                "can_send_again": self._can_send_again(*reason),
            }
            for reason, count in counts.most_common()
        ]

    def _can_send_again(self, _state, failure_type, code):
        """Whether some of these messages may be offered by the dialog."""
        if self.is_secret or failure_type == "opted_out" or code in _FINAL_CODES:
            return False
        # another text goes to records, which requests of the API have none of
        return code not in NEVER_READY_CODES or self.source != "api"

    def _describe_cost(self, groups, delivered_count):
        """What the messages cost that the provider has or may have, the replaced ones
        included.

        :return: dict of ``amount``, ``currency_id``, ``per_delivered`` (None where
            nothing was delivered), ``unpriced`` (messages without a price) and
            ``reported`` (by the provider: ``amount``, ``currency``); None without a
            message of that kind, and for a dry run
        """
        sent = [group for group in groups if group.outcome in SENT_OUTCOMES]
        if not sent or self.is_debug:
            return None
        amount = float(sum(group.amount for group in sent))
        reported = defaultdict(float)
        for group in sent:
            if group.currency:
                reported[group.currency] += group.reported
        return {
            "amount": amount,
            "currency_id": self.company_id.currency_id.id,
            "per_delivered": amount / delivered_count if delivered_count else None,
            "unpriced": sum(group.unpriced_count for group in sent),
            "reported": [
                {"currency": currency, "amount": amount}
                for currency, amount in sorted(reported.items())
            ],
        }

    def _describe_clicks(self, clicks, clicked_by_minute, counts):
        """
        :return: dict of ``clicks``, ``people`` (who clicked, of whom some may be no
            longer stored), ``share`` (of those who have the message), ``clicked`` and
            ``unclicked`` (``count``, ``domain``); None without short links
        """
        if not self.has_short_links:
            return None
        stored_people = sum(clicked_by_minute.values())
        people = stored_people + (self.past_clicker_count or 0)
        # who clicked has the message, whatever the delivery reports say
        receivers = max(counts["delivered"], people)
        return {
            "clicks": clicks + (self.past_click_count or 0),
            "people": people,
            "share": people / receivers if receivers else 0,
            "clicked": {
                "count": stored_people,
                "domain": [
                    *self._get_counting_domain(),
                    ("click_state", "=", "clicked"),
                ],
            },
            "unclicked": self._describe_unclicked(),
        }

    def _describe_unclicked(self):
        domain = [
            *self._get_counting_domain(),
            ("state", "=", "delivered"),
            ("click_state", "=", "unclicked"),
        ]
        # sudo: the figures are those of the whole campaign
        messages = self.env["sms.gateway.message"].sudo()
        return {
            "count": messages.search_count(domain),
            "domain": domain,
            "can_send_again": not self.is_secret,
        }

    def _describe_timeline(self, groups, clicked_by_minute):
        """When messages were delivered and links clicked for the first time.

        :return: dict of ``start`` (UTC), ``width`` (seconds of a bar), ``bars`` and
            ``later`` (dicts of ``delivered`` and ``clicked``, see
            `tools.time_buckets`); None before the first of them
        """
        delivered = Counter()
        for group in groups:
            if group.minute is not None:
                delivered[group.minute] += group.count
        if not (delivered or clicked_by_minute):
            return None
        series = {"delivered": delivered, "clicked": clicked_by_minute}
        found = make_buckets(series, "delivered" if delivered else "clicked")
        return {
            "start": fields.Datetime.to_string(self._get_start()),
            "width": found.width,
            "bars": found.counts,
            "later": found.later,
        }


def _make_reason_domain(state, failure_type, code):
    """The domain of the messages that a reason stands for."""
    if code:
        own = [("failure_code", "=", code), ("failure_params", "!=", False)]
        if code == _NO_NUMBER:
            own = [("lacks_number", "=", True)]
        elif code == "invalid_number":
            own.append(("lacks_number", "=", False))
        return [("state", "=", state), *own]
    domain = [("state", "=", state), ("failure_params", "=", False)]
    if failure_type:
        domain.append(("failure_type", "=", failure_type))
    return domain
