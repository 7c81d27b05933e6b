"""What becomes of messages at providers that are described by data: status requests,
look-ups, and pushes with their signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from ..errors import ForgedPush, ProviderError, UnreadablePush
from ..http_provider import Answer, HttpCall
from ..reading import Unreadable, as_msisdn
from ..types import (
    InboundMessage,
    PushAnswer,
    PushRequest,
    StatusUpdate,
    SubmitRequest,
)
from .definition import AnswerSpec, CallSpec, PushSpec, SignatureSpec
from .paths import Kind
from .provider import Found, GenericProvider, GenericWords, get_items, open_document


class Polls(GenericProvider):
    """A provider that can be asked for statuses."""

    def _poll(self, references: Sequence[str]) -> list[StatusUpdate]:
        reports: list[StatusUpdate] = []
        if self._get_definition().poll:
            for reference in references:
                reports += super()._poll([reference])
        return reports

    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        poll = cast(CallSpec, self._get_definition().poll)
        return poll.request.build({**self._get_values(), "reference": references[0]})

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterable[StatusUpdate]:
        spec = cast(CallSpec, self._get_definition().poll).answer
        for found in self._read_items(spec, answer):
            if found.get("status"):
                yield self._read_report(found, provider_reference=references[0])


class LooksUp(GenericProvider):
    """A provider that can be asked for a message by our own name of it."""

    def _find(self, request: SubmitRequest) -> Iterable[StatusUpdate]:
        lookup = cast(CallSpec, self._get_definition().lookup)
        answer = self._ask(lookup.request.build(self._get_message_values(request)))
        listed = [
            found
            for found in self._read_items(lookup.answer, answer)
            if found.get("reference")
        ]
        ours = [one for one in listed if one.get("uuid") in ("", request.uuid)]
        if listed and not ours:
            # whoever ignores our name may have the message on another page
            raise Unreadable(GenericWords.NOT_OURS.say())
        for found in ours:
            yield self._complete(self._read_report(found, uuid=request.uuid))

    def _complete(self, report: StatusUpdate) -> StatusUpdate:
        """A report of a message that was found, with its status where only the status
        request has it."""
        if report.raw or not self.capabilities.poll:
            return report
        try:
            polled = self._poll([report.provider_reference or ""])
        except ProviderError:
            # that the message was found is enough: its status is asked for later
            return report
        return replace(polled[-1], uuid=report.uuid) if polled else report


class TakesPushes(GenericProvider):
    """A provider that pushes delivery reports or inbound messages."""

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        push = self._get_definition().push
        if push is None:
            raise UnreadablePush(GenericWords.NO_PUSH.say())
        if push.signature:
            check_signature(request, push.signature, self.get_text(push.signature.key))
        reports, inbound = self._read_push(push, request)
        if not reports and not inbound:
            raise UnreadablePush(GenericWords.NO_REPORT.say())
        return PushAnswer(
            tuple(reports),
            tuple(inbound),
            push.status,
            push.body.encode(),
            push.content_type,
        )

    def _read_push(
        self, push: PushSpec, request: PushRequest
    ) -> tuple[list[StatusUpdate], list[InboundMessage]]:
        reports = [
            self._read_report(found)
            for found in _open_push(push.reports, request)
            if found.get("status") and (found.get("reference") or found.get("uuid"))
        ]
        if reports or push.inbound is None:
            return reports, []
        inbound = [
            self._read_inbound(found)
            for found in _open_push(push.inbound, request)
            if found.get("sender") and found.get("text")
        ]
        return [], inbound

    def _read_inbound(self, found: Found) -> InboundMessage:
        sender, recipient = found.get("sender"), found.get("recipient")
        return InboundMessage(
            as_msisdn(sender) or sender,
            found.get("text"),
            as_msisdn(recipient) or recipient,
            found.get("reference"),
            self._read_moment(found.get("time")),
        )


# === PUSHES ===
def _open_push(spec: AnswerSpec, request: PushRequest) -> Iterator[Found]:
    """The items of a push.

    :raise UnreadablePush: it is not of the kind that was expected
    """
    if spec.kind is Kind.FIELDS:
        document: Any = request.read_fields()
    else:
        try:
            document = open_document(spec, request.body)
        except Unreadable as error:
            raise UnreadablePush(str(error)) from error
    return get_items(spec, document, request.query)


def check_signature(request: PushRequest, spec: SignatureSpec, key: str) -> None:
    """Check the signature of a push, if there is a key.

    :raise ForgedPush: it is wrong or missing
    """
    if not key:
        return
    given = _get_part(request, spec.at, "", "").split(",")
    for url in request.urls or ("",):
        data = "".join(_get_part(request, part, url, key) for part in spec.of)
        digest = _digest(spec.algorithm, key, data.encode("utf-8", "surrogateescape"))
        for right in (digest.hex(), base64.b64encode(digest).decode()):
            if any(_is_same(one.strip(), right) for one in given):
                return
    raise ForgedPush(GenericWords.FORGED.say())


def _get_part(request: PushRequest, part: str, url: str, key: str) -> str:
    """What a part of a signature stands for, see `SignatureSpec`."""
    kind, colon, name = part.partition(":")
    if colon and kind == "header":
        return request.get_header(name)
    if colon and kind == "field":
        return request.read_fields().get(name, "")
    if part == "body":
        return request.body.decode("utf-8", "surrogateescape")
    known = {"url": url, "address": url.partition("?")[0], "key": key}
    return known.get(part, part)


def _digest(algorithm: str, key: str, data: bytes) -> bytes:
    kind, _dash, name = algorithm.rpartition("-")
    if kind:
        return hmac.new(key.encode(), data, name).digest()
    return hashlib.new(name, data).digest()


def _is_same(given: str, right: str) -> bool:
    """Whether a signature is the right one; hexadecimal digits have no case."""
    if len(given) == len(right) and re.fullmatch("[0-9a-f]+", right):
        given = given.lower()
    return hmac.compare_digest(
        given.encode("utf-8", "replace"), right.encode("utf-8", "replace")
    )
