"""The address of short links."""

from odoo import http
from odoo.http import request

from .webhook import PushDispatcher


class Link(http.Controller):
    """Leads to what a text says, and nowhere else."""

    # Everybody who clicks meets the others at the counters of the same link: like
    # pushes, they wait there instead of failing.
    @http.route(
        "/g/<string:token>",
        type=PushDispatcher.routing_type,
        auth="none",
        methods=["GET"],
        readonly=False,
        save_session=False,
    )
    def follow(self, token):
        links = request.env["sms.gateway.link"]
        if _is_click():
            url = links._click(
                token,
                ip=request.httprequest.remote_addr,
                country_code=request.geoip.country_code,
            )
        else:
            url = links._find_url(token)
        if not url:
            raise request.not_found()
        response = request.redirect(url, code=302, local=False)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response


def _is_click():
    """Whether a person asks: neither a robot nor somebody who wants the head only."""
    is_robot = request.env["ir.http"].is_a_bot()
    return request.httprequest.method == "GET" and not is_robot
