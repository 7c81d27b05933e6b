"""Circuit breakers: a route in trouble rests, and one message finds out whether it is
over."""

import logging
import math
import time
from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ...providers.types import Outcome, SubmitResult
from ...tools.breaker import FIRST_REST, Streak, Tally, get_rest, merge
from ..common import clock, transactions
from ..sending.sms_gateway_answer import get_retry_after

_logger = logging.getLogger(__name__)

#: A probe whose lane died is taken again after so long; one message is one call, which
#: ends before.
PROBE_LEASE = timedelta(minutes=2)
#: Seconds between two reports of answers without trouble.
REPORT_EVERY = 1.0
_EPOCH = datetime(1970, 1, 1)


class SmsGatewayBreaker(models.Model):
    """The circuit breaker of one route, for all lanes and hosts.

    A row of its own: lanes change it, and must not block a person who edits the route.
    Only trouble makes one: lanes count answers in memory, and write what they counted
    when there was trouble in it, or in that of another lane (``is_watched``).

    ``resume_at`` of the route is the gate that all lanes look at. While it is in the
    future the route rests; afterwards an open breaker lets one probe through.
    """

    _name = "sms.gateway.breaker"
    _description = "SMS Gateway Circuit Breaker"
    _rec_name = "route_id"
    _log_access = False

    route_id = fields.Many2one("sms.gateway.route", required=True, ondelete="cascade")
    is_open = fields.Boolean()
    openings = fields.Integer(help="Since the breaker was closed.")
    is_watched = fields.Boolean()
    counts = fields.Json()
    probe = fields.Integer()
    probe_until = fields.Datetime()

    _route_unique = models.UniqueIndex("(route_id)")

    # === ANSWERS ===
    @api.model
    def _take_in(self, queue, answers):
        """Take in what the provider of a route answered: open or close the breaker,
        lower the pace.

        Answers of calls that began before the breaker opened change nothing.

        :param queue: `RouteQueue`, not of debug messages
        :param answers: list of (`Claimed`, `SubmitResult`)
        """
        news = _read_news(answers)
        second = int((clock.now() - _EPOCH).total_seconds())
        queue.recent.add(second, news.answers, news.troubles)
        queue.unreported.add(second, news.answers, news.troubles)
        is_good = news.troubles < news.answers
        queue.streak.add(time.monotonic(), is_good=is_good)
        is_due = queue.is_watched and time.monotonic() >= queue.report_at
        if not (news.trouble or news.throttle or news.probe or is_due):
            return
        queue.report_at = time.monotonic() + REPORT_EVERY
        transactions.begin(self.env)
        if news.trouble or news.probe or is_due:
            breaker = self._lock(queue.route_id)
            if news.probe and (news.probe == breaker.probe and breaker.is_open):
                breaker._judge(news)
            elif not breaker.is_open:
                breaker._count(queue, news)
            queue.is_resting = breaker.is_open
            if breaker.is_open:
                queue.streak = Streak()
        if news.throttle:
            self._slow_down(queue, news.throttle, second)
        transactions.commit(self.env)

    @api.model
    def _lock(self, route_id):
        """The breaker of a route, as it is; nobody else changes it before the
        transaction ends."""
        [(breaker_id,)] = self.env.execute_query(
            SQL(
                """
                INSERT INTO sms_gateway_breaker
                       (route_id, is_open, openings, is_watched, probe)
                VALUES (%s, FALSE, 0, FALSE, 0)
                    ON CONFLICT (route_id) DO UPDATE SET route_id = EXCLUDED.route_id
             RETURNING id
                """,
                route_id,
            )
        )
        breaker = self.browse(breaker_id)
        breaker.invalidate_recordset()
        return breaker

    def _count(self, queue, news):
        """Count the answers of a lane; open the breaker when there is too much trouble,
        or when the provider says for how long."""
        tally = merge(Tally(self.counts or ()), queue.unreported)
        queue.unreported = Tally()
        is_bad = tally.is_bad or queue.streak.is_bad
        if news.trouble and (is_bad or get_retry_after(news.trouble)):
            self._open(news.trouble)
            return
        is_watched = bool(tally.troubles)
        queue.is_watched = is_watched
        self.write(
            {"is_watched": is_watched, "counts": tally.dump() if is_watched else False}
        )

    def _judge(self, news):
        """The answer of a probe: without one, nothing is known to work."""
        if news.probe_failure:
            self._open(news.probe_failure)
        else:
            self._close()

    def _open(self, trouble):
        """Let the route rest: as long as the provider asks for, else longer and
        longer."""
        route, openings = self.route_id, self.openings + 1
        asked = math.ceil(get_retry_after(trouble) or 0)
        rest = asked or get_rest(openings, seed=route.id)
        words = trouble.message or trouble.code
        _logger.warning("Route %s rests for %d s: %s", route.name, rest, words)
        self.write({**_CLEAN, "is_open": True, "openings": openings})
        pauses = self.env["sms.gateway.route.pause"]
        (pauses._back_off if asked else pauses._rest)(route, rest, words)
        self._log(route, "opened", rest=rest, reason=words)
        self.env["sms.gateway.failover"]._wake()

    def _close(self):
        """Let the route send again."""
        route = self.route_id
        _logger.info("Route %s works again", route.name)
        self.write(_CLEAN)
        route.write({"resume_at": False, "rest_reason": False})
        self._log(route, "closed")
        self.env["sms.gateway.failover"]._wake()
        self.env["sms.gateway.dispatcher"]._wake()

    @api.model
    def _reset(self, routes):
        """Close the breakers of routes that a person resumed; what a probe under way is
        answered says nothing."""
        for route_id in self.search([("route_id", "in", routes.ids)]).route_id.ids:
            breaker = self._lock(route_id)
            if breaker.is_open:
                self._log(breaker.route_id, "closed")
            breaker.write({**_CLEAN, "probe": breaker.probe + 1})
        self.env["sms.gateway.failover"]._wake()

    # === PROBES ===
    @api.model
    def _take_probe(self, route_id):
        """Take the one probe of an open breaker whose rest is over.

        :return: its number, None where another lane was faster
        """
        now = clock.now()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE sms_gateway_breaker
                   SET probe = probe + 1, probe_until = %(until)s
                 WHERE id = (SELECT k.id FROM sms_gateway_breaker k
                               JOIN sms_gateway_route r ON r.id = k.route_id
                              WHERE k.route_id = %(route_id)s AND k.is_open
                                AND (k.probe_until IS NULL OR k.probe_until <= %(now)s)
                                AND (r.resume_at IS NULL OR r.resume_at <= %(now)s)
                                FOR NO KEY UPDATE OF k SKIP LOCKED)
             RETURNING probe
                """,
                route_id=route_id,
                now=now,
                until=now + PROBE_LEASE,
            )
        )
        return rows[0][0] if rows else None

    @api.model
    def _begin_probe(self, route_id, probe, *, is_sent):
        """Record that a probe is handed over; without a message it is free again."""
        if is_sent:
            self._log(self.env["sms.gateway.route"].browse(route_id), "probed")
            return
        self.env.cr.execute(
            SQL(
                """UPDATE sms_gateway_breaker SET probe_until = NULL
                    WHERE route_id = %s AND probe = %s""",
                route_id,
                probe,
            )
        )

    # === THROTTLING ===
    def _slow_down(self, queue, throttle, second):
        """Lower the pace of a route that its provider finds too fast, and let it rest
        for as long as the provider asks for."""
        route = self.env["sms.gateway.route"].browse(queue.route_id)
        # under a backlog, which is what throttling is about, all lanes send alike
        lanes = self.env["sms.gateway.settings"]._get().lanes
        speed = queue.recent.get_speed(second) * lanes
        self.env["sms.gateway.rate.limit"]._slow_down(route.id, speed)
        rest = math.ceil(get_retry_after(throttle) or 0)
        words = throttle.message or throttle.code
        if rest:
            self._rest_longer(route, rest, words)
        self.env["sms.gateway.breaker.event"]._log_throttling(route, rest, words)

    def _rest_longer(self, route, rest, words):
        """Obey an answer, unless another one asked for a longer rest."""
        until = clock.now() + timedelta(seconds=rest)
        if not route.resume_at or route.resume_at < until:
            self.env["sms.gateway.route.pause"]._back_off(route, rest, words)
            if rest >= FIRST_REST:
                self.env["sms.gateway.failover"]._wake()

    def _log(self, route, kind, **values):
        self.env["sms.gateway.breaker.event"]._log(route, kind, **values)


#: of a breaker that counts anew
_CLEAN = {
    "is_open": False,
    "openings": 0,
    "is_watched": False,
    "counts": False,
    "probe_until": False,
}


class _News(NamedTuple):
    """What some answers say of their route."""

    answers: int
    troubles: int
    #: the answer with trouble that asks for the longest wait
    trouble: SubmitResult | None
    #: the answer "too fast" that asks for the longest wait
    throttle: SubmitResult | None
    #: the number of the probe that was answered, and why it failed
    probe: int | None
    probe_failure: SubmitResult | None


def _read_news(answers):
    """:param answers: list of (`Claimed`, `SubmitResult`)
    :rtype: _News
    """
    # most of what comes is accepted, which is no news
    told = [one for one in answers if one[1].outcome is not Outcome.ACCEPTED]
    troubled = [result for _claimed, result in told if _is_trouble(result)]
    throttled = [result for _claimed, result in told if result.is_throttled]
    probes = [(claimed.probe, result) for claimed, result in answers if claimed.probe]
    probe, answer = probes[0] if probes else (None, None)
    return _News(
        answers=len(answers),
        troubles=len(troubled),
        trouble=max(troubled, key=_get_wait, default=None),
        throttle=max(throttled, key=_get_wait, default=None),
        probe=probe,
        probe_failure=answer if answer and _is_trouble(answer) else None,
    )


def _is_trouble(result):
    """Whether an answer says that the route does not work, or there was none; "too
    fast" lowers its pace instead."""
    is_silent = result.outcome is Outcome.MAYBE_SENT
    return is_silent or result.route_trouble and not result.is_throttled


def _get_wait(result):
    return result.retry_after or 0
