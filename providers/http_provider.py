"""Base of providers that are called over HTTP, one call per batch.

An adapter says where to call, how to prove who calls, what to send and how to read the
answer; its tables say what the provider's codes and statuses mean. Everything else is
decided here: what an HTTP status means for a message, how long to wait, what is asked
again and what never. The file is long because the hooks and their order are one
contract, which adapters read as a whole.
"""

from __future__ import annotations

import base64
import json
import math
import time
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from lxml import etree

from ..tools.public_address import find_trouble
from ..tools.vocabulary import FailureType
from .base import BaseWords, Provider, as_result
from .errors import MaybeSent, ProviderError
from .http import TOO_MANY, HttpResponse
from .reading import Unreadable, read_json, read_retry_after, read_xml
from .types import (
    Balance,
    DeliveryStatus,
    Outcome,
    Status,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Words,
    _,
)

Pairs = Iterable[tuple[str, str]]

#: seconds after which a batch begins no further call: with the one under way far less
#: than a message is leased
MAX_TURN = 120


class AnswerWords(Words):
    """What is said of answers. ``text`` is the provider's own words."""

    LOGIN_REFUSED = _(
        "The provider rejected the login, the password or the key ({text})"
    )
    NO_FUNDS = _("The account has no funds left ({text})")
    BLOCKED = _("The provider has blocked the account ({text})")
    MISCONFIGURED = _("The provider rejected the settings of the route ({text})")
    NO_SERVICE = _("The URL is not the provider's: HTTP status {status}")
    BUSY = _("The provider is overloaded (HTTP {status})")
    BROKEN = _("The provider returned HTTP {status}")
    UNREADABLE = _("The provider's response could not be parsed: {why}")
    OMITTED = _("The provider's response does not mention this message")
    NO_REFERENCE = _("The provider returned no message ID")
    WAITS_BEHIND = _("Not submitted: the previous requests failed or took too long")


# === REACTIONS: what a provider's code means ===
def refused(failure_type: FailureType) -> SubmitResult:
    """This message will never be taken."""
    return SubmitResult(Outcome.REFUSED, failure_type=failure_type)


def accepted(failure_type: FailureType | None = None) -> SubmitResult:
    """The provider has it; with a remark, where it waits for something."""
    return SubmitResult(Outcome.ACCEPTED, failure_type=failure_type)


def try_later(retry_after: float | None = None) -> SubmitResult:
    """Nothing was taken, nor would another message be now."""
    return SubmitResult(Outcome.NOT_SENT, retry_after=retry_after, route_trouble=True)


def throttled(retry_after: float | None = None) -> SubmitResult:
    """Nothing was taken because messages come too fast: the route slows down."""
    return replace(try_later(retry_after), is_throttled=True)


def try_later_alone(retry_after: float | None = None) -> SubmitResult:
    """This message was not taken; others may be."""
    return SubmitResult(Outcome.NOT_SENT, retry_after=retry_after)


def stop(words: Words) -> SubmitResult:
    """Nothing is taken until a person acts; ``{text}`` of the words is filled."""
    return SubmitResult(Outcome.NOT_SENT, route_down=str(words.value))


def maybe_sent() -> SubmitResult:
    """Nobody knows."""
    return SubmitResult(Outcome.MAYBE_SENT)


def say(reaction: SubmitResult, code: str = "", text: str = "") -> SubmitResult:
    """A reaction of a table, with the provider's own code and words."""
    words = " ".join(filter(None, (code, text))) or "–"
    return replace(
        reaction,
        code=code,
        message=text or reaction.message,
        route_down=reaction.route_down and reaction.route_down.replace("{text}", words),
    )


def count_left(
    valid_until: datetime, now: datetime, unit: timedelta, limits: tuple[int, int]
) -> int:
    """Units for which a message is still of use, within the protocol's limits; a begun
    one counts as a whole."""
    shortest, longest = limits
    return min(max(math.ceil((valid_until - now) / unit), shortest), longest)


# === CALLS AND ANSWERS ===
@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request; ``path`` follows the base address, or is an address itself."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def with_headers(self, **headers: str) -> HttpCall:
        """The call with more headers; underscores become dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def with_query(self, **values: str) -> HttpCall:
        """The call with more fields in its query."""
        return replace(self, query=(*self.query, *values.items()))

    def with_login(self, user: str, password: str) -> HttpCall:
        """The call with HTTP Basic authentication (RFC 7617)."""
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self.with_headers(Authorization=f"Basic {token}")


def get(path: str, query: Pairs = ()) -> HttpCall:
    """Ask for something."""
    return HttpCall("GET", path, tuple(query))


def post_form(path: str, pairs: Pairs, query: Pairs = ()) -> HttpCall:
    """Send fields as HTML forms do."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return HttpCall(
        "POST", path, tuple(query), headers, urlencode(list(pairs)).encode()
    )


def post_json(path: str, value: Any, query: Pairs = ()) -> HttpCall:
    """Send a document of JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return HttpCall("POST", path, tuple(query), headers, body)


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP.

    What it holds raises `Unreadable` where it is not of that kind.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @cached_property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace").removeprefix("\ufeff")

    @cached_property
    def json(self) -> Any:
        """The body as JSON; fractions are decimals."""
        return read_json(self.body)

    @cached_property
    def xml(self) -> etree._Element:
        """The body as XML."""
        return read_xml(self.body)


class HttpProvider(Provider):
    """An account that is called over HTTP."""

    #: where to call, unless the setting ``url`` says it
    base_url: ClassVar[str] = ""
    #: the provider's code of an error → what it means for a message
    errors: ClassVar[Mapping[str, SubmitResult]] = {}
    #: the provider's word of a status, in lower case → what it means
    statuses: ClassVar[Mapping[str, Status]] = {}
    #: a refused batch may be handed over once more, message by message: the provider
    #: takes nothing of a request that it refuses
    refuses_whole: ClassVar[bool] = True
    #: a call carries each number once: its answer tells messages apart by it
    numbers_once: ClassVar[bool] = False
    words: ClassVar[tuple[type[Words], ...]] = (AnswerWords,)

    # === HOOKS ===
    def _get_base_url(self) -> str:
        """Hook: the address that paths follow."""
        return (
            self.get_text("url").strip() if "url" in self._settings else self.base_url
        )

    def _authenticate(self, call: HttpCall) -> HttpCall:
        """Hook: prove who calls."""
        return call

    def _refuse(self, request: SubmitRequest) -> SubmitResult | None:
        """Hook: refuse what would make the whole call fail, or be read wrongly."""
        return None

    def _get_group(self, request: SubmitRequest) -> Hashable:
        """Hook: messages of one group go in one call, where `max_batch` allows it."""
        return request.channel

    @abstractmethod
    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        """Hook, pure: the call that hands over messages of one group."""

    @abstractmethod
    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        """Hook, pure: one result per message, in order, of a successful answer.

        :raise Unreadable: nobody knows what became of them
        """

    def _is_error(self, answer: Answer) -> bool:
        """Hook: whether the whole call failed, for providers that say so with HTTP
        status 200, too.

        :raise Unreadable: nobody knows
        """
        return not answer.is_success

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        """Hook: the provider's code and words in an answer that is an error.

        :raise Unreadable: it has none
        """
        return "", ""

    def _evaluate_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> SubmitResult:
        """Hook, pure: what an answer that is no success means for each message."""
        return self._evaluate(answer)

    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        """Hook, pure: ask for statuses."""
        raise NotImplementedError

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterable[StatusUpdate]:
        """Hook, pure: the statuses of a successful answer."""
        raise NotImplementedError

    def _find(self, request: SubmitRequest) -> Iterable[StatusUpdate]:
        """Hook: what a message without an answer may have become, see `lookup`."""
        raise NotImplementedError

    def _build_balance(self) -> HttpCall:
        """Hook, pure: ask for the balance."""
        raise NotImplementedError

    def _parse_balance(self, answer: Answer) -> Balance:
        """Hook, pure: the balance of a successful answer."""
        raise NotImplementedError

    # === SUBMIT ===
    def _submit(self, requests: Sequence[SubmitRequest]) -> list[SubmitResult]:
        results: dict[int, SubmitResult] = {}
        groups: dict[Hashable, list[int]] = {}
        seen: Counter[Hashable] = Counter()
        for place, request in enumerate(requests):
            refusal = self._refuse_unsupported(request) or self._refuse(request)
            if refusal:
                results[place] = refusal
                continue
            group = self._get_group(request)
            if self.numbers_once:
                seen[group, request.msisdn] += 1
                group = (group, seen[group, request.msisdn])
            groups.setdefault(group, []).append(place)
        calls = [[requests[place] for place in places] for places in groups.values()]
        places = [place for places in groups.values() for place in places]
        turn = Turn(self._hand_over)
        results.update(zip(places, turn.take(calls), strict=True))
        return [results[place] for place in range(len(requests))]

    def _refuse_unsupported(self, request: SubmitRequest) -> SubmitResult | None:
        if request.channel not in self.capabilities.channels:
            unsupported = refused("unsupported")
            return say(unsupported, text=BaseWords.CHANNEL_UNSUPPORTED.say())
        longest = self.capabilities.max_speech
        if request.channel == "voice" and longest and len(request.text) > longest:
            words = BaseWords.SPEECH_TOO_LONG.say(maximum=longest)
            return say(refused("content_rejected"), text=words)
        return None

    def _hand_over(
        self, requests: Sequence[SubmitRequest], turn: Turn
    ) -> list[SubmitResult]:
        """Hand over messages of one group; never raises what a provider caused.

        :param turn: takes them one by one, where the provider refuses them together
        """
        try:
            answer = self._exchange(self._build_submit(requests))
            if not self._is_error(answer):
                return self._parse_submit(answer, requests)
            result = self._evaluate_submit(answer, requests)
        except Unreadable as error:
            result = as_result(MaybeSent(AnswerWords.UNREADABLE.say(why=error)))
        except ProviderError as error:
            result = as_result(error)
        if (
            result.outcome is Outcome.REFUSED
            and len(requests) > 1
            and self.refuses_whole
        ):
            # One of them may be what the provider dislikes: the others must not fail.
            return turn.take([[request] for request in requests])
        return [result] * len(requests)

    def _evaluate(self, answer: Answer) -> SubmitResult:
        """What an answer means that is no success."""
        try:
            code, text = self._read_error(answer)
        except Unreadable:
            code, text = "", ""
        unknown = refused("provider_error") if code and answer.is_success else None
        reaction = self.errors.get(code) or unknown or _evaluate_status(answer)
        result = say(reaction, code or str(answer.status), text)
        if result.outcome is not Outcome.NOT_SENT:
            return result
        wait = read_retry_after(answer.headers.get("retry-after", ""))
        is_too_fast = answer.status == TOO_MANY and not result.route_down
        return replace(
            result,
            retry_after=wait if result.retry_after is None else result.retry_after,
            is_throttled=result.is_throttled or is_too_fast,
        )

    def _explain(self, code: str, text: str = "") -> SubmitResult:
        """What a code in a successful answer means for its message."""
        return say(self.errors.get(code, refused("provider_error")), code, text)

    # === QUESTIONS ===
    def _ask(self, call: HttpCall) -> Answer:
        """Ask something that sends nothing.

        :raise ProviderError: no answer, or one that is an error
        """
        answer = self._exchange(call)
        with _readable():
            failed = self._is_error(answer)
        if failed:
            result = self._evaluate(answer)
            raise ProviderError(result.route_down or result.message, code=result.code)
        return answer

    def _ask_json(self, call: HttpCall) -> Any:
        """Ask something that sends nothing, and read the answer as JSON.

        :raise ProviderError: no answer, one that is an error or no JSON
        """
        with _readable():
            return self._ask(call).json

    def _poll(self, references: Sequence[str]) -> list[StatusUpdate]:
        with _readable():
            answer = self._ask(self._build_poll(references))
            return list(self._parse_poll(answer, references))

    def _lookup(self, requests: Sequence[SubmitRequest]) -> list[list[StatusUpdate]]:
        with _readable():
            return [list(self._find(request)) for request in requests]

    def _balance(self) -> Balance:
        with _readable():
            return self._parse_balance(self._ask(self._build_balance()))

    # === TOOLS OF ADAPTERS ===
    @cached_property
    def _open_callback(self) -> str:
        """The callback address, for calls that name it; "" where a provider in the
        internet cannot call it."""
        address = self.get_callback_address()
        origin = "/".join(address.split("/", 3)[:3])
        is_open = find_trouble(origin) in (None, "unencrypted")
        return address if is_open or self._http.allows_private else ""

    def _report(self, word: str, code: str = "", **values: Any) -> StatusUpdate:
        """A report with the meaning that `statuses` gives a word; an unknown one
        changes nothing.

        :param code: the provider's code of a failure
        :param values: further members of the report
        """
        known = self.statuses.get(word.casefold())
        status, failure_type = known or (DeliveryStatus.ACCEPTED, None)
        bad = status in (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED)
        values.setdefault("failure_type", failure_type)
        return StatusUpdate(
            status, code=code or (word if bad else ""), raw=word, **values
        )

    def _exchange(self, call: HttpCall) -> Answer:
        """Call the provider, whatever it answers; errors as those of `HttpClient`."""
        call = self._authenticate(call)
        response = self._http.request(
            call.method,
            _make_url(self._get_base_url(), call),
            body=call.body,
            headers=call.headers,
        )
        return _make_answer(response)


@contextmanager
def _readable() -> Iterator[None]:
    """A block in which an unreadable answer is the provider's error."""
    try:
        yield
    except Unreadable as error:
        raise ProviderError(AnswerWords.UNREADABLE.say(why=error)) from error


class Turn:
    """The calls of one batch, one after the other.

    They end long before the messages' lease does: whoever takes a message for lost
    must not hand it over while a call with it is still to come. A provider that does
    not answer, and one that is slow, hold back the calls behind.
    """

    def __init__(
        self,
        hand_over: Callable[[Sequence[SubmitRequest], Turn], list[SubmitResult]],
    ) -> None:
        self._hand_over = hand_over
        self._ends_at = time.monotonic() + MAX_TURN
        self._obstacle: SubmitResult | None = None

    def take(self, calls: Iterable[Sequence[SubmitRequest]]) -> list[SubmitResult]:
        """Make these calls; the results of all their messages, in order."""
        return [result for requests in calls for result in self._take_one(requests)]

    def _take_one(self, requests: Sequence[SubmitRequest]) -> list[SubmitResult]:
        if self._obstacle is None and time.monotonic() >= self._ends_at:
            self._obstacle = say(try_later_alone(), text=AnswerWords.WAITS_BEHIND.say())
        if self._obstacle:
            return [self._obstacle] * len(requests)
        results = self._hand_over(requests, self)
        self._obstacle = self._obstacle or _find_obstacle(results)
        return results


def _find_obstacle(results: Sequence[SubmitResult]) -> SubmitResult | None:
    """What happens to the calls behind, where a call says something of them all."""
    for result in results:
        if result.route_down or result.route_trouble:
            return replace(result, outcome=Outcome.NOT_SENT)
        if result.outcome is Outcome.MAYBE_SENT and not result.code:
            return say(try_later(), text=AnswerWords.WAITS_BEHIND.say())
    return None


def _evaluate_status(answer: Answer) -> SubmitResult:
    """What an HTTP status means where the provider's own code says nothing.

    A server that broke may have taken the message before.
    """
    status = answer.status
    if status in (401, 403):
        return stop(AnswerWords.LOGIN_REFUSED)
    if status == 402:
        return stop(AnswerWords.NO_FUNDS)
    if status in (408, 425, TOO_MANY):
        return replace(try_later(), message=AnswerWords.BUSY.say(status=status))
    if status in (404, 405, 410) or 300 <= status < 400:
        words = AnswerWords.NO_SERVICE.say(status=status)
        return SubmitResult(Outcome.NOT_SENT, route_down=words)
    reaction = refused("provider_error") if 400 <= status < 500 else maybe_sent()
    return replace(reaction, message=AnswerWords.BROKEN.say(status=status))


def _make_answer(response: HttpResponse) -> Answer:
    return Answer(response.status, response.headers, response.body)


def _make_url(base: str, call: HttpCall) -> str:
    path = call.path
    if "://" in path:
        url = path
    else:
        # an address without a path is called as it is written
        url = f"{base.rstrip('/')}/{path.lstrip('/')}" if path else base
    if not call.query:
        return url
    mark = "&" if "?" in url else "?"
    return f"{url}{mark}{urlencode(list(call.query), quote_via=quote)}"
