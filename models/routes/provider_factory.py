"""Providers of routes: an adapter with the route's settings, secrets and context."""

from zoneinfo import ZoneInfo

from ...providers.http import HttpClient
from ...providers.sandbox import SandboxProvider
from ...providers.types import Context
from .public_address import get_public_address


def make_provider(route, *, is_debug=False):
    """The provider of a route, ready to be used by threads.

    Debug messages always go to the built-in sandbox: nothing leaves the machine.

    :rtype: providers.base.Provider
    """
    if is_debug:
        return SandboxProvider({}, HttpClient())
    # sudo: secrets and what is trusted are readable by the system group only, the
    # sender needs them
    Setting = route.env["sms.gateway.route.setting"].sudo()
    rows = Setting.search_fetch(
        [("route_id", "=", route.id)], ["name", "value", "secret_value"]
    )
    values = {row.name: row.secret_value or row.value or "" for row in rows}
    context = _make_context(route)
    known_secrets = [row.secret_value for row in rows if row.secret_value]
    http = HttpClient(
        pool_size=route.concurrency,
        secrets=[*known_secrets, context.callback_token],
        allows_private=route.sudo().allows_private,
    )
    return route._get_provider_class()(values, http, context)


def _make_context(route):
    """What an adapter may know of the route besides its settings."""
    # sudo: the secret address is told to the provider with every message
    token = route.sudo().webhook_token
    address = get_public_address(route)
    zone = route.env["sms.gateway.settings"]._get().time_zone
    return Context(
        name=route.name or "",
        callback_url=address and f"{address}/crm_sms_gateway/webhook/{token}",
        time_zone=ZoneInfo(zone),
        reasons=route.env["sms.gateway.route.reason"]._get_reasons(route),
    )
