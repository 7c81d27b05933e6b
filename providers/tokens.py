"""Tokens that providers give for a login, shared by the threads of this process."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field


@dataclass
class _Slot:
    """The token of one account; its lock is held while somebody logs in."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = ""
    #: of the monotonic clock
    expires_at: float = 0.0
    #: of the last login that failed, and how many did
    error: Exception | None = None
    failures: int = 0


class TokenStore:
    """Keeps the token of each account until it expires or is refused.

    An account is whatever its tokens depend on: the address, the login, a hash of the
    password. Threads that need a token at the same time log in once, and fail together:
    one after the other they would wait for longer than messages are leased.
    """

    def __init__(self, lifetime: float) -> None:
        """:param lifetime: seconds for which a token is used"""
        self._lifetime = lifetime
        self._lock = threading.Lock()
        self._slots: dict[Hashable, _Slot] = {}

    def get(self, account: Hashable, log_in: Callable[[], str]) -> str:
        """The account's token; errors are those of ``log_in``.

        :param log_in: asks the provider for a new token
        """
        slot = self._get_slot(account)
        failures = slot.failures
        with slot.lock:
            if slot.token and time.monotonic() < slot.expires_at:
                return slot.token
            if slot.error and slot.failures != failures:
                raise copy.copy(slot.error)
            return self._renew(slot, log_in)

    def drop(self, account: Hashable, token: str) -> None:
        """Forget a token that was refused, unless another thread has a new one."""
        slot = self._get_slot(account)
        with slot.lock:
            if slot.token == token:
                slot.token = ""

    def _renew(self, slot: _Slot, log_in: Callable[[], str]) -> str:
        slot.token = ""
        try:
            slot.token = log_in()
        except Exception as error:
            slot.error = error
            slot.failures += 1
            raise
        slot.expires_at = time.monotonic() + self._lifetime
        return slot.token

    def _get_slot(self, account: Hashable) -> _Slot:
        with self._lock:
            return self._slots.setdefault(account, _Slot())
