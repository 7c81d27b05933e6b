"""The gateway's health: what keeps it from sending, and who is told.

Sending is the work of Odoo's scheduled actions. When they stop, requests are still
accepted; whatever still runs finds the troubles here and tells them.
"""

import logging
import threading
import time
from dataclasses import dataclass, replace
from datetime import timedelta

import psycopg2
from babel.dates import format_timedelta
from markupsafe import Markup

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError
from odoo.service import server
from odoo.tools import SQL, babel_locale_parse, config, str2bool

from ..common import clock
from ..sending.queues import may_send, select_heads

_logger = logging.getLogger(__name__)

#: A lane runs every minute, and a message leaves as soon as it is due: what takes
#: longer than this is a trouble.
PATIENCE = timedelta(minutes=5)
#: So many failures of a cron in a row are a trouble.
MANY_FAILURES = 3
#: Runs of all crons that are looked through for the last ones of ours: those of more
#: than half an hour.
LATEST_RUNS = 2000
#: Events that are looked through for messages taken by lanes.
LATEST_EVENTS = 1000
#: A cron worker without work reports to its master so often at least, in seconds: the
#: master kills those that are silent for longer than limit_time_real_cron.
SHORTEST_CRON_LIMIT = server.SLEEP_INTERVAL + 10
#: What Odoo itself sets where nobody does, in seconds.
USUAL_CRON_LIMIT = 120
#: A process looks for troubles that must be told so often at most, in seconds.
TELL_EVERY = 300
#: What the health address answers is believed for so long, in seconds: anybody may ask.
KEEP_ANSWER = 10
#: Held by whoever writes the activity (PostgreSQL's advisory lock).
TELL_LOCK = "crm_sms_gateway.health"
ACTIVITY_TYPE = "crm_sms_gateway.mail_activity_type_health"

#: When this process has last looked for troubles: database → monotonic seconds
_looked_at = {}
#: What the health address has answered: database → (monotonic seconds, codes)
_answers = {}


@dataclass(frozen=True)
class Trouble:
    """What keeps the gateway from sending, or soon will.

    ``sentence`` and ``remedy`` are in the reader's language, ``action`` opens the place
    to act, ``is_serious`` tells those that stop the sending from mere warnings.
    """

    code: str
    sentence: str
    remedy: str
    action: dict | None = None
    is_serious: bool = True


@dataclass(frozen=True)
class Cron:
    """A cron of the gateway.

    ``name`` is the end of its external id, such as ``send_1``. ``age`` is the time
    since it was last seen running, None for never, ``idle`` the same since it was made.
    """

    name: str
    id: int | None
    is_active: bool
    failure_count: int
    age: timedelta | None
    idle: timedelta

    @property
    def lane(self):
        """The number of the lane, None for other crons."""
        kind, _, number = self.name.partition("_")
        return int(number) if kind == "send" else None

    @property
    def is_late(self):
        return self.idle > PATIENCE


@dataclass(frozen=True)
class Vitals:
    """What troubles are found in.

    ``crons`` are those that should run: lanes above the configured number are not among
    them. ``waiting`` has for each route with something due the time for which the
    oldest message has been waiting.
    """

    crons: list
    waiting: dict

    @property
    def lanes(self):
        return [cron for cron in self.crons if cron.lane]

    @property
    def oldest_due(self):
        return max(self.waiting.values(), default=None)

    @property
    def has_late_lanes(self):
        return any(lane.is_active and lane.is_late for lane in self.lanes)


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
        vitals = vitals or self._take_vitals()
        return [
            *self._find_hold(),
            *self._find_inactive_crons(vitals),
            *self._find_failing_crons(vitals),
            *self._find_missing_workers(vitals),
            *self._find_late_lanes(vitals),
            *self._find_waiting_messages(vitals),
            *self._find_unfolded_counters(vitals),
            *self._find_unfit_options(),
        ]

    def _find_hold(self):
        """Whether the database was restored or copied and waits for a decision."""
        told = self.env["sms.gateway.hold"]._tell()
        if told:
            may_decide = self.env.user.has_group("base.group_system")
            yield Trouble(
                "database_held",
                told["sentence"],
                self.env._(
                    "An administrator of Odoo decides in SMS Gateway → Configuration →"
                    " Restored and Copied Database."
                ),
                told["action"] if may_decide else None,
            )

    def _find_inactive_crons(self, vitals):
        crons = [cron for cron in vitals.crons if not cron.is_active]
        if crons:
            yield Trouble(
                "crons_inactive",
                self.env._(
                    "Scheduled actions of the gateway are switched off: %(names)s.",
                    names=self._name_crons(crons),
                ),
                self.env._(
                    "Switch them on, or update the module: that switches them on as"
                    " well. Odoo switches off what has failed for a week; the log says"
                    " why."
                ),
                self._open_crons(crons),
            )

    def _find_failing_crons(self, vitals):
        crons = [cron for cron in vitals.crons if cron.failure_count >= MANY_FAILURES]
        if crons:
            yield Trouble(
                "crons_failing",
                self.env._(
                    "Scheduled actions of the gateway fail again and again: %(names)s.",
                    names=self._name_crons(crons),
                ),
                self.env._(
                    "The server's log says why. Odoo switches off what has failed for a"
                    " week."
                ),
                self._open_crons(crons),
            )

    def _find_missing_workers(self, vitals):
        """Why lanes do not run, as far as this process can tell; others may run them
        in its place."""
        if not vitals.has_late_lanes:
            return
        if not config["max_cron_threads"]:
            yield Trouble(
                "no_cron_workers",
                self.env._("Odoo runs without workers for scheduled actions."),
                self.env._(
                    "Start Odoo with max_cron_threads of at least 2, here or on another"
                    " host."
                ),
            )
        elif _has_lost_cron_threads():
            yield Trouble(
                "cron_threads_ended",
                self.env._(
                    "The threads for scheduled actions have ended, as they do when"
                    " PostgreSQL stops."
                ),
                self.env._(
                    "Restart Odoo. With workers above 0 and a supervisor such as"
                    " systemd it recovers by itself."
                ),
            )

    def _find_late_lanes(self, vitals):
        lanes = [lane for lane in vitals.lanes if lane.is_active and lane.is_late]
        if lanes:
            ages = [lane.age for lane in lanes if lane.age is not None]
            yield Trouble(
                "lanes_late",
                self.env._(
                    "Nothing is sent: %(names)s ran %(age)s ago, and should run every"
                    " minute.",
                    names=self._name_crons(lanes),
                    age=self._say_age(min(ages)),
                )
                if ages
                else self.env._(
                    "Nothing is sent: %(names)s has never run.",
                    names=self._name_crons(lanes),
                ),
                self.env._(
                    "Look whether Odoo's workers for scheduled actions run, and restart"
                    " Odoo."
                ),
                self._open_crons(lanes),
            )

    def _find_waiting_messages(self, vitals):
        late = {route for route, age in vitals.waiting.items() if age > PATIENCE}
        stuck = late - self._find_moving_routes() if late else late
        if stuck:
            age = max(vitals.waiting[route] for route in stuck)
            yield Trouble(
                "messages_waiting",
                self.env._(
                    "Messages that are due are not sent: the oldest has waited for"
                    " %(age)s.",
                    age=self._say_age(age),
                ),
                self.env._(
                    "Nothing is lost: they go out when the cause is gone. Messages with"
                    " a time to live expire meanwhile."
                ),
                self._open_waiting(stuck),
            )

    def _find_unfolded_counters(self, vitals):
        # Lanes fold as well.
        folders = [cron for cron in vitals.crons if cron.lane or cron.name == "fold"]
        if all(cron.is_late for cron in folders) and self._has_unfolded():
            yield Trouble(
                "counters_late",
                self.env._("The counters of campaigns and statistics are not current."),
                self.env._("They are brought up to date when scheduled actions run."),
            )

    def _find_unfit_options(self):
        if not config["max_cron_threads"]:
            return
        limit = _get_cron_limit()
        if 0 < limit < SHORTEST_CRON_LIMIT:
            yield Trouble(
                "cron_limit_short",
                self.env._(
                    "limit_time_real_cron is %(limit)s seconds: Odoo ends its workers"
                    " for scheduled actions too early.",
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
                    "There are not more workers for scheduled actions than lanes:"
                    " during a campaign the other scheduled actions wait."
                ),
                self.env._("Lower the lanes, or raise max_cron_threads of the server."),
                is_serious=False,
            )

    # === VITALS ===
    def _take_vitals(self):
        self.env.flush_all()
        return Vitals(
            crons=[] if self._is_neutralized() else self._read_crons(),
            waiting=self._get_waiting_times(),
        )

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

    def _is_neutralized(self):
        """Whether this is a copy whose crons are off on purpose."""
        # sudo: whoever asks for troubles may know what the database is
        parameters = self.env["ir.config_parameter"].sudo()
        return str2bool(parameters.get_param("database.is_neutralized"), False)

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

    def _find_moving_routes(self):
        """The routes whose messages lanes take, slow as they may be: a limited route
        is asked for tokens, of others a message was taken lately."""
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

    def _has_unfolded(self):
        return bool(
            self.env.execute_query(
                SQL("SELECT id FROM sms_gateway_statistic_change ORDER BY id LIMIT 1")
            )
        )

    # === WORDS AND ACTIONS ===
    def _name_crons(self, crons):
        # sudo: only system users see crons; their names say nothing of anybody
        records = (
            self.env["ir.cron"].sudo().browse(cron.id for cron in crons if cron.id)
        )
        missing = [cron.name for cron in crons if not cron.id]
        return ", ".join([*records.mapped("name"), *missing])

    def _say_age(self, age):
        """A time span in the reader's language, such as "7 minutes"."""
        locale = babel_locale_parse(self.env.lang or "en_US")
        return format_timedelta(age, granularity="minute", locale=locale)

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

    # === WHO ASKS ===
    @api.model
    def action_get_troubles(self):
        """The troubles, for the banner of administrators.

        :return: list of dicts with the members of `Trouble`
        """
        if not self.env.user.has_group("crm_sms_gateway.group_administrator"):
            raise AccessError(
                self.env._("Only administrators of the gateway see its health.")
            )
        return [vars(trouble) for trouble in self._find_troubles()]

    @api.model
    def _describe(self):
        """The troubles, and for how long what is due waits; for administrators when
        each lane ran, too.

        :return: dict of ``troubles`` (those of `action_get_troubles`), ``oldest_due``
            and ``lanes`` (``name`` and ``age``); ages are words, or false
        """
        vitals = self._take_vitals()
        is_administrator = self.env.user.has_group(
            "crm_sms_gateway.group_administrator"
        )
        troubles = self._find_troubles(vitals)
        return {
            "troubles": [
                vars(one if is_administrator else replace(one, action=None))
                for one in troubles
                if is_administrator or one.is_serious
            ],
            "oldest_due": vitals.oldest_due is not None
            and self._say_age(vitals.oldest_due),
            "lanes": [
                {
                    "name": self._name_crons([lane]),
                    "age": lane.age is not None and self._say_age(lane.age),
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

    # === TELLING ===
    @api.model
    def _tell_after_commit(self):
        """Let a request that is carried out tell the troubles, from time to time: it
        may be all that still runs."""
        if self._is_time():
            self.env.cr.postcommit.add(self._tell_apart)

    @api.model
    def _tell_from_time_to_time(self):
        """The same at the end of a cron."""
        if self._is_time():
            self._tell_apart()

    def _is_time(self):
        """Whether this process has not looked for troubles lately; it does now."""
        place = self.env.cr.dbname
        is_time = time.monotonic() > _looked_at.get(place, 0) + TELL_EVERY
        if is_time:
            _looked_at[place] = time.monotonic()
        return is_time

    def _tell_apart(self):
        """In a transaction of its own: neither a request nor a cron fails by it."""
        try:
            with self.env.registry.cursor() as cr:
                self.with_env(self.env(cr=cr, user=SUPERUSER_ID))._tell()
        except psycopg2.Error as error:
            _logger.warning("Troubles of the gateway cannot be told: %s", error)

    def _tell(self):
        """Write the troubles into the log and let one activity tell them, as long as
        there are some."""
        if not self._lock_telling():
            return
        user = self._find_responsible()
        theirs = self.with_context(lang=user.lang)
        troubles = [one for one in theirs._find_troubles() if one.is_serious]
        activity = self._find_activity()
        if troubles:
            codes = ", ".join(trouble.code for trouble in troubles)
            _logger.warning("The gateway does not send as it should: %s", codes)
            if not activity:
                theirs._make_activity(user, troubles)
        elif activity:
            activity.action_feedback(theirs.env._("The gateway sends again."))

    def _lock_telling(self):
        """:return: whether nobody else is at it; until the transaction ends"""
        [(is_ours,)] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(hashtext(%s))", TELL_LOCK)
        )
        return is_ours

    def _find_responsible(self):
        """The administrator of the database, or else the first of the gateway's."""
        administrators = self.env.ref("crm_sms_gateway.group_administrator")
        people = administrators.all_user_ids.filtered("active").sorted("id")
        admin = self.env.ref("base.user_admin", raise_if_not_found=False)
        return people & admin if admin and admin in people else people[:1]

    def _find_activity(self):
        kind = self.env.ref(ACTIVITY_TYPE)
        return self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])

    def _make_activity(self, user, troubles):
        """An activity of the person's own: no record stands for the whole gateway."""
        return self.env["mail.activity"].create(
            {
                "activity_type_id": self.env.ref(ACTIVITY_TYPE).id,
                "summary": self.env._("The SMS gateway does not send"),
                "note": _list_troubles(map(vars, troubles)),
                "user_id": user.id,
                "automated": True,
            }
        )

    # === UPDATE ===
    @api.model
    def _activate_crons(self):
        """Switch the crons on that should run; called by every update of the module."""
        if self._is_neutralized():
            return
        self.env.flush_all()
        inactive = [cron.id for cron in self._read_crons() if not cron.is_active]
        self.env["ir.cron"].browse(filter(None, inactive)).write({"active": True})


def has_too_many_lanes(lanes):
    """Whether all cron workers of this server may be busy sending at the same time."""
    return lanes >= config["max_cron_threads"]


def _get_cron_limit():
    """Seconds after which Odoo ends a cron worker, 0 for never."""
    limit = config["limit_time_real_cron"]
    return config["limit_time_real"] if limit == -1 else limit


def _has_lost_cron_threads():
    """Whether this process runs crons in threads, and none of them is left."""
    return isinstance(server.server, server.ThreadedServer) and not any(
        getattr(thread, "type", None) == "cron" for thread in threading.enumerate()
    )


def describe_health(env, health):
    """The health as HTML.

    :param health: as `sms.gateway.health` describes it
    """
    lines = [
        env._("%(lane)s: last run %(age)s ago", lane=lane["name"], age=lane["age"])
        if lane["age"]
        else env._("%(lane)s: has never run", lane=lane["name"])
        for lane in health["lanes"]
    ]
    if health["oldest_due"]:
        lines.append(
            env._(
                "The oldest message that is due has waited for %(age)s.",
                age=health["oldest_due"],
            )
        )
    paragraphs = [Markup("<p>%s</p>") % line for line in lines]
    return _list_troubles(health["troubles"]) + Markup("").join(paragraphs)


def _list_troubles(troubles):
    """The troubles and what to do about each, as HTML.

    :param troubles: dicts of the members of `Trouble`
    """
    lines = [
        Markup("<li><b>%s</b><br/>%s</li>") % (trouble["sentence"], trouble["remedy"])
        for trouble in troubles
    ]
    return Markup("<ul>%s</ul>") % Markup("").join(lines) if lines else Markup("")
