"""Warnings of routes: what is wrong, since when, whether somebody was told."""

import json
from datetime import timedelta

from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.tools import SQL, plaintext2html

from ..common import clock
from .watch_texts import KINDS, OF_KIND, say_warning

#: Warnings that are over are kept so long.
KEEP = timedelta(days=365)
ACTIVITY_TYPE = "crm_sms_gateway.mail_activity_type_watch"
#: The condition that a warning is shown.
IS_SHOWN = [("cleared_at", "=", False), ("told_at", "!=", False)]


class SmsGatewayWatch(models.Model):
    """One warning of one route, written by `sms.gateway.watcher` only.

    A warning that is not told yet waits until its condition has lasted long enough. The
    sentence is made for its reader of a code and parameters.
    """

    _name = "sms.gateway.watch"
    _description = "SMS Gateway Route Warning"
    _order = "since desc, id desc"
    _rec_name = "kind"
    _log_access = False

    route_id = fields.Many2one(
        "sms.gateway.route", required=True, readonly=True, ondelete="cascade"
    )
    kind = fields.Selection(KINDS, required=True, readonly=True, string="Warning")
    code = fields.Char(required=True, readonly=True)
    params = fields.Json("Parameters", readonly=True)
    words = fields.Char("Details", compute="_compute_words")
    since = fields.Datetime(required=True, readonly=True)
    told_at = fields.Datetime("Notified on", readonly=True)
    cleared_at = fields.Datetime("Ended on", readonly=True)
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, ondelete="set null", index="btree_not_null"
    )

    _route_index = models.Index("(route_id, since)")
    _open_unique = models.UniqueIndex("(route_id, kind) WHERE cleared_at IS NULL")

    @api.depends("code", "params")
    @api.depends_context("lang", "tz")
    def _compute_words(self):
        for watch in self:
            watch.words = say_warning(self.env, watch.code, watch.params)

    @api.model
    def _begin(self, route, kind, finding):
        """Store a warning that is not told yet, unless the route has an open one of its
        kind: lanes and the watcher may find the same at the same time.

        :param finding: `sms_gateway_watch_finder.Finding`
        :return: the new warning, or an empty record
        """
        self.flush_model(["cleared_at"])
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO sms_gateway_watch (route_id, kind, code, params, since)
                VALUES (%s, %s, %s, %s, %s)
                    ON CONFLICT (route_id, kind) WHERE cleared_at IS NULL DO NOTHING
             RETURNING id
                """,
                route.id,
                kind,
                finding.code,
                json.dumps(finding.params),
                clock.this_second(),
            )
        )
        route.invalidate_recordset(["watch_ids"], flush=False)
        return self.browse(watch_id for (watch_id,) in rows)

    # === WORDS ===
    def _get_label(self):
        labels = self._fields["kind"]._description_selection(self.env)
        return dict(labels)[self.kind]

    def _make_activity(self, user):
        """An activity without Odoo's own email about it."""
        route = self.route_id.with_context(mail_activity_quick_update=True)
        return route.activity_schedule(
            ACTIVITY_TYPE,
            summary=self._get_label(),
            note=self._make_note(),
            user_id=user.id,
        )

    def _make_mail(self, user):
        """Queue an email; Odoo's scheduled action sends it."""
        route = self.route_id
        link = Markup('<p><a href="%s">%s</a></p>') % (
            route._notify_get_action_link("view"),
            route.name,
        )
        mail = self.env["mail.mail"].create(
            {
                "subject": self.env._(
                    "Route “%(route)s”: %(warning)s",
                    route=route.name,
                    warning=self._get_label(),
                ),
                "body_html": self._make_note() + link,
                "email_from": route.company_id.email_formatted
                or self.env.user.email_formatted,
                "recipient_ids": [Command.link(user.partner_id.id)],
                "auto_delete": True,
            }
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        return mail

    def _make_note(self):
        remedy = self.env._(OF_KIND[self.kind].remedy)
        return plaintext2html(f"{self.words}.\n{remedy}")

    def _say_end(self):
        if not self.route_id.active:
            return self.env._("The route was archived.")
        if self.kind == "route_down" and self.route_id.state == "paused":
            return self.env._("The route is paused.")
        return self.env._(OF_KIND[self.kind].over)

    # === READERS ===
    @api.model
    def _list_shown(self):
        """The warnings that the user may see, by kind.

        :return: list of (kind, label, what to do, routes)
        """
        if not self.has_access("read"):
            return []
        routes_by_kind = dict(
            self._read_group(IS_SHOWN, ["kind"], ["route_id:recordset"])
        )
        return [
            (kind, label, self.env._(OF_KIND[kind].remedy), routes_by_kind[kind])
            for kind, label in self._fields["kind"]._description_selection(self.env)
            if kind in routes_by_kind
        ]

    # === CHORES ===
    @api.autovacuum
    def _gc_watches(self):
        self.search([("cleared_at", "<", fields.Datetime.now() - KEEP)]).unlink()
