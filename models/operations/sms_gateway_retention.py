"""What is kept for how long, in words: the settings show it."""

from datetime import timedelta

from markupsafe import Markup

from odoo import api, models
from odoo.tools import config

from ..access import sms_gateway_api_client, sms_gateway_idempotency
from ..common import clock, transactions
from ..common.moment import say_days
from ..reports import sms_gateway_delivery_report
from ..routes import sms_gateway_provider_request
from ..routing import (
    sms_gateway_balance_reading,
    sms_gateway_breaker_event,
    sms_gateway_watch,
)

_TABLE = Markup(
    '<table class="table table-sm mb-0"><thead><tr>{head}</tr></thead>'
    "<tbody>{rows}</tbody></table>"
)


class SmsGatewayRetention(models.AbstractModel):
    """Tells what is kept, where and for how long; the terms are those of the code that
    deletes."""

    _name = "sms.gateway.retention"
    _description = "SMS Gateway Retention"

    @api.model
    def _cron_retention(self, limit=5000):
        """Forget what is older than the settings keep it, a batch at a time: finished
        messages, then reports and inbound messages, then the campaigns that have no
        message left."""
        days = self.env["sms.gateway.settings"]._get().retention_days
        if not days:
            return
        oldest = clock.now() - timedelta(days=days)
        for name in (
            "sms.gateway.message",
            "sms.gateway.delivery.report",
            "sms.gateway.inbound",
            "sms.gateway.campaign.retention",
        ):
            transactions.begin(self.env)
            count = self.env[name]._forget_before(oldest, limit)
            transactions.commit_progress(self.env, count, remaining=int(count == limit))
            if count == limit:
                return

    @api.model
    def _make_table(self, days, covers_odoo):
        """The whole of it as a table.

        :param days: that messages are kept; 0 for ever
        :param covers_odoo: whether Odoo's own notes are emptied with the messages
        :rtype: Markup
        """
        head = (self.env._("Data"), self.env._("Where"), self.env._("How long"))
        return _TABLE.format(
            head=_join("th", head),
            rows=Markup().join(
                Markup("<tr>{}</tr>").format(_join("td", row))
                for row in self._list_kept(days, covers_odoo)
            ),
        )

    def _list_kept(self, days, covers_odoo):
        """:return: list of (what, where, how long)"""
        return [
            *self._list_messages(days),
            *self._list_chatter(days, covers_odoo),
            *self._list_campaigns(days),
            *self._list_fixed(days),
            *self._list_by_hand(),
        ]

    def _list_messages(self, days):
        messages = self.env._("SMS Gateway → Messages")
        return [
            (
                self.env._("Messages: number, text, recipient, timeline, links"),
                messages,
                self.env._("%(span)s after they ended", span=self._days(days))
                if days
                else self._ever(),
            ),
            (
                self.env._("Inbound messages: number, text"),
                self.env._("SMS Gateway → Inbound Messages"),
                self._days(days) if days else self._ever(),
            ),
            (
                self.env._("Messages without a final outcome"),
                messages,
                self.env._("Until they have a final outcome"),
            ),
        ]

    def _list_chatter(self, days, covers_odoo):
        chatter = self.env._("Chatter of contacts, leads and other records")
        emptied = (
            self.env._(
                "Text and number are deleted together with the message; the status "
                "is kept"
            )
            if days
            else self._ever()
        )
        return [
            (self.env._("Notes of campaigns"), chatter, emptied),
            (
                self.env._("Odoo SMS and their numbers"),
                chatter,
                emptied if covers_odoo else self.env._("As long as Odoo keeps them"),
            ),
        ]

    def _list_campaigns(self, days):
        campaigns = self.env._("SMS Gateway → Campaigns")
        return [
            (
                self.env._("Campaigns of users: texts, title, filter, recipients"),
                campaigns,
                self.env._(
                    "Cleared together with the last message; date, author and counts "
                    "are kept"
                )
                if days
                else self._ever(),
            ),
            (
                self.env._(
                    "Campaigns from the API, server actions and Odoo SMS; tests"
                ),
                campaigns,
                self.env._("Deleted with the last message") if days else self._ever(),
            ),
            (
                self.env._("Drafts"),
                campaigns,
                self.env._("Until they are deleted or sent"),
            ),
            (
                self.env._(
                    "Counts by day, route and outcome, without numbers and texts"
                ),
                self.env._("SMS Gateway → Dashboard and statistics"),
                self._ever(),
            ),
        ]

    def _list_fixed(self, days):
        reports = sms_gateway_delivery_report.KEEP_REPORTS.days
        answers = int(sms_gateway_idempotency.KEEP.total_seconds() / 3600)
        imports = f"{float(config['transient_age_limit']):g}"
        return [
            (
                self.env._("Delivery reports as received"),
                self.env._("SMS Gateway → Delivery Reports"),
                self._days(min(days, reports) if days else reports),
            ),
            (
                self.env._("Responses to requests with an Idempotency-Key"),
                self.env._("Database only"),
                self.env._("%(hours)s hours", hours=answers),
            ),
            (
                self.env._("Addresses of API clients"),
                self.env._("Settings"),
                self._days(sms_gateway_api_client.KEEP.days),
            ),
            (
                self.env._("Provider responses about balances"),
                self.env._("SMS Gateway → Provider Requests"),
                self.env._(
                    "%(days)s days, the last one of each route forever",
                    days=sms_gateway_provider_request.KEEP.days,
                ),
            ),
            (
                self.env._("Failures and recoveries of routes"),
                self.env._("SMS Gateway → Routes"),
                self._days(sms_gateway_breaker_event.KEEP.days),
            ),
            (
                self.env._("Balances of provider accounts"),
                self.env._("Database only"),
                self.env._(
                    "%(days)s days after the response",
                    days=sms_gateway_balance_reading.KEEP.days,
                ),
            ),
            (
                self.env._("Warnings of routes"),
                self.env._("SMS Gateway → Configuration → Routes"),
                self.env._(
                    "%(days)s days after their end", days=sms_gateway_watch.KEEP.days
                ),
            ),
            (
                self.env._("Imported files, until they become list recipients"),
                self.env._("Database and files"),
                self.env._("About %(hours)s hours", hours=imports),
            ),
        ]

    def _list_by_hand(self):
        by_hand = self.env._("Until they are deleted")
        return [
            (
                self.env._("Recipient lists with imported recipients; templates"),
                self.env._("SMS Gateway → Recipient Lists, Templates"),
                by_hand,
            ),
            (
                self.env._("Blacklisted numbers"),
                self.env._("Odoo's phone blacklist"),
                by_hand,
            ),
        ]

    def _days(self, days):
        return say_days(self.env, days)

    def _ever(self):
        return self.env._("Forever")


def _join(tag, cells):
    return Markup().join(
        Markup("<{0}>{1}</{0}>").format(Markup(tag), cell) for cell in cells
    )
