"""The choice of a route for a message: rules, strategies, and why.

A step of a policy has rules. The first rule that a message matches decides, and its
strategy puts the rule's routes in order. Routes that cannot send come last: where none
can, the message waits for the best one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal
from typing import Literal, get_args

from .msisdn import find_country
from .prices import PriceList
from .vocabulary import Category

#: ``order``: as they stand. ``price``: the cheapest, unknown prices last. ``delivery``:
#: the best share of delivered messages. ``weight``: in proportion to the weights.
Strategy = Literal["order", "price", "delivery", "weight"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)

#: Fewer finished messages say nothing about a route.
JUDGED_AFTER = 100
#: One message of so many explores the routes about which nothing is known yet.
EXPLORED_EVERY = 10


@dataclass(frozen=True, slots=True)
class Option:
    """A route of a rule. ``weight`` is used by the strategy of this name only."""

    route_id: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions, and the routes for the messages that meet all of them.

    Empty conditions are met by every message. ``countries`` are ISO 3166 codes,
    ``operators`` ids; ``max_segments`` 0 is no limit.
    """

    id: int
    options: tuple[Option, ...]
    strategy: Strategy = "order"
    countries: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    operators: frozenset[int] = frozenset()
    categories: frozenset[Category] = frozenset()
    min_segments: int = 0
    max_segments: int = 0

    @property
    def matches_all(self) -> bool:
        """Whether the rule has no condition."""
        return not (
            self.countries
            or self.prefixes
            or self.operators
            or self.categories
            or self.min_segments > 1
            or self.max_segments
        )

    def is_for_size(self, segments: int) -> bool:
        """Whether a text is as long as the rule wants it; a call has no segments."""
        is_long_enough = max(segments, 1) >= self.min_segments
        return is_long_enough and not 0 < self.max_segments < segments


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the messages that ended were delivered."""

    delivered: int
    finished: int

    @property
    def is_judged(self) -> bool:
        return self.finished >= JUDGED_AFTER

    @property
    def value(self) -> float:
        return self.delivered / self.finished if self.finished else 0.0


#: The route of a message, what it costs and the package that it uses.
Charge = tuple[int, Decimal | None, int | None]


class Tariffs:
    """What messages cost by the price lists of their routes.

    :param prices: route → its list
    :param left: package → what is left of it
    :param find_operator: function from an MSISDN to the id of its operator, or None
    :param is_free: messages are charged nothing, whatever they would cost
    """

    def __init__(
        self,
        prices: Mapping[int, PriceList],
        *,
        left: Mapping[int, int] | None = None,
        find_operator: Callable[[str], int | None] | None = None,
        is_free: bool = False,
    ) -> None:
        self._prices = prices
        self._left = dict(left or {})
        self._find_operator = find_operator
        self._is_plain = is_free or not (self._left or find_operator)
        charged = {} if is_free else prices
        self._plain = {route: its for route, its in charged.items() if its}
        #: package → what the messages that were charged take of it
        self.used: Counter[int] = Counter()

    def get_cost(self, route_id: int, msisdn: str, segments: int) -> Decimal | None:
        """Return what a message would cost, None where no price is known."""
        return self._get_cost(route_id, msisdn, segments)[0]

    def charge(self, route_id: int, msisdn: str, segments: int) -> Charge:
        """Return what a message costs, and count what it takes of a package."""
        if self._is_plain:
            prices = self._plain.get(route_id)
            cost = None if prices is None else prices.get_cost(msisdn, segments)
            return route_id, cost, None
        cost, package_id, units = self._get_cost(route_id, msisdn, segments)
        if package_id is not None:
            self._left[package_id] -= units
            self.used[package_id] += units
        return route_id, cost, package_id

    def _get_cost(
        self, route_id: int, msisdn: str, segments: int
    ) -> tuple[Decimal | None, int | None, int]:
        """:return: the cost, the package and what the message takes of it"""
        prices = self._prices.get(route_id)
        if prices is None:
            return None, None, 0
        operator = self._find_operator(msisdn) if self._find_operator else None
        units = prices.count_units(segments)
        package_id = prices.find_package(operator, left=self._left, units=units)
        if package_id is None:
            return prices.get_cost(msisdn, segments, operator), None, 0
        return prices.get_package_cost(package_id, segments), package_id, units


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What is known of routes at this moment, by their ids.

    ``available`` ones may send, ``usable`` ones may do so as soon as a rest is over.
    ``probing`` ones have rested, and wait for one message to find out whether they
    work again.
    """

    available: Collection[int] = frozenset()
    usable: Collection[int] = frozenset()
    probing: Collection[int] = frozenset()
    tariffs: Tariffs = dataclass_field(default_factory=lambda: Tariffs({}))
    shares: Mapping[int, Share] = dataclass_field(default_factory=dict)
    #: function from an MSISDN to the id of its operator
    find_operator: Callable[[str], int | None] | None = None


class SingleRoute:
    """The choice where there is none."""

    def __init__(self, route_id: int, tariffs: Tariffs) -> None:
        self._route_id = route_id
        self._charge = tariffs.charge

    @property
    def default_route_id(self) -> int:
        """The route of messages that go nowhere."""
        return self._route_id

    def choose(self, msisdn: str, segments: int) -> Charge:
        """Return the route of a message, what it costs and its package."""
        return self._charge(self._route_id, msisdn, segments)


class RouteChooser:
    """Chooses routes for messages by the rules of one step.

    :param rules: the last one matches every message
    :param category: of the messages
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        facts: RouteFacts,
        *,
        category: Category | None = None,
    ) -> None:
        self._rules = [
            rule for rule in rules if not rule.categories or category in rule.categories
        ]
        self._facts = facts
        self._charge = facts.tariffs.charge
        #: whether the beginning of a number and the size of the text decide the rule
        self._is_simple = not any(
            rule.countries or rule.operators for rule in self._rules
        )
        # a code that waits for a route in trouble is of no use to anybody
        self._probing = set() if category == "code" else set(facts.probing)
        prefixes = [prefix for rule in self._rules for prefix in rule.prefixes]
        self._depth = max(map(len, prefixes), default=0)
        self._of_prefix: dict[str, list[Rule]] = {}
        self._rankings: dict[int, Ranking] = {}
        #: beginning of a number and parts of the text → the route that all such take
        self._settled: dict[tuple[str, int], int] = {}

    @property
    def default_route_id(self) -> int:
        """The route of messages that go nowhere."""
        return self._rules[-1].options[0].route_id

    def choose(
        self, msisdn: str, segments: int, excluded: Collection[int] = ()
    ) -> Charge | None:
        """Return the route of a message, what it costs and its package.

        A route that is being probed gets one message.

        :param excluded: ids of routes that are out of the question
        :return: None where no route is left
        """
        settled = self._settled.get((msisdn[: self._depth], segments))
        if settled is not None and not excluded:
            return self._charge(settled, msisdn, segments)
        rule = self.find_rule(msisdn, segments)
        ranking = self._rankings.get(rule.id) or self._make_ranking(rule)
        for route_id in ranking.order(msisdn, segments):
            if route_id not in excluded:
                if not excluded:
                    self._settle(ranking, msisdn, segments, route_id)
                self._count(ranking, route_id)
                return self._charge(route_id, msisdn, segments)
        return None

    def _count(self, ranking: Ranking, route_id: int) -> None:
        ranking.count(route_id)
        if route_id in self._probing:
            self._probing.discard(route_id)
            self._rankings.clear()

    def _settle(
        self, ranking: Ranking, msisdn: str, segments: int, route_id: int
    ) -> None:
        """Remember the route of all numbers with this beginning, where nothing else
        decides; not while routes are being probed."""
        if ranking.is_fixed and self._is_simple and not self._probing:
            self._settled[msisdn[: self._depth], segments] = route_id

    def choose_available(
        self, msisdn: str, segments: int, excluded: Collection[int] = ()
    ) -> Charge | None:
        """As `choose`, among the routes that can send at this moment."""
        return self._choose_among(self._facts.available, msisdn, segments, excluded)

    def choose_usable(
        self, msisdn: str, segments: int, excluded: Collection[int] = ()
    ) -> Charge | None:
        """As `choose`, among the routes that can send, at once or after a rest."""
        return self._choose_among(self._facts.usable, msisdn, segments, excluded)

    def _choose_among(
        self,
        wanted: Collection[int],
        msisdn: str,
        segments: int,
        excluded: Collection[int],
    ) -> Charge | None:
        order = self.rank(msisdn, segments)
        unwanted = [route_id for route_id in order if route_id not in wanted]
        return self.choose(msisdn, segments, {*excluded, *unwanted})

    def rank(self, msisdn: str, segments: int) -> list[int]:
        """Return the routes for a message, the one that it would take first."""
        rule = self.find_rule(msisdn, segments)
        ranking = self._rankings.get(rule.id) or self._make_ranking(rule)
        return list(ranking.order(msisdn, segments))

    def find_rule(self, msisdn: str, segments: int) -> Rule:
        """Return the first rule that a message matches."""
        prefix = msisdn[: self._depth]
        rules = self._of_prefix.get(prefix)
        if rules is None:
            rules = self._of_prefix[prefix] = self._match_prefix(prefix)
        for rule in rules:
            if self._matches(rule, msisdn, segments):
                return rule
        raise LookupError("The last rule of a step matches every message")

    def _match_prefix(self, beginning: str) -> list[Rule]:
        return [
            rule
            for rule in self._rules
            if not rule.prefixes or beginning.startswith(rule.prefixes)
        ]

    def _matches(self, rule: Rule, msisdn: str, segments: int) -> bool:
        """Whether a message meets the conditions that its prefix does not decide."""
        if not rule.is_for_size(segments):
            return False
        if rule.countries and find_country(msisdn) not in rule.countries:
            return False
        if not rule.operators:
            return True
        find = self._facts.find_operator
        return find is not None and find(msisdn) in rule.operators

    def _make_ranking(self, rule: Rule) -> Ranking:
        here = {*self._facts.available, *self._probing}
        ranking = RANKINGS[rule.strategy](rule, self._facts, here)
        self._rankings[rule.id] = ranking
        return ranking


class Ranking:
    """Puts the routes of one rule in order; this one takes them as they stand."""

    #: whether the order is the same for all messages
    is_fixed = True

    def __init__(self, rule: Rule, facts: RouteFacts, here: Collection[int]) -> None:
        """:param here: ids of the routes that may send"""
        self._facts = facts
        self._here = here
        self._options = sorted(rule.options, key=self._get_distance)
        self._routes = [option.route_id for option in self._options]

    def _get_distance(self, option: Option) -> int:
        """0 for routes that may send, 1 for those that rest, 2 for all others."""
        if option.route_id in self._here:
            return 0
        return 1 if option.route_id in self._facts.usable else 2

    def _is_away(self, option: Option) -> bool:
        return self._get_distance(option) > 0

    def order(self, _msisdn: str, _segments: int) -> Sequence[int]:
        """Return the ids of the routes for one message, the best one first."""
        return self._routes

    def count(self, route_id: int) -> None:
        """Take note of the route that was chosen from the order."""


class PriceRanking(Ranking):
    """The cheapest route first, then as they stand; unknown prices last."""

    is_fixed = False

    def order(self, msisdn: str, segments: int) -> Sequence[int]:
        def rate(option: Option) -> tuple[int, bool, Decimal]:
            cost = self._facts.tariffs.get_cost(option.route_id, msisdn, segments)
            return self._get_distance(option), cost is None, cost or Decimal()

        return [option.route_id for option in sorted(self._options, key=rate)]


class DeliveryRanking(Ranking):
    """The route with the best share of delivered messages first.

    Routes with too few messages to judge get a part of the messages in turn, all of
    them where no route can be judged.
    """

    is_fixed = False

    def __init__(self, rule: Rule, facts: RouteFacts, here: Collection[int]) -> None:
        super().__init__(rule, facts, here)
        shared = [option for option in self._options if not self._is_away(option)]
        nothing = Share(0, 0)
        shares = {
            option.route_id: facts.shares.get(option.route_id, nothing)
            for option in shared
        }
        judged = [one for one in shares if shares[one].is_judged]
        self._unknown = [one for one in shares if not shares[one].is_judged]
        self._best = sorted(judged, key=lambda one: -shares[one].value)
        self._away = [one.route_id for one in self._options if self._is_away(one)]
        self._number = 0

    def order(self, _msisdn: str, _segments: int) -> Sequence[int]:
        unknown = self._unknown
        if not unknown:
            return [*self._best, *self._away]
        is_turn = not self._best or self._number % EXPLORED_EVERY == 0
        turns = self._number // (EXPLORED_EVERY if self._best else 1)
        start = turns % len(unknown)
        explored = [*unknown[start:], *unknown[:start]]
        first, last = (explored, self._best) if is_turn else (self._best, explored)
        return [*first, *last, *self._away]

    def count(self, _route_id: int) -> None:
        self._number += 1


class WeightRanking(Ranking):
    """Routes in proportion to their weights, spread evenly (smooth weighted round
    robin, as web servers do it)."""

    is_fixed = False

    def __init__(self, rule: Rule, facts: RouteFacts, here: Collection[int]) -> None:
        super().__init__(rule, facts, here)
        shared = [option for option in self._options if not self._is_away(option)]
        shared = shared or self._options
        self._weights = {
            option.route_id: option.weight for option in shared if option.weight > 0
        }
        self._credit = dict(self._weights)
        self._total = sum(self._weights.values())

    def order(self, _msisdn: str, _segments: int) -> Sequence[int]:
        ranked = sorted(self._credit, key=lambda one: -self._credit[one])
        return [*ranked, *(one for one in self._routes if one not in self._credit)]

    def count(self, route_id: int) -> None:
        for one, weight in self._weights.items():
            self._credit[one] += weight
        if route_id in self._credit:
            self._credit[route_id] -= self._total


RANKINGS: Mapping[Strategy, type[Ranking]] = {
    "order": Ranking,
    "price": PriceRanking,
    "delivery": DeliveryRanking,
    "weight": WeightRanking,
}


# === EXPLANATION ===
#: What a message does not meet of a rule, and ``unreached``: an earlier rule decides.
Miss = Literal["category", "prefix", "size", "country", "operator", "unreached"]
#: ``here``: may send. ``probing``: gets one message to find out whether it works again.
#: ``resting``: may send as soon as its rest is over.
Presence = Literal["here", "probing", "resting", "away"]
_CAN_SEND = ("here", "probing")
#: Why the first route is the first one. ``passed_over``: those before it cannot send.
#: ``alone``: all others cannot. ``explored``: too little is known about this one.
#: ``none``: no route can send.
Why = Literal[
    "only", "order", "passed_over", "alone", "price", "unpriced", "delivery",
    "explored", "weight", "none",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskedRule:
    """A rule, and the first condition that the message does not meet, None where it
    meets all of them."""

    rule: Rule
    miss: Miss | None


@dataclass(frozen=True, slots=True)
class RatedRoute:
    """A route of the rule that decides, with what its place depends on."""

    route_id: int
    presence: Presence
    cost: Decimal | None
    share: Share
    weight: int


@dataclass(frozen=True, slots=True)
class Choice:
    """How the route of one message is chosen.

    ``rules`` are all rules of the step in their order, ``rule`` is the one that
    decides, ``routes`` are its routes, the one that is taken first.
    """

    rules: tuple[AskedRule, ...]
    rule: Rule
    routes: tuple[RatedRoute, ...]
    why: Why


def explain_choice(
    rules: Sequence[Rule],
    facts: RouteFacts,
    msisdn: str,
    segments: int,
    *,
    category: Category | None = None,
) -> Choice:
    """Say what `RouteChooser` does with the first message of a send, and why.

    :param rules: see `RouteChooser`
    """
    chooser = RouteChooser(rules, facts, category=category)
    rule = chooser.find_rule(msisdn, segments)
    operator = facts.find_operator(msisdn) if facts.find_operator else None
    weights = {option.route_id: option.weight for option in rule.options}
    routes = tuple(
        RatedRoute(
            route_id=route_id,
            presence=_get_presence(route_id, facts, category),
            cost=facts.tariffs.get_cost(route_id, msisdn, segments),
            share=facts.shares.get(route_id, Share(0, 0)),
            weight=weights[route_id],
        )
        for route_id in chooser.rank(msisdn, segments)
    )
    return Choice(
        rules=tuple(_ask_rules(rules, rule, msisdn, segments, category, operator)),
        rule=rule,
        routes=routes,
        why=_find_why(rule, routes),
    )


def _ask_rules(
    rules: Sequence[Rule],
    deciding: Rule,
    msisdn: str,
    segments: int,
    category: Category | None,
    operator: int | None,
) -> Iterator[AskedRule]:
    is_decided = False
    for rule in rules:
        miss: Miss | None = "unreached"
        if not is_decided:
            miss = _find_miss(rule, msisdn, segments, category, operator)
        yield AskedRule(rule, miss)
        is_decided = is_decided or rule == deciding


def _find_miss(
    rule: Rule,
    msisdn: str,
    segments: int,
    category: Category | None,
    operator: int | None,
) -> Miss | None:
    """Return the first condition that a message does not meet."""
    if rule.categories and category not in rule.categories:
        return "category"
    if rule.prefixes and not msisdn.startswith(rule.prefixes):
        return "prefix"
    if not rule.is_for_size(segments):
        return "size"
    if rule.countries and find_country(msisdn) not in rule.countries:
        return "country"
    if rule.operators and operator not in rule.operators:
        return "operator"
    return None


def _get_presence(
    route_id: int, facts: RouteFacts, category: Category | None
) -> Presence:
    if route_id in facts.available:
        return "here"
    if route_id in facts.probing and category != "code":
        return "probing"
    return "resting" if route_id in facts.usable else "away"


def _find_why(rule: Rule, routes: Sequence[RatedRoute]) -> Why:
    first = routes[0]
    if first.presence not in _CAN_SEND:
        return "none"
    if len(routes) == 1:
        return "only"
    if rule.strategy == "order":
        is_first = first.route_id == rule.options[0].route_id
        return "order" if is_first else "passed_over"
    if all(route.presence not in _CAN_SEND for route in routes[1:]):
        return "alone"
    if rule.strategy == "price":
        return "price" if first.cost is not None else "unpriced"
    if rule.strategy == "delivery":
        return "delivery" if first.share.is_judged else "explored"
    return "weight"
