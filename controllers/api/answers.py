"""Answers of the API: plain data into the documents of docs/api.rst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ...tools.bilingual import Language
from ...tools.statuses import CampaignStatus, Failure, MessageStatus
from .errors import RejectedRecipient, RequestError, RequestProblem
from .messages import sentence


def serialise_balance_accepted(key: str, language: Language) -> dict[str, object]:
    message = sentence("balance_accepted", language)
    return _ok({"balance": {"message": message, "key": key}})


def serialise_balance_status(
    text: str, details: Mapping[str, object], language: Language
) -> dict[str, object]:
    """:param text: the provider's answer as it came, empty until it is there"""
    return _ok({"balance": _status(text, details, language)})


def serialise_send_accepted(
    key: str,
    *,
    rejected: Sequence[RejectedRecipient] = (),
    warnings: Sequence[str] = (),
    language: Language,
) -> list[dict[str, object]]:
    """The answer to a send; ``details`` only where there is something to tell."""
    answer: dict[str, object] = {
        "status": "ok",
        "message": sentence("send_accepted", language),
        "key": key,
    }
    details: dict[str, object] = {}
    if rejected:
        details["rejected"] = [_rejected(user, language) for user in rejected]
    if warnings:
        details["warnings"] = [
            {"code": code, "message": sentence(code, language)} for code in warnings
        ]
    if details:
        answer["details"] = details
    return [{"send": answer}]


def serialise_send_status(
    campaign: CampaignStatus, language: Language
) -> dict[str, object]:
    details = {
        "totals": campaign.totals,
        "messages": [_message(message, language) for message in campaign.messages],
        "next": campaign.next_offset,
    }
    return _ok({"send": _status(campaign.state, details, language)})


def _message(message: MessageStatus, language: Language) -> dict[str, object]:
    """What became of a message; its ``text`` only where it is told."""
    failure = message.failure
    answer: dict[str, object] = {
        "index": message.index,
        "phone": message.phone,
        "state": message.state,
        "failure": _failure(failure, language) if failure else None,
        "segments": message.segments,
        "reference": message.uuid,
        "accepted_at": _iso(message.accepted_at),
        "submitted_at": _iso(message.submitted_at),
        "delivered_at": _iso(message.delivered_at),
    }
    if message.route is not None:
        answer |= _way(message, language)
    return answer if message.text is None else {**answer, "text": message.text}


def _way(message: MessageStatus, language: Language) -> dict[str, object]:
    """How a message of a policy went: its route, and the steps before."""
    return {
        "channel": message.channel,
        "route": message.route,
        "steps": [
            {
                "channel": step.channel,
                "route": step.route,
                "state": step.state,
                "failure": _failure(step.failure, language) if step.failure else None,
                "reference": step.uuid,
            }
            for step in message.steps
        ],
    }


def _failure(failure: Failure, language: Language) -> dict[str, object]:
    """Of the gateway's own reason its sentence, of a provider's its words."""
    message = failure.text
    if failure.code and failure.params is not None:
        message = sentence(failure.code, language, **failure.params)
    return {"type": failure.failure_type, "code": failure.code, "message": message}


def _iso(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def serialise_error(error: RequestError, language: Language) -> object:
    """The envelope of an error, by the operation it was understood as."""
    message = say_problem(error.problems[0], language)
    if error.kind is None or error.status != 400:
        known = {"code": error.code, **error.details}
        return {"status": "error", "message": message, "details": known}
    if len(error.problems) > 1:
        message = f"{message} {sentence('more_errors', language)}"
    details = {
        "code": error.code,
        "errors": [_problem(problem, language) for problem in error.problems],
    }
    if error.kind == "send":
        return [{"send": {"status": "error", "message": message, "details": details}}]
    return {
        "status": "error",
        "message": [{"balance": {"message": message}}],
        "details": details,
    }


def _ok(message: dict[str, object]) -> dict[str, object]:
    return {"status": "ok", "message": [message]}


def _status(
    status: str, details: Mapping[str, object], language: Language
) -> dict[str, object]:
    message = sentence("status_received", language)
    return {"message": message, "status": status, "details": details}


def _rejected(user: RejectedRecipient, language: Language) -> dict[str, object]:
    problem = RequestProblem(user.code, user.field, user.params)
    return {
        "index": user.index,
        "phone": user.phone,
        "code": user.code,
        "message": say_problem(problem, language),
    }


def _problem(problem: RequestProblem, language: Language) -> dict[str, object]:
    return {
        "path": problem.path,
        "code": problem.code,
        "message": say_problem(problem, language),
    }


def say_problem(problem: RequestProblem, language: Language) -> str:
    return sentence(problem.code, language, **{**problem.params, "path": problem.path})
