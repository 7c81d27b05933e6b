"""What `/api/v1` answers while PostgreSQL is away.

A request is Odoo's own until its controller is found, and without a database none is
found: Odoo answers 404 in HTML, which clients take for final.
"""

from contextlib import closing

from odoo import http
from odoo.service.db import list_dbs
from odoo.sql_db import db_connect

from .api.errors import request_error
from .api_dispatcher import OUTAGES, RETRY_SOON, is_outage, make_error_response

PATH = "/api/v1"


class OutageDispatcher(http.HttpDispatcher):
    """Serves requests of the API until Odoo finds their controller."""

    routing_type = "crm_sms_gateway_outage"
    #: the name of the request's database, once Odoo has chosen one
    database = None

    @classmethod
    def is_compatible_with(cls, _request):
        """No controller is of this type."""
        return False

    def handle_error(self, exc):
        if is_outage(exc) or self._is_without_database(exc):
            error = request_error("unavailable", headers=RETRY_SOON)
            return make_error_response(error)
        return super().handle_error(exc)

    def _is_without_database(self, exc):
        """Whether Odoo goes on without a database because of an outage."""
        if self.request.db:
            return False
        if not self.database:
            return is_choice_hindered(self.request)
        error = find_registry_error(exc)
        is_hindered = error and is_outage(error.__cause__)
        return is_hindered and not is_missing(self.database)


def is_choice_hindered(request):
    """Whether Odoo could not choose a database: PostgreSQL does not tell them, or tells
    again of the only one. The choice of a client needs no PostgreSQL."""
    if "X-Odoo-Database" in request.httprequest.headers:
        return False
    try:
        databases = list_dbs(force=True)
    except OUTAGES:
        return True
    host = request.httprequest.environ["HTTP_HOST"]
    return len(http.db_filter(databases, host=host)) == 1


def find_registry_error(exc):
    """Why Odoo serves a request without its database."""
    while exc and not isinstance(exc, http.RegistryError):
        exc = exc.__context__
    return exc


def is_missing(database):
    """Whether PostgreSQL answers and has no database of this name."""
    try:
        with closing(db_connect("postgres").cursor()) as cr:
            cr.execute("SELECT FROM pg_database WHERE datname = %s", [database])
            return not cr.rowcount
    except OUTAGES:
        return False


def install():
    """Let `OutageDispatcher` serve every request of the API at first."""
    post_init = http.Request._post_init

    def _post_init(request):
        path = request.httprequest.path
        if path != PATH and not path.startswith(f"{PATH}/"):
            return post_init(request)
        request.db = None
        request.dispatcher = OutageDispatcher(request)
        post_init(request)
        request.dispatcher.database = request.db

    http.Request._post_init = _post_init
