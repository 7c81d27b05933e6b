"""Clients of the API that repeat a request, under its key, until it is answered."""

from __future__ import annotations

import json
import threading
import time
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

#: Seconds for which a client believes that its request will be carried out.
PATIENCE = 120


class Clients:
    """Sends messages, each in a request of its own, with so many at once.

    :param url: of the Odoo server
    :param key: of the API
    """

    def __init__(self, url: str, key: str, route: str, *, at_once: int = 4) -> None:
        self._url = f"{url}/api/v1"
        self._key = key
        self._route = route
        self._at_once = at_once
        self._opener = build_opener(ProxyHandler({}))
        self._lock = threading.Lock()
        self._left: list[str] = []
        self._threads: list[threading.Thread] = []
        #: answers that did not come, or told the client to come again
        self.repeated = 0
        #: answers that said anything else than "accepted"
        self.refused: list[str] = []

    def start(self, phones: list[str]) -> None:
        """Begin to send to these numbers."""
        self._left = list(phones)
        self._threads = [
            threading.Thread(target=self._work, daemon=True)
            for _number in range(self._at_once)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_done(self) -> bool:
        """Whether every request was answered."""
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._left:
                    return
                phone = self._left.pop()
            self._send(phone)

    def _send(self, phone: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status, words = self._ask(phone)
            if status == 200:
                return
            if status and status != 503:
                break
            with self._lock:
                self.repeated += 1
            time.sleep(0.05)
        with self._lock:
            self.refused.append(f"{status} {words}")

    def _ask(self, phone: str) -> tuple[int, str]:
        """:return: the status, 0 where there was no answer, and what it says"""
        request = Request(
            self._url,
            data=json.dumps(self._make_document(phone)).encode(),
            headers={
                "Authorization": f"Bearer {self._key}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"{self._route} {phone}",
            },
        )
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")
        except (URLError, OSError, HTTPException) as error:
            return 0, str(error)

    def _make_document(self, phone: str) -> dict[str, Any]:
        return {
            "route": self._route,
            "send": {"text_male": "Здравствуйте", "users": [{"phone": phone}]},
        }
