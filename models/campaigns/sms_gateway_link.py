"""Short links: what an address in a text becomes for each recipient, and who clicks."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.links import insert_links, is_token, new_token
from ..common import clock
from ..common.copied_many2one import CopiedMany2one

#: A double click, a page that is loaded anew and a browser that asks once more count
#: once: further clicks on a link within this time after the one that was counted.
CLICK_MOMENT = timedelta(seconds=10)


class SmsGatewayLink(models.Model):
    """One address of a text, for one recipient of a campaign.

    Only who got the message knows the token: no click is made by counting up. A message
    that is sent again has the same links; they stay those of the first one.
    """

    _name = "sms.gateway.link"
    _description = "SMS Gateway Link"
    # ".id": by the column itself, as in the index
    _order = "campaign_id.id desc, index, id"
    _rec_name = "url"
    _log_access = False

    token = fields.Char(required=True, readonly=True, copy=False)
    campaign_id = CopiedMany2one("sms.gateway.campaign", required=True, readonly=True)
    index = fields.Integer(
        required=True, readonly=True, help="Position in the campaign's recipient list."
    )
    link_tracker_id = fields.Many2one(
        "link.tracker", required=True, readonly=True, index=True, ondelete="restrict"
    )
    url = fields.Char("Link", related="link_tracker_id.url")
    message_id = fields.Many2one(
        "sms.gateway.message", "Recipient", compute="_compute_message_id"
    )
    click_count = fields.Integer("Clicks", required=True, readonly=True)
    first_click_at = fields.Datetime("First click", readonly=True)
    last_click_at = fields.Datetime("Last click", readonly=True)

    _token_unique = models.UniqueIndex("(token)")
    _place_index = models.Index("(campaign_id, index, id)")
    _clicked_index = models.Index("(campaign_id, index, id) WHERE click_count > 0")

    @api.depends("campaign_id", "index")
    def _compute_message_id(self):
        messages = self.env["sms.gateway.message"].search(
            [
                ("campaign_id", "in", self.campaign_id.ids),
                ("index", "in", self.mapped("index")),
            ],
            order="id desc",
        )
        # the first message of a place is the last one here
        by_place = {(one.campaign_id, one.index): one for one in messages}
        for link in self:
            link.message_id = by_place.get((link.campaign_id, link.index))

    # === BUTTONS ===
    def action_open_message(self):
        return self.message_id._open(self.message_id)

    # === ISSUE ===
    @api.model
    def _issue(self, campaign, composed, short_links):
        """Give all recipients links of their own, in place of the samples.

        :param composed: list of `tools.compose.Composed`
        :param short_links: `tools.links.ShortLinks` of the texts
        :return: the messages as they can be sent, in order
        """
        found = [
            (one.index, sample, url, new_token())
            for one in composed
            for sample, url in short_links.find(one.text + one.text_alternative).items()
        ]
        if not found:
            return composed
        self._insert(campaign, found)
        links = defaultdict(dict)
        for index, sample, _url, token in found:
            links[index][sample] = short_links.base + token
        return [_insert_into(one, links[one.index]) for one in composed]

    def _insert(self, campaign, found):
        trackers = self._get_trackers(campaign, {url for _, _, url, _ in found})
        rows = [
            {"token": token, "index": index, "link_tracker_id": trackers[url].id}
            for index, _sample, url, token in found
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sms_gateway_link
                       (token, campaign_id, index, link_tracker_id, click_count)
                SELECT token, %s, index, link_tracker_id, 0
                  FROM jsonb_to_recordset(%s::jsonb)
                    AS found(token varchar, index int, link_tracker_id int)
                """,
                campaign.id,
                json.dumps(rows),
            )
        )

    def _get_trackers(self, campaign, urls):
        """:return: dict of URL → the campaign's own `link.tracker`"""
        # sudo: administrators alone make trackers by hand
        trackers = self.env["link.tracker"].sudo()
        label = f"{campaign.name} #{campaign.id}"
        ordered = sorted(urls)
        # with a title nobody reads the page for one
        values = [{"url": url, "title": url, "label": label} for url in ordered]
        return dict(zip(ordered, trackers.search_or_create(values), strict=True))

    def _delete_unused(self, tracker_ids):
        """Delete those of the trackers that no link leads through any more."""
        self.env.cr.execute(
            SQL(
                """DELETE FROM link_tracker tracker
                    WHERE tracker.id = ANY(%s)
                      AND NOT EXISTS (SELECT FROM sms_gateway_link link
                                       WHERE link.link_tracker_id = tracker.id)""",
                tracker_ids,
            )
        )
        self.env["link.tracker"].invalidate_model(flush=False)

    # === FOLLOW ===
    @api.model
    def _find_url(self, token):
        """Where a short link leads; None when there is no such link."""
        if not is_token(token):
            return None
        rows = self.env.execute_query(
            SQL(
                """SELECT tracker.url FROM sms_gateway_link link
                     JOIN link_tracker tracker ON tracker.id = link.link_tracker_id
                    WHERE link.token = %s""",
                token,
            )
        )
        return rows[0][0] if rows else None

    @api.model
    def _click(self, token, *, ip, country_code):
        """Count a click, in one statement; as `link.tracker` would, but without
        counting all earlier ones again, nor those of the same moment: whoever waited
        for the row looks at it anew.

        :param country_code: of two letters, or None
        :return: where the link leads; None when there is no such link
        """
        if not is_token(token):
            return None
        rows = self.env.execute_query(
            SQL(
                """
WITH clicked AS (
    UPDATE sms_gateway_link
       SET click_count = click_count + 1,
           first_click_at = COALESCE(first_click_at, %(now)s), last_click_at = %(now)s
     WHERE token = %(token)s
       AND (last_click_at IS NULL OR last_click_at < %(now)s - %(moment)s)
 RETURNING link_tracker_id
), counted AS (
    UPDATE link_tracker SET count = COALESCE(count, 0) + 1
      FROM clicked WHERE id = clicked.link_tracker_id
 RETURNING id, campaign_id
), logged AS (
    INSERT INTO link_tracker_click
           (link_id, campaign_id, ip, country_id, create_date, write_date)
    SELECT id, campaign_id, %(ip)s,
           (SELECT id FROM res_country WHERE code = %(country_code)s), %(now)s, %(now)s
      FROM counted
)
SELECT tracker.url FROM sms_gateway_link link
  JOIN link_tracker tracker ON tracker.id = link.link_tracker_id
 WHERE link.token = %(token)s
                """,
                token=token,
                now=SQL("date_trunc('second', %s)", clock.at_statement()),
                moment=CLICK_MOMENT,
                ip=ip,
                country_code=country_code,
            )
        )
        return rows[0][0] if rows else None

    @api.model
    def _delete_of(self, messages):
        """Delete the links of the last messages that have them, and what counts clicks
        on these; the campaign keeps the counts."""
        rows = self.env.execute_query(
            SQL(
                """
WITH gone AS (
    DELETE FROM sms_gateway_link link
     USING sms_gateway_message gone
     WHERE gone.id = ANY(%(ids)s)
       AND link.campaign_id = gone.campaign_id AND link.index = gone.index
       AND NOT EXISTS (
           SELECT FROM sms_gateway_message left_over
            WHERE left_over.campaign_id = link.campaign_id
              AND left_over.index = link.index
              AND left_over.id <> ALL(%(ids)s))
 RETURNING link.*
), summed AS (
    SELECT campaign_id, sum(click_count) AS clicks, count(DISTINCT index) AS clickers
      FROM gone WHERE click_count > 0 GROUP BY campaign_id
), counted AS (
    UPDATE sms_gateway_campaign c
       SET past_click_count = COALESCE(past_click_count, 0) + clicks,
           past_clicker_count = COALESCE(past_clicker_count, 0) + clickers
      FROM summed s WHERE s.campaign_id = c.id
)
SELECT DISTINCT link_tracker_id FROM gone
                """,
                ids=list(messages.ids),
            )
        )
        self._delete_unused([row[0] for row in rows])
        self.env["sms.gateway.campaign"].invalidate_model(
            ["past_click_count", "past_clicker_count"], flush=False
        )

    @api.model
    def _withdraw(self, campaign):
        """Delete the links of messages that nobody got."""
        rows = self.env.execute_query(
            SQL(
                """DELETE FROM sms_gateway_link WHERE campaign_id = %s
                RETURNING link_tracker_id""",
                campaign.id,
            )
        )
        self._delete_unused(list({tracker_id for (tracker_id,) in rows}))


def _insert_into(composed, links):
    if not links:
        return composed
    return replace(
        composed,
        text=insert_links(composed.text, links),
        text_alternative=insert_links(composed.text_alternative, links),
    )
