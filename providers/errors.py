"""Errors of providers, named after the reaction they demand."""

from __future__ import annotations


class ProviderError(Exception):
    """Base of all errors; ``code`` and the text are the provider's own words."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class NotSent(ProviderError):
    """Nothing was handed over: back off and try again."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        retry_after: float | None = None,
        is_throttled: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        self.is_throttled = is_throttled


class MaybeSent(ProviderError):
    """Bytes left and no readable answer came: never submit again blindly."""


class RouteDown(ProviderError):
    """Nothing was handed over, and nothing will be until a person acts."""


class ForgedPush(ProviderError):
    """A push whose signature is wrong or absent; it is refused and counted."""


class UnreadablePush(ProviderError):
    """A push that cannot be understood; it is kept, the provider gets an error."""
