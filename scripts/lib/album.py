"""Every view of the app in every look: languages, light and dark, wide and narrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from page import Page
from web_client import WebClient

ADDON = "crm_sms_gateway"
LANGUAGES = {"en": "en_US", "ru": "ru_RU"}
#: name → width, height and colour scheme
LOOKS = {
    "light": (1366, 768, "light"),
    "phone": (480, 800, "light"),
    "dark": (1366, 768, "dark"),
}
ACTIONS = "odoo.__WOWL_DEBUG__.root.env.services.action"
DARK_STYLE = 'link[href*="web.assets_web_dark"]'


@dataclass(frozen=True)
class Picture:
    """What is opened, and what is seen when it is there."""

    name: str
    #: an XML id, or an action as the server would give it
    action: str | dict[str, Any]
    selector: str = ".o_content"
    view: str = ""
    record: int = 0
    context: tuple[tuple[str, Any], ...] = ()

    def get_options(self) -> dict[str, Any]:
        """The options of the web client's `doAction`."""
        options: dict[str, Any] = {"clearBreadcrumbs": True}
        if self.view:
            options["viewType"] = self.view
        if self.record:
            options["props"] = {"resId": self.record}
        if self.context:
            options["additionalContext"] = dict(self.context)
        return options


def _ours(name: str) -> str:
    return f"{ADDON}.sms_gateway_{name}_action"


class Album:
    """Takes the pictures, each as FOLDER/LANGUAGE/LOOK/NAME.png."""

    def __init__(self, page: Page, odoo: WebClient, url: str, folder: Path) -> None:
        self.page = page
        self.odoo = odoo
        self.url = url
        self.folder = folder
        self.language = "en_US"

    def take_all(self, campaign: int, recipients: int, customers: list[int]) -> None:
        """Every picture.

        :param campaign: one that is done
        :param recipients: id of a recipient list
        :param customers: ids of contacts that the composer is opened for
        """
        for short, language in LANGUAGES.items():
            self.speak(language)
            pictures = list(self.iterate_pictures(campaign, recipients, customers))
            for look in LOOKS:
                if self.put_on(look):
                    self.take(pictures, self.folder / short / look)

    def iterate_pictures(
        self, campaign: int, recipients: int, customers: list[int]
    ) -> Iterator[Picture]:
        """The views of the menus, the forms behind them and the dialogs."""
        yield Picture("dashboard", _ours("dashboard"), ".o_sms_gateway_chart canvas")
        for kind in ("list", "kanban", "calendar", "graph", "pivot"):
            yield Picture(f"campaigns_{kind}", _ours("campaign"), view=kind)
        yield Picture("campaign", _ours("campaign"), view="form", record=campaign)
        for name in ("message", "list", "template", "route", "policy", "inbound"):
            yield Picture(f"{name}s", _ours(name), view="list")
            if record := self.find(f"sms.gateway.{name}"):
                yield Picture(name, _ours(name), view="form", record=record)
        for kind in ("graph", "pivot", "list"):
            yield Picture(f"statistics_{kind}", _ours("statistic"), view=kind)
        for name in ("delivery_report", "provider_request", "key", "hold", "operator"):
            yield Picture(f"{name}s", _ours(name), view="list")
        yield Picture(
            "settings",
            f"{ADDON}.res_config_settings_action",
            f".app_settings_block[data-key={ADDON}]",
        )
        yield Picture("route_check", _ours("route_check"), ".o_form_view")
        yield from self.iterate_dialogs(campaign, recipients, customers)

    def iterate_dialogs(
        self, campaign: int, recipients: int, customers: list[int]
    ) -> Iterator[Picture]:
        """The dialogs that buttons and the menu *Actions* open."""
        chosen = (
            ("active_model", "res.partner"),
            ("active_ids", customers),
            ("active_id", customers[0]),
        )
        for name, action in (
            ("composer", "res_partner_action_send"),
            ("add_to_list", "res_partner_action_add_to_list"),
        ):
            yield Picture(
                name, f"{ADDON}.{action}", ".modal .o_form_view", "", 0, chosen
            )
        for name, model, method, record in (
            ("send_again", "campaign", "action_send_again", campaign),
            ("import", "list", "action_import", recipients),
        ):
            action = self.odoo.call(
                f"sms.gateway.{model}",
                method,
                [record],
                context={"lang": self.language},
            )
            yield Picture(name, action, ".modal .o_form_view")

    def find(self, model: str) -> int:
        """The latest record that the list shows, 0 if there is none."""
        found = self.odoo.call(model, "search", [], order="id desc", limit=1)
        return int(found[0]) if found else 0

    # === LOOKS ===
    def speak(self, language: str) -> None:
        """Let Odoo speak the language with the person."""
        self.language = language
        # a page that asks meanwhile fills Odoo's cache with the languages of before
        self.page.open(f"{self.url}/web/health")
        wizard = self.odoo.call(
            "base.language.install",
            "create",
            {"lang_ids": self._find_language(language), "overwrite": False},
        )
        self.odoo.call("base.language.install", "lang_install", [wizard])
        [person] = self.odoo.call("res.users", "search", [["login", "=", "admin"]])
        self.odoo.call("res.users", "write", [person], {"lang": language})

    def _find_language(self, code: str) -> list[int]:
        domain = [["code", "=", code], ["active", "in", [True, False]]]
        return list(self.odoo.call("res.lang", "search", domain))

    def put_on(self, look: str) -> bool:
        """Reload the page in a look.

        :return: whether this Odoo has it: the dark theme is Odoo Enterprise's
        """
        width, height, scheme = LOOKS[look]
        self.page.resize(width, height)
        self.page.run(f"document.cookie = 'color_scheme={scheme}; path=/'")
        self.page.open(f"{self.url}/odoo")
        self.page.wait("window.odoo?.isReady")
        if scheme == "dark" and not self.page.run(
            f"Boolean(document.querySelector({json.dumps(DARK_STYLE)}))"
        ):
            print("screenshots.py: this Odoo has no dark theme")
            return False
        return True

    def take(self, pictures: list[Picture], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            action, options = map(json.dumps, (picture.action, picture.get_options()))
            self.page.run(f"{ACTIONS}.doAction({action}, {options})")
            self.page.see(picture.selector)
            self.page.shoot(folder / f"{picture.name}.png")
