"""The manager's dashboard: what the statistics tell at a glance."""

from collections import Counter, defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.vocabulary import SENT_OUTCOMES
from ..sending.selections import OUTCOMES

OUTCOME_NAMES = tuple(name for name, _label in OUTCOMES)
MAX_DAYS = 366
#: Changes that wait to be folded in and are counted all the same; as many as are folded
#: at a time.
MAX_UNFOLDED = 10_000


class SmsGatewayStatistic(models.Model):
    """What the dashboard shows, read from the statistics the user may see."""

    _inherit = "sms.gateway.statistic"

    @api.model
    def action_get_dashboard(self, days=30, route_id=False):
        """What became of the messages of the last days, today included.

        Days are those of the companies, today is that of the current one. ``sent`` is
        what providers have, or may have; shares are parts of it. Messages that were
        never sent cost nothing. Tests are told apart: what providers have of them.
        ``costs`` has a row of ``currency_id`` and ``amount`` for each currency, and
        none where no price is known.

        :param days: length of the period, up to `MAX_DAYS`
        :param route_id: the one route to look at, of all when false
        :return: dict of ``since`` (first day), ``sent`` (the outcomes it consists of),
            ``routes`` (``id``, ``name``: those to choose from), ``totals`` (outcome →
            count, and ``sent``), ``costs``, ``by_day`` (``day`` and outcome → count),
            ``by_route`` (``id``, ``name``, ``sent``, outcome → count, ``costs``),
            ``not_delivered`` and ``not_sent`` (reasons: ``label``, ``count`` and the
            ``domain`` of their messages), ``tests`` (``count``, ``costs``) and
            ``health`` (see `sms.gateway.health`)
        """
        today = self.env.company._get_sms_gateway_day(fields.Datetime.now())
        since = today - timedelta(days=min(max(int(days), 1), MAX_DAYS) - 1)
        period = [("day", ">=", since)]
        if route_id:
            period.append(("route_id", "=", route_id))
        by_day, by_route, by_reason = self._read_grouping_sets(
            [*period, ("is_test", "=", False)],
            [
                ["day:day", "outcome"],
                ["route_id", "outcome"],
                ["outcome", "state", "failure_type"],
            ],
            ["count:sum", "cost:sum"],
        )
        for row in self._read_unfolded(since, route_id):
            figures = (row["count"], row["cost"])
            route = self.env["sms.gateway.route"].browse(row["route_id"])
            by_day.append((row["day"], row["outcome"], *figures))
            by_route.append((route, row["outcome"], *figures))
            by_reason.append(
                (row["outcome"], row["state"], row["failure_type"], *figures)
            )
        routes = _sum_routes(by_route)
        return {
            "since": fields.Date.to_string(since),
            "sent": SENT_OUTCOMES,
            "routes": self._list_routes(),
            "totals": _count_outcomes(
                (outcome, count) for _route, outcome, count, _cost in by_route
            ),
            "costs": _sum_costs(routes),
            "by_day": _fill_days(by_day, since, today),
            "by_route": routes,
            "not_delivered": self._describe_reasons("not_delivered", by_reason),
            "not_sent": self._describe_reasons("not_sent", by_reason),
            "tests": self._sum_tests(period),
            "health": self.env["sms.gateway.health"]._describe(),
        }

    def _read_unfolded(self, since, route_id):
        """What the statistics do not know yet: for long, when no cron runs.

        :return: list of dicts of the statistics' columns
        """
        self.env["sms.gateway.statistic.change"].flush_model()
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT s.day, s.route_id, s.outcome, s.state, s.failure_type,
                       sum(s.count)::int AS count, sum(s.cost) AS cost
                  FROM (SELECT * FROM sms_gateway_statistic_change
                      ORDER BY id LIMIT %(most)s) AS s
                  JOIN sms_gateway_campaign c ON c.id = s.campaign_id
                 WHERE s.day >= %(since)s AND s.company_id IN %(companies)s
                   AND s.is_debug IS NOT TRUE AND c.is_test IS NOT TRUE
                   AND %(of_route)s
              GROUP BY 1, 2, 3, 4, 5
                """,
                most=MAX_UNFOLDED,
                since=since,
                companies=tuple(self.env.companies.ids),
                of_route=SQL("s.route_id = %s", route_id) if route_id else SQL("TRUE"),
            )
        )

    def _list_routes(self):
        routes = self.env["sms.gateway.route"].with_context(active_test=False)
        return [
            {"id": route.id, "name": route.name}
            for route in routes.search_fetch([("is_policy", "=", False)], ["name"])
        ]

    def _describe_reasons(self, wanted, groups):
        """Reasons of one outcome, most frequent first; what was cancelled without a
        word or expired has its state for one."""
        counts = Counter()
        for outcome, state, failure_type, count, _cost in groups:
            if outcome == wanted:
                counts[_find_reason(state, failure_type)] += count
        return [
            {
                "label": self._get_label(name, value),
                "count": count,
                "domain": [("outcome", "=", wanted), (name, "=", value)],
            }
            for (name, value), count in counts.most_common()
            if count
        ]

    def _get_label(self, name, value):
        return dict(self._fields[name]._description_selection(self.env))[value]

    def _sum_tests(self, period):
        """What was sent to try drafts out: it costs like everything else."""
        groups = self._read_group(
            [*period, ("is_test", "=", True), ("outcome", "in", SENT_OUTCOMES)],
            ["company_id"],
            ["count:sum", "cost:sum"],
        )
        amounts = Counter()
        for company, _count, cost in groups:
            amounts[company.currency_id.id] += float(cost or 0)
        return {
            "count": sum(count for _company, count, _cost in groups),
            "costs": _list_costs(amounts),
        }


def _find_reason(state, failure_type):
    """:return: the name and the value of the field that tells why"""
    if failure_type:
        return "failure_type", failure_type
    return "state", state


def _count_outcomes(rows):
    """:param rows: pairs of outcome and count"""
    counts = Counter(dict.fromkeys(OUTCOME_NAMES, 0))
    for outcome, count in rows:
        counts[outcome] += count
    return {**counts, "sent": sum(counts[name] for name in SENT_OUTCOMES)}


def _fill_days(groups, since, today):
    """Every day of the period, also those without messages."""
    rows = defaultdict(list)
    for day, outcome, count, _cost in groups:
        rows[day].append((outcome, count))
    last = max([today, *rows])
    days = [since + timedelta(days=n) for n in range((last - since).days + 1)]
    return [
        {"day": fields.Date.to_string(day), **_count_outcomes(rows[day])}
        for day in days
    ]


def _sum_routes(groups):
    """The routes that messages went through, busiest first."""
    rows = defaultdict(list)
    costs = Counter()
    for route, outcome, count, cost in groups:
        rows[route].append((outcome, count))
        costs[route] += float(cost or 0)
    routes = [
        {
            "id": route.id,
            "name": route.name,
            **_count_outcomes(counts),
            "costs": _list_costs({route.company_id.currency_id.id: costs[route]}),
        }
        for route, counts in rows.items()
        if any(count for _outcome, count in counts)
    ]
    return sorted(routes, key=lambda route: (-route["sent"], route["name"]))


def _sum_costs(routes):
    amounts = Counter()
    for route in routes:
        for cost in route["costs"]:
            amounts[cost["currency_id"]] += cost["amount"]
    return _list_costs(amounts)


def _list_costs(amounts):
    """:param amounts: dict of currency id → amount"""
    return [
        {"currency_id": currency_id, "amount": amount}
        for currency_id, amount in amounts.items()
        if amount
    ]
