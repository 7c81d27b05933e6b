"""Who may call the API (docs/api.rst, Access)."""

import ipaddress

from odoo.http import request
from odoo.tools import config

from ..tools.hosts import is_own_host
from .api.errors import request_error

FORWARDING_HEADERS = ("Forwarded", "X-Real-IP", "Via")
REWRITING_HEADERS = ("X-Forwarded-Host", "X-Forwarded-For")
#: Node.js sends other headers of the family Sec-Fetch, too.
BROWSER_HEADERS = ("Origin", "Sec-Fetch-Site")


def authenticate(settings):
    """Decide who calls (docs/api.rst, Access) and go on as that user."""
    clients = request.env["sms.gateway.api.client"]
    clients._record(request.httprequest.remote_addr or "?")
    authorization = request.httprequest.headers.get("Authorization")
    if authorization is not None:
        user = find_key_user(authorization)
    elif settings.access_policy == "open" or is_trusted(settings):
        check_is_program(settings)
        Users = request.env["res.users"]
        user = Users.browse(Users._get_gateway_user_id())
    else:
        raise unauthorized()
    # with what the key says of its texts
    request.update_env(user=user.id, context=user.env.context)
    if not request.env.user.has_group("crm_sms_gateway.group_api"):
        raise request_error("forbidden")


def find_key_user(authorization):
    scheme, _space, key = authorization.strip().partition(" ")
    user = request.env["res.users.apikeys"]._find_gateway_user(key.strip())
    if scheme.lower() != "bearer" or not user:
        raise unauthorized()
    return user


def unauthorized():
    return request_error(
        "unauthorized", headers={"WWW-Authenticate": 'Bearer realm="crm_sms_gateway"'}
    )


def check_is_program(settings):
    """A page in a browser inside must not call for whoever made the page, nor under a
    stranger's name that was made to lead here (DNS rebinding)."""
    headers = request.httprequest.headers
    for header in filter(headers.__contains__, BROWSER_HEADERS):
        raise request_error("forbidden", variant="browser", header=header)
    host = headers.get("Host", "")
    if not is_own_host(host, settings.host_names):
        raise request_error("forbidden", variant="host", host=host)


def is_trusted(settings):
    """Whether the caller's real address is known and lies in a trusted network."""
    if settings.access_policy != "trusted_networks" or not is_origin_known():
        return False
    try:
        address = ipaddress.ip_address(request.httprequest.remote_addr)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in settings.trusted_networks)


def is_origin_known():
    """Odoo rewrites the address of a forwarded request in proxy mode, and only when
    X-Forwarded-Host is there, from X-Forwarded-For; any other forwarded request may
    come from anywhere."""
    headers = request.httprequest.headers
    is_forwarded = any(name in headers for name in FORWARDING_HEADERS) or any(
        name.lower().startswith("x-forwarded-") for name in headers.keys()
    )
    is_rewritten = config["proxy_mode"] and all(map(headers.get, REWRITING_HEADERS))
    return is_rewritten or not is_forwarded
