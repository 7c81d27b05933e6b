"""What the choice of a route depends on at this moment."""

import time
from datetime import timedelta

from odoo.tools import SQL

from ...tools.routing import RouteFacts, Share, Tariffs
from ..common import clock
from ..sending.queues import is_on, is_rested, may_probe

#: Messages that ended within so many hours say how well a route delivers; of a busy
#: gateway the newest ones.
JUDGED_HOURS = 6
MAX_JUDGED = 20_000
#: Shares are believed for so many seconds.
KEEP_SHARES = 60


def collect_facts(env, rules, channel, category, *, is_debug):
    """
    :param rules: list of `tools.routing.Rule`
    :return: `RouteFacts`, and the lookup of operators where one is needed
    """
    route_ids = {option.route_id for rule in rules for option in rule.options}
    routes = env["sms.gateway.route"].browse(sorted(route_ids))
    needs_shares = any(rule.strategy == "delivery" for rule in rules)
    needs_operators = any(rule.operators for rule in rules)
    tariffs, lookup = make_tariffs(
        routes, channel, category, is_debug=is_debug, needs_operators=needs_operators
    )
    facts = RouteFacts(
        **find_available(routes, is_debug=is_debug),
        tariffs=tariffs,
        shares=get_shares(env, channel) if needs_shares else {},
        find_operator=lookup and get_finder(lookup),
    )
    return facts, lookup


def make_tariffs(routes, channel, category, *, is_debug, needs_operators=False):
    """What messages cost through routes; debug messages go the way of others, and cost
    nothing that anybody pays.

    :param needs_operators: somebody needs the operators of numbers anyway
    :return: `tools.routing.Tariffs`, and the lookup of operators where one is needed
    """
    prices = {route.id: route._get_prices(channel, category) for route in routes}
    if needs_operators or any(one.needs_operators for one in prices.values()):
        lookup = routes.env["sms.gateway.operator"]._make_lookup()
    else:
        lookup = None
    package_ids = [one for own in prices.values() for one in own.package_ids]
    packages = routes.env["sms.gateway.package"]
    left = packages._read_left(package_ids) if package_ids else {}
    finder = lookup and get_finder(lookup)
    tariffs = Tariffs(prices, left=left, find_operator=finder, is_free=is_debug)
    return tariffs, lookup


def get_finder(lookup):
    """The function from an MSISDN to the id of its operator."""
    return lambda msisdn: lookup.find(msisdn)[0]


def find_available(routes, *, is_debug=False):
    """Which routes may send; debug messages never wait for a provider.

    :return: dict of ``available``, ``usable`` and ``probing`` → ids, see `RouteFacts`
    """
    routes.flush_model(["active", "state", "resume_at", "lacks_settings"])
    rows = routes.env.execute_query(
        SQL(
            """
            SELECT r.id, %(is_debug)s OR %(is_rested)s,
                   k.is_open IS TRUE AND NOT %(is_debug)s, %(may_probe)s
              FROM sms_gateway_route r
         LEFT JOIN sms_gateway_breaker k ON k.route_id = r.id
             WHERE r.id = ANY(%(ids)s) AND %(is_on)s
            """,
            is_debug=is_debug,
            is_rested=is_rested(),
            may_probe=may_probe(),
            ids=routes.ids,
            is_on=is_on(is_debug=is_debug),
        )
    )
    rested = [row for row in rows if row[1]]
    return {
        "available": frozenset(row[0] for row in rested if not row[2]),
        "probing": frozenset(row[0] for row in rested if row[2] and row[3]),
        "usable": frozenset(row[0] for row in rows),
    }


def get_shares(env, channel):
    """How many of the messages that ended lately were delivered.

    :return: dict of route id → `tools.routing.Share`
    """
    reader = env["sms.gateway.policy"]
    return reader._read_shares(channel, int(time.monotonic()) // KEEP_SHARES)


def read_shares(env, channel):
    """See `get_shares`, from the database."""
    rows = env.execute_query(
        SQL(
            """
            SELECT route_id, sum(delivered)::int, count(*)::int
              FROM ((SELECT route_id, (state = 'delivered')::int AS delivered
                       FROM sms_gateway_message
                      WHERE finished_at > %(since)s AND submitted_at IS NOT NULL
                        AND channel = %(channel)s AND is_debug IS NOT TRUE
                   ORDER BY finished_at DESC LIMIT %(limit)s)
                     UNION ALL
                     SELECT a.route_id, 0 FROM sms_gateway_attempt a
                      WHERE a.left_at > %(since)s AND a.submitted_at IS NOT NULL
                        AND a.channel = %(channel)s) AS ended
          GROUP BY route_id
            """,
            since=clock.now() - timedelta(hours=JUDGED_HOURS),
            channel=channel,
            limit=MAX_JUDGED,
        )
    )
    return {route_id: Share(delivered, count) for route_id, delivered, count in rows}
