"""What providers send to the addresses of routes."""

import contextlib
import logging
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ...providers.cleaning import trace
from ...providers.errors import ForgedPush, UnreadablePush
from ...providers.types import Fields, PushRequest
from ..common import clock, crons
from ..routes.public_address import get_public_address

_logger = logging.getLogger(__name__)

_PLAIN = "text/plain; charset=utf-8"
#: The time of the last push of a route is stored once in so long.
_RECORDED_EVERY = timedelta(minutes=1)


class SmsGatewayPush(models.AbstractModel):
    """Takes a push from the controller to the adapter, and what is in it to the models.

    The adapter decides what the provider is answered: many ask again and again until
    they get the very words they wait for.
    """

    _name = "sms.gateway.push"
    _description = "SMS Gateway Webhook Request"

    @api.model
    def _answer(self, route, **call):
        """Process a call of the webhook address; an unreadable one is stored as well.

        :param call: see `_make_request`
        :return: HTTP status, content type and body for the provider
        """
        try:
            answer = self._receive(route, self._make_request(route, **call))
        except ForgedPush as error:
            _logger.warning("Route %s: refused push: %s", route.id, error.message)
            self._count_refused(route)
            return 403, _PLAIN, b"Refused"
        except UnreadablePush as error:
            _logger.warning("Route %s: unreadable push: %s", route.id, error.message)
            reports = self.env["sms.gateway.delivery.report"]
            reports._store_unreadable(route, call["body"], error.message)
            return 400, _PLAIN, b"Unreadable"
        return answer.status, answer.content_type, answer.body

    def _make_request(
        self, route, *, method, origin, path, query, body, headers, remote
    ):
        """
        :param origin: scheme and host as they reached Odoo, whatever stands in front
        :param path: without the query
        :param query: as it came, in bytes
        :param headers: pairs of name and value
        :param remote: the address that called
        :rtype: PushRequest
        """
        target = path + (f"?{query.decode('latin-1')}" if query else "")
        # A proxy may hide the name, and the scheme, that the provider called.
        host = origin.partition("://")[2]
        origins = (get_public_address(route), origin, f"https://{host}")
        return PushRequest(
            method=method,
            body=body,
            urls=tuple(dict.fromkeys(one + target for one in origins if one)),
            headers={name.lower(): value for name, value in headers},
            query=Fields.parse(query),
            remote=remote,
        )

    @api.model
    def _receive(self, route, push):
        """Store what a provider pushed, then apply it.

        :param push: `providers.types.PushRequest`
        :return: `providers.types.PushAnswer`
        :raise ForgedPush: its signature is wrong
        :raise UnreadablePush: nothing in it can be understood
        """
        answer = self._read(route, push)
        self.env["sms.gateway.delivery.report"]._ingest(route, answer.reports)
        self.env["sms.gateway.inbound"]._store(route, answer.inbound, "push")
        crons.trigger_once(self.env, "fold")
        self._record_push(route)
        return answer

    def _read(self, route, push):
        with contextlib.closing(route._make_provider()) as provider:
            try:
                return provider.parse_push(push)
            except (ForgedPush, UnreadablePush):
                raise
            except Exception as error:
                _logger.error(
                    "Route %s: the adapter failed: %s", route.id, trace(error)
                )
                raise UnreadablePush(type(error).__name__) from error

    def _record_push(self, route):
        """Store the time of the push: not for every push, and without waiting for a
        transaction that holds the route."""
        self._update_route(
            route,
            SQL("last_push_at = %s", clock.this_second()),
            SQL(
                "(last_push_at IS NULL OR last_push_at < %s)",
                clock.this_second() - _RECORDED_EVERY,
            ),
        )

    def _count_refused(self, route):
        self._update_route(
            route,
            SQL(
                "refused_push_count = COALESCE(refused_push_count, 0) + 1,"
                " refused_push_at = %s",
                clock.this_second(),
            ),
            SQL("TRUE"),
        )

    def _update_route(self, route, assignment, condition):
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_route SET %s
                 WHERE id = (SELECT id FROM sms_gateway_route WHERE id = %s AND %s
                                FOR NO KEY UPDATE SKIP LOCKED)
                """,
                assignment,
                route.id,
                condition,
            )
        )
        route.invalidate_recordset(
            ["last_push_at", "refused_push_count", "refused_push_at"], flush=False
        )
