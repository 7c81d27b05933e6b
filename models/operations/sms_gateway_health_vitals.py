"""Collection of the gateway's vitals, in SQL."""

from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL, str2bool

from ..common import clock
from ..sending.queues import may_send, select_heads
from .vitals import PATIENCE, Cron, Vitals

#: Runs of all crons that are looked through for the last ones of ours: those of more
#: than half an hour.
LATEST_RUNS = 2000
#: Events that are looked through for messages claimed by lanes.
LATEST_EVENTS = 1000


class SmsGatewayHealthVitals(models.AbstractModel):
    """Reads when crons ran and for how long due messages wait."""

    _name = "sms.gateway.health.vitals"
    _description = "SMS Gateway Vitals"

    @api.model
    def _collect(self):
        """:rtype: Vitals"""
        self.env.flush_all()
        return Vitals(
            crons=[] if self._is_neutralized() else self._read_crons(),
            waiting=self._get_waiting_times(),
        )

    @api.model
    def _collect_lanes(self):
        """The same of the lanes alone, without a look at messages.

        :rtype: Vitals
        """
        crons = [] if self._is_neutralized() else self._read_crons()
        return Vitals(crons=[cron for cron in crons if cron.lane], waiting={})

    def _get_waiting_times(self):
        """For how long the oldest due message of each route has been waiting.

        A message waits for nothing but a lane from the moment on at which it is due,
        its campaign goes on and its route may send.

        :return: dict of route id → timedelta
        """
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT r.id, max(%(clock)s - GREATEST(head.not_before, r.write_date,
                                                          c.write_date))
                      FROM (%(heads)s) AS head
                      JOIN sms_gateway_route r ON r.id = head.route_id
                 LEFT JOIN sms_gateway_campaign c ON c.id = head.campaign_id
                     WHERE head.not_before <= %(clock)s AND %(may_send)s
                       AND c.state IS DISTINCT FROM 'cancelled'
                  GROUP BY r.id
                    """,
                    clock=clock.at_statement(),
                    heads=select_heads(),
                    may_send=may_send(is_debug=SQL("head.is_debug")),
                )
            )
        )

    @api.model
    def _find_held_routes(self):
        """The routes that have due messages and must not send them at this moment;
        messages of debug campaigns do not count.

        :return: list of ids
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT r.id
                  FROM (%(heads)s) AS head
                  JOIN sms_gateway_route r ON r.id = head.route_id
                 WHERE head.not_before <= %(clock)s AND NOT head.is_debug
                   AND NOT (%(may_send)s)
              ORDER BY r.id
                """,
                heads=select_heads(),
                clock=clock.at_statement(),
                may_send=may_send(is_debug=SQL("FALSE")),
            )
        )
        return [route_id for (route_id,) in rows]

    @api.model
    def _is_neutralized(self):
        """Whether this is a copy whose crons are off on purpose."""
        # sudo: whoever reads troubles may know what the database is
        parameters = self.env["ir.config_parameter"].sudo()
        return str2bool(parameters.get_param("database.is_neutralized"), False)

    @api.model
    def _read_crons(self):
        """The crons that should run, also lanes that somebody deleted.

        ``lastcall`` is written when a cron is done for this time, and a busy lane may
        go on for hours; its progress is written all the time.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT d.name, c.id, c.active, COALESCE(c.failure_count, 0),
                       %(clock)s - GREATEST(c.lastcall, run.at),
                       %(clock)s - GREATEST(c.lastcall, run.at, c.create_date)
                  FROM ir_model_data d
                  JOIN ir_cron c ON c.id = d.res_id
             LEFT JOIN (SELECT cron_id, max(write_date) AS at
                          FROM (SELECT cron_id, write_date FROM ir_cron_progress
                              ORDER BY id DESC LIMIT %(latest)s) AS latest
                      GROUP BY cron_id) AS run ON run.cron_id = c.id
                 WHERE d.module = 'crm_sms_gateway' AND d.model = 'ir.cron'
              ORDER BY c.id
                """,
                clock=clock.at_statement(),
                latest=LATEST_RUNS,
            )
        )
        crons = [Cron(name.removeprefix("ir_cron_"), *rest) for name, *rest in rows]
        found = {cron.name: cron for cron in crons}
        lanes = self.env["sms.gateway.settings"]._get().lanes
        wanted = {f"send_{number}" for number in range(1, lanes + 1)}
        missing = sorted(wanted - found.keys())
        return [
            *(one for one in found.values() if not one.lane or one.name in wanted),
            *(Cron(name, None, False, 0, None, timedelta.max) for name in missing),
        ]

    @api.model
    def _find_moving_routes(self):
        """The routes whose messages lanes have claimed within `PATIENCE`, however few:
        lanes took tokens of a route with a throughput, or submitted its messages.

        :return: set of ids
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.id FROM sms_gateway_rate_limit b
                  JOIN sms_gateway_route r ON b.scope = 'route:' || r.id
                 WHERE b.filled_at > %(since)s
                 UNION
                SELECT route_id
                  FROM (SELECT route_id, kind, recorded_at FROM sms_gateway_event
                      ORDER BY id DESC LIMIT %(latest)s) AS latest
                 WHERE kind = 'submitting' AND recorded_at > %(since)s
                """,
                since=SQL("%s - %s", clock.at_statement(), PATIENCE),
                latest=LATEST_EVENTS,
            )
        )
        return {route_id for (route_id,) in rows}

    @api.model
    def _has_unfolded(self):
        """Whether changes wait to be counted."""
        return bool(
            self.env.execute_query(
                SQL("SELECT id FROM sms_gateway_statistic_change ORDER BY id LIMIT 1")
            )
        )
