"""Requests that are refused: what is wrong with them and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

MAX_PROBLEMS = 100
#: HTTP status by code; all others are 400.
STATUS_BY_CODE = {
    "unauthorized": 401,
    "forbidden": 403,
    "unknown_key": 404,
    "unknown_path": 404,
    "method_not_allowed": 405,
    "idempotency_conflict": 409,
    "too_large": 413,
    "too_many_users": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "internal": 500,
    "unavailable": 503,
}


@dataclass(frozen=True, slots=True)
class RequestProblem:
    """One thing wrong with a request.

    ``path`` is its place, ``send.users[2]``; ``params`` fill the sentence.
    """

    code: str
    path: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


class RequestError(Exception):
    """A request that is refused, with everything that is wrong with it.

    The first problem leads: its code and sentence stand for the whole answer, and by
    default its code decides the HTTP status.
    """

    def __init__(
        self,
        problems: Sequence[RequestProblem],
        *,
        kind: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        """
        :param kind: the operation, where the request was understood as one
        :param details: more for machines, beside the code
        """
        self.problems = list(problems[:MAX_PROBLEMS])
        self.kind = kind
        self.status = status or STATUS_BY_CODE.get(self.code, 400)
        self.headers = dict(headers or {})
        self.details = dict(details or {})
        super().__init__(self.code)

    @property
    def code(self) -> str:
        return self.problems[0].code


def request_error(
    code: str,
    *,
    path: str = "",
    kind: str | None = None,
    headers: Mapping[str, str] | None = None,
    details: Mapping[str, object] | None = None,
    **params: object,
) -> RequestError:
    """Make the error of a request that has one problem."""
    problem = RequestProblem(code, path, params)
    return RequestError([problem], kind=kind, headers=headers, details=details)


class RejectedRecipient(Protocol):
    """A recipient nothing is sent to.

    ``phone`` is E.164, or as it was received; ``field`` is the place of the problem
    among the recipient's members, empty for the text.
    """

    @property
    def index(self) -> int: ...
    @property
    def phone(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def params(self) -> Mapping[str, object]: ...


def rejection_error(
    code: str, rejected: Sequence[RejectedRecipient], users_path: str
) -> RequestError:
    """Make the error of a send that sinks with its recipients.

    :param code: ``no_valid_users`` or ``rejected_users``
    """
    problems = [RequestProblem(code, users_path)]
    for user in rejected[: MAX_PROBLEMS - 1]:
        place = f"{users_path}[{user.index}]"
        path = f"{place}.{user.field}" if user.field else place
        problems.append(RequestProblem(user.code, path, user.params))
    return RequestError(problems, kind="send")
