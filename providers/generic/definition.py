"""Definitions of simple providers: what to call, and where in the answer what stands.

Plain data; `reader` makes them of a preset's file or of a route's settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from lxml import etree

from ...tools.vocabulary import FailureType
from ..http_provider import HttpCall
from ..types import Status, SubmitResult
from .bodies import (
    Element,
    Pairs,
    Values,
    dump_json,
    render_json,
    render_pairs,
    render_xml,
)
from .paths import Kind, Path
from .templates import Template


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """How a request is made."""

    method: str
    path: Template
    query: Pairs = ()
    headers: Pairs = ()
    content_type: str = ""
    #: fields of a form, a document of JSON, or one of XML
    body: Any = None

    def build(self, values: Values) -> HttpCall:
        """The request with its values."""
        headers = dict(render_pairs(self.headers, values))
        if self.content_type:
            headers = {"Content-Type": self.content_type, **headers}
        return HttpCall(
            self.method,
            self.path.render(values),
            tuple(render_pairs(self.query, values)),
            headers,
            _render_body(self.body, values),
        )


def _render_body(body: Any, values: Values) -> bytes | None:
    if body is None:
        return None
    if isinstance(body, tuple):
        return urlencode(list(render_pairs(body, values))).encode()
    if isinstance(body, Element):
        declaration = b'<?xml version="1.0" encoding="utf-8"?>'
        return declaration + etree.tostring(render_xml(body, values), encoding="utf-8")
    return dump_json(render_json(body, values))


@dataclass(frozen=True, slots=True)
class AnswerSpec:
    """Where in a document what stands.

    ``success`` are the words, in lower case, that a successful answer has at the place
    of that name; empty: any but an empty one.
    """

    kind: Kind
    paths: Mapping[str, Path] = field(default_factory=dict)
    items: Path | None = None
    success: frozenset[str] = frozenset()
    currency: str = ""
    #: the reference where the answer has none: what was sent along
    sent_reference: Template | None = None
    #: codes of errors that say that no status is known yet
    pending: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CallSpec:
    """A request and its answer."""

    request: RequestSpec
    answer: AnswerSpec


@dataclass(frozen=True, slots=True)
class SignatureSpec:
    """How a push proves where it comes from.

    ``at`` is ``header:<name>`` or ``field:<name>``. The parts of ``of`` are those,
    ``body``, ``url`` (of the push), ``address`` (the same without its query), ``key``,
    or a text as it is.
    """

    at: str
    algorithm: str
    #: the setting that holds the key; empty, nothing is checked
    key: str
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PushSpec:
    """What pushes look like and how they are answered."""

    reports: AnswerSpec
    inbound: AnswerSpec | None = None
    signature: SignatureSpec | None = None
    status: int = 200
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Definition:
    """A provider's protocol."""

    submit: CallSpec
    headers: Pairs = ()
    #: login and password of HTTP Basic authentication
    basic: tuple[Template, Template] | None = None
    poll: CallSpec | None = None
    lookup: CallSpec | None = None
    balance: CallSpec | None = None
    test: CallSpec | None = None
    push: PushSpec | None = None
    #: code of an error, or ``HTTP`` with the status of an answer without any → what it
    #: means; ``*``: of all others in answers that came with success
    errors: Mapping[str, SubmitResult] = field(default_factory=dict)
    #: status in lower case → what it means
    statuses: Mapping[str, Status] = field(default_factory=dict)
    #: code in a report → why the message failed
    failures: Mapping[str, FailureType] = field(default_factory=dict)
