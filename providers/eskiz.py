"""Eskiz (Uzbekistan): one SMS per call, by a token that is given for a login.

Source: the provider's own collection of requests, as published in
https://github.com/iota-uz/eskiz (``api/openapi.yaml``, 2025-07), and clients of its
API.

Messages go through ``send-batch``, the only call that takes an id of ours
(``user_sms_id``): it comes back with statuses and in the list of messages, which tells
what became of a call without an answer. A call carries one message. It is documented
neither what is taken of a batch that is refused, nor how all the statuses of a batch
are asked for by its id.

Times are those of Tashkent, also where the provider writes them with ``Z``: its own
examples show the same moment with ``Z`` and with ``+05:00``. Not documented: the texts
of errors. That a text without an approved template is refused with HTTP status 400 was
seen by others; it is recognised by its words. Whether a push tells of a message or of
one of its parts is not documented either: of several parts, a word that the provider
has for parts only decides nothing, and the next poll does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from .errors import MaybeSent, NotSent, ProviderError, RouteDown, UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    Pairs,
    accepted,
    get,
    maybe_sent,
    post_form,
    post_json,
    say,
    stop,
)
from .reading import (
    ReadingWords,
    Unreadable,
    as_decimal,
    as_dict,
    as_integer,
    as_text,
    dig,
    expect_list,
    read_iso,
    read_json,
    spell,
)
from .settings import Kind, Setting
from .tokens import TokenStore
from .types import (
    Balance,
    Capabilities,
    ClientReference,
    DeliveryStatus,
    Money,
    Outcome,
    PushAnswer,
    PushRequest,
    Status,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Words,
    _,
)

_TASHKENT = ZoneInfo("Asia/Tashkent")
_CURRENCY = "UZS"
#: tokens are given for 30 days
TOKENS = TokenStore(lifetime=25 * 24 * 3600)
#: what is said of a token that is not valid any more, besides HTTP status 401
_STALE = ("token-invalid", "expired token", "token has expired")
#: messages of a page, and most pages of a list
_PAGE = 200
_MAX_PAGES = 50
#: by how much the clocks may differ, and the longest time that is searched. The list is
#: asked for by the clock of Tashkent or of UTC: nobody says by which.
_MARGIN = timedelta(minutes=10)
_LONGEST = timedelta(days=1)
#: words of refusals
_TEMPLATE = re.compile(r"шаблон|модерац|template|moderat|shablon|\bтест|\btest", re.I)
_MONEY = re.compile(r"баланс|средств|balance|balans|mablag", re.I)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,8000}")
_MINUTE = "%Y-%m-%d %H:%M"
#: words of an answer to a message that was taken
_TAKEN = ("waiting", "new", "stored", "accepted")
#: words that only the parts of a message have
_BAD_PARTS = frozenset(("undeliv", "undeliverable", "expired", "rejectd", "deleted"))
_PART_WORDS = _BAD_PARTS | {"delivrd"}


class EskizWords(Words):
    """What the adapter says itself."""

    NO_TOKEN = _("the response has no token")
    TOO_MANY = _("Too many messages were sent at that time to identify this one")
    NO_REPORT = _("The delivery report contains neither a message ID nor a status")


class EskizProvider(HttpProvider):
    """One account at Eskiz."""

    code = "eskiz"
    label = _("Eskiz")
    description = _(
        "SMS to Uzbekistan through Eskiz.\n"
        "\n"
        "Copy the email and the API password from the Eskiz account, section SMS "
        "gateway. The API password is not the password of the account.\n"
        "\n"
        "Register the texts of your messages in the Eskiz account as templates: a "
        "text without an approved template is rejected. A new account can send only "
        "the test texts of Eskiz. Order your own sender name, or send from the "
        "shared number 4546.\n"
        "\n"
        "The webhook URL is sent to Eskiz with every message and need not be entered "
        "in the Eskiz account. Statuses are also polled."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        client_reference=ClientReference.ECHO,
        lookup=True,
        not_found_after=3600,
        push=True,
        poll=True,
        balance=True,
        price=True,
    )
    settings = (
        Setting(
            "url",
            _("API URL"),
            Kind.ADDRESS,
            required=True,
            default="https://notify.eskiz.uz/api",
        ),
        Setting("email", _("Email"), required=True),
        Setting(
            "password",
            _("API password"),
            Kind.SECRET,
            required=True,
            help=_("As in the Eskiz account, section SMS gateway"),
        ),
        Setting(
            "sender",
            _("Sender name"),
            required=True,
            default="4546",
            help=_(
                "An approved sender name, or 4546, the number shared by all accounts"
            ),
        ),
    )
    words = (*HttpProvider.words, EskizWords)
    statuses = {
        "new": Status(DeliveryStatus.ACCEPTED),
        "stored": Status(DeliveryStatus.ACCEPTED),
        "accepted": Status(DeliveryStatus.ACCEPTED),
        "enroute": Status(DeliveryStatus.ACCEPTED),
        "partdelivered": Status(DeliveryStatus.ACCEPTED),
        "delivered": Status(DeliveryStatus.DELIVERED),
        "delivrd": Status(DeliveryStatus.DELIVERED),
        "undeliv": Status(DeliveryStatus.FAILED, "unreachable"),
        "undeliverable": Status(DeliveryStatus.FAILED, "unreachable"),
        "deleted": Status(DeliveryStatus.FAILED, "sender_rejected"),
        "rejected": Status(DeliveryStatus.FAILED, "operator_refusal"),
        "rejectd": Status(DeliveryStatus.FAILED, "operator_refusal"),
        "expired": Status(DeliveryStatus.EXPIRED),
    }

    # === TOKENS ===
    @property
    def _account(self) -> Hashable:
        """What the token depends on."""
        password = self.get_text("password").encode("utf-8", "surrogatepass")
        secret = hashlib.sha256(password).hexdigest()
        return self._get_base_url(), self.get_text("email"), secret

    def _exchange(self, call: HttpCall) -> Answer:
        """Call with the account's token; after a refused one log in again, once."""
        token = TOKENS.get(self._account, self._log_in)
        answer = self._call(call, token)
        if _is_token_refused(answer):
            TOKENS.drop(self._account, token)
            answer = self._call(call, TOKENS.get(self._account, self._log_in))
        return answer

    def _call(self, call: HttpCall, token: str) -> Answer:
        return super()._exchange(call.with_headers(Authorization=f"Bearer {token}"))

    def _log_in(self) -> str:
        """Ask for a token. Whatever goes wrong, no message was handed over.

        :raise NotSent, RouteDown: there is none
        """
        pairs = [
            ("email", self.get_text("email").strip()),
            ("password", self.get_text("password")),
        ]
        try:
            answer = super()._exchange(post_form("auth/login", pairs))
            if answer.is_success:
                return _read_token(answer)
        except MaybeSent as error:
            raise NotSent(error.message) from error
        except Unreadable as error:
            raise NotSent(AnswerWords.UNREADABLE.say(why=error)) from error
        raise _explain_login(super()._evaluate(answer))

    # === SUBMIT ===
    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        [request] = requests
        message = {
            "user_sms_id": request.uuid,
            "to": int(request.msisdn.removeprefix("+")),
            "text": request.text,
        }
        batch = {"messages": [message], "from": self.get_text("sender").strip()}
        if address := self.get_callback_address():
            batch["callback_url"] = address
        return post_json("message/sms/send-batch", batch)

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        reference = as_text(dig(answer.json, "id"))
        if not reference:
            return [say(maybe_sent(), text=AnswerWords.NO_REFERENCE.say())]
        status = dig(answer.json, "status")
        word = as_text(dig(status, 0) if isinstance(status, list) else status)
        if word.casefold() not in _TAKEN:
            return [say(maybe_sent(), word, as_text(dig(answer.json, "message")))]
        return [replace(accepted(), provider_reference=reference)]

    # === ERRORS ===
    def _is_error(self, answer: Answer) -> bool:
        return not answer.is_success or _read_status(answer) in ("error", *_STALE)

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        code = _read_status(answer) if answer.is_success else ""
        return code, spell(dig(answer.json, "message"))

    def _evaluate(self, answer: Answer) -> SubmitResult:
        """The provider has texts instead of codes."""
        result = super()._evaluate(answer)
        if _is_token_refused(answer):
            stopped = stop(AnswerWords.LOGIN_REFUSED)
            return say(stopped, result.code, result.message)
        if result.outcome is not Outcome.REFUSED:
            return result
        if _MONEY.search(result.message):
            return say(stop(AnswerWords.NO_FUNDS), result.code, result.message)
        if _TEMPLATE.search(result.message):
            return replace(result, failure_type="template_mismatch")
        return result

    # === STATUSES ===
    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        return get(f"message/sms/status_by_id/{quote(references[0], safe='')}")

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterable[StatusUpdate]:
        item = dig(answer.json, "data")
        if not as_text(dig(item, "status")):
            raise Unreadable(ReadingWords.NO_DATA.say())
        return [self._read_message(item, provider_reference=references[0])]

    def _read_message(self, item: Any, **values: Any) -> StatusUpdate:
        """The report that a message of a list is."""
        return self._report(
            _choose_word(item),
            segments=as_integer(dig(item, "parts_count")),
            occurred_at=_read_moment(item),
            price=_read_price(item),
            **values,
        )

    # === LOOK-UP ===
    def _find(self, request: SubmitRequest) -> Iterable[StatusUpdate]:
        if request.attempted_at is None:
            return
        moment = datetime.now(timezone.utc)
        for item in self._list_messages(_build_period(request.attempted_at, moment)):
            if as_text(dig(item, "user_sms_id")) == request.uuid:
                reference = as_text(dig(item, "request_id")) or None
                yield self._read_message(
                    item, provider_reference=reference, uuid=request.uuid
                )

    def _list_messages(self, pairs: Pairs) -> Iterator[Any]:
        """All messages of a period.

        :raise ProviderError: there are too many
        """
        for page in range(1, _MAX_PAGES + 1):
            call = post_form(
                "message/sms/get-user-messages", pairs, [("page", str(page))]
            )
            data = dig(self._ask(call).json, "data")
            yield from expect_list(dig(data, "result"))
            last = as_integer(dig(data, "last_page"))
            if last is None:
                raise Unreadable(ReadingWords.NO_DATA.say())
            if page >= last:
                return
        raise ProviderError(EskizWords.TOO_MANY.say())

    # === PUSHES ===
    def _parse_push(self, request: PushRequest) -> PushAnswer:
        try:
            event = read_json(request.body)
        except Unreadable as error:
            raise UnreadablePush(str(error)) from error
        word, count = as_text(dig(event, "status")), as_integer(dig(event, "sms_count"))
        reference = as_text(dig(event, "request_id")) or None
        uuid = as_text(dig(event, "user_sms_id")) or None
        if not word or not (reference or uuid):
            raise UnreadablePush(EskizWords.NO_REPORT.say())
        report = self._report(
            word,
            provider_reference=reference,
            uuid=uuid,
            segments=count,
            occurred_at=read_iso(as_text(dig(event, "status_date")), _TASHKENT),
        )
        if (count or 1) > 1 and word.casefold() in _PART_WORDS:
            report = replace(
                report, status=DeliveryStatus.ACCEPTED, failure_type=None, code=""
            )
        return PushAnswer(reports=(report,))

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return get("user/get-limit")

    def _parse_balance(self, answer: Answer) -> Balance:
        amount = as_decimal(dig(answer.json, "data", "balance"))
        if amount is None:
            raise Unreadable(ReadingWords.NO_DATA.say())
        return Balance((Money(amount, _CURRENCY),), (), answer.body, answer.text)


# === TOOLS ===
def _read_status(answer: Answer) -> str:
    return as_text(dig(answer.json, "status")).casefold()


def _is_token_refused(answer: Answer) -> bool:
    if answer.status == 401:
        return True
    try:
        said = (as_text(dig(answer.json, name)) for name in ("status", "message"))
        return any(text.casefold() in _STALE for text in said)
    except Unreadable:
        return False


def _read_token(answer: Answer) -> str:
    """:raise Unreadable: there is none that a header could carry"""
    token = as_text(dig(answer.json, "data", "token"))
    if not _TOKEN.fullmatch(token):
        raise Unreadable(EskizWords.NO_TOKEN.say())
    return token


def _explain_login(result: SubmitResult) -> ProviderError:
    """What a refused login means for messages that were to be handed over."""
    if result.outcome is Outcome.REFUSED:
        result = say(stop(AnswerWords.LOGIN_REFUSED), result.code, result.message)
    if result.route_down:
        return RouteDown(result.route_down, code=result.code)
    return NotSent(
        result.message,
        code=result.code,
        retry_after=result.retry_after,
        is_throttled=result.is_throttled,
    )


def _choose_word(item: Any) -> str:
    """A message's status; that of one of its parts where it tells why."""
    word = as_text(dig(item, "status"))
    if word.casefold() != "rejected":
        return word
    parts = as_dict(dig(item, "parts")).values()
    said = (as_text(dig(p, "dlr_state")) or as_text(dig(p, "status")) for p in parts)
    return next((one for one in said if one.casefold() in _BAD_PARTS), word)


def _read_moment(item: Any) -> datetime | None:
    for name in ("delivery_sm_at", "updated_at"):
        text = as_text(dig(item, name)).removesuffix("Z")
        if moment := read_iso(text, _TASHKENT):
            return moment
    return None


def _read_price(item: Any) -> Money | None:
    """What all parts of a message cost; lists tell the price of one."""
    total, price = (as_decimal(dig(item, name)) for name in ("total_price", "price"))
    count = as_integer(dig(item, "parts_count"))
    if total is None and price is not None and count:
        total = price * count
    return None if total is None else Money(total, _CURRENCY)


def _build_period(attempted_at: datetime, now: datetime) -> Pairs:
    """The period in which a message was taken, if it was; its end has two names in the
    documentation."""
    since = (attempted_at - _MARGIN).astimezone(timezone.utc).strftime(_MINUTE)
    latest = min(now, attempted_at + _LONGEST) + _MARGIN
    until = latest.astimezone(_TASHKENT).strftime(_MINUTE)
    named = [("start_date", since), ("end_date", until), ("to_date", until)]
    return [*named, ("page_size", str(_PAGE)), ("count", "0")]
