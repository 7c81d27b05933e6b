"""What remains of a message when its time is over: the whole database is looked
through."""

from odoo.tests import tagged
from odoo.tools import SQL

from ....providers.types import (
    DeliveryStatus,
    Outcome,
    PushAnswer,
    PushRequest,
    StatusUpdate,
)
from ...common import GatewayCase, answer
from ..campaigns.common import DraftCase

#: Stand nowhere else: in a text, a title, a link, the words of a provider.
TEXT = "Зелёныйслон"
NAME = "Маркеровская"
NUMBER = "9161239753"
PATTERNS = (TEXT, NAME, NUMBER, "916 123-97-53", "916) 123-97-53", "zelyonyslon")
PAGE = "https://example.com/zelyonyslon"
DAY = 24 * 3600
#: What people keep themselves: the address book, the blacklist.
OF_PEOPLE = {
    ("res_partner", "name"),
    ("res_partner", "complete_name"),
    ("res_partner", "phone"),
    ("res_partner", "phone_sanitized"),
    ("phone_blacklist", "number"),
    ("sms_gateway_list_member", "name"),
    ("sms_gateway_list_member", "phone"),
    ("sms_gateway_template", "text_male"),
}
#: What Odoo keeps of its own SMS, with the gateway or without.
OF_ODOO = {
    ("mail_message", "body"),
    ("mail_notification", "sms_number"),
    ("mail_notification", "failure_reason"),
}


class RetentionCase(DraftCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create(
            {"name": f"{NAME} Анна", "phone": "8 (916) 123-97-53", "gender": "female"}
        )
        cls.parameters = cls.env["ir.config_parameter"]
        cls.parameters.set_param("web.base.url", "https://crm.example.com")
        cls.parameters.set_param("crm_sms_gateway.retention_days", "30")
        cls.parameters.set_param("crm_sms_gateway.retention_covers_odoo", "False")

    def run_retention(self, times=4, **values):
        for _time in range(times):
            with self.as_cron() as env:
                env["sms.gateway.retention"]._cron_retention(**values)

    def pass_days(self, days):
        """Run what runs every day, so many days after the test began."""
        self.run_fold()
        with self.later(days * DAY):
            self.run_retention()
            self.env["sms.gateway.idempotency"]._gc_idempotency()
            self.env["sms.gateway.campaign.retention"]._gc_temporary()
            self.env["sms.sms"]._gc_device()
        self.env.invalidate_all()

    def note(self):
        with self.as_cron() as env:
            env["sms.gateway.chatter.log"]._cron_log()

    def send_campaign(self, **values):
        """A campaign of a person that knows the marked words in all its fields."""
        return self.send_draft(
            self.partner,
            **{
                "name": f"{TEXT} для {NAME}",
                "text_male": f"{TEXT}, {{{{ first_name }}}}! {PAGE}",
                "text_female": f"{TEXT}, {{{{ last_name }}}}! {PAGE}",
                "text_neutral": f"{TEXT}! {PAGE}",
                "has_short_links": True,
                "test_phone": f"+7{NUMBER}",
                "res_domain": f"[('name', 'ilike', '{NAME}')]",
                **values,
            },
        )

    def end(self, campaign, state="delivered", **values):
        self.run_lane()
        for message in self.get_messages(campaign.sudo()):
            if message.finished_at:
                continue
            self.assertEqual(self.set_state(message, state, **values), "moved")
        self.run_fold()

    # === LOOK ===
    def find_traces(self):
        """Every column of every table that holds one of the marked words.

        :return: set of (table, column)
        """
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT c.table_name, c.column_name, c.data_type
              FROM information_schema.columns c
              JOIN information_schema.tables t USING (table_schema, table_name)
             WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
               AND c.data_type IN ('text', 'character varying', 'json', 'jsonb',
                                   'bytea', 'xml', 'ARRAY', 'character', 'inet')
            """
        )
        columns = {}
        for table, column, kind in self.env.cr.fetchall():
            columns.setdefault(table, []).append((column, kind))
        return {
            (table, column)
            for table, of_table in columns.items()
            for column in self._find_columns(table, of_table)
        }

    def _find_columns(self, table, columns):
        conditions = SQL(", ").join(
            SQL("bool_or(%s)", SQL(" OR ").join(_contains(column, kind)))
            for column, kind in columns
        )
        [found] = self.env.execute_query(
            SQL("SELECT %s FROM %s", conditions, SQL.identifier(table))
        )
        return [
            column
            for (column, _kind), is_found in zip(columns, found, strict=True)
            if is_found
        ]


def _contains(column, kind):
    value = SQL.identifier(column)
    for pattern in PATTERNS:
        if kind == "bytea":
            yield SQL("position(%s::bytea IN %s) > 0", pattern.encode(), value)
        else:
            yield SQL("strpos(%s::text, %s) > 0", value, pattern)


@tagged("post_install", "-at_install")
class TestTraces(RetentionCase):
    def fill(self):
        """Let the marked words go wherever the gateway takes them."""
        self._fill_lists()
        person = self.send_campaign()
        self.note()
        link = self.env["sms.gateway.link"].search([("campaign_id", "=", person.id)])
        self.env["sms.gateway.link"]._click(
            link.token, ip="192.0.2.1", country_code=None
        )
        self.end(person, "failed", failure_type="other", detail=f"{TEXT} {NUMBER}")
        again = self.get_messages(person.sudo()).action_retry()["res_id"]
        self.set_state(self.env["sms.gateway.message"].browse(again), "cancelled")
        self.note()
        test = self.draft(self.partner, text_male=TEXT, test_phone=f"+7{NUMBER}")
        test.action_send_test({})
        test.action_cancel()
        self._run_action()
        self.end(self.send(f"+7{NUMBER}", "+7 916 123-97-53 00", text=TEXT))
        self._push()
        self._send_natively()
        self._answer_request()
        self.env["phone.blacklist"].create({"number": f"+7{NUMBER}"})
        self.run_lane()
        for message in self.env["sms.gateway.message"].search([]):
            if not message.finished_at:
                self.set_state(message, "delivered")
        self.run_fold()
        self.note()
        self.run_tell()

    def _fill_lists(self):
        one = self.env["sms.gateway.list"].create({"name": "Friends"})
        one._add_imported([{"name": NAME, "phone": f"+7{NUMBER}"}])
        self.template = self.env["sms.gateway.template"].create(
            {"name": "Greeting", "text_male": f"{TEXT} {PAGE}", "has_short_links": True}
        )

    def _run_action(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Greet",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "sms_gateway",
                "sms_gateway_template_id": self.template.id,
                "sms_gateway_route_id": self.route.id,
            }
        )
        action.with_context(
            active_model="res.partner", active_ids=self.partner.ids
        ).run()
        self.prepare()

    def _push(self):
        route, _provider = self.script_route(
            push=lambda request: PushAnswer(
                (
                    StatusUpdate(
                        DeliveryStatus.DELIVERED,
                        provider_reference="nobody's",
                        msisdn=f"+7{NUMBER}",
                        message=TEXT,
                        raw=f"<to>7{NUMBER}</to><text>{TEXT}</text>",
                    ),
                ),
                body=b"OK",
            )
        )
        reports = self.env["sms.gateway.delivery.report"]
        self.env["sms.gateway.push"]._receive(route, PushRequest("POST", b""))
        reports.search([("route_id", "=", route.id)]).state = "unmatched"

    def _send_natively(self):
        refuse = answer(Outcome.REFUSED, failure_type="other", message=f"{TEXT}!")
        route, _provider = self.script_route(submit=refuse)
        self.env.company.sms_gateway_route_id = route
        self.partner._message_sms(f"{TEXT}, {NAME}", sms_numbers=[f"+7{NUMBER}"])
        self.run_lane()
        self.run_tell()

    def _answer_request(self):
        self.env["sms.gateway.idempotency"]._store(
            "key", "hash", {"rejected": [{"phone": NUMBER, "message": TEXT}]}
        )

    def test_nothing_of_a_text_name_or_number_remains(self):
        self.fill()
        before = self.find_traces()
        for place in (
            ("sms_gateway_message", "text"),
            ("sms_gateway_message", "msisdn"),
            ("sms_gateway_event", "detail"),
            ("sms_gateway_delivery_report", "raw"),
            ("sms_gateway_campaign", "name"),
            ("sms_gateway_campaign", "test_phone"),
            ("sms_gateway_campaign", "res_domain"),
            ("sms_gateway_recipient", "phone"),
            ("sms_gateway_idempotency", "answer"),
            ("link_tracker", "url"),
            ("link_tracker", "label"),
            ("mail_message", "body"),
            ("mail_notification", "sms_number"),
            ("sms_sms", "body"),
            *OF_PEOPLE,
        ):
            self.assertIn(place, before)
        self.pass_days(29)
        self.assertEqual(
            before - self.find_traces(), {("sms_gateway_idempotency", "answer")}
        )
        self.pass_days(31)
        self.assertEqual(self.find_traces() - OF_PEOPLE - OF_ODOO, set())
        self.assertFalse(self.env["sms.gateway.message"].search_count([]))

    def test_nor_in_odoos_own_notes_where_the_settings_want_it(self):
        self.parameters.set_param("crm_sms_gateway.retention_covers_odoo", "True")
        self.fill()
        self.pass_days(31)
        self.assertEqual(self.find_traces() - OF_PEOPLE, set())


@tagged("post_install", "-at_install")
class TestCampaigns(RetentionCase):
    def test_a_campaign_of_a_person_keeps_its_counts(self):
        campaign = self.send_campaign()
        link = self.env["sms.gateway.link"].search([("campaign_id", "=", campaign.id)])
        for seconds in (0, 60):
            with self.later(seconds):
                link._click(link.token, ip=None, country_code=None)
        self.end(campaign)
        counts = (
            "state",
            "user_id",
            "accepted_at",
            "recipient_count",
            "delivered_count",
            "sent_count",
            "message_count",
            "click_count",
            "clicked_share",
        )
        [before] = campaign.sudo().read(counts)
        self.assertEqual((before["click_count"], before["clicked_share"]), (2, 100))
        self.pass_days(31)
        self.assertFalse(campaign.message_ids)
        self.assertFalse(campaign.recipient_ids)
        self.assertEqual(campaign.sudo().read(counts), [before])
        self.assertEqual(campaign.name, f"#{campaign.id}")
        self.assertFalse(campaign.text_male or campaign.test_phone)
        self.assertTrue(campaign.emptied_at)

    def test_others_are_deleted_and_the_statistics_stay(self):
        campaign = self.send(*[f"+7{NUMBER}"] * 3)
        self.end(campaign)
        statistics = self.env["sms.gateway.statistic"].search(
            [("route_id", "=", self.route.id), ("state", "=", "delivered")]
        )
        [before] = statistics.read(["day", "state", "count", "segments"])
        self.assertEqual(before["count"], 3)
        key = campaign.key
        self.pass_days(31)
        self.assertFalse(campaign.exists())
        self.assertEqual(
            statistics.read(["day", "state", "count", "segments"]), [before]
        )
        self.assertFalse(self.env["sms.gateway.campaign"]._find(key, self.route))

    def test_what_is_not_final_stays_with_its_campaign(self):
        submitted, unknown = (self.send(f"+7{NUMBER}") for _ in range(2))
        self.run_lane()
        self.force_state(self.get_messages(unknown), "unknown")
        waiting, paused = (self.send(f"+7{NUMBER}") for _ in range(2))
        paused.action_pause()
        draft = self.draft(self.partner, text_male=TEXT)
        self.pass_days(400)
        for campaign in (waiting, submitted, unknown, paused):
            self.assertEqual(len(self.get_messages(campaign)), 1)
            self.assertTrue(campaign.text_male)
        self.assertEqual(draft.text_male, TEXT)
        self.assertTrue(draft.recipient_ids)

    def test_a_campaign_waits_for_the_last_of_its_messages(self):
        campaign = self.send_campaign()
        self.end(campaign, "failed", failure_type="other")
        with self.later(20 * DAY):
            again = self.get_messages(campaign.sudo()).action_retry()["res_id"]
            again = self.env["sms.gateway.message"].browse(again)
            self.set_state(again, "cancelled")
        self.pass_days(31)
        self.assertTrue(again.exists())
        self.assertIn(TEXT, campaign.name)
        self.pass_days(51)
        self.assertFalse(again.exists())
        self.assertEqual(campaign.name, f"#{campaign.id}")

    def test_cancelled_campaigns_without_messages_are_emptied_too(self):
        draft = self.draft(self.partner, text_male=TEXT, name=TEXT)
        draft.action_cancel()
        self.pass_days(29)
        self.assertEqual(draft.name, TEXT)
        self.pass_days(31)
        self.assertFalse(draft.text_male)
        self.assertFalse(draft.recipient_ids)

    def test_campaigns_go_in_batches(self):
        campaigns = [self.send(f"+7{NUMBER}") for _number in range(5)]
        for campaign in campaigns:
            self.end(campaign)
        campaigns = self.env["sms.gateway.campaign"].concat(*campaigns)
        self.run_fold()
        with self.later(31 * DAY):
            for left in (5, 5, 3, 1, 0):
                self.run_retention(1, limit=2)
                self.assertEqual(len(campaigns.exists()), left)

    def test_who_may_read_them_may_read_emptied_ones(self):
        campaign = self.send_campaign()
        self.end(campaign)
        self.pass_days(31)
        mine = campaign.with_user(self.author)
        self.assertEqual(
            mine.read(["name", "click_count"])[0]["name"], f"#{campaign.id}"
        )
        self.assertFalse(mine.copy().text_male)


@tagged("post_install", "-at_install")
class TestNotes(RetentionCase):
    def test_a_note_tells_what_became_of_the_message(self):
        campaign = self.send_campaign()
        self.note()
        self.end(campaign)
        self.note()
        [note] = self.partner.message_ids.filtered(lambda one: TEXT in one.body)
        self.pass_days(31)
        self.assertEqual(
            note.body,
            "<p>SMS · Delivered</p><p>The text is no longer stored.</p>",
        )
        self.assertEqual(note.author_id, self.author.partner_id)


@tagged("post_install", "-at_install")
class TestScreen(GatewayCase):
    def make_page(self, **values):
        named = {f"sms_gateway_{name}": value for name, value in values.items()}
        return self.env["res.config.settings"].new(named)

    def test_the_settings_tell_what_is_kept_for_how_long(self):
        page = self.make_page(retention_days=30)
        for words in ("30 days after they ended", "48 hours", "As long as Odoo keeps"):
            self.assertIn(words, page.sms_gateway_kept)
        self.assertEqual(page.sms_gateway_kept.count("90 days</td>"), 1, "of routes")

    def test_numbers_and_words_agree(self):
        page = self.make_page(retention_days=1)
        self.assertIn("1 day after they ended", page.sms_gateway_kept)
        self.env["res.lang"]._activate_lang("ru_RU")
        in_russian = self.make_page(retention_days=2).with_context(lang="ru_RU")
        self.assertIn("2 дня", in_russian.sms_gateway_kept)

    def test_for_ever_is_said_where_it_is_so(self):
        page = self.make_page(retention_days=0)
        self.assertIn("Forever", page.sms_gateway_kept)
        self.assertIn("90 days</td>", page.sms_gateway_kept)
        self.assertNotIn("days after they ended", page.sms_gateway_kept)
