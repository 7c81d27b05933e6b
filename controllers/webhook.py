"""The address providers push delivery reports to."""

import logging

from odoo import http
from odoo.http import request

from ..models.sms_gateway_delivery_report import PushRequest, UnreadablePush

_logger = logging.getLogger(__name__)

#: A push with 500 states is some 100 KiB; more than this is no delivery report.
MAX_BODY_BYTES = 4 * 1024 * 1024


class PushDispatcher(http.HttpDispatcher):
    """Leaves the body alone: some gates declare their XML to be a form."""

    routing_type = "crm_sms_gateway_push"

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        return self.request.registry["ir.http"]._dispatch(endpoint)


class Webhook(http.Controller):
    """One secret address per route; what a push means is the provider's matter."""

    @http.route(
        "/crm_sms_gateway/webhook/<string:token>",
        type=PushDispatcher.routing_type,
        auth="none",
        methods=["GET", "POST"],
        save_session=False,
        max_content_length=MAX_BODY_BYTES,
    )
    def receive(self, token):
        route = request.env["sms.gateway.route"]._find_by_webhook_token(token)
        if not route.accepts_push:
            raise request.not_found()
        push = self._read()
        reports = route.env["sms.gateway.delivery.report"]
        try:
            answer = reports._receive_push(route, push)
        except UnreadablePush as error:
            _logger.warning("Route %s: unreadable push: %s", route.id, error.message)
            reports._keep_unreadable(route, push.body, error.message)
            return request.make_response("Unreadable", status=400)
        return request.make_response(
            answer.body, [("Content-Type", answer.content_type)]
        )

    def _read(self):
        httprequest = request.httprequest
        return PushRequest(
            method=httprequest.method,
            body=httprequest.get_data(cache=True),
            headers=dict(httprequest.headers),
            query=httprequest.args.to_dict(),
        )
