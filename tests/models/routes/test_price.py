"""Prices of routes, and what messages cost by them."""

from decimal import Decimal

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...common import PHONE, GatewayCase, sandbox_phone
from ..campaigns.common import DraftCase

LATIN = "a"
#: in two segments
LONG = "a" * 161


class PriceCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.priced = cls.make_route("priced route")
        cls.set_prices(cls.priced, {"": 9.5, "+7": 2.35, "+7916": 2.1})

    @classmethod
    def set_prices(cls, route, prices, **values):
        route.price_ids = [
            Command.create({"prefix": prefix, "price": price, **values})
            for prefix, price in prices.items()
        ]

    def send_priced(self, *phones, text=LATIN, **values):
        """Accept messages through the route with prices and return them."""
        campaign = self.send(*phones, route=self.priced, text=text, **values)
        return self.get_messages(campaign)

    def read_costs(self, messages):
        """The costs as they are stored: None is no cost at all."""
        self.env.cr.execute(
            """SELECT cost::float FROM sms_gateway_message
                WHERE id = ANY(%s) ORDER BY index""",
            [messages.ids],
        )
        return [cost for (cost,) in self.env.cr.fetchall()]


@tagged("post_install", "-at_install")
class TestPrices(PriceCase):
    def add_price(self, **values):
        return self.env["sms.gateway.price"].create(
            {"route_id": self.priced.id, "price": 1, **values}
        )

    def test_a_prefix_is_kept_as_numbers_begin(self):
        price = self.add_price(prefix="+49 (151)")
        self.assertEqual(price.prefix, "+49151")
        price.prefix = "+49-152"
        self.assertEqual(price.prefix, "+49152")

    def test_what_begins_no_number_is_refused(self):
        with self.assertRaises(ValidationError):
            self.add_price(prefix="8916")

    def test_a_channel_has_one_price_for_a_prefix(self):
        self.add_price(prefix="+7", channel="voice")
        for prefix in ("+7", "+ 7", "", False):
            with (
                self.subTest(prefix=prefix),
                mute_logger("odoo.sql_db"),
                self.assertRaises(UniqueViolation),
            ):
                self.add_price(prefix=prefix)

    def test_operators_and_categories_have_prices_of_their_own(self):
        mts = self.env.ref("crm_sms_gateway.operator_ru_mts")
        for values in (
            {"operator_id": mts.id},
            {"category": "service"},
            {"operator_id": mts.id, "category": "service"},
        ):
            with self.subTest(values):
                self.add_price(prefix="+7", **values)
                with (
                    mute_logger("odoo.sql_db"),
                    self.assertRaises(UniqueViolation),
                    self.env.cr.savepoint(),
                ):
                    self.add_price(prefix="+7", **values)

    def test_a_price_is_not_negative(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.add_price(prefix="+49", price=-1)

    def test_fractions_of_a_kopeck_are_kept(self):
        self.add_price(prefix="+49", price=0.012345)
        [message] = self.send_priced("+4915112345678")
        self.assertEqual(self.read_costs(message), [0.012345])

    def test_the_currency_is_that_of_the_company(self):
        self.assertEqual(
            self.priced.price_ids.currency_id, self.priced.company_id.currency_id
        )

    def test_a_copied_route_has_the_same_prices(self):
        copied = self.priced.copy()
        prices = copied.price_ids.mapped("price")
        self.assertEqual(prices, self.priced.price_ids.mapped("price"))


@tagged("post_install", "-at_install")
class TestCost(PriceCase):
    # === ACCEPTED ===
    def test_every_number_has_the_price_of_its_longest_prefix(self):
        messages = self.send_priced("+79161230101", PHONE, "+4915112345678")
        self.assertEqual(self.read_costs(messages), [2.1, 2.35, 9.5])

    def test_segments_are_paid_one_by_one(self):
        self.assertEqual(self.read_costs(self.send_priced(PHONE, text=LONG)), [4.7])

    def test_a_call_has_a_price_of_its_own(self):
        self.assertEqual(
            self.read_costs(self.send_priced(PHONE, channel="voice")), [None]
        )
        self.set_prices(self.priced, {"+7": 12}, channel="voice")
        self.assertEqual(
            self.read_costs(self.send_priced(PHONE, channel="voice")), [12]
        )

    def test_nothing_is_guessed(self):
        """Without prices, without a price for the number, of what will not be sent."""
        self.priced.price_ids.filtered(lambda price: not price.prefix).unlink()
        for messages in (
            self.get_messages(self.send(PHONE)),
            self.send_priced("+4915112345678"),
            self.send_priced("123", PHONE)[0],
            self.send_priced(PHONE, is_debug=True),
        ):
            self.assertEqual(self.read_costs(messages), [None])

    def test_other_prices_are_for_other_messages(self):
        before = self.send_priced(PHONE)
        price = self.priced.price_ids.filtered(lambda price: price.prefix == "+7")
        price.price = 3
        self.assertEqual(self.read_costs(self.send_priced(PHONE)), [3])
        price.unlink()
        self.assertEqual(self.read_costs(self.send_priced(PHONE)), [9.5])
        self.assertEqual(self.read_costs(before), [2.35])

    def test_accepting_asks_for_prices_once(self):
        self.send_priced(PHONE)
        self.priced.fetch()
        with self.assertQueries([], flush=False):
            self.priced._get_prices("sms")

    def test_who_sends_need_not_know_price_lists(self):
        user = new_test_user(
            self.env, "price_user", groups="crm_sms_gateway.group_user"
        )
        self.assertTrue(self.priced.with_user(user)._get_prices("sms"))

    def test_a_list_has_the_prices_of_its_category_and_those_of_any(self):
        self.set_prices(self.priced, {"+79": 1}, category="service")
        for category, cost in (("service", 1), ("code", "2.1"), (None, "2.1")):
            with self.subTest(category):
                prices = self.priced._get_prices("sms", category)
                self.assertEqual(prices.get_cost("+79161230101", 1), Decimal(cost))

    def test_a_list_has_the_prices_of_operators(self):
        mts = self.env.ref("crm_sms_gateway.operator_ru_mts")
        self.assertFalse(self.priced._get_prices("sms").needs_operators)
        self.set_prices(self.priced, {"": 1.5}, operator_id=mts.id)
        prices = self.priced._get_prices("sms")
        self.assertTrue(prices.needs_operators)
        self.assertEqual(prices.get_cost(PHONE, 2, mts.id), 3)
        self.assertEqual(prices.get_cost(PHONE, 2), Decimal("4.7"))

    # === SEGMENTS OF THE PROVIDER ===
    def submit(self, message, **values):
        self.force_state(message, "submitting")
        self.set_state(message, "submitted", **values)

    def test_the_segments_that_the_provider_counts_are_paid(self):
        for text, segments, cost in (
            (LONG, 3, 7.05),
            (LONG, 1, 2.35),
            (LATIN, 7, 16.45),
        ):
            with self.subTest(segments=segments):
                message = self.send_priced(PHONE, text=text)
                self.submit(message, segments=segments)
                self.assertEqual(self.read_costs(message), [cost])

    def test_what_the_provider_does_not_count_stays(self):
        message = self.send_priced(PHONE, text=LONG)
        self.submit(message, segments=0)
        self.assertEqual(self.read_costs(message), [4.7])
        self.set_state(message, "delivered")
        self.assertEqual(self.read_costs(message), [4.7])

    def test_a_call_is_paid_as_one(self):
        self.set_prices(self.priced, {"+7": 12}, channel="voice")
        message = self.send_priced(PHONE, channel="voice")
        for state, segments in (("submitted", 2), ("delivered", 3)):
            self.force_state(message, "submitting")
            self.set_state(message, state, segments=segments)
            self.assertEqual(self.read_costs(message), [12])

    def test_an_unknown_cost_stays_unknown(self):
        [message] = self.get_messages(self.send(PHONE))
        self.submit(message, segments=3)
        self.assertEqual(self.read_costs(message), [None])


@tagged("post_install", "-at_install")
class TestCostStatistics(PriceCase):
    """Statistics tell what was spent: the cost of what the provider took."""

    def read_spent(self, route=None):
        """state → cost in the statistics of a route, None where it is unknown."""
        self.run_fold()
        self.env.cr.execute(
            """SELECT state, sum(cost)::float FROM sms_gateway_statistic
                WHERE route_id = %s AND (count <> 0 OR cost <> 0) GROUP BY state""",
            [(route or self.priced).id],
        )
        return dict(self.env.cr.fetchall())

    def test_what_was_not_handed_over_costs_nothing(self):
        self.send_priced(PHONE, PHONE, "123")
        self.assertEqual(self.read_spent(), {"queued": None, "failed": None})

    def test_what_was_cancelled_costs_nothing(self):
        campaign = self.send_priced(PHONE, PHONE).campaign_id
        campaign.action_cancel()
        self.run_lane()
        self.assertEqual(self.read_spent(), {"cancelled": None})

    def test_what_was_taken_costs_its_price_whatever_becomes_of_it(self):
        delivered, undelivered, expired, refused = map(
            sandbox_phone, ("0001", "9901", "9903", "9902")
        )
        self.send_priced(delivered, undelivered, expired, refused, text=LONG)
        self.run_lane()
        self.assertEqual(self.read_spent(), {"submitted": 14.1, "failed": None})
        with self.later(10):
            self.run_poll()
        self.assertEqual(
            self.read_spent(), {"delivered": 4.7, "failed": 4.7, "expired": 4.7}
        )

    def test_a_refusal_costs_nothing(self):
        message = self.send_priced(PHONE)
        self.force_state(message, "submitting")
        self.recount(message)
        self.set_state(message, "failed", failure_type="blocked")
        self.assertEqual(self.read_spent(), {"failed": None})
        self.set_state(message, "delivered")
        self.assertEqual(self.read_spent(), {"delivered": 2.35})

    def recount(self, message):
        """Count the message, which was forced into its state, as submitting."""
        self.env.cr.execute(
            "UPDATE sms_gateway_statistic_change SET state = 'submitting'"
            " WHERE campaign_id = %s",
            [message.campaign_id.id],
        )

    def test_what_is_handed_over_again_is_not_paid_before(self):
        message = self.send_priced(PHONE)
        self.force_state(message, "submitting")
        self.recount(message)
        self.set_state(message, "unknown")
        self.assertEqual(self.read_spent(), {"unknown": 2.35})
        message.action_resolve_send_again()
        self.assertEqual(self.read_spent(), {"queued": None})

    def test_the_statistics_follow_the_segments_of_the_provider(self):
        message = self.send_priced(PHONE, text=LONG)
        self.force_state(message, "submitting")
        self.recount(message)
        self.set_state(message, "submitted", segments=2)
        self.assertEqual(self.read_spent(), {"submitted": 4.7})
        self.set_state(message, "delivered", segments=3)
        self.assertEqual(self.read_spent(), {"delivered": 7.05})

    def test_costs_of_messages_with_and_without_a_price_are_added_up(self):
        self.send_priced(PHONE, PHONE)
        self.priced.price_ids.unlink()
        self.send_priced(PHONE)
        self.run_lane()
        self.assertEqual(self.read_spent(), {"submitted": 4.7})

    def test_debug_messages_cost_nothing(self):
        self.send_priced(PHONE, is_debug=True)
        self.run_lane()
        self.assertEqual(self.read_spent(), {})

    def test_statistics_show_costs_in_the_currency_of_the_company(self):
        self.send_priced(PHONE)
        self.run_lane()
        self.run_fold()
        [row] = self.env["sms.gateway.statistic"].search(
            [("route_id", "=", self.priced.id), ("count", ">", 0)]
        )
        self.assertEqual(row.cost, 2.35)
        self.assertEqual(row.currency_id, self.priced.company_id.currency_id)
        [(currencies, cost)] = row._read_group(
            [("id", "=", row.id)],
            aggregates=["currency_id:array_agg_distinct", "cost:sum"],
        )
        self.assertEqual((currencies, float(cost)), (row.currency_id.ids, 2.35))


class TestEstimate(DraftCase, PriceCase):
    """What the author of a draft is told before it is sent."""

    def estimate(self, draft, **changes):
        check = draft.action_check_recipients(changes)
        return check["cost"], check["unpriced"]

    def draft_priced(self, *args, **values):
        texts = {"text_male": LATIN, "text_female": LONG}
        return self.draft(*args, route_id=self.priced.id, **texts, **values)

    def test_the_cost_is_that_of_those_who_get_the_text(self):
        unreachable = self.make_contact("Без номера", "", "male")
        draft = self.draft_priced(self.andrey + self.anna + unreachable)
        self.assertEqual(self.estimate(draft), (6.3, 0))
        currency = self.priced.company_id.currency_id
        self.assertEqual(draft.action_check_recipients({})["currency_id"], currency.id)

    def test_it_is_what_the_messages_cost(self):
        draft = self.draft_priced()
        cost, _unpriced = self.estimate(draft)
        draft.action_send()
        self.prepare()
        costs = self.read_costs(self.get_messages(draft.sudo()))
        self.assertAlmostEqual(sum(costs), cost)

    def test_without_a_price_nothing_is_guessed(self):
        self.assertEqual(self.estimate(self.draft()), (None, 2))

    def test_who_has_no_price_is_counted(self):
        self.priced.price_ids.filtered(lambda price: price.prefix != "+7916").unlink()
        self.anna.phone = PHONE
        self.assertEqual(self.estimate(self.draft_priced()), (2.1, 1))

    def test_it_knows_the_operators_of_the_numbers(self):
        mts = self.env.ref("crm_sms_gateway.operator_ru_mts")
        self.set_prices(self.priced, {"": 1}, operator_id=mts.id)
        self.anna.phone = "+79821230101"
        self.andrey.phone = PHONE
        self.env["sms.gateway.ported.number"].create(
            {"number": self.anna.phone, "operator_id": mts.id}
        )
        self.assertEqual(self.estimate(self.draft_priced()), (4.35, 0))

    def test_it_follows_what_is_not_saved_yet(self):
        draft = self.draft_priced()
        self.assertEqual(self.estimate(draft, text_female=LATIN), (4.2, 0))
        self.assertEqual(self.estimate(draft, route_id=self.route.id), (None, 2))
        self.assertEqual(self.estimate(draft, is_debug=True), (None, 2))
