"""The gateway's health: what keeps it from sending, in the reader's language.

Sending is the work of Odoo's scheduled actions. When they stop, requests are still
accepted: requests and the crons that still run look for troubles, and notify an
administrator (`sms.gateway.health.notification`).
"""

import time
from dataclasses import replace
from datetime import timedelta

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError
from odoo.tools import config

from ..common.moment import say_span
from ..routing.sms_gateway_watch import IS_SHOWN
from .cron_workers import (
    SHORTEST_CRON_LIMIT,
    USUAL_CRON_LIMIT,
    get_cron_limit,
    has_lost_cron_threads,
    has_too_many_lanes,
)
from .troubles import Trouble

#: What the health address answers is believed for so long, in seconds: anybody may ask.
KEEP_ANSWER = 10
#: What the health address has answered: database → (monotonic seconds, codes)
_answers = {}


class SmsGatewayHealth(models.AbstractModel):
    """Finds troubles; a new kind is one more step of `_find_troubles`."""

    _name = "sms.gateway.health"
    _description = "SMS Gateway Health"

    # === TROUBLES ===
    @api.model
    def _find_troubles(self, vitals=None):
        """Everything that keeps the gateway from sending, in the reader's language.

        :param vitals: as they are at the moment, by default
        :rtype: list[Trouble]
        """
        vitals = vitals or self.env["sms.gateway.health.vitals"]._collect()
        return [
            *self._find_hold(),
            *self._find_inactive_crons(vitals),
            *self._find_failing_crons(vitals),
            *self._find_missing_workers(vitals),
            *self._find_late_lanes(vitals),
            *self._find_waiting_messages(vitals),
            *self._find_unfolded_counters(vitals),
            *self._find_unfit_options(),
            *self._find_route_warnings(),
        ]

    @api.model
    def _find_lane_troubles(self):
        """What keeps every lane from running, in the reader's language.

        :rtype: list[Trouble]
        """
        lanes = self.env["sms.gateway.health.vitals"]._collect_lanes()
        if any(lane.is_active and not lane.is_late for lane in lanes.crons):
            return []
        return [
            *self._find_inactive_crons(lanes),
            *self._find_missing_workers(lanes),
            *self._find_late_lanes(lanes),
        ]

    def _find_hold(self):
        """Whether the database was restored or copied and waits for a decision."""
        hold = self.env["sms.gateway.hold"]._describe_open()
        if hold:
            may_decide = self.env.user.has_group("base.group_system")
            yield Trouble(
                "database_held",
                hold["sentence"],
                self.env._(
                    "An Odoo administrator decides under SMS Gateway → Configuration "
                    "→ Restored or Copied Database."
                ),
                hold["action"] if may_decide else None,
            )

    def _find_inactive_crons(self, vitals):
        crons = vitals.inactive_crons
        if crons:
            yield Trouble(
                "crons_inactive",
                self.env._(
                    "Scheduled actions of the gateway are disabled: %(names)s.",
                    names=self._name_crons(crons),
                ),
                self.env._(
                    "Enable the scheduled actions, or update the module, which also "
                    "enables them. Odoo disables a scheduled action that has failed "
                    "for a week; see the server log for the reason."
                ),
                self._open_crons(crons),
            )

    def _find_failing_crons(self, vitals):
        crons = vitals.failing_crons
        if crons:
            yield Trouble(
                "crons_failing",
                self.env._(
                    "Scheduled actions of the gateway fail repeatedly: %(names)s.",
                    names=self._name_crons(crons),
                ),
                self.env._(
                    "See the server log for the reason. Odoo disables a scheduled "
                    "action that has failed for a week."
                ),
                self._open_crons(crons),
            )

    def _find_missing_workers(self, vitals):
        """Why lanes do not run, as far as this process knows; processes on other hosts
        may run them."""
        if not vitals.late_lanes:
            return
        if not config["max_cron_threads"]:
            yield Trouble(
                "no_cron_workers",
                self.env._("Odoo is running without cron workers."),
                self.env._(
                    "Start Odoo with max_cron_threads set to at least 2, on this or "
                    "another host."
                ),
            )
        elif has_lost_cron_threads():
            yield Trouble(
                "cron_threads_ended",
                self.env._(
                    "The cron threads have stopped, as happens when PostgreSQL stops."
                ),
                self.env._(
                    "Restart Odoo. With workers set above 0 and a supervisor such as "
                    "systemd, the server recovers automatically."
                ),
            )

    def _find_late_lanes(self, vitals):
        lanes = vitals.late_lanes
        if lanes:
            ages = [lane.age for lane in lanes if lane.age is not None]
            yield Trouble(
                "lanes_late",
                self.env._(
                    "Nothing is being sent: %(names)s last ran %(ago)s and must run "
                    "every minute.",
                    names=self._name_crons(lanes),
                    ago=self._say_ago(min(ages)),
                )
                if ages
                else self.env._(
                    "Nothing is being sent: %(names)s has never run.",
                    names=self._name_crons(lanes),
                ),
                self.env._(
                    "Check whether Odoo's cron workers are running, and restart Odoo."
                ),
                self._open_crons(lanes),
            )

    def _find_waiting_messages(self, vitals):
        stuck = vitals.late_routes
        if stuck:
            stuck -= self.env["sms.gateway.health.vitals"]._find_moving_routes()
        if stuck:
            age = max(vitals.waiting[route] for route in stuck)
            yield Trouble(
                "messages_waiting",
                self.env._(
                    "Messages that are due are not being sent. The oldest has been "
                    "waiting for %(age)s.",
                    age=say_span(self.env, age),
                ),
                self.env._(
                    "No messages are lost: they are sent when the cause is removed. "
                    "Messages whose validity period ends before that expire."
                ),
                self._open_waiting(stuck),
            )

    def _find_unfolded_counters(self, vitals):
        reader = self.env["sms.gateway.health.vitals"]
        if vitals.has_late_counters and reader._has_unfolded():
            yield Trouble(
                "counters_late",
                self.env._("The counters of campaigns and statistics are out of date."),
                self.env._(
                    "The counters are updated when scheduled actions run again."
                ),
            )

    def _find_unfit_options(self):
        if not config["max_cron_threads"]:
            return
        limit = get_cron_limit()
        if 0 < limit < SHORTEST_CRON_LIMIT:
            yield Trouble(
                "cron_limit_short",
                self.env._(
                    "limit_time_real_cron is %(limit)s seconds: Odoo stops its cron "
                    "workers too early.",
                    limit=limit,
                ),
                self.env._(
                    "Set limit_time_real_cron to %(usual)s or more, and restart Odoo.",
                    usual=USUAL_CRON_LIMIT,
                ),
            )
        lanes = self.env["sms.gateway.settings"]._get().lanes
        if has_too_many_lanes(lanes):
            yield Trouble(
                "many_lanes",
                self.env._(
                    "No cron worker is left for other scheduled actions: they wait "
                    "while a campaign is being sent."
                ),
                self.env._(
                    "Reduce the number of sending jobs, or increase max_cron_threads "
                    "on the server."
                ),
                is_serious=False,
            )

    def _find_route_warnings(self):
        """A route in trouble does not keep the others from sending."""
        for kind, label, remedy, routes in self.env["sms.gateway.watch"]._list_shown():
            yield Trouble(
                kind,
                self.env._(
                    "%(warning)s: %(routes)s.",
                    warning=label,
                    routes=", ".join(routes.mapped("name")),
                ),
                remedy,
                self._open_routes(routes),
                is_serious=False,
            )

    def _find_held_routes(self):
        """The emergency stop, and routes whose due messages wait; what warns
        administrators of the same route is not told twice."""
        waiting = self.env["sms.gateway.waiting"]
        for reason in waiting._explain_stop():
            yield _make_trouble(reason, reason.code, None)
        held = self.env["sms.gateway.health.vitals"]._find_held_routes()
        routes = self.env["sms.gateway.route"].search([("id", "in", held)])
        for route in routes.filtered(lambda one: not self._is_told(one)):
            # sudo: who waits for messages may know why
            for reason in waiting._explain_state(route.sudo(), is_debug=False):
                code = f"{reason.code}:{route.id}"
                yield _make_trouble(reason, code, self._open_routes(route))

    def _is_told(self, route):
        """Whether the user reads the warning that the route is down."""
        if not self.env.user.has_group("crm_sms_gateway.group_administrator"):
            return False
        shown = route.watch_ids.filtered_domain(IS_SHOWN)
        return "route_down" in shown.mapped("kind")

    # === WORDS AND ACTIONS ===
    def _name_crons(self, crons):
        # sudo: only system users see crons; their names say nothing of anybody
        records = (
            self.env["ir.cron"].sudo().browse(cron.id for cron in crons if cron.id)
        )
        missing = [cron.name for cron in crons if not cron.id]
        return ", ".join([*records.mapped("name"), *missing])

    def _say_ago(self, age):
        """A moment in the reader's language, such as "7 minutes ago"."""
        past = -max(age, timedelta(minutes=1))
        return say_span(self.env, past, add_direction=True)

    def _open_crons(self, crons):
        """Crons as a list, for those who may see them."""
        if not self.env.user.has_group("base.group_system"):
            return None
        action = self.env["ir.actions.act_window"]._for_xml_id("base.ir_cron_act")
        ids = [cron.id for cron in crons if cron.id]
        return {
            **action,
            "domain": [("id", "in", ids)],
            "context": {"active_test": False},
        }

    def _open_waiting(self, route_ids):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_message_action"
        )
        domain = [("state", "=", "queued"), ("route_id", "in", list(route_ids))]
        return {**action, "domain": domain, "context": {}}

    def _open_routes(self, routes):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_route_action"
        )
        return {**action, "domain": [("id", "in", routes.ids)], "context": {}}

    # === READERS ===
    @api.model
    def action_get_troubles(self):
        """The troubles, for the banner of administrators.

        :return: list of dicts with the members of `Trouble`
        """
        if not self.env.user.has_group("crm_sms_gateway.group_administrator"):
            raise AccessError(
                self.env._(
                    "Only SMS Gateway administrators can view the health of the "
                    "gateway."
                )
            )
        return [vars(trouble) for trouble in self._find_troubles()]

    @api.model
    def _describe(self):
        """The troubles, and for how long what is due waits; for administrators when
        each lane ran, too.

        :return: dict of ``troubles`` (those of `action_get_troubles`), ``oldest_due``
            and ``lanes`` (``name`` and ``ago``, the last run); ages are words, or
            false
        """
        vitals = self.env["sms.gateway.health.vitals"]._collect()
        is_administrator = self.env.user.has_group(
            "crm_sms_gateway.group_administrator"
        )
        troubles = [*self._find_troubles(vitals), *self._find_held_routes()]
        return {
            "troubles": [
                vars(one if is_administrator else replace(one, action=None))
                for one in troubles
                if is_administrator or one.is_serious or one.is_for_all
            ],
            "oldest_due": vitals.oldest_due is not None
            and say_span(self.env, vitals.oldest_due),
            "lanes": [
                {
                    "name": self._name_crons([lane]),
                    "ago": lane.age is not None and self._say_ago(lane.age),
                }
                for lane in vitals.lanes
                if is_administrator
            ],
        }

    @api.model
    def _get_codes(self):
        """The codes of what keeps the gateway from sending; anybody may know them.

        :rtype: list[str]
        """
        place = self.env.cr.dbname
        answered_at, codes = _answers.get(place, (0, None))
        if codes is None or time.monotonic() > answered_at + KEEP_ANSWER:
            codes = self._find_codes()
            _answers[place] = (time.monotonic(), codes)
        return codes

    def _find_codes(self):
        health = self.with_user(SUPERUSER_ID)
        codes = [one.code for one in health._find_troubles() if one.is_serious]
        if self.env["sms.gateway.settings"]._get().is_stopped:
            codes.insert(0, "stopped")
        return codes

    # === UPDATE ===
    @api.model
    def _activate_crons(self):
        """Switch the crons on that should run; called by every update of the module."""
        reader = self.env["sms.gateway.health.vitals"]
        if reader._is_neutralized():
            return
        self.env.flush_all()
        inactive = [cron.id for cron in reader._read_crons() if not cron.is_active]
        self.env["ir.cron"].browse(filter(None, inactive)).write({"active": True})


def _make_trouble(reason, code, action):
    """What holds messages, for the people who wait for them."""
    return Trouble(
        code,
        reason.sentence,
        reason.remedy,
        action,
        is_serious=False,
        is_for_all=True,
    )
