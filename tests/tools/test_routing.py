"""The choice of routes."""

from collections import Counter
from decimal import Decimal

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.msisdn import find_country
from odoo.addons.crm_sms_gateway.tools.prices import Package, Price, PriceList
from odoo.addons.crm_sms_gateway.tools.routing import (
    EXPLORED_EVERY,
    STRATEGIES,
    Option,
    RouteChooser,
    RouteFacts,
    Rule,
    Share,
    SingleRoute,
    Tariffs,
    explain_choice,
)

MOSCOW, KAZAKH, BERLIN = "+79161234567", "+77011234567", "+4915112345678"
A, B, C = 1, 2, 3
EVERYTHING = Rule(9, (Option(A), Option(B), Option(C)))


def choose(
    rules,
    msisdn=MOSCOW,
    segments=1,
    *,
    excluded=(),
    category=None,
    prices=None,
    **facts,
):
    facts.setdefault("available", {A, B, C})
    facts.setdefault("usable", {A, B, C})
    if prices is not None:
        facts["tariffs"] = Tariffs(prices)
    chooser = RouteChooser(rules, RouteFacts(**facts), category=category)
    choice = chooser.choose(msisdn, segments, excluded)
    return choice and choice[0]


class TestRules(BaseCase):
    """The first rule that a message matches decides."""

    def one(self, route_id, **conditions):
        return Rule(route_id, (Option(route_id),), **conditions)

    def test_rule_without_conditions_matches_everything(self):
        self.assertTrue(EVERYTHING.matches_all)
        self.assertEqual(choose([EVERYTHING]), A)

    def test_each_condition_makes_a_rule_match_less(self):
        for conditions in (
            {"countries": frozenset({"RU"})},
            {"prefixes": ("+7",)},
            {"operators": frozenset({5})},
            {"categories": frozenset({"code"})},
            {"min_segments": 2},
            {"max_segments": 1},
        ):
            with self.subTest(conditions):
                self.assertFalse(self.one(A, **conditions).matches_all)

    def test_country_is_that_of_the_number_and_not_of_its_calling_code(self):
        rules = [self.one(B, countries=frozenset({"KZ"})), EVERYTHING]
        self.assertEqual(choose(rules, KAZAKH), B)
        self.assertEqual(choose(rules, MOSCOW), A)

    def test_prefix_of_any_length(self):
        rules = [self.one(B, prefixes=("+7916", "+49")), EVERYTHING]
        self.assertEqual(choose(rules, MOSCOW), B)
        self.assertEqual(choose(rules, BERLIN), B)
        self.assertEqual(choose(rules, "+79171234567"), A)

    def test_first_rule_wins_even_where_a_later_prefix_is_longer(self):
        rules = [
            self.one(B, prefixes=("+7",)),
            self.one(C, prefixes=("+7916",)),
            EVERYTHING,
        ]
        self.assertEqual(choose(rules, MOSCOW), B)

    def test_category(self):
        rules = [self.one(B, categories=frozenset({"code"})), EVERYTHING]
        self.assertEqual(choose(rules, category="code"), B)
        self.assertEqual(choose(rules, category="service"), A)
        self.assertEqual(choose(rules, category=None), A)

    def test_size_of_the_text(self):
        rules = [self.one(B, min_segments=2, max_segments=3), EVERYTHING]
        chosen = [choose(rules, segments=count) for count in (1, 2, 3, 4)]
        self.assertEqual(chosen, [A, B, B, A])

    def test_a_rule_from_one_part_on_is_for_calls_too(self):
        rule = self.one(A, min_segments=1)
        self.assertTrue(rule.matches_all)
        self.assertEqual(choose([rule], segments=0), A)

    def test_operator(self):
        rules = [self.one(B, operators=frozenset({5})), EVERYTHING]
        operators = {MOSCOW: 5, BERLIN: None}
        facts = RouteFacts(available={A, B}, usable={A, B}, find_operator=operators.get)
        chooser = RouteChooser(rules, facts)
        self.assertEqual(chooser.choose(MOSCOW, 1)[0], B)
        self.assertEqual(chooser.choose(BERLIN, 1)[0], A)

    def test_all_conditions_of_a_rule_must_be_met(self):
        rules = [
            self.one(B, prefixes=("+7916",), categories=frozenset({"code"})),
            EVERYTHING,
        ]
        self.assertEqual(choose(rules, category="service"), A)
        self.assertEqual(choose(rules, BERLIN, category="code"), A)
        self.assertEqual(choose(rules, category="code"), B)


class TestOrder(BaseCase):
    """Routes that may send go before those that rest, and these before all others."""

    def test_first_available(self):
        self.assertEqual(choose([EVERYTHING], available={B, C}), B)

    def test_resting_route_before_one_that_is_off(self):
        self.assertEqual(choose([EVERYTHING], available=set(), usable={C}), C)

    def test_first_one_where_none_may_send(self):
        self.assertEqual(choose([EVERYTHING], available=set(), usable=set()), A)

    def test_excluded_routes_are_out_of_the_question(self):
        self.assertEqual(choose([EVERYTHING], excluded={A}), B)
        self.assertIsNone(choose([EVERYTHING], excluded={A, B, C}))

    def test_available_ones_only(self):
        facts = RouteFacts(available={A}, usable={A, B})
        chooser = RouteChooser([EVERYTHING], facts)
        self.assertEqual(chooser.choose_available(MOSCOW, 1)[0], A)
        self.assertIsNone(chooser.choose_available(MOSCOW, 1, {A}))
        self.assertEqual(chooser.choose_usable(MOSCOW, 1, {A})[0], B)
        self.assertIsNone(chooser.choose_usable(MOSCOW, 1, {A, B}))


def price(*rows):
    return PriceList(Price(prefix, Decimal(text)) for prefix, text in rows)


class TestPrice(BaseCase):
    """The cheapest route first, unknown prices last."""

    RULES = (Rule(1, (Option(A), Option(B), Option(C)), strategy="price"),)

    def test_cheapest(self):
        prices = {A: price(("", "3")), B: price(("", "2")), C: price(("", "4"))}
        self.assertEqual(choose(self.RULES, prices=prices), B)

    def test_by_the_number(self):
        prices = {A: price(("", "3")), B: price(("", "2"), ("+7916", "5"))}
        self.assertEqual(choose(self.RULES, MOSCOW, prices=prices), A)
        self.assertEqual(choose(self.RULES, BERLIN, prices=prices), B)

    def test_unknown_is_not_free(self):
        prices = {A: price(), B: price(("", "100"))}
        self.assertEqual(choose(self.RULES, prices=prices), B)

    def test_free_is_cheapest(self):
        prices = {A: price(("", "1")), B: price(("", "0"))}
        self.assertEqual(choose(self.RULES, prices=prices), B)

    def test_as_they_stand_where_prices_are_equal(self):
        prices = dict.fromkeys((A, B, C), price(("", "1")))
        self.assertEqual(choose(self.RULES, prices=prices), A)

    def test_cheap_route_that_cannot_send_is_no_choice(self):
        prices = {A: price(("", "3")), B: price(("", "2"))}
        self.assertEqual(choose(self.RULES, prices=prices, available={A, C}), A)

    def test_cost_is_that_of_the_chosen_route(self):
        prices = {A: price(("", "3")), B: price(("", "2"))}
        facts = RouteFacts(available={A, B}, tariffs=Tariffs(prices))
        charge = RouteChooser(self.RULES, facts).choose(MOSCOW, 3)
        self.assertEqual(charge, (B, Decimal(6), None))


class TestDelivery(BaseCase):
    """The best share of delivered messages; what nobody knows is explored."""

    RULES = (Rule(1, (Option(A), Option(B), Option(C)), strategy="delivery"),)

    def count(self, shares, times=1000):
        facts = RouteFacts(available={A, B, C}, usable={A, B, C}, shares=shares)
        chooser = RouteChooser(self.RULES, facts)
        return Counter(chooser.choose(MOSCOW, 1)[0] for _time in range(times))

    def test_best_share(self):
        shares = {A: Share(80, 100), B: Share(190, 200), C: Share(94, 100)}
        self.assertEqual(self.count(shares), {B: 1000})

    def test_unknown_routes_get_a_part_in_turn(self):
        counts = self.count({B: Share(90, 100), A: Share(1, 2)})
        self.assertEqual(counts[A] + counts[C], 1000 / EXPLORED_EVERY)
        self.assertEqual(counts[A], counts[C])

    def test_turns_where_nothing_is_known(self):
        counts = self.count({}, times=900)
        self.assertEqual(counts, {A: 300, B: 300, C: 300})


class TestWeight(BaseCase):
    """In proportion, and evenly spread."""

    def choose_many(self, weights, times, **facts):
        facts.setdefault("available", set(weights))
        options = tuple(Option(one, weight) for one, weight in weights.items())
        rule = Rule(1, options, strategy="weight")
        chooser = RouteChooser([rule], RouteFacts(**facts))
        return [chooser.choose(MOSCOW, 1)[0] for _time in range(times)]

    def test_proportion(self):
        chosen = self.choose_many({A: 70, B: 30}, 1000)
        self.assertEqual(Counter(chosen), {A: 700, B: 300})

    def test_spread(self):
        chosen = self.choose_many({A: 70, B: 30}, 10)
        self.assertNotIn([B, B], [chosen[at : at + 2] for at in range(9)])

    def test_weight_zero_is_a_reserve(self):
        self.assertEqual(set(self.choose_many({A: 1, B: 0}, 50)), {A})
        self.assertEqual(set(self.choose_many({A: 1, B: 0}, 50, available={B})), {B})

    def test_share_of_a_route_that_cannot_send_goes_to_the_others(self):
        chosen = self.choose_many({A: 50, B: 25, C: 25}, 100, available={B, C})
        self.assertEqual(Counter(chosen), {B: 50, C: 50})

    @settings(deadline=None, derandomize=True)
    @given(
        weights=st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any),
        rounds=st.integers(1, 3),
    )
    def test_any_weights(self, weights, rounds):
        chosen = self.choose_many(dict(enumerate(weights)), rounds * sum(weights))
        counts = Counter(chosen)
        for route_id, weight in enumerate(weights):
            self.assertEqual(counts[route_id], rounds * weight)


class TestAnyStrategy(BaseCase):
    @settings(deadline=None, derandomize=True)
    @given(
        strategy=st.sampled_from(STRATEGIES),
        available=st.sets(st.integers(0, 5)),
        excluded=st.sets(st.integers(0, 5)),
        count=st.integers(1, 6),
    )
    def test_every_route_is_tried_before_none_is_left(
        self, strategy, available, excluded, count
    ):
        rule = Rule(1, tuple(map(Option, range(count))), strategy=strategy)
        facts = RouteFacts(available=available, usable=available)
        chooser = RouteChooser([rule], facts)
        left = set(range(count)) - excluded
        choice = chooser.choose(MOSCOW, 1, excluded)
        self.assertEqual(choice is None, not left)
        if choice:
            self.assertIn(choice[0], left & available or left)
        self.assertEqual(sorted(chooser.rank(MOSCOW, 1)), list(range(count)))


class TestSingleRoute(BaseCase):
    def test_always_the_same(self):
        single = SingleRoute(A, Tariffs({A: price(("", "2"))}))
        self.assertEqual(single.choose(MOSCOW, 2), (A, Decimal(4), None))
        self.assertEqual(single.default_route_id, A)


class TestTariffs(BaseCase):
    """Packages are used until they are used up."""

    def make(self, *packages, left, **values):
        prices = PriceList([Price("", Decimal(3))], packages=packages)
        return Tariffs({A: prices}, left=left, **values)

    def test_package_until_it_is_used_up(self):
        tariffs = self.make(Package(7, Decimal(1)), left={7: 5})
        charges = [tariffs.charge(A, MOSCOW, 2) for _time in range(3)]
        self.assertEqual(charges, [(A, 2, 7), (A, 2, 7), (A, 6, None)])
        self.assertEqual(tariffs.used, {7: 4})

    def test_what_would_be_paid_uses_nothing(self):
        tariffs = self.make(Package(7), left={7: 2})
        self.assertEqual([tariffs.get_cost(A, MOSCOW, 2)] * 2, [0, 0])
        self.assertFalse(tariffs.used)

    def test_next_package_where_the_first_one_is_used_up(self):
        tariffs = self.make(Package(7), Package(8), left={7: 1, 8: 1})
        for _time in range(2):
            tariffs.charge(A, MOSCOW, 1)
        self.assertEqual(tariffs.used, {7: 1, 8: 1})

    def test_package_of_an_operator(self):
        operators = {MOSCOW: 5, BERLIN: 6}
        tariffs = self.make(
            Package(7, operator_id=5), left={7: 9}, find_operator=operators.get
        )
        self.assertEqual(tariffs.charge(A, MOSCOW, 1), (A, 0, 7))
        self.assertEqual(tariffs.charge(A, BERLIN, 1), (A, 3, None))

    def test_calls_are_counted_one_by_one(self):
        prices = PriceList([], channel="voice", packages=[Package(7)])
        tariffs = Tariffs({A: prices}, left={7: 2})
        tariffs.charge(A, MOSCOW, 0)
        self.assertEqual(tariffs.used, {7: 1})

    def test_free_messages_have_a_price_and_are_charged_nothing(self):
        tariffs = self.make(Package(7, Decimal(1)), left={7: 5}, is_free=True)
        self.assertEqual(tariffs.get_cost(A, MOSCOW, 1), 1)
        self.assertEqual(tariffs.charge(A, MOSCOW, 1), (A, None, None))
        self.assertFalse(tariffs.used)

    def test_route_without_prices(self):
        self.assertEqual(Tariffs({}).charge(A, MOSCOW, 1), (A, None, None))


class TestProbing(BaseCase):
    """A route that has rested gets one message."""

    def make(self, category=None):
        facts = RouteFacts(available={B}, usable={A, B}, probing={A})
        return RouteChooser([EVERYTHING], facts, category=category)

    def test_one_message(self):
        chooser = self.make()
        chosen = [chooser.choose(MOSCOW, 1)[0] for _time in range(3)]
        self.assertEqual(chosen, [A, B, B])

    def test_no_code(self):
        self.assertEqual(self.make("code").choose(MOSCOW, 1)[0], B)

    def test_nothing_moves_there(self):
        self.assertEqual(self.make().choose_available(MOSCOW, 1)[0], B)
        self.assertIsNone(self.make().choose_available(MOSCOW, 1, {B}))


class TestCountry(BaseCase):
    """Countries of numbers, as the library tells them."""

    def test_countries_of_one_calling_code(self):
        for number, country in {
            MOSCOW: "RU",
            KAZAKH: "KZ",
            "+77172123456": "KZ",
            "+12025550143": "US",
            "+14165550143": "CA",
            "+881631234567": None,
        }.items():
            with self.subTest(number):
                self.assertEqual(find_country(number), country)

    def test_all_countries_of_the_library(self):
        kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
        for region in phonenumbers.SUPPORTED_REGIONS:
            for kind in kinds:
                example = phonenumbers.example_number_for_type(region, kind)
                if example is None:
                    continue
                number = phonenumbers.format_number(example, PhoneNumberFormat.E164)
                expected = phonenumbers.region_code_for_number(example)
                with self.subTest(number):
                    self.assertEqual(find_country(number), expected)


def explain(rules, msisdn=MOSCOW, segments=1, *, category=None, prices=None, **facts):
    facts.setdefault("available", {A, B, C})
    facts.setdefault("usable", {A, B, C})
    if prices is not None:
        facts["tariffs"] = Tariffs(prices)
    return explain_choice(
        rules, RouteFacts(**facts), msisdn, segments, category=category
    )


class TestExplanation(BaseCase):
    """People are told what the chooser does."""

    def get_misses(self, conditions, **message):
        rule = Rule(1, (Option(B),), **conditions)
        return [asked.miss for asked in explain([rule, EVERYTHING], **message).rules]

    def test_first_condition_that_is_not_met(self):
        for conditions, miss in (
            ({"categories": frozenset({"code"})}, "category"),
            ({"prefixes": ("+7926",)}, "prefix"),
            ({"min_segments": 2}, "size"),
            ({"countries": frozenset({"KZ"})}, "country"),
            ({"operators": frozenset({5})}, "operator"),
        ):
            with self.subTest(miss):
                self.assertEqual(self.get_misses(conditions), [miss, None])

    def test_rules_behind_the_one_that_decides_are_not_asked(self):
        self.assertEqual(self.get_misses({"prefixes": ("+7916",)}), [None, "unreached"])

    def test_known_operator(self):
        misses = self.get_misses(
            {"operators": frozenset({5})}, find_operator=lambda _one: 5
        )
        self.assertEqual(misses, [None, "unreached"])

    def test_presence_of_routes(self):
        choice = explain([EVERYTHING], available={B}, usable={A, B})
        self.assertEqual(
            [(route.route_id, route.presence) for route in choice.routes],
            [(B, "here"), (A, "resting"), (C, "away")],
        )

    def test_why_the_first_is_taken(self):
        both = (Option(A), Option(B))
        prices = {B: PriceList([Price("+7", Decimal(2))])}
        shares = {A: Share(90, 100), B: Share(50, 100)}
        for wanted, strategy, facts in (
            ("order", "order", {}),
            ("passed_over", "order", {"available": {B}}),
            ("order", "order", {"available": {A}}),
            ("alone", "price", {"available": {B}}),
            ("none", "order", {"available": set()}),
            ("price", "price", {"prices": prices}),
            ("unpriced", "price", {}),
            ("delivery", "delivery", {"shares": shares}),
            ("explored", "delivery", {}),
            ("weight", "weight", {}),
        ):
            with self.subTest(wanted, strategy=strategy):
                choice = explain([Rule(1, both, strategy)], **facts)
                self.assertEqual(choice.why, wanted)

    def test_probed_route_takes_one_message_but_no_code(self):
        facts = {"available": {B}, "usable": {A, B}, "probing": {A}}
        first = explain([EVERYTHING], **facts).routes[0]
        self.assertEqual((first.route_id, first.presence), (A, "probing"))
        first = explain([EVERYTHING], category="code", **facts).routes[0]
        self.assertEqual((first.route_id, first.presence), (B, "here"))

    def test_first_of_three_is_away(self):
        choice = explain([EVERYTHING], available={B, C})
        self.assertEqual((choice.routes[0].route_id, choice.why), (B, "passed_over"))

    def test_single_route(self):
        self.assertEqual(explain([Rule(1, (Option(A),))]).why, "only")

    def test_cost_is_that_of_this_message(self):
        prices = {A: PriceList([Price("+7", Decimal("1.5"))])}
        first, second, _third = explain([EVERYTHING], segments=2, prices=prices).routes
        self.assertEqual((first.cost, second.cost), (Decimal(3), None))

    @given(
        conditions=st.lists(
            st.fixed_dictionaries(
                {
                    "countries": st.sampled_from(
                        [frozenset(), frozenset({"RU"}), frozenset({"KZ"})]
                    ),
                    "prefixes": st.sampled_from([(), ("+7",), ("+7916", "+49")]),
                    "operators": st.sampled_from([frozenset(), frozenset({5})]),
                    "categories": st.sampled_from([frozenset(), frozenset({"code"})]),
                    "min_segments": st.integers(0, 2),
                    "max_segments": st.integers(0, 2),
                }
            ),
            max_size=4,
        ),
        strategy=st.sampled_from(STRATEGIES),
        msisdn=st.sampled_from([MOSCOW, KAZAKH, BERLIN]),
        segments=st.integers(1, 3),
        category=st.sampled_from([None, "code"]),
        operator=st.sampled_from([None, 5]),
        available=st.sets(st.sampled_from([A, B, C])),
    )
    def test_it_is_what_the_chooser_does(
        self, conditions, strategy, msisdn, segments, category, operator, available
    ):
        rules = [
            Rule(number, (Option(A), Option(B), Option(C)), strategy, **one)
            for number, one in enumerate(conditions)
        ]
        rules.append(EVERYTHING)
        facts = RouteFacts(
            available=available,
            usable={A, B, C},
            find_operator=lambda _msisdn: operator,
        )
        chooser = RouteChooser(rules, facts, category=category)
        choice = explain_choice(rules, facts, msisdn, segments, category=category)

        decided = [asked.rule for asked in choice.rules if asked.miss is None]
        self.assertEqual(decided, [chooser.find_rule(msisdn, segments)])
        taken, _cost, _package = chooser.choose(msisdn, segments)
        self.assertEqual(choice.routes[0].route_id, taken)
