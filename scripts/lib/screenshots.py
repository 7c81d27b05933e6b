"""Take the pictures of the README and of the app's description page.

    screenshots.py [--all] folder

Works in the demonstration database that ODOO_DB names, over ODOO_URL: a shop writes to
its customers, then a browser looks at it. With --all it looks at every view in every
look instead; see `album`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any

from album import Album
from page import Page
from web_client import WebClient

URL = os.environ["ODOO_URL"]
LOGIN = PASSWORD = "admin"
SIZE = (1366, 768)
#: messages that the route of the running campaign hands over in a second
THROUGHPUT = 12
#: of a part, in the company's currency
PRICE = 0.04
#: seconds until something has happened in Odoo
PATIENCE = 120

TAG = "Loyal customer"
MEN = ("Oliver", "Jack", "Harry", "George", "Noah", "Charlie")
WOMEN = ("Amelia", "Olivia", "Isla", "Emily", "Ava", "Lily")
LAST_NAMES = (
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson"
    " Evans Walker White Roberts Green Hall Wood Jackson Clarke"
).split()
TEXTS = {
    "text_male": "Dear Mr {{ last_name }}, our winter sale begins on Friday:"
    " 30 % off until Sunday. Your shop",
    "text_female": "Dear Ms {{ last_name }}, our winter sale begins on Friday:"
    " 30 % off until Sunday. Your shop",
    "text_neutral": "Dear customer, our winter sale begins on Friday: 30 % off until"
    " Sunday. Your shop",
}


def main() -> None:
    """Let the shop work and take the pictures."""
    *options, folder = sys.argv[1:]
    shop = Shop(WebClient(URL, os.environ["ODOO_DB"], LOGIN, PASSWORD))
    shop.prepare()
    # Processes of the browser write there for a moment after it has ended.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        with Page(Path(profile), *SIZE) as page:
            log_in(page, LOGIN)
            if options == ["--all"]:
                album = Album(page, shop.odoo, URL, Path(folder))
                album.take_all(shop.done, shop.list, shop.customers[:40])
            else:
                Photographer(page, Path(folder), shop).take_all()


def log_in(page: Page, login: str) -> None:
    """Log in as a user whose password is the login."""
    page.open(f"{URL}/web/session/logout?redirect=/web/login")
    page.see("input[name=login]")
    page.run(
        f"document.querySelector('input[name=login]').value = '{login}';"
        f"document.querySelector('input[name=password]').value = '{login}';"
        "document.querySelector('.oe_login_form').submit()"
    )
    page.see(".o_main_navbar")


class Shop:
    """What happens in the database before somebody looks."""

    def __init__(self, odoo: WebClient) -> None:
        self.odoo = odoo

    def prepare(self) -> None:
        """Customers, a list, a template and campaigns in every state."""
        self.silence_bot()
        self.hide_strangers()
        self.customers = self.make_customers()
        self.fast = self.make_route("Mobile operator", 0)
        self.slow = self.make_route("Marketing", THROUGHPUT)
        self.list = self.make_list()
        self.template = self.make("sms.gateway.template", name="Winter sale", **TEXTS)
        self.done = self.make_campaign("Thank you for your order", self.fast)
        self.send(self.done)
        self.wait(self.done, state="done")
        self.make_campaign("Opening hours at Christmas", self.fast)
        later = datetime.now(timezone.utc) + timedelta(days=3)
        scheduled = self.make_campaign(
            "Your birthday present",
            self.fast,
            scheduled_at=later.strftime("%Y-%m-%d 09:00:00"),
        )
        self.send(scheduled)
        paused = self.make_campaign("New collection", self.slow)
        self.send(paused)
        self.wait(paused, unprepared_count=0)
        self.odoo.call("sms.gateway.campaign", "action_pause", [paused])

    def silence_bot(self) -> None:
        """Odoo's bot greets who logs in, on a phone across the whole page."""
        users = self.odoo.call("res.users", "search", [["login", "=", LOGIN]])
        self.odoo.call("res.users", "write", users, {"odoobot_state": "disabled"})

    def hide_strangers(self) -> None:
        """Campaigns of the demonstration that are about something else."""
        names = self.odoo.call("sms.gateway.route", "search", [])
        self.odoo.call("sms.gateway.route", "write", names, {"sequence": 100})

    def make(self, model: str, **values: Any) -> int:
        """Make one record."""
        return int(self.odoo.call(model, "create", [values])[0])

    def make_customers(self) -> list[int]:
        """Contacts, nine of ten with a number and most with a gender."""
        tag = self.make("res.partner.category", name=TAG)
        customers = list(_list_customers(tag))
        return list(self.odoo.call("res.partner", "create", customers))

    def make_route(self, name: str, throughput: float) -> int:
        return self.make(
            "sms.gateway.route",
            name=name,
            provider_code="sandbox",
            throughput=throughput,
            sequence=1,
            price_ids=[(0, 0, {"prefix": "+7", "price": PRICE})],
        )

    def make_list(self) -> int:
        members = [(0, 0, {"partner_id": partner}) for partner in self.customers]
        return self.make("sms.gateway.list", name="Loyal customers", member_ids=members)

    def make_campaign(self, name: str, route: int, **values: Any) -> int:
        return self.make(
            "sms.gateway.campaign",
            name=name,
            route_id=route,
            template_id=self.template,
            list_ids=[(6, 0, [self.list])],
            **TEXTS,
            **values,
        )

    def send(self, campaign: int) -> None:
        self.odoo.call("sms.gateway.campaign", "action_send", [campaign])

    def wait(self, campaign: int, **wanted: Any) -> None:
        """Wait until a campaign has these values."""
        self.wait_until(lambda values: values == wanted, campaign, list(wanted))

    def wait_until(self, condition: Any, campaign: int, names: list[str]) -> None:
        """Wait until the values of some fields of a campaign fulfil a condition."""
        started = time.monotonic()
        while True:
            [values] = self.odoo.call("sms.gateway.campaign", "read", [campaign], names)
            values.pop("id")
            if condition(values):
                return
            if time.monotonic() - started > PATIENCE:
                sys.exit(f"screenshots.py: campaign {campaign} has {values}")
            time.sleep(0.3)


def _list_customers(tag: int) -> Iterator[dict[str, Any]]:
    people = [(name, "male") for name in MEN] + [(name, "female") for name in WOMEN]
    for index, (last_name, (first_name, gender)) in enumerate(
        product(LAST_NAMES, people)
    ):
        # the sandbox does not deliver to a number that ends with 9901
        ending = 9901 if index % 20 == 7 else 1000 + index
        yield {
            "name": f"{first_name} {last_name}",
            "first_name": first_name,
            "last_name": last_name,
            "gender": False if index % 11 == 5 else gender,
            "phone": False if index % 17 == 8 else f"+7900{200 + index}{ending}",
            "category_id": [(4, tag)],
        }


class Photographer:
    """Goes from page to page."""

    def __init__(self, page: Page, folder: Path, shop: Shop) -> None:
        self.page = page
        self.folder = folder
        self.shop = shop

    def take_all(self) -> None:
        """Every picture, named after what it shows."""
        self.shoot_composer()
        self.shoot_campaign()
        self.open("sms-gateway?view_type=kanban", ".o_kanban_record")
        self.shoot("campaigns")
        self.shoot_messages()
        self.shoot_dashboard()

    def open(self, path: str, selector: str) -> None:
        self.page.open(f"{URL}/odoo/{path}")
        self.page.see(selector)

    def shoot(self, name: str) -> None:
        self.page.shoot(self.folder / f"{name}.png")

    def shoot_composer(self) -> None:
        """The dialog over a list of contacts."""
        page = self.page
        self.open("contacts?view_type=list", ".o_list_view .o_searchview_input")
        page.fill(".o_searchview_input", TAG)
        page.click(".o_searchview_autocomplete .o-dropdown-item", "Tag")
        page.see(".o_pager_limit", str(len(self.shop.customers)))
        page.click("thead .o_list_record_selector input")
        page.click(".o_cp_action_menus .dropdown-toggle", "Actions")
        page.click(".o-dropdown-item", "Send via SMS Gateway")
        page.see(".o_recipient")
        page.click(".modal [name=has_variants] input")
        for name, text in TEXTS.items():
            page.fill(f".modal [name={name}] textarea", text)
        page.see(".o_sizes", "Gender not set")
        page.click(".o_next")
        page.see(".o_sms_gateway_bubble", "Dear M")
        self.shoot("composer")

    def shoot_campaign(self) -> None:
        """A campaign while its messages go out."""
        campaign = self.shop.make_campaign("Winter sale", self.shop.slow)
        self.shop.send(campaign)
        self.shop.wait_until(
            lambda values: values["delivered_count"] > len(self.shop.customers) / 3,
            campaign,
            ["delivered_count"],
        )
        self.open(f"sms-gateway/{campaign}", ".oe_stat_button")
        self.shoot("campaign")

    def shoot_messages(self) -> None:
        """What became of a campaign, and one message with its story."""
        self.open(f"sms-gateway/{self.shop.done}", ".oe_stat_button")
        self.page.click("button[name=action_open_messages]")
        self.page.see(".o_data_row")
        self.shoot("messages")
        domain = [["campaign_id", "=", self.shop.done], ["state", "=", "delivered"]]
        [message] = self.shop.odoo.call(
            "sms.gateway.message", "search", domain, limit=1
        )
        self.open(f"sms-gateway-messages/{message}", "[name=timeline] tbody tr")
        self.shoot("message")

    def shoot_dashboard(self) -> None:
        """The manager's page."""
        self.open("sms-gateway-dashboard", ".o_sms_gateway_tiles")
        self.page.see(".o_sms_gateway_chart canvas")
        self.shoot("dashboard")


if __name__ == "__main__":
    main()
