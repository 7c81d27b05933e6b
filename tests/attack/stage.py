"""Where attacks are played: a database, its workers and people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from crash.facts import GatewayDatabase
from crash.workers import Failed, Nursery, OdooServer

from .plan import Plan

#: seconds after which an answer is not waited for any more
PATIENCE = 120


@dataclass
class Stage:
    """What every scenario is given."""

    nursery: Nursery
    database: GatewayDatabase
    folder: Path
    plan: Plan

    def serve(self, *, workers: int = 0, arguments: tuple[str, ...] = ()) -> OdooServer:
        """A web server that runs no crons."""
        return OdooServer(
            *(self.database.name, self.folder),
            *(f"--workers={workers}", "--max-cron-threads=0", *arguments),
        )

    def make_world(self) -> dict[str, Any]:
        """Make two companies with people and records, see `tasks.make_world`."""
        self.database.forget()
        world: dict[str, Any] = self.nursery.run("make_world")
        return world


class Refused(Exception):
    """Odoo refused a call, with what it says."""


class Person:
    """Somebody's session, as a browser has one."""

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        login_data = {"db": database, "login": login, "password": password}
        self._call_page("/web/session/authenticate", login_data)

    def call(self, model: str, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a public method of a model.

        :raise Refused: by rights, by a sentence for people, or by a fault
        """
        call = {"model": model, "method": method, "args": arguments, "kwargs": options}
        return self._call_page(f"/web/dataset/call_kw/{model}/{method}", call)

    def _call_page(self, path: str, parameters: dict[str, Any]) -> Any:
        document = {"jsonrpc": "2.0", "method": "call", "params": parameters}
        answer = self._session.post(
            f"{self._url}{path}", json=document, timeout=PATIENCE
        )
        try:
            told = answer.json()
        except ValueError:
            raise Failed(f"{path}: {answer.status_code} {answer.text[:200]}") from None
        if "error" in told:
            raise Refused(told["error"]["data"]["message"])
        return told.get("result")
