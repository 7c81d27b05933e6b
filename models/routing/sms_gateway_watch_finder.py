"""Finders: what is wrong with routes at the moment, of all routes together."""

import contextlib
from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ...providers.base import BaseWords
from ...tools.watching import (
    BASE_DAYS,
    Finished,
    forecast_end,
    has_dropped,
    split_days,
)
from ..common import clock
from .route_facts import find_available

#: A route that rests is told after so long.
REST_PATIENCE = timedelta(minutes=5)
#: Between two rests a route may try for so long and still be resting.
REST_GAP = timedelta(minutes=1)
#: So many messages without a report are a sign; fewer may be telephones that are off.
MIN_UNREPORTED = 20
#: A queue is below its limit again at this part of the limit, so that a queue close to
#: the limit is one warning.
QUEUE_CALM = 0.5


class Finding(NamedTuple):
    """What is wrong with a route: code and parameters of `watch_texts`.

    ``is_lasting``: whether it is told at once, not after `REST_PATIENCE`.
    """

    code: str
    params: dict
    is_lasting: bool = True


class SmsGatewayWatchFinder(models.AbstractModel):
    """Reads the figures of all routes in a handful of statements.

    Each finder returns a dict of route id → `Finding`, or None where nothing can be
    said: an open warning stays then. A route that is not in the dict is well.
    ``opened`` is a dict of (route id, kind) → open `sms.gateway.watch`.
    """

    _name = "sms.gateway.watch.finder"
    _description = "SMS Gateway Finder of Route Warnings"

    @api.model
    def _find(self, routes, opened):
        """:return: dict of kind → what its finder returns"""
        return {
            "balance_low": self._find_low_balances(routes),
            "route_down": self._find_stopped(routes, opened),
            "queue_old": self._find_old_queues(routes, opened),
            "no_reports": self._find_silent(routes, opened),
            "delivery_drop": self._find_drops(routes, opened),
            "fallback_works": self._find_fallbacks(routes),
        }

    def _find_low_balances(self, routes):
        watched = routes.filtered("balance_threshold")
        if not watched:
            return {}
        latest = self.env["sms.gateway.balance.reading"]._find_latest(watched)
        low = latest.filtered(lambda one: one.amount < one.route_id.balance_threshold)
        recent = low._find_recent() if low else {}
        unknown = watched - latest.route_id
        return {
            **dict.fromkeys(unknown.ids),
            **{
                one.route_id.id: _describe_balance(one, recent[one.route_id.id])
                for one in low
            },
        }

    def _find_stopped(self, routes, opened):
        findings = {
            route.id: describe_stop(route, is_known=(route.id, "route_down") in opened)
            for route in routes
        }
        return {route_id: finding for route_id, finding in findings.items() if finding}

    def _find_old_queues(self, routes, opened):
        """Of a route that may not send nothing is said: its stop has a warning of its
        own, or a person wanted it."""
        watched = routes.filtered("max_queue_age")
        if not watched:
            return {}
        if self.env["sms.gateway.settings"]._get().is_stopped:
            return dict.fromkeys(watched.ids)
        waiting = self.env["sms.gateway.health.vitals"]._get_waiting_times()
        findings = {}
        for route in watched:
            limit = timedelta(minutes=route.max_queue_age)
            if (route.id, "queue_old") in opened:
                limit *= QUEUE_CALM
            age = waiting.get(route.id, timedelta())
            if route.state == "paused" or route.is_resting:
                findings[route.id] = None
            elif age > limit:
                params = {"age": int(age.total_seconds() // 60)}
                findings[route.id] = Finding("queue_old", params)
        return findings

    def _find_silent(self, routes, opened):
        """Of a known silence the end is a push: polls may empty the list of those that
        wait."""
        watched = routes.filtered(lambda r: r.max_report_silence and r.last_push_at)
        known = {
            route: opened[route.id, "no_reports"]
            for route in watched
            if (route.id, "no_reports") in opened
        }
        silent = {
            route: watch.code
            for route, watch in known.items()
            if route.last_push_at <= watch.since
        }
        for route in self._find_unreported(watched.filtered(lambda r: r not in known)):
            with contextlib.closing(route._make_provider()) as provider:
                polls = provider.capabilities.poll
            silent[route] = "no_reports.polled" if polls else "no_reports"
        return {
            route.id: Finding(code, {"age": _count_minutes(route.last_push_at)})
            for route, code in silent.items()
        }

    def _find_unreported(self, routes):
        """The routes to whose webhook URL nothing came for too long although enough
        messages wait, all of them submitted since the last call.

        The two halves are those of the two indexes.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.id FROM sms_gateway_route r
                 CROSS JOIN LATERAL (
                       SELECT %(now)s - r.max_report_silence * interval '1 minute'
                              AS until) AS silence
                 CROSS JOIN LATERAL (
                       SELECT count(*) AS count FROM (
                              (SELECT FROM sms_gateway_message m
                                WHERE m.route_id = r.id AND m.state = 'submitted'
                                  AND m.is_debug = FALSE AND m.next_poll_at IS NOT NULL
                                  AND m.submitted_at > r.last_push_at
                                  AND m.submitted_at < silence.until LIMIT %(many)s)
                               UNION ALL
                              (SELECT FROM sms_gateway_message m
                                WHERE m.route_id = r.id AND m.state = 'submitted'
                                  AND m.is_debug = FALSE AND m.next_poll_at IS NULL
                                  AND m.submitted_at > r.last_push_at
                                  AND m.submitted_at < silence.until LIMIT %(many)s)
                              ) AS one) AS waiting
                 WHERE r.id = ANY(%(routes)s) AND r.last_push_at < silence.until
                   AND waiting.count >= %(many)s
                """,
                now=clock.at_statement(),
                many=MIN_UNREPORTED,
                routes=routes.ids,
            )
        )
        return routes.browse(route_id for (route_id,) in rows)

    def _find_drops(self, routes, opened):
        """By days of acceptance, as the statistics count."""
        watched = routes.filtered(lambda r: r.max_drop_points or r.max_drop_share)
        counts = self._count_finished(watched)
        moment = fields.Datetime.now()
        findings = {}
        for route in watched:
            today = route.company_id._get_sms_gateway_day(moment)
            recent, before = split_days(counts[route.id], today)
            is_dropped = has_dropped(
                recent,
                before,
                max_points=route.max_drop_points,
                max_share=route.max_drop_share,
                is_known=(route.id, "delivery_drop") in opened,
            )
            if is_dropped is None:
                findings[route.id] = None
            elif is_dropped:
                shares = {"recent": recent.percent, "before": before.percent}
                params = {name: round(share) for name, share in shares.items()}
                findings[route.id] = Finding("delivery_drop", params)
        return findings

    def _count_finished(self, routes):
        """:return: dict of route id → day → `tools.watching.Finished`"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT route_id, day,
                       COALESCE(sum(count) FILTER (WHERE outcome = 'delivered'), 0),
                       sum(count)
                  FROM sms_gateway_statistic
                 WHERE day >= %s AND NOT is_test AND route_id = ANY(%s)
                   AND outcome IN ('delivered', 'not_delivered')
              GROUP BY route_id, day
                """,
                fields.Date.today() - timedelta(days=BASE_DAYS + 2),
                routes.ids,
            )
        )
        counts = defaultdict(dict)
        for route_id, day, delivered, total in rows:
            counts[route_id][day] = Finished(int(delivered), int(total))
        return counts

    def _find_fallbacks(self, routes):
        """The routes that are down while a policy sends through another one.

        Of an order only what stands before the working route is missed; reserves, which
        have no share, stand behind all others.

        :return: findings with the code ``fallback_works`` and the names ``policy``,
            ``first`` and ``fallback``
        """
        if self.env["sms.gateway.settings"]._get().is_stopped:
            return dict.fromkeys(routes.ids)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT choice.rule_id, choice.route_id, route.name, named.name,
                       route.state = 'paused' AND route.pause_reason = %s,
                       rule.strategy = 'order' OR reserve.is_one
                  FROM sms_gateway_policy_choice choice
                  JOIN sms_gateway_route route ON route.id = choice.route_id
                  JOIN sms_gateway_policy_rule rule ON rule.id = choice.rule_id
                  JOIN sms_gateway_policy_step step ON step.id = rule.step_id
                  JOIN sms_gateway_policy policy ON policy.id = step.policy_id
                  JOIN sms_gateway_route named ON named.id = policy.route_id
                 CROSS JOIN LATERAL (
                       SELECT rule.strategy = 'weight' AND choice.weight = 0 AS is_one
                       ) AS reserve
                 WHERE named.active AND route.active
              ORDER BY named.id, choice.rule_id, reserve.is_one, choice.sequence,
                       choice.id
                """,
                BaseWords.PAUSED_BY_HAND.say(),
            )
        )
        chosen = self.env["sms.gateway.route"].browse({row[1] for row in rows})
        available = find_available(chosen)["available"] if rows else ()
        of_rules = defaultdict(list)
        for rule_id, *choice in rows:
            of_rules[rule_id].append(_Choice(*choice))
        findings = {}
        for choices in of_rules.values():
            for choice, fallback in _find_missed(choices, available):
                params = {
                    "policy": choice.policy,
                    "first": choice.name,
                    "fallback": fallback.name,
                }
                finding = Finding("fallback_works", params)
                findings.setdefault(choice.route_id, finding)
        return findings


class _Choice(NamedTuple):
    """A route of a rule; ``is_in_order``: it is taken only if those before it are
    down."""

    route_id: int
    name: str
    policy: str
    is_by_hand: bool
    is_in_order: bool


def _find_missed(choices, available):
    """Yield the routes of a rule that are down, with the one that works for them.

    :param available: ids of the routes that may send
    """
    working = next((one for one in choices if one.route_id in available), None)
    if not working:
        return
    place = choices.index(working)
    for one in [*choices[:place], *(c for c in choices[place:] if not c.is_in_order)]:
        if one.route_id not in available and not one.is_by_hand:
            yield one, working


def _describe_balance(reading, recent):
    """:rtype: Finding"""
    forecast = forecast_end(recent)
    params = {"amount": f"{reading.amount:.2f} {reading.currency}"}
    if forecast.at:
        params["ends_on"] = forecast.at.date().isoformat()
    return Finding(f"balance_low.{forecast.kind}", params)


def describe_stop(route, *, is_known):
    """Why the gateway has stopped a route; None where it has not, or a person has.

    :param is_known: the route was stopped before: a rest is over when the route has not
        rested for `REST_PATIENCE`
    :rtype: Finding | None
    """
    if route.state == "paused":
        if (
            not route.pause_reason
            or route.pause_reason == BaseWords.PAUSED_BY_HAND.say()
        ):
            return None
        return Finding("route_down.paused", {"reason": route.pause_reason})
    now = clock.now()
    if not route.resume_at or route.resume_at < now - (
        REST_PATIENCE if is_known else REST_GAP
    ):
        return None
    params = {
        "until": route.resume_at.isoformat(),
        "reason": route.rest_reason or "",
    }
    is_long = route.resume_at - now > REST_PATIENCE
    return Finding("route_down.resting", params, is_lasting=is_long)


def _count_minutes(moment):
    return int((clock.now() - moment).total_seconds() // 60)
