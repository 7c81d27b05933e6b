"""The address of short links."""

from odoo import http
from odoo.http import request

from ..tools.links import read_token
from ..tools.user_agents import is_browser
from .webhook import PushDispatcher

#: Headers by which browsers say that nobody has asked for a page yet, and their words.
EARLY_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
EARLY_WORDS = ("prefetch", "prerender", "preview")


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
        token = read_token(token)
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
    """Whether a person asks: neither a program nor a browser that guesses what the
    person will ask for, nor somebody who wants the head only."""
    asked = request.httprequest
    return (
        asked.method == "GET"
        and is_browser(asked.user_agent.string)
        and not any(_is_early(asked.headers.get(name, "")) for name in EARLY_HEADERS)
    )


def _is_early(purpose):
    return any(word in purpose.lower() for word in EARLY_WORDS)
