"""Watchers: keep one warning for as long as a condition of a route lasts."""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..common import clock, crons, transactions
from .sms_gateway_watch_finder import REST_PATIENCE, describe_stop

_logger = logging.getLogger(__name__)

#: The watcher requests a balance once in so long.
BALANCE_EVERY = timedelta(hours=1)


class SmsGatewayWatcher(models.AbstractModel):
    """Begins warnings, tells each of them once, and ends them.

    A warning that a person has closed stays open here until its condition is over.
    """

    _name = "sms.gateway.watcher"
    _description = "SMS Gateway Watcher of Routes"

    @api.model
    def _cron_watch(self):
        if self.env["sms.gateway.hold"]._is_held():
            return
        transactions.begin(self.env)
        self._watch()
        transactions.commit(self.env)

    def _watch(self):
        self.env.flush_all()
        routes = self.env["sms.gateway.route"].search([("is_policy", "=", False)])
        watches = self._find_open()
        opened = {(watch.route_id.id, watch.kind): watch for watch in watches}
        found = self.env["sms.gateway.watch.finder"]._find(routes, opened)
        for kind, findings in found.items():
            for route_id, finding in findings.items():
                if finding:
                    route = routes.browse(route_id)
                    self._keep(route, kind, finding, opened.get((route_id, kind)))
        self._clear(watches.filtered(lambda w: w.route_id.id not in found[w.kind]))
        self._request_balances(routes)

    def _find_open(self, domain=()):
        Watch = self.env["sms.gateway.watch"]
        return Watch.search([("cleared_at", "=", False), *domain])

    def _find_stops(self, routes):
        domain = [("route_id", "in", routes.ids), ("kind", "=", "route_down")]
        return self._find_open(domain)

    # === STOPS ===
    @api.model
    def _tell_stop(self, route):
        """Warn at once of a route that the gateway has stopped; called by whoever
        stopped it."""
        # sudo: whoever stops a route may not write warnings
        watcher, route = self.sudo(), route.sudo()
        watch = watcher._find_stops(route)
        finding = describe_stop(route, is_known=bool(watch))
        if finding:
            watcher._keep(route, "route_down", finding, watch)

    @api.model
    def _end_stop(self, routes):
        """The routes may send again."""
        # sudo: whoever resumes a route may not write warnings
        watcher = self.sudo()
        watcher._clear(watcher._find_stops(routes))

    def _keep(self, route, kind, finding, watch):
        """Begin a warning or bring an open one up to date; tell it once."""
        if watch and _is_worse(watch, finding):
            self._clear(watch)
            watch = None
        if not watch:
            watch = self.env["sms.gateway.watch"]._begin(route, kind, finding)
            if not watch:
                return
        elif (watch.code, watch.params) != (finding.code, finding.params):
            watch.write({"code": finding.code, "params": finding.params})
        has_lasted = watch.since <= clock.now() - REST_PATIENCE
        if not watch.told_at and (finding.is_lasting or has_lasted):
            self._tell(watch)

    def _tell(self, watch):
        """Make one activity, and one email where the route wants it."""
        _logger.info("Route %s: warning %s", watch.route_id.name, watch.code)
        user = self._get_responsible(watch.route_id)
        theirs = watch.with_context(lang=user.lang, tz=user.tz)
        watch.told_at = clock.this_second()
        watch.activity_id = user and theirs._make_activity(user)
        if watch.route_id.notifies_by_mail and user.email and user != self.env.user:
            theirs._make_mail(user)
        if watch.code == "no_reports.polled":
            self._poll_waiting(watch.route_id)

    def _get_responsible(self, route):
        if route.user_id.active:
            return route.user_id
        return self.env["sms.gateway.health.notification"]._find_responsible()

    def _poll_waiting(self, route):
        """Let polls take over what was submitted since the last push."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_message SET next_poll_at = %(now)s
                 WHERE id IN (SELECT id FROM sms_gateway_message
                               WHERE route_id = %(route)s AND state = 'submitted'
                                 AND is_debug = FALSE
                                 AND submitted_at > %(last_push_at)s
                                 AND (next_poll_at IS NULL OR next_poll_at > %(now)s)
                                 FOR NO KEY UPDATE SKIP LOCKED)
                """,
                now=clock.now(),
                route=route.id,
                last_push_at=route.last_push_at,
            )
        )
        self.env["sms.gateway.message"].invalidate_model(["next_poll_at"], flush=False)
        crons.trigger_once(self.env, "poll")

    def _clear(self, watches):
        """End warnings; their activities are done, unless a person was faster."""
        told = watches.filtered("told_at")
        (watches - told).unlink()
        told.cleared_at = clock.this_second()
        for watch in told:
            activity = watch.activity_id
            if activity.active:
                user = activity.user_id
                theirs = watch.with_context(lang=user.lang, tz=user.tz)
                activity.with_context(lang=user.lang).action_feedback(theirs._say_end())

    # === BALANCES ===
    def _request_balances(self, routes):
        """Queue a request of each balance that was not requested for
        `BALANCE_EVERY`."""
        wanted = routes.filtered(
            lambda route: (
                route.balance_threshold
                and route.tells_balance
                and not route.lacks_settings
            )
        )
        if not wanted:
            return
        requests = self.env["sms.gateway.provider.request"]
        recent = requests.search(
            [
                ("route_id", "in", wanted.ids),
                ("kind", "=", "balance"),
                "|",
                ("state", "=", "pending"),
                ("create_date", ">", clock.now() - BALANCE_EVERY),
            ]
        )
        for route in wanted - recent.route_id:
            requests._request(route)


def _is_worse(watch, finding):
    """Whether a person has to act who did not have to before: told anew."""
    return finding.code == "route_down.paused" != watch.code
