"""Odoo's own way to call methods from a page, for the programs of the scripts."""

from __future__ import annotations

import sys
from typing import Any

import requests


class WebClient:
    """A session of one user."""

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        self.url = url
        self.session = requests.Session()
        login_data = {"db": database, "login": login, "password": password}
        self._call_page("/web/session/authenticate", login_data)

    def call(self, model: str, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a public method of a model."""
        call = {"model": model, "method": method, "args": arguments, "kwargs": options}
        return self._call_page(f"/web/dataset/call_kw/{model}/{method}", call)

    def _call_page(self, path: str, parameters: dict[str, Any]) -> Any:
        document = {"jsonrpc": "2.0", "method": "call", "params": parameters}
        answer = self.session.post(f"{self.url}{path}", json=document, timeout=60)
        if "error" in answer.json():
            sys.exit(f"Odoo: {answer.json()['error']['data']['message']}")
        return answer.json().get("result")
