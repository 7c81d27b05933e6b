"""The manager's dashboard: what the statistics tell at a glance."""

from collections import Counter, defaultdict
from datetime import timedelta

from odoo import api, fields, models

#: What became of messages, in the words of the dashboard: outcome → states
OUTCOMES = {
    "delivered": ("delivered",),
    "submitted": ("submitted",),
    "unknown": ("unknown",),
    "failed": ("failed", "expired"),
    "waiting": ("queued", "submitting"),
    "cancelled": ("cancelled",),
}
_OUTCOME_OF = {state: name for name, states in OUTCOMES.items() for state in states}
#: What waits may be cancelled yet, and what was cancelled was never sent.
_SENT = OUTCOMES.keys() - {"waiting", "cancelled"}
MAX_DAYS = 366


class SmsGatewayStatistic(models.Model):
    """What the dashboard shows, read from the statistics the user may see."""

    _inherit = "sms.gateway.statistic"

    @api.model
    def action_get_dashboard(self, days=30, route_id=False):
        """What became of the messages of the last days, today included (UTC).

        ``sent`` is everything but what waits and what was cancelled. ``costs`` has a
        row of ``currency_id`` and ``amount`` for each currency, and none where no price
        is known.

        :param days: length of the period, up to `MAX_DAYS`
        :param route_id: the one route to look at, of all when false
        :return: dict of ``since`` (first day), ``outcomes`` (`OUTCOMES`), ``routes``
            (``id``, ``name``: those to choose from), ``totals`` (outcome → count, and
            ``sent``), ``costs``, ``by_day`` (``day`` and outcome → count),
            ``by_route`` (``id``, ``name``, ``sent``, outcome → count, ``costs``) and
            ``failures`` (``state``, ``failure_type``, ``label``, ``count``)
        """
        today = fields.Date.today()
        since = today - timedelta(days=min(max(int(days), 1), MAX_DAYS) - 1)
        domain = [("day", ">=", since)]
        if route_id:
            domain.append(("route_id", "=", route_id))
        by_day, by_route, by_reason = self._read_grouping_sets(
            domain,
            [["day:day", "state"], ["route_id", "state"], ["state", "failure_type"]],
            ["count:sum", "cost:sum"],
        )
        routes = _sum_routes(by_route)
        return {
            "since": fields.Date.to_string(since),
            "outcomes": OUTCOMES,
            "routes": self._list_routes(),
            "totals": _count_outcomes(
                (state, count) for _route, state, count, _cost in by_route
            ),
            "costs": _sum_costs(routes),
            "by_day": _fill_days(by_day, since, today),
            "by_route": routes,
            "failures": self._describe_failures(by_reason),
        }

    def _list_routes(self):
        routes = self.env["sms.gateway.route"].with_context(active_test=False)
        return [
            {"id": route.id, "name": route.name}
            for route in routes.search_fetch([], ["name"])
        ]

    def _describe_failures(self, groups):
        """Reasons, most frequent first; what expired is one of them."""
        counts = Counter()
        for state, failure_type, count, _cost in groups:
            if _OUTCOME_OF[state] == "failed":
                reason = failure_type if state == "failed" else False
                counts[state, reason or False] += count
        return [
            {
                "state": state,
                "failure_type": reason,
                "label": self._get_label(state, reason),
                "count": count,
            }
            for (state, reason), count in counts.most_common()
            if count
        ]

    def _get_label(self, state, reason):
        name, value = ("failure_type", reason) if reason else ("state", state)
        return dict(self._fields[name]._description_selection(self.env))[value]


def _count_outcomes(rows):
    """:param rows: pairs of state and count"""
    counts = Counter(dict.fromkeys(OUTCOMES, 0))
    for state, count in rows:
        counts[_OUTCOME_OF[state]] += count
    return {**counts, "sent": sum(counts[name] for name in _SENT)}


def _fill_days(groups, since, today):
    """Every day of the period, also those without messages."""
    rows = defaultdict(list)
    for day, state, count, _cost in groups:
        rows[day].append((state, count))
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
    for route, state, count, cost in groups:
        rows[route].append((state, count))
        costs[route] += float(cost or 0)
    routes = [
        {
            "id": route.id,
            "name": route.name,
            **_count_outcomes(counts),
            "costs": _list_costs({route.company_id.currency_id.id: costs[route]}),
        }
        for route, counts in rows.items()
        if any(count for _state, count in counts)
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
