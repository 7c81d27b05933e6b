"""The address providers push delivery reports to."""

from odoo import http
from odoo.http import request

from ..models.common import transactions

#: A push with 500 states is some 100 KiB; more than this is no delivery report.
MAX_BODY_BYTES = 4 * 1024 * 1024


class PushDispatcher(http.HttpDispatcher):
    """Leaves the body alone: some gates declare their XML to be a form."""

    routing_type = "crm_sms_gateway_push"

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        # Reports meet the lanes at the same messages: a transaction that waits for them
        # instead of failing.
        transactions.begin(self.request.env)
        return self.request.registry["ir.http"]._dispatch(endpoint)


class Webhook(http.Controller):
    """One secret address per route; what a push means is the provider's matter."""

    @http.route(
        "/crm_sms_gateway/webhook/<string:token>",
        type=PushDispatcher.routing_type,
        auth="none",
        methods=["GET", "POST"],
        readonly=False,
        save_session=False,
        max_content_length=MAX_BODY_BYTES,
    )
    def receive(self, token):
        route = request.env["sms.gateway.route"]._find_by_webhook_token(token)
        if not route.accepts_push:
            # No page: strangers learn nothing, and guessing costs us next to nothing.
            return request.make_response(b"", status=404)
        httprequest = request.httprequest
        status, content_type, body = route.env["sms.gateway.push"]._answer(
            route,
            method=httprequest.method,
            origin=f"{httprequest.scheme}://{httprequest.host}",
            path=httprequest.path,
            query=httprequest.query_string,
            body=httprequest.get_data(cache=True),
            headers=httprequest.headers.items(),
            remote=httprequest.remote_addr or "",
        )
        return request.make_response(
            body, [("Content-Type", content_type)], status=status
        )
