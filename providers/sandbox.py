"""A provider that is not there: for demonstrations, tests and the API's debug mode.

It keeps nothing. A reference carries the time of its submit, the number's last four
digits and something unique, so that a status follows from the reference and the clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from ..tools.vocabulary import FailureType
from .base import Provider
from .types import (
    Balance,
    Capabilities,
    DeliveryStatus,
    Money,
    Outcome,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Units,
    _,
)

#: the answer printed in the manual of the API
_BALANCE = (
    '<?xml version="1.0" encoding="utf-8"?>\n<response>\n'
    ' <sms area="Россия">47</sms><money currency="RUR">97.9</money>\n</response>'
)


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of an accepted message, and after how many seconds."""

    status: DeliveryStatus = DeliveryStatus.DELIVERED
    after: float = 1
    failure_type: FailureType | None = None
    message: str = ""


_DELIVERED = _Fate()
#: by the last four digits of the number
_FATES = {
    "9901": _Fate(DeliveryStatus.FAILED, 1, "unreachable", "Subscriber unreachable"),
    "9903": _Fate(DeliveryStatus.EXPIRED),
    "9904": _Fate(after=0),
    "9906": _Fate(after=60),
}
_TIMEOUT = SubmitResult(Outcome.MAYBE_SENT, message="The sandbox did not answer")
#: what a submit is told instead of being accepted, by the last four digits
_ANSWERS = {
    "9902": SubmitResult(
        Outcome.REFUSED, failure_type="content_rejected", message="Text rejected"
    ),
    "9904": _TIMEOUT,
    "9905": _TIMEOUT,
    "9908": SubmitResult(
        Outcome.REFUSED, failure_type="opted_out", message="Number is on the stop-list"
    ),
    "9909": SubmitResult(
        Outcome.NOT_SENT,
        message="The sandbox is down",
        route_down="The sandbox is down",
    ),
}
_THROTTLED = SubmitResult(
    Outcome.NOT_SENT,
    code="throttled",
    message="Too many messages",
    retry_after=1.0,
    is_throttled=True,
)
#: numbers the sandbox never has a message for
_NEVER_FOUND = frozenset({"9902", "9905", "9908", "9909"})


class SandboxProvider(Provider):
    """Answers like a provider and sends nothing.

    What happens to a message is in the last four digits of its number:

    - 9901: undelivered, the subscriber is unreachable
    - 9902: refused at once, the text is rejected
    - 9903: expired
    - 9904: no answer; asked later, the sandbox says that it was delivered
    - 9905: no answer; asked later, the sandbox does not know it
    - 9906: delivered after a minute
    - 9907: too many messages at the first two attempts, taken at the third
    - 9908: refused at once, the number is on the stop-list
    - 9909: the sandbox is down for this message, not for the others of its batch
    - all others: delivered after a second
    """

    code = "sandbox"
    label = _("Sandbox")
    description = _(
        "Sends nothing. The last four digits of the number select the simulated "
        "outcome:\n"
        "9901: not delivered\n"
        "9902: rejected on submission\n"
        "9903: expired\n"
        "9904: no response, later found delivered\n"
        "9905: no response, never found\n"
        "9906: delivered after one minute\n"
        "9907: throttled twice, then accepted\n"
        "9908: on the provider's stop list\n"
        "9909: route down\n"
        "Any other number is delivered immediately."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms", "voice"}),
        max_batch=100,
        per_recipient_text=True,
        lookup=True,
        max_lookup=100,
        poll=True,
        max_poll=500,
        balance=True,
    )

    def _submit(self, requests: Sequence[SubmitRequest]) -> list[SubmitResult]:
        return [self._submit_one(request) for request in requests]

    def _submit_one(self, request: SubmitRequest) -> SubmitResult:
        digits = request.msisdn[-4:]
        if digits in _ANSWERS:
            return _ANSWERS[digits]
        if _is_throttled(request):
            return _THROTTLED
        return SubmitResult(
            Outcome.ACCEPTED, provider_reference=_new_reference(request)
        )

    def _poll(self, references: Sequence[str]) -> list[StatusUpdate]:
        now = datetime.now(timezone.utc)
        return [_report(reference, now) for reference in references]

    def _lookup(self, requests: Sequence[SubmitRequest]) -> list[list[StatusUpdate]]:
        return [self._look_up_one(request) for request in requests]

    def _look_up_one(self, request: SubmitRequest) -> list[StatusUpdate]:
        if request.msisdn[-4:] in _NEVER_FOUND or _is_throttled(request):
            return []
        # The reference is made first: it must not come from the future.
        reference = _new_reference(request)
        now = datetime.now(timezone.utc)
        return [_report(reference, now, message_uuid=request.uuid)]

    def _balance(self) -> Balance:
        return Balance(
            money=(Money(Decimal("97.9"), "RUB"),),
            units=(Units("Россия", 47),),
            raw=_BALANCE.encode(),
            text=_BALANCE,
        )


def _is_throttled(request: SubmitRequest) -> bool:
    return request.msisdn.endswith("9907") and request.attempt <= 2


def _new_reference(request: SubmitRequest) -> str:
    """``<milliseconds since 1970>-<last four digits>-<unique>``"""
    milliseconds = int(datetime.now(timezone.utc).timestamp() * 1000)
    return f"{milliseconds}-{request.msisdn[-4:]}-{uuid.uuid4().hex}"


def _read_reference(reference: str) -> tuple[datetime, str] | None:
    """The time of the submit and the last four digits, or None: not our reference."""
    milliseconds, _, rest = reference.partition("-")
    try:
        submitted_at = datetime.fromtimestamp(int(milliseconds) / 1000, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
    return submitted_at, rest.partition("-")[0]


def _report(
    reference: str, now: datetime, *, message_uuid: str | None = None
) -> StatusUpdate:
    """Tell the status a reference has at a moment."""
    known = _read_reference(reference)
    if known is None:
        return StatusUpdate(
            DeliveryStatus.NOT_FOUND, provider_reference=reference, uuid=message_uuid
        )
    submitted_at, digits = known
    fate = _FATES.get(digits, _DELIVERED)
    decided_at = submitted_at + timedelta(seconds=fate.after)
    if now < decided_at:
        return StatusUpdate(
            DeliveryStatus.ACCEPTED,
            provider_reference=reference,
            uuid=message_uuid,
            raw=DeliveryStatus.ACCEPTED.value,
        )
    return StatusUpdate(
        fate.status,
        provider_reference=reference,
        uuid=message_uuid,
        failure_type=fate.failure_type,
        message=fate.message,
        occurred_at=decided_at,
        raw=fate.status.value,
    )
