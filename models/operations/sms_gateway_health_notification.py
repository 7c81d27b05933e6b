"""Notification of the gateway's troubles: a line in the log and one activity."""

import logging
import time

import psycopg2

from odoo import SUPERUSER_ID, api, models
from odoo.tools import SQL

from .troubles import list_troubles

_logger = logging.getLogger(__name__)

#: A process looks for serious troubles so often at most, in seconds.
NOTIFY_EVERY = 300
#: Held by the process that writes the activity (PostgreSQL's advisory lock).
NOTIFY_LOCK = "crm_sms_gateway.health"
ACTIVITY_TYPE = "crm_sms_gateway.mail_activity_type_health"

#: When this process has last looked for troubles: database → monotonic seconds
_looked_at = {}


class SmsGatewayHealthNotification(models.AbstractModel):
    """Notifies an administrator, whatever part of the gateway still runs."""

    _name = "sms.gateway.health.notification"
    _description = "SMS Gateway Health Notification"

    @api.model
    def _notify_after_commit(self):
        """Look for troubles after a request, once in `NOTIFY_EVERY`: requests may be
        all that still runs."""
        if self._is_time():
            self.env.cr.postcommit.add(self._notify_apart)

    @api.model
    def _notify_after_cron(self):
        """Look for troubles at the end of a cron, once in `NOTIFY_EVERY`."""
        if self._is_time():
            self._notify_apart()

    def _is_time(self):
        """Whether this process has not looked for troubles within `NOTIFY_EVERY`; the
        next time is counted from this call."""
        place = self.env.cr.dbname
        is_time = time.monotonic() > _looked_at.get(place, 0) + NOTIFY_EVERY
        if is_time:
            _looked_at[place] = time.monotonic()
        return is_time

    def _notify_apart(self):
        """In a transaction of its own: neither a request nor a cron fails by it."""
        try:
            with self.env.registry.cursor() as cr:
                self.with_env(self.env(cr=cr, user=SUPERUSER_ID))._notify()
        except psycopg2.Error as error:
            _logger.warning("Nobody is notified of the gateway's troubles: %s", error)

    def _notify(self):
        """Log serious troubles and keep one activity as long as there are some."""
        if not self._lock_notification():
            return
        user = self._find_responsible()
        theirs = self.with_context(lang=user.lang)
        found = theirs.env["sms.gateway.health"]._find_troubles()
        troubles = [trouble for trouble in found if trouble.is_serious]
        activity = self._find_activity()
        if troubles:
            codes = ", ".join(trouble.code for trouble in troubles)
            _logger.warning("The gateway does not send as it should: %s", codes)
            if not activity:
                theirs._make_activity(user, troubles)
        elif activity:
            activity.action_feedback(theirs.env._("SMS Gateway is sending again."))

    def _lock_notification(self):
        """:return: whether no other process does it; until the transaction ends"""
        [(is_ours,)] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(hashtext(%s))", NOTIFY_LOCK)
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
                "summary": self.env._("SMS Gateway is not sending"),
                "note": list_troubles(map(vars, troubles)),
                "user_id": user.id,
                "automated": True,
            }
        )
