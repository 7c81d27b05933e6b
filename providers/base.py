"""What every provider is: settings and capabilities, pure building and parsing."""

from __future__ import annotations

import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import ClassVar
from zoneinfo import ZoneInfo

from ..tools.vocabulary import FailureType
from .cleaning import Cleaner, trace
from .errors import NotSent, ProviderError, RouteDown, UnreadablePush
from .http import HttpClient, HttpWords
from .reading import ReadingWords
from .settings import Kind, Setting, SettingWords, Value
from .types import (
    Balance,
    Capabilities,
    ClientReference,
    Context,
    DeliveryStatus,
    InboundMessage,
    Outcome,
    PushAnswer,
    PushRequest,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Words,
    _,
)

_logger = logging.getLogger(__name__)

#: Longest balance that is kept as it came, in characters, and most lines of one.
_MAX_ANSWER = 16 * 1024
_MAX_LINES = 100
#: Longest inbound text that is kept, in characters.
_MAX_INBOUND = 10_000
#: Moments further away from this one are not believed.
_MAX_BEHIND = timedelta(days=3653)
_MAX_AHEAD = timedelta(days=1)


#: Settings that tell one account from another; the others say how it is used.
_KINDS_OF_ACCOUNT = (Kind.TEXT, Kind.LINES, Kind.SECRET, Kind.ADDRESS)


class BaseWords(Words):
    """What is said of routes to any provider. ``labels`` are those of settings."""

    PAUSED_BY_HAND = _("Paused manually")
    #: see ``data/neutralize.sql``
    NEUTRALISED = _("Neutralized copy of a database")
    MISSING_SETTINGS = _("Required settings are missing: {labels}")
    WRONG_COUNT = _("The provider module returned the wrong number of results")
    CHANNEL_UNSUPPORTED = _("The provider does not support this channel")
    SPEECH_TOO_LONG = _("The text of a call can have at most {maximum} characters")


class Provider(ABC):
    """One configured account at one provider.

    A subclass fills the hooks ``_submit`` and, as its capabilities say, ``_poll``,
    ``_lookup``, ``_balance``, ``_parse_push``, ``_fetch_inbound`` and
    ``_register_callback``. It may keep nothing between calls: several threads use one
    instance at once. What hooks bring back may be a stranger's words of any kind;
    callers get them short, in one line and without our secrets.
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

    def __init__(
        self,
        settings: Mapping[str, str],
        http: HttpClient,
        context: Context | None = None,
    ) -> None:
        """:param settings: values by `Setting.name`; absent or empty = its default"""
        self._settings = {
            setting.name: settings.get(setting.name) or setting.default
            for setting in self.settings
        }
        self._values = {
            setting.name: setting.read(self._settings[setting.name])
            for setting in self.settings
        }
        self._http = http
        self._context = context or Context()
        secrets = [self._settings[one.name] for one in self.settings if one.secret]
        self._cleaner = Cleaner([*secrets, self._context.callback_token])

    @classmethod
    def get_setting(cls, name: str) -> Setting | None:
        """The declaration of a setting."""
        return next((s for s in cls.settings if s.name == name), None)

    @classmethod
    def get_words(cls) -> list[str]:
        """All texts that are said without being the provider's."""
        groups: tuple[type[Words], ...] = (
            BaseWords,
            SettingWords,
            HttpWords,
            ReadingWords,
            *cls.words,
        )
        return [str(one.value) for group in groups for one in group]

    # === SETTINGS ===
    def get(self, name: str) -> Value:
        """A setting as its kind reads it."""
        return self._values[name]

    def get_text(self, name: str) -> str:
        """A setting of text, "" where there is none."""
        value = self._values[name]
        return value if isinstance(value, str) else ""

    def get_number(self, name: str) -> int:
        """A setting that is a whole number and has a default."""
        value = self._values[name]
        assert isinstance(value, int)
        return value

    def get_duration(self, name: str) -> timedelta | None:
        """A setting that is a duration."""
        value = self._values[name]
        return value if isinstance(value, timedelta) else None

    def get_zone(self, name: str) -> ZoneInfo:
        """A setting that is a time zone; the gateway's where there is none."""
        value = self._values[name]
        return value if isinstance(value, ZoneInfo) else self._context.time_zone

    @property
    def max_batch(self) -> int:
        """Messages per submit call for this account."""
        return self.capabilities.max_batch

    @property
    def is_idempotent(self) -> bool:
        """Whether submitting a message again is safe with the same client reference."""
        return self.capabilities.client_reference is ClientReference.DEDUP

    @property
    def can_look_up(self) -> bool:
        """Whether this account can be asked what became of a message without an
        answer."""
        return self.capabilities.lookup

    @cached_property
    def account_key(self) -> int:
        """A number of 31 bits for the account and the way in which it is asked.

        Under another key a message is neither found nor recognised: what was handed
        over with one key is not looked up, or handed over again, with another.
        """
        known = [
            (setting.name, self._settings[setting.name])
            for setting in self.settings
            if setting.kind in _KINDS_OF_ACCOUNT
        ]
        text = repr((self.code, self.can_look_up, known))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1

    def missing_settings(self) -> list[Setting]:
        """Required settings without a value."""
        return [s for s in self.settings if s.required and not self._settings[s.name]]

    def check_settings(self) -> list[str]:
        """What is wrong with the values, in sentences; empty when all is well."""
        problems = [
            problem
            for setting in self.settings
            for problem in setting.find_problems(
                self._settings[setting.name], allows_private=self._http.allows_private
            )
        ]
        return problems or list(self._check_settings())

    def _check_settings(self) -> Iterable[str]:
        """Hook: what is wrong with values that are right of their kind, in sentences.

        Each is one of the adapter's `words`.
        """
        return ()

    def get_remarks(self) -> list[str]:
        """What an administrator should know of settings that work, in sentences."""
        remarks = [
            remark
            for setting in self.settings
            for remark in setting.find_remarks(self._settings[setting.name])
        ]
        return [*remarks, *self._get_remarks()]

    def _get_remarks(self) -> Iterable[str]:
        """Hook of `get_remarks`; each is one of the adapter's `words`."""
        return ()

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

    def _get_reason(
        self, code: str, failure_type: FailureType | None
    ) -> FailureType | None:
        """The reason of a failure: the administrator's, where there is one."""
        return self._context.reasons.get(code, failure_type) if code else failure_type

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
            failure_type=(
                self._get_reason(result.code, result.failure_type)
                if result.outcome is Outcome.REFUSED
                else result.failure_type
            ),
        )

    def _clean_reports(self, reports: Iterable[StatusUpdate]) -> list[StatusUpdate]:
        moment = datetime.now(timezone.utc)
        return [self._clean_report(report, moment) for report in reports]

    def _clean_report(self, report: StatusUpdate, moment: datetime) -> StatusUpdate:
        at = report.occurred_at
        if at and not -_MAX_BEHIND < at - moment < _MAX_AHEAD:
            report = replace(report, occurred_at=None)
        reference = self._clean_reference(report.provider_reference)
        code, raw = self._clean(report.code), self._clean(report.raw)
        message = self._clean(report.message)
        failure_type = report.failure_type
        if report.status is DeliveryStatus.FAILED:
            failure_type = self._get_reason(report.code, failure_type)
        if (reference, code, raw, message, failure_type) == (
            report.provider_reference, report.code, report.raw, report.message,
            report.failure_type,
        ):  # fmt: skip
            return report
        return replace(
            report,
            provider_reference=reference,
            code=code,
            raw=raw,
            message=message,
            failure_type=failure_type,
        )

    def _clean_inbound(
        self, messages: Iterable[InboundMessage]
    ) -> list[InboundMessage]:
        return [
            replace(
                message,
                sender=self._clean(message.sender),
                recipient=self._clean(message.recipient),
                provider_reference=self._clean_reference(message.provider_reference)
                or "",
                text=message.text[:_MAX_INBOUND],
            )
            for message in messages
            if message.sender
        ]

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
        except ProviderError as error:
            failed = as_result(error)
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
    def poll(self, references: Sequence[str]) -> list[StatusUpdate]:
        """Ask for the statuses of at most ``max_poll`` provider references.

        :return: what is known; a reference without an answer may be missing
        :raise ProviderError: the whole call failed
        """
        with self._clean_errors():
            return self._clean_reports(self._poll(references))

    def _poll(self, references: Sequence[str]) -> list[StatusUpdate]:
        """Hook of `poll`."""
        raise NotImplementedError

    def lookup(self, requests: Sequence[SubmitRequest]) -> list[list[StatusUpdate]]:
        """Ask what became of at most ``max_lookup`` messages whose submit went
        unanswered.

        :return: for each request, in order, what it may have become: one report where
            the provider knows our reference; several where it was only asked for the
            same text to the same number, none where it has seen no such message
        :raise ProviderError: the whole call failed
        """
        with self._clean_errors():
            return [self._clean_reports(found) for found in self._lookup(requests)]

    def _lookup(self, requests: Sequence[SubmitRequest]) -> list[list[StatusUpdate]]:
        """Hook of `lookup`."""
        raise NotImplementedError

    def parse_push(self, request: PushRequest) -> PushAnswer:
        """Read what a provider sent to the route's address.

        :raise ForgedPush: its signature is wrong
        :raise UnreadablePush: it cannot be understood
        """
        try:
            with self._clean_errors():
                answer = self._parse_push(request)
        except RouteDown as error:
            raise UnreadablePush(error.message) from error
        return replace(
            answer,
            reports=tuple(self._clean_reports(answer.reports)),
            inbound=tuple(self._clean_inbound(answer.inbound)),
        )

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        """Hook of `parse_push`."""
        raise NotImplementedError

    def get_callback_address(self) -> str:
        """The address that an administrator enters at the provider, with the options
        that the adapter needs; "" where none is known."""
        address = self._context.callback_url
        return self._complete_callback(address) if address else ""

    def _complete_callback(self, address: str) -> str:
        """Hook of `get_callback_address`: adds what the provider reads of it."""
        return address

    def register_callback(self) -> str:
        """Tell the provider the route's address.

        :return: what the provider answered, for the administrator
        :raise ProviderError: with the reason
        """
        with self._clean_errors():
            self._check_usable()
            return self._clean(self._register_callback(self.get_callback_address()))

    def _register_callback(self, address: str) -> str:
        """Hook of `register_callback`."""
        raise NotImplementedError

    # === INBOUND MESSAGES ===
    def fetch_inbound(self, since: datetime) -> list[InboundMessage]:
        """Ask for the messages that came to the account's numbers.

        :param since: older ones are known already
        :raise ProviderError: the call failed
        """
        with self._clean_errors():
            self._check_usable()
            return self._clean_inbound(self._fetch_inbound(since))

    def _fetch_inbound(self, since: datetime) -> Iterable[InboundMessage]:
        """Hook of `fetch_inbound`."""
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
        return ", ".join(map(str, self._balance().money[:_MAX_LINES]))


def as_result(error: ProviderError) -> SubmitResult:
    """What an error means for a message that was to be handed over."""
    said = SubmitResult(Outcome.MAYBE_SENT, code=error.code, message=error.message)
    if isinstance(error, NotSent):
        return replace(
            said,
            outcome=Outcome.NOT_SENT,
            retry_after=error.retry_after,
            route_trouble=True,
            is_throttled=error.is_throttled,
        )
    if isinstance(error, RouteDown):
        return replace(said, outcome=Outcome.NOT_SENT, route_down=error.message)
    return said
