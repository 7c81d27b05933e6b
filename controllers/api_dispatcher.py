"""Requests of the API, answered in the forms of docs/api.rst whatever happens."""

import json
import logging
import uuid
from http import HTTPStatus

import psycopg2
import werkzeug.exceptions
from psycopg2.pool import PoolError

from odoo import http
from odoo.http import request

from .api.answers import serialise_error
from .api.errors import RequestError, request_error
from .api.languages import choose_language

_logger = logging.getLogger(__name__)

RETRY_SOON = {"Retry-After": "5"}
#: What PostgreSQL's absence raises.
OUTAGES = (psycopg2.OperationalError, psycopg2.InterfaceError, PoolError)
#: Class of the codes with which a server that shuts down ends connections, also those
#: whose COMMIT it has carried out already.
SHUTDOWN = "57P"
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
        except RequestError as error:
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
                return request_error(code)
        if self.is_committing and is_connection_lost(exc):
            _logger.warning(
                "Whether %s is stored is unknown: %s", self.accepted_key, exc
            )
            return unknown_outcome(self.accepted_key)
        if is_outage(exc):
            return request_error("unavailable", headers=RETRY_SOON)
        incident = uuid.uuid4().hex[:12]
        _logger.error("API error %s", incident, exc_info=exc)
        return request_error("internal", incident=incident)


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
    return request_error(
        "unavailable",
        headers=RETRY_SOON if is_repeatable else None,
        details={"outcome": "unknown", "key": key},
        variant="repeat_outcome" if is_repeatable else "ask_outcome",
        key=key,
    )


# === RESPONSE ===
def get_language():
    """The language of the caller's sentences."""
    return choose_language(request.httprequest.headers.get("Accept-Language"))


def make_response(data, *, status=200, headers=()):
    body = json.dumps(data, ensure_ascii=False).encode()
    content_type = ("Content-Type", "application/json; charset=utf-8")
    return request.make_response(body, [content_type, *headers], status=status)


def make_error_response(error):
    return make_response(
        serialise_error(error, get_language()),
        status=error.status,
        headers=error.headers.items(),
    )
