"""Routes of requests and pushes, found in one statement: every request needs one."""

from odoo.tools import SQL

from ..common.cache import fill_cache

#: What a request, or a provider's push, needs to know of its route.
ROUTE_COLUMNS = (
    "name", "company_id", "provider_code", "has_sms", "has_voice", "concurrency",
    "allows_private", "webhook_token", "is_policy",
)  # fmt: skip
_SELECT_ROUTE = SQL(
    "SELECT id, %s FROM sms_gateway_route",
    SQL(", ").join(map(SQL.identifier, ROUTE_COLUMNS)),
)


def find_route(routes, condition):
    """The route of a condition, with `ROUTE_COLUMNS` in the cache.

    :param routes: any recordset of routes; its environment is that of the result
    :param condition: SQL
    """
    routes.flush_model([*ROUTE_COLUMNS, "active"])
    rows = routes.env.execute_query_dict(SQL("%s WHERE %s", _SELECT_ROUTE, condition))
    route = routes.browse(row["id"] for row in rows)
    for row in rows:
        fill_cache(route, row)
    return route


def as_text(word):
    """A word from outside as PostgreSQL can look for it: its text holds no U+0000."""
    return word.replace("\0", "\ufffd")
