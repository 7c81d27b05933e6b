"""What every provider is: settings and capabilities, pure building and parsing."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import ClassVar

from .cleaning import Cleaner, trace
from .errors import MaybeSent, NotSent, ProviderError, RouteDown
from .http import HttpClient, HttpWords
from .types import (
    Balance,
    Capabilities,
    ClientReference,
    DeliveryReport,
    Outcome,
    PushAnswer,
    PushRequest,
    Setting,
    SubmitRequest,
    SubmitResult,
    Words,
    _,
)

_logger = logging.getLogger(__name__)

#: Longest balance that is kept as it came, in characters, and most lines of one.
_MAX_ANSWER = 16 * 1024
_MAX_LINES = 100
#: Moments further away from this one are not believed.
_MAX_BEHIND = timedelta(days=3653)
_MAX_AHEAD = timedelta(days=1)


class BaseWords(Words):
    """What is said of routes to any provider. ``labels`` are those of settings."""

    PAUSED_BY_HAND = _("Paused by hand")
    #: see ``data/neutralize.sql``
    NEUTRALISED = _("Neutralised copy of a database")
    MISSING_SETTINGS = _("Missing settings: {labels}")
    WRONG_COUNT = _("The number of results is wrong")


class Provider(ABC):
    """One configured account at one provider.

    A subclass fills the hooks ``_submit`` and, as its capabilities say, ``_poll``,
    ``_lookup``, ``_balance`` and ``_parse_push``. It may keep nothing between calls:
    several threads use one instance at once. What hooks bring back may be a stranger's
    words of any kind; callers get them short, in one line and without our secrets.
    """

    #: technical name, stored on routes
    code: ClassVar[str]
    #: name for people, marked with `types._`
    label: ClassVar[str]
    #: what an administrator should know, marked with `types._`
    description: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    settings: ClassVar[tuple[Setting, ...]] = ()
    #: what the adapter says itself, besides what all of them say
    words: ClassVar[tuple[type[Words], ...]] = ()

    def __init__(self, settings: Mapping[str, str], http: HttpClient) -> None:
        """:param settings: values by `Setting.name`; absent or empty = its default"""
        self._settings = {
            setting.name: settings.get(setting.name) or setting.default
            for setting in self.settings
        }
        self._http = http
        self._cleaner = Cleaner(
            self._settings[setting.name] for setting in self.settings if setting.secret
        )

    @classmethod
    def get_setting(cls, name: str) -> Setting | None:
        """The declaration of a setting."""
        return next((s for s in cls.settings if s.name == name), None)

    @classmethod
    def get_words(cls) -> list[str]:
        """All texts that are said without being the provider's."""
        groups: tuple[type[Words], ...] = (BaseWords, HttpWords, *cls.words)
        return [str(one.value) for group in groups for one in group]

    @property
    def max_batch(self) -> int:
        """Messages per submit call for this account."""
        return self.capabilities.max_batch

    @property
    def is_idempotent(self) -> bool:
        """Whether submitting a message again is safe with the same client reference."""
        return self.capabilities.client_reference is ClientReference.DEDUP

    def missing_settings(self) -> list[Setting]:
        """Required settings without a value."""
        return [s for s in self.settings if s.required and not self._settings[s.name]]

    def check_settings(self) -> list[str]:
        """Hook: what is wrong with the values, in sentences; empty when all is well.

        Each is one of the adapter's `words`.
        """
        return []

    def get_remarks(self) -> list[str]:
        """Hook: what an administrator should know of settings that work, in sentences.

        Each is one of the adapter's `words`.
        """
        return []

    def _check_usable(self) -> None:
        if self._problem:
            raise RouteDown(self._problem)

    @cached_property
    def _problem(self) -> str:
        """Why the settings cannot work, a line for each; they are judged once."""
        missing = self.missing_settings()
        if missing:
            labels = ", ".join(setting.label for setting in missing)
            return BaseWords.MISSING_SETTINGS.say(labels=labels)
        return "\n".join(self.check_settings())

    def close(self) -> None:
        """Give the connections back; no call may follow."""
        self._http.close()

    # === WHAT A STRANGER SAID ===
    def redact(self, text: str) -> str:
        """A text without the secrets of the settings."""
        return self._cleaner.redact(text)

    def _clean(self, words: str) -> str:
        cleaned = words and self._cleaner.clean(words)
        # our own problem with the settings has a line for each
        is_ours = cleaned != words and words == self._problem
        return words if is_ours else cleaned

    @contextmanager
    def _clean_errors(self) -> Iterator[None]:
        """A block whose errors carry words that can be shown."""
        try:
            yield
        except ProviderError as error:
            error.message = self._clean(error.message)
            error.code = self._clean(error.code)
            error.args = (error.message,)
            raise

    def _clean_reference(self, reference: str | None) -> str | None:
        is_clean = not reference or self._cleaner.is_reference(reference)
        return reference if is_clean else None

    def _clean_result(self, result: SubmitResult) -> SubmitResult:
        reference = self._clean_reference(result.provider_reference)
        if reference is result.provider_reference and not (
            result.message or result.code or result.route_down
        ):
            return result
        return replace(
            result,
            provider_reference=reference,
            code=self._clean(result.code),
            message=self._clean(result.message),
            route_down=result.route_down and self._clean(result.route_down),
        )

    def _clean_reports(self, reports: Iterable[DeliveryReport]) -> list[DeliveryReport]:
        moment = datetime.now(timezone.utc)
        return [self._clean_report(report, moment) for report in reports]

    def _clean_report(self, report: DeliveryReport, moment: datetime) -> DeliveryReport:
        at = report.occurred_at
        if at and not -_MAX_BEHIND < at - moment < _MAX_AHEAD:
            report = replace(report, occurred_at=None)
        reference = self._clean_reference(report.provider_reference)
        code, raw = self._clean(report.code), self._clean(report.raw)
        message = self._clean(report.message)
        if (reference, code, raw, message) == (
            report.provider_reference, report.code, report.raw, report.message
        ):  # fmt: skip
            return report
        return replace(
            report, provider_reference=reference, code=code, raw=raw, message=message
        )

    def _clean_balance(self, balance: Balance) -> Balance:
        text = self.redact(balance.text)[:_MAX_ANSWER]
        return Balance(
            money=balance.money[:_MAX_LINES],
            units=tuple(
                replace(line, area=self._clean(line.area))
                for line in balance.units[:_MAX_LINES]
            ),
            raw=balance.raw if text == balance.text else text.encode(),
            text=text,
        )

    # === SUBMIT ===
    def submit(self, requests: Sequence[SubmitRequest]) -> list[SubmitResult]:
        """Hand over at most ``max_batch`` messages.

        :return: exactly one result per request, in order; never raises
        """
        try:
            self._check_usable()
            results = self._submit(requests)
        except NotSent as error:
            failed = SubmitResult(
                Outcome.NOT_SENT,
                code=error.code,
                message=error.message,
                retry_after=error.retry_after,
                route_trouble=True,
            )
        except RouteDown as error:
            failed = SubmitResult(
                Outcome.NOT_SENT,
                code=error.code,
                message=error.message,
                route_down=error.message,
            )
        except MaybeSent as error:
            failed = SubmitResult(
                Outcome.MAYBE_SENT, code=error.code, message=error.message
            )
        except Exception as error:
            # A bug of the adapter may strike after the bytes left: not knowing is
            # the only honest answer.
            _logger.error("%s: submit failed: %s", self.code, trace(error))
            failed = SubmitResult(Outcome.MAYBE_SENT, message=type(error).__name__)
        else:
            if len(results) == len(requests):
                return [self._clean_result(result) for result in results]
            _logger.error(
                "%s: %d results for %d messages", self.code, len(results), len(requests)
            )
            failed = SubmitResult(
                Outcome.MAYBE_SENT, message=BaseWords.WRONG_COUNT.say()
            )
        return [self._clean_result(failed)] * len(requests)

    @abstractmethod
    def _submit(self, requests: Sequence[SubmitRequest]) -> list[SubmitResult]:
        """Hook: hand over the messages of one batch.

        :raise NotSent, MaybeSent, RouteDown: when it holds for the whole batch
        """

    # === DELIVERY REPORTS ===
    def poll(self, references: Sequence[str]) -> list[DeliveryReport]:
        """Ask for the statuses of at most ``max_poll`` provider references.

        :return: what is known; a reference without an answer may be missing
        :raise ProviderError: the whole call failed
        """
        with self._clean_errors():
            return self._clean_reports(self._poll(references))

    def _poll(self, references: Sequence[str]) -> list[DeliveryReport]:
        """Hook of `poll`."""
        raise NotImplementedError

    def lookup(self, requests: Sequence[SubmitRequest]) -> list[DeliveryReport]:
        """Ask by our reference what became of messages whose submit went unanswered.

        :return: one report per request, in order; status NOT_FOUND is an answer too
        :raise ProviderError: the whole call failed
        """
        with self._clean_errors():
            return self._clean_reports(self._lookup(requests))

    def _lookup(self, requests: Sequence[SubmitRequest]) -> list[DeliveryReport]:
        """Hook of `lookup`."""
        raise NotImplementedError

    def parse_push(self, request: PushRequest) -> PushAnswer:
        """Read a pushed delivery report.

        :raise UnreadablePush: it cannot be understood
        """
        with self._clean_errors():
            answer = self._parse_push(request)
        return replace(answer, reports=tuple(self._clean_reports(answer.reports)))

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        """Hook of `parse_push`."""
        raise NotImplementedError

    # === ACCOUNT ===
    def balance(self) -> Balance:
        """Ask the provider for the account's balance.

        :raise ProviderError: no answer, or an answer that is an error
        """
        with self._clean_errors():
            return self._clean_balance(self._balance())

    def _balance(self) -> Balance:
        """Hook of `balance`."""
        raise NotImplementedError

    def test_connection(self) -> str:
        """Prove that the settings work, without sending anything.

        :return: a short proof for the administrator, e.g. the balance
        :raise ProviderError: with the reason
        """
        with self._clean_errors():
            self._check_usable()
            return self._clean(self._test_connection())

    def _test_connection(self) -> str:
        """Hook of `test_connection`: asks for the balance unless a subclass knows
        something cheaper."""
        money = self._balance().money[:_MAX_LINES]
        return ", ".join(f"{one.amount} {one.currency}" for one in money)


__all__ = ["Provider", "ProviderError"]
