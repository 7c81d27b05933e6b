"""The address by which monitoring sees whether the gateway sends."""

from odoo import http
from odoo.http import request

from .api.errors import request_error
from .api.messages import sentence
from .api_dispatcher import ApiDispatcher, get_language, make_response

ALLOWED_METHODS = ("GET", "HEAD")
ALLOW = {"Allow": "GET, HEAD, OPTIONS"}
#: Every question is asked anew, and answered from the server's memory if need be.
NO_STORE = ("Cache-Control", "no-store")


class Health(http.Controller):
    """Answers anybody: what it tells is about nobody."""

    @http.route(
        "/api/v1/health",
        type=ApiDispatcher.routing_type,
        auth="none",
        save_session=False,
    )
    def tell(self):
        method = request.httprequest.method
        if method == "OPTIONS":
            return request.make_response("", list(ALLOW.items()), status=204)
        if method not in ALLOWED_METHODS:
            raise request_error("method_not_allowed", headers=ALLOW)
        codes = request.env["sms.gateway.health"]._get_codes()
        if not codes:
            return make_response({"status": "ok"}, headers=[NO_STORE])
        answer = {
            "status": "error",
            "message": sentence("unavailable.health", get_language()),
            "details": {"code": "unavailable", "troubles": codes},
        }
        return make_response(answer, status=503, headers=[NO_STORE])
