"""`/api/v1`: the JSON API that docs/api.rst describes.

Every answer below the path is JSON in one of the forms of that reference, whatever
happens: the routes use a dispatcher of their own, which turns errors raised anywhere in
the request, failed commits included, into answers.
"""

from odoo import http
from odoo.http import request

from ..models.campaigns.sms_gateway_campaign_accept import RecipientsRejected
from ..models.common import clock
from .api import answers
from .api.balance_request import BalanceRequest
from .api.errors import rejection_error, request_error
from .api.json_body import hash_body, parse_json
from .api.requests import METHODS, parse
from .api.send_request import Limits
from .api.status_request import StatusRequest
from .api_access import authenticate
from .api_dispatcher import ApiDispatcher, get_language, make_response

ALLOWED_METHODS = ("GET", "POST")
ALLOW = {"Allow": METHODS}
MAX_IDEMPOTENCY_KEY = 255


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
            raise request_error("method_not_allowed", headers=ALLOW)
        settings = request.env["sms.gateway.settings"]._get()
        authenticate(settings)
        body = read_body(settings)
        limits = Limits(
            max_recipients=settings.max_recipients,
            max_segments=settings.max_segments,
            max_speech=settings.max_speech,
            time_zone=settings.time_zone,
        )
        document = parse(
            parse_json(body),
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
        raise request_error("unknown_path", path=f"/api/v1/{rest}")

    def _answer(self, document, body, settings):
        if isinstance(document, StatusRequest):
            return self._tell_status(document)
        if settings.is_stopped:
            raise request_error("unavailable", headers={"Retry-After": "60"})
        if isinstance(document, BalanceRequest):
            return self._ask_balance(document)
        return self._send_once(document, body)

    def _ask_balance(self, document):
        route = find_route(document.route, "balance")
        if not route.tells_balance:
            raise request_error("unsupported_operation", path="balance", kind="balance")
        balance = route.env["sms.gateway.provider.request"]._request(
            route, currencies=document.currencies
        )
        request.dispatcher.accepted_key = balance.key
        return answers.serialise_balance_accepted(balance.key, get_language())

    def _tell_status(self, document):
        route = find_route(document.route, "status")
        language = get_language()
        campaign = route.env["sms.gateway.campaign"]._find(document.key, route)
        if campaign:
            status = campaign._get_status_page(document.offset, document.limit)
            return answers.serialise_send_status(status, language)
        balance = route.env["sms.gateway.provider.request"]._find(document.key, route)
        if balance:
            return answers.serialise_balance_status(
                balance.answer or "", balance._get_details(), language
            )
        raise request_error("unknown_key")

    def _send_once(self, document, body):
        key = get_idempotency_key()
        if key is None:
            return self._send(document)
        Idempotency = request.env["sms.gateway.idempotency"]
        body_hash = hash_body(body)
        known = Idempotency._find(key)
        if known:
            known_hash, known_answer = known
            if known_hash != body_hash:
                raise request_error("idempotency_conflict")
            return known_answer
        answer = self._send(document)
        Idempotency._store(key, body_hash, answer)
        return answer

    def _send(self, document):
        route = find_route(document.route, "send")
        if not document.names_channel:
            document = document.begin_with(route._get_first_channel())
        if document.channel not in route._get_channels():
            raise request_error(
                "unsupported_channel", path="voice", kind="send", route=route.name
            )
        accept = route.env["sms.gateway.campaign.accept"]
        try:
            campaign, rejected = accept._accept(document, route, source="api")
        except RecipientsRejected as error:
            raise rejection_error(
                error.code, error.rejected, document.users_path
            ) from error
        request.dispatcher.accepted_key = campaign.key
        route.env["sms.gateway.health.notification"]._notify_after_commit()
        return answers.serialise_send_accepted(
            campaign.key,
            rejected=rejected,
            warnings=accept._find_warnings(document, route),
            language=get_language(),
        )


# === REQUEST ===
def read_body(settings):
    """The body's bytes, of the right type and within the limit."""
    httprequest = request.httprequest
    if httprequest.mimetype != "application/json":
        raise request_error("unsupported_media_type")
    # One more than allowed: a chunked body has no length to be judged by.
    httprequest.max_content_length = settings.max_body_bytes + 1
    body = httprequest.get_data(cache=True)
    if len(body) > settings.max_body_bytes:
        raise request_error("too_large")
    return body


def get_idempotency_key():
    key = request.httprequest.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= MAX_IDEMPOTENCY_KEY or "\0" in key:
        raise request_error(
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
        raise request_error("unknown_route", path="route", kind=kind, route=name)
    return route
