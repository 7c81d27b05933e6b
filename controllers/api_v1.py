"""`/api/v1`: the JSON API that docs/api.rst describes.

Every answer below the path is JSON in one of the forms of that reference, whatever
happens: the routes use a dispatcher of their own, which turns errors raised anywhere in
the request, failed commits included, into answers.
"""

import ipaddress
import json
import logging
import uuid
from http import HTTPStatus

import psycopg2
import werkzeug.exceptions
from psycopg2.pool import PoolError

from odoo import http
from odoo.http import request
from odoo.tools import config

from ..models.campaigns.sms_gateway_campaign import RecipientsRejected
from ..models.common import clock
from ..tools.hosts import is_own_host
from . import api_schema as schema

_logger = logging.getLogger(__name__)

ALLOWED_METHODS = ("GET", "POST")
ALLOW = {"Allow": schema.METHODS}
MAX_IDEMPOTENCY_KEY = 255
FORWARDING_HEADERS = ("Forwarded", "X-Real-IP", "Via")
REWRITING_HEADERS = ("X-Forwarded-Host", "X-Forwarded-For")
RETRY_SOON = {"Retry-After": "5"}
#: What PostgreSQL's absence raises.
OUTAGES = (psycopg2.OperationalError, psycopg2.InterfaceError, PoolError)
#: Class of the codes with which a server that shuts down ends connections, also those
#: whose COMMIT it has carried out already.
SHUTDOWN = "57P"
#: Node.js sends other headers of the family Sec-Fetch, too.
BROWSER_HEADERS = ("Origin", "Sec-Fetch-Site")
CODE_OF_STATUS = {
    HTTPStatus.NOT_FOUND: "unknown_path",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.BAD_REQUEST: "bad_json",
}


class ApiDispatcher(http.Dispatcher):
    """Serves any body and answers every error in JSON (docs/api.rst, Errors)."""

    routing_type = "crm_sms_gateway_api"
    mimetypes = ("application/json",)

    @classmethod
    def is_compatible_with(cls, _request):
        """A wrong type is answered by the API itself, in JSON."""
        return True

    def __init__(self, request):
        super().__init__(request)
        self.response = None
        #: of what the request stores, once it has
        self.accepted_key = None
        self.is_committing = False
        self.is_committed = False

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        self.accepted_key = None
        self.is_committing = False
        cr = self.request.env.cr
        cr.postcommit.add(self._note_commit)
        try:
            self.response = self.request.registry["ir.http"]._dispatch(endpoint)
        except schema.RequestError as error:
            # Raised on, so that nothing of the request is committed.
            werkzeug.exceptions.abort(make_error_response(error))
        # As Odoo does next: what fails from here on fails in COMMIT.
        cr.flush()
        self.is_committing = True
        return self.response

    def _note_commit(self):
        self.is_committed = True

    def handle_error(self, exc):
        if self.is_committed or self.is_committing and not self.accepted_key:
            # Waking a cron failed, or the like. The request is carried out all the
            # same: told of an error, its client would send everything again. What was
            # only read is true without a commit.
            return self.response
        if isinstance(exc, werkzeug.exceptions.HTTPException) and exc.response:
            return exc.response
        return make_error_response(self._explain(exc))

    def _explain(self, exc):
        if isinstance(exc, werkzeug.exceptions.HTTPException):
            code = CODE_OF_STATUS.get(exc.code)
            if code:
                return schema.request_error(code)
        if self.is_committing and is_connection_lost(exc):
            _logger.warning(
                "Whether %s is stored is unknown: %s", self.accepted_key, exc
            )
            return unknown_outcome(self.accepted_key)
        if is_outage(exc):
            return schema.request_error("unavailable", headers=RETRY_SOON)
        incident = uuid.uuid4().hex[:12]
        _logger.error("API error %s", incident, exc_info=exc)
        return schema.request_error("internal", incident=incident)


class ApiV1(http.Controller):
    """Parses, calls one method of a model, serialises."""

    @http.route(
        ["/api/v1", "/api/v1/"],
        type=ApiDispatcher.routing_type,
        auth="none",
        readonly=False,
        save_session=False,
    )
    def call(self):
        method = request.httprequest.method
        if method == "OPTIONS":
            return request.make_response("", list(ALLOW.items()), status=204)
        if method not in ALLOWED_METHODS:
            raise schema.request_error("method_not_allowed", headers=ALLOW)
        settings = request.env["sms.gateway.settings"]._get()
        authenticate(settings)
        body = read_body(settings)
        limits = schema.Limits(
            max_recipients=settings.max_recipients,
            max_segments=settings.max_segments,
            max_speech=settings.max_speech,
            time_zone=settings.time_zone,
        )
        document = schema.parse(
            schema.parse_json(body),
            method=method,
            limits=limits,
            now=clock.now(),
        )
        return make_response(self._answer(document, body, settings))

    @http.route(
        "/api/v1/<sms_gateway_rest:rest>",
        type=ApiDispatcher.routing_type,
        auth="none",
        save_session=False,
    )
    def unknown(self, rest):
        raise schema.request_error("unknown_path", path=f"/api/v1/{rest}")

    def _answer(self, document, body, settings):
        if isinstance(document, schema.StatusRequest):
            return self._tell_status(document)
        if settings.is_stopped:
            raise schema.request_error("unavailable", headers={"Retry-After": "60"})
        if isinstance(document, schema.BalanceRequest):
            return self._ask_balance(document)
        return self._send_once(document, body)

    def _ask_balance(self, document):
        route = find_route(document.route, "balance")
        if not route.tells_balance:
            raise schema.request_error(
                "unsupported_operation", path="balance", kind="balance"
            )
        balance = route.env["sms.gateway.provider.request"]._request(
            route, currencies=document.currencies
        )
        request.dispatcher.accepted_key = balance.key
        return schema.serialise_balance_accepted(balance.key, get_language())

    def _tell_status(self, document):
        route = find_route(document.route, "status")
        language = get_language()
        campaign = route.env["sms.gateway.campaign"]._find(document.key, route)
        if campaign:
            state, details = campaign._get_status_page(document.offset, document.limit)
            return schema.serialise_send_status(state, details, language)
        balance = route.env["sms.gateway.provider.request"]._find(document.key, route)
        if balance:
            return schema.serialise_balance_status(
                balance.answer or "", balance._get_details(), language
            )
        raise schema.request_error("unknown_key")

    def _send_once(self, document, body):
        key = get_idempotency_key()
        if key is None:
            return self._send(document)
        Idempotency = request.env["sms.gateway.idempotency"]
        body_hash = schema.hash_body(body)
        known = Idempotency._find(key)
        if known:
            known_hash, known_answer = known
            if known_hash != body_hash:
                raise schema.request_error("idempotency_conflict")
            return known_answer
        answer = self._send(document)
        Idempotency._store(key, body_hash, answer)
        return answer

    def _send(self, document):
        route = find_route(document.route, "send")
        if document.channel not in route._get_channels():
            raise schema.request_error(
                "unsupported_channel", path="voice", kind="send", route=route.name
            )
        Campaign = route.env["sms.gateway.campaign"].with_context(
            sms_gateway_language=get_language()
        )
        try:
            campaign, rejected = Campaign._accept(document, route, source="api")
        except RecipientsRejected as error:
            raise schema.rejection_error(
                error.code, error.rejected, document.users_path
            ) from error
        request.dispatcher.accepted_key = campaign.key
        route.env["sms.gateway.health.notification"]._notify_after_commit()
        return schema.serialise_send_accepted(
            campaign.key,
            rejected=rejected,
            warnings=document.warnings,
            language=get_language(),
        )


# === REQUEST ===
def get_language():
    return schema.preferred_language(request.httprequest.headers.get("Accept-Language"))


def read_body(settings):
    """The body's bytes, of the right type and within the limit."""
    httprequest = request.httprequest
    if httprequest.mimetype != "application/json":
        raise schema.request_error("unsupported_media_type")
    # One more than allowed: a chunked body has no length to be judged by.
    httprequest.max_content_length = settings.max_body_bytes + 1
    body = httprequest.get_data(cache=True)
    if len(body) > settings.max_body_bytes:
        raise schema.request_error("too_large")
    return body


def get_idempotency_key():
    key = request.httprequest.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= MAX_IDEMPOTENCY_KEY or "\0" in key:
        raise schema.request_error(
            "invalid_value",
            path="Idempotency-Key",
            kind="send",
            variant="idempotency_key",
            maximum=MAX_IDEMPOTENCY_KEY,
        )
    return key


def find_route(name, kind):
    """The route of a request, as superuser in the route's company."""
    route = request.env["sms.gateway.route"]._find_for_api_client(name)
    if not route:
        raise schema.request_error("unknown_route", path="route", kind=kind, route=name)
    return route


# === ACCESS ===
def authenticate(settings):
    """Decide who calls (docs/api.rst, Access) and go on as that user."""
    request.env["sms.gateway.api.client"]._record(
        request.httprequest.remote_addr or "?"
    )
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
        raise schema.request_error("forbidden")


def find_key_user(authorization):
    scheme, _space, key = authorization.strip().partition(" ")
    user = request.env["res.users.apikeys"]._find_gateway_user(key.strip())
    if scheme.lower() != "bearer" or not user:
        raise unauthorized()
    return user


def unauthorized():
    return schema.request_error(
        "unauthorized", headers={"WWW-Authenticate": 'Bearer realm="crm_sms_gateway"'}
    )


def check_is_program(settings):
    """A page in a browser inside must not call for whoever made the page, nor under a
    stranger's name that was made to lead here (DNS rebinding)."""
    headers = request.httprequest.headers
    for header in filter(headers.__contains__, BROWSER_HEADERS):
        raise schema.request_error("forbidden", variant="browser", header=header)
    host = headers.get("Host", "")
    if not is_own_host(host, settings.host_names):
        raise schema.request_error("forbidden", variant="host", host=host)


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


# === OUTAGES ===
def is_outage(exc):
    """Whether PostgreSQL is away; of a connection that broke while it lay in the pool
    psycopg2 tells by the most general class."""
    return isinstance(exc, OUTAGES) or type(exc) is psycopg2.DatabaseError


def is_connection_lost(exc):
    """Whether PostgreSQL has not said what became of the statement."""
    is_ours = isinstance(exc, psycopg2.Error)
    return is_ours and (exc.pgcode or SHUTDOWN).startswith(SHUTDOWN)


def unknown_outcome(key):
    """The error of a request whose COMMIT was not answered: it may be carried out.

    ``Retry-After`` stands only where a repetition cannot send twice: there are clients
    that obey it without a person.
    """
    is_repeatable = "Idempotency-Key" in request.httprequest.headers
    return schema.request_error(
        "unavailable",
        headers=RETRY_SOON if is_repeatable else None,
        details={"outcome": "unknown", "key": key},
        variant="repeat_outcome" if is_repeatable else "ask_outcome",
        key=key,
    )


# === RESPONSE ===
def make_response(data, *, status=200, headers=()):
    body = json.dumps(data, ensure_ascii=False).encode()
    content_type = ("Content-Type", "application/json; charset=utf-8")
    return request.make_response(body, [content_type, *headers], status=status)


def make_error_response(error):
    return make_response(
        schema.serialise_error(error, get_language()),
        status=error.status,
        headers=error.headers.items(),
    )
