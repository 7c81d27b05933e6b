"""What the web client asks the server for when a person opens and filters screens.

Everything is read from the actions and views themselves: a filter that is added to a
search view is asked for from then on. Runs inside Odoo, on the environment of a person
who may open them all.
"""

from ast import literal_eval
from dataclasses import dataclass
from functools import partial

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo import fields
from odoo.tools.safe_eval import safe_eval

#: Those of the menus that show records.
ACTIONS = (
    "sms_gateway_campaign_action",
    "sms_gateway_message_action",
    "sms_gateway_inbound_action",
    "sms_gateway_statistic_action",
    "sms_gateway_delivery_report_action",
    "sms_gateway_provider_request_action",
    "sms_gateway_list_action",
    "sms_gateway_route_action",
    "sms_gateway_policy_action",
    "sms_gateway_template_action",
    "sms_gateway_operator_action",
    "sms_gateway_number_range_action",
    "sms_gateway_ported_number_action",
    "sms_gateway_key_action",
    "sms_gateway_hold_action",
)
#: The periods of the dashboard, in days.
PERIODS = (7, 30, 90)
#: The web client's own numbers.
LIST_LIMIT = 80
COUNT_LIMIT = 10_001
LINES_LIMIT = 40


@dataclass(frozen=True)
class Request:
    """One request of the web client."""

    title: str
    call: partial


def iterate_all(env):
    """Every request of every screen, on what is in the database.

    :rtype: Iterator[Request]
    """
    largest = env["sms.gateway.campaign"].search(
        [], order="recipient_count desc", limit=1
    )
    message = env["sms.gateway.message"].search(
        [("campaign_id", "=", largest.id), ("index", "=", largest.recipient_count // 9)]
    )
    yield from iterate_requests(env, _make_samples(message, largest))
    yield make_form(env, message)
    yield from iterate_contact_requests(env, message)
    yield from iterate_campaign_requests(env, largest)
    yield from iterate_dashboard_requests(env)


def _make_samples(message, campaign):
    """What a person types into the search fields."""
    number = message.msisdn
    return {
        "sms.gateway.message": [
            ("whole number", "phone", number),
            ("number as it is spoken", "phone", f"8 {number[2:5]} {number[5:]}"),
            ("last four digits", "phone", number[-4:]),
            ("last seven digits", "phone", number[-7:]),
            ("text that is no number", "phone", "nobody"),
            ("number of a recipient", "recipient_name", number),
            ("name of a recipient", "recipient_name", "Contact"),
            ("name that nobody has", "recipient_name", "no such name"),
            ("number that nobody has", "phone", "+79990000000"),
            ("campaign", "campaign_id", "заказ"),
            ("one campaign", "campaign_id", campaign.name),
            ("no campaign", "campaign_id", "no such thing"),
            ("route", "route_id", message.route_id.name),
            ("reference", "uuid", message.uuid),
            ("provider's reference", "provider_reference", message.provider_reference),
        ],
        "sms.gateway.campaign": [
            ("text", "name", "заказ"),
            ("no campaign", "name", "no such thing"),
            ("key", "key", campaign.key),
            ("route", "route_id", campaign.route_id.name),
            ("user", "user_id", "person"),
        ],
        "sms.gateway.delivery.report": [
            ("provider's reference", "provider_reference", message.provider_reference),
            ("whole number", "message_id", number),
            ("last four digits", "message_id", number[-4:]),
            ("number that nobody has", "message_id", "+79990000000"),
        ],
    }


def iterate_requests(env, samples):
    """Every request that the lists, graphs and pivots of the gateway make.

    :param samples: dict of model → list of (title, field, what a person types)
    :rtype: Iterator[Request]
    """
    for name in ACTIONS:
        screen = Screen(env, f"crm_sms_gateway.{name}")
        yield from screen.iterate_requests(samples.get(screen.model._name, ()))


def iterate_campaign_requests(env, campaign):
    """What a person asks for who looks into one campaign.

    :rtype: Iterator[Request]
    """
    campaigns = Screen(env, "crm_sms_gateway.sms_gateway_campaign_action")
    yield campaigns.make_form("campaign's form", campaign)
    report = partial(campaign.with_env(env).action_get_report)
    yield Request("Campaigns, campaign's report", report)
    messages = Screen(env, "crm_sms_gateway.sms_gateway_message_action")
    messages.title = "Messages of the campaign"
    messages.domain = [("campaign_id", "=", campaign.id)]
    yield from messages.iterate_requests()


def iterate_dashboard_requests(env):
    """The dashboard, for each of its periods.

    :rtype: Iterator[Request]
    """
    for days in PERIODS:
        call = partial(env["sms.gateway.statistic"].action_get_dashboard, days)
        yield Request(f"Dashboard, {days} days", call)


def make_form(env, record):
    """What the form of a record asks for."""
    name = record._name.replace(".", "_")
    screen = Screen(env, f"crm_sms_gateway.{name}_action")
    return screen.make_form("form", record)


def iterate_contact_requests(env, message):
    """What a contact with the message's number asks for: its form, its messages."""
    # sudo: who sends messages need not be allowed to make contacts
    contacts = env["res.partner"].sudo()
    contact = contacts.create({"name": "Contact", "phone": message.msisdn})
    yield Screen(env, "base.action_partner_form").make_form("contact's form", contact)
    of_person = contact.with_env(env)
    yield Request(
        "Customers, contact's messages",
        partial(of_person.action_open_sms_gateway_messages),
    )


class Screen:
    """One window action: its list or graph, pivot and search view."""

    def __init__(self, env, action):
        # sudo: reading an action is what the web client's own controller does
        action = env.ref(action).sudo()
        self.model = env[action.res_model]
        self.title = action.name
        self.domain = literal_eval(action.domain or "[]")
        kinds = [kind.strip() for kind in action.view_mode.split(",")]
        got = self.model.get_views(
            [*((False, kind) for kind in kinds), (action.search_view_id.id, "search")]
        )
        self.views = {
            kind: etree.fromstring(view["arch"]) for kind, view in got["views"].items()
        }
        self.models = {name: model["fields"] for name, model in got["models"].items()}
        self.fields = self.models[self.model._name]
        self.filters = {
            one.get("name"): one for one in self.views["search"].iter("filter")
        }
        self._defaults = [
            self.filters[name.removeprefix("search_default_")]
            for name, value in literal_eval(action.context or "{}").items()
            if name.startswith("search_default_") and value
        ]

    def iterate_requests(self, samples=()):
        """The screen as it opens, with each filter, each search and each grouping.

        :param samples: list of (title, field, what a person types)
        """
        defaults = [leaf for one in self._defaults for leaf in _read_domain(one)]
        for kind in ("graph", "pivot", "kanban", "calendar", "list"):
            if kind in self.views:
                yield self._make(kind, "as it opens", defaults)
        yield from self._iterate_first_form()
        yield self._make("list", "page 100", defaults, offset=99 * LIST_LIMIT)
        for title, domain in self._iterate_filters():
            yield self._make("list", title, domain)
        for title, name, typed in samples:
            domain = self._make_search_domain(name, typed)
            yield self._make("list", f"search {title}", domain)
        for title, group_by in self._iterate_groups():
            yield self._make("groups", title, defaults, group_by=group_by)

    def _iterate_first_form(self):
        record = self.model.search(self.domain, limit=1)
        if "form" in self.views and record:
            yield self.make_form("first form", record)

    def make_form(self, title, record):
        specification = self._make_specification(self.views["form"], self.fields)
        call = partial(record.with_env(self.model.env).web_read, specification)
        return Request(f"{self.title}, {title}", call)

    def _make(self, kind, title, domain, **values):
        ask = getattr(self, f"_ask_{kind}")
        call = partial(ask, self.domain + domain, **values)
        return Request(f"{self.title}, {kind}: {title}", call)

    # === WHAT THE SEARCH VIEW OFFERS ===
    def _iterate_filters(self):
        for one in self.filters.values():
            if one.get("domain"):
                yield one.get("string"), _read_domain(one)
            elif one.get("date"):
                yield from self._iterate_periods(one)

    def _iterate_periods(self, one):
        name = one.get("date")
        month = fields.Date.today().replace(day=1)
        year = month.replace(month=1)
        for title, start, end in (
            ("this month", month, month + relativedelta(months=1)),
            ("last month", month - relativedelta(months=1), month),
            ("this year", year, year + relativedelta(years=1)),
        ):
            domain = [(name, ">=", str(start)), (name, "<", str(end))]
            yield f"{one.get('string')}, {title}", domain

    def _iterate_groups(self):
        for one in self.filters.values():
            group_by = literal_eval(one.get("context") or "{}").get("group_by")
            if group_by:
                yield one.get("string"), group_by

    def _make_search_domain(self, name, typed):
        field = self.views["search"].find(f"field[@name='{name}']")
        if domain := field.get("filter_domain"):
            return safe_eval(domain, {"self": typed})
        return [(name, field.get("operator") or "ilike", typed)]

    # === WHAT THE VIEWS ASK FOR ===
    def _ask_list(self, domain, offset=0):
        view = self.views["list"]
        return self.model.web_search_read(
            domain,
            self._make_specification(view, self.fields),
            offset=offset,
            limit=LIST_LIMIT,
            order=view.get("default_order") or "",
            count_limit=COUNT_LIMIT,
        )

    def _ask_groups(self, domain, group_by):
        shown = [one.get("name") for one in self.views["list"].findall("field")]
        aggregates = [
            f"{name}:{self.fields[name]['aggregator']}"
            for name in shown
            if self.fields[name].get("aggregator")
            and self.fields[name]["type"] in ("integer", "float", "monetary")
        ]
        specification = self._make_specification(self.views["list"], self.fields)
        return self.model.with_context(read_group_expand=True).web_read_group(
            domain,
            [group_by],
            aggregates,
            limit=LIST_LIMIT,
            unfold_read_specification=specification,
        )

    def _ask_graph(self, domain):
        groups, measures = self._read_axes("graph")
        return self.model.formatted_read_group(domain, groups, measures)

    def _ask_pivot(self, domain):
        groups, measures = self._read_axes("pivot")
        sets = [[], groups[:1], groups[1:], groups]
        return self.model.formatted_read_grouping_sets(domain, sets, measures)

    def _ask_kanban(self, domain):
        view = self.views["kanban"]
        specification = self._make_specification(view, self.fields)
        group_by = view.get("default_group_by")
        if not group_by:
            return self.model.web_search_read(
                domain, specification, limit=LIST_LIMIT, count_limit=COUNT_LIMIT
            )
        return self.model.web_read_group(
            domain,
            [group_by],
            limit=LIST_LIMIT,
            auto_unfold=True,
            unfold_read_specification=specification,
        )

    def _ask_calendar(self, domain):
        """A month, with the days of its neighbours that the calendar shows."""
        view = self.views["calendar"]
        start = view.get("date_start")
        month = fields.Date.today().replace(day=1)
        shown = [
            (start, ">=", str(month - relativedelta(days=7))),
            (start, "<=", str(month + relativedelta(days=38))),
        ]
        specification = self._make_specification(view, self.fields)
        return self.model.web_search_read(domain + shown, specification)

    def _read_axes(self, kind):
        groups, measures = [], ["__count"]
        for one in self.views[kind].findall("field"):
            if one.get("type") == "measure":
                measures.append(f"{one.get('name')}:sum")
            else:
                interval = one.get("interval")
                groups.append(f"{one.get('name')}{interval and ':' + interval or ''}")
        return groups, measures

    def _make_specification(self, view, of_model):
        """The fields that a view shows, as `web_read` wants to be told."""
        specification = {}
        for one in _iterate_fields(view):
            field = of_model[one.get("name")]
            specification[one.get("name")] = self._specify(one, field)
        return specification

    def _specify(self, one, field):
        if field["type"] == "many2one":
            return {"fields": {"display_name": {}}}
        if field["type"] not in ("one2many", "many2many"):
            return {}
        lines = one.find("list")
        if lines is None:
            return {"fields": {"display_name": {}}}
        shown = self._make_specification(lines, self.models[field["relation"]])
        return {"fields": shown, "limit": LINES_LIMIT, "order": ""}


def _iterate_fields(view):
    """The fields of a view without those of the lists inside it."""
    for one in view.iter("field"):
        parent = one.getparent()
        while parent is not view and parent.tag != "field":
            parent = parent.getparent()
        if parent is view:
            yield one


def _read_domain(one):
    return safe_eval(one.get("domain"), {"uid": 1})
