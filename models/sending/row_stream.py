"""The rows of accepted messages on their way into the database."""

import json
import secrets
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import islice

from odoo.tools import SQL

from ...tools.pg_copy import to_line
from ..common import clock

#: Beyond so many rejections of an accept, one problem of each recipient is told.
MAX_TOLD_IN_FULL = 1000
#: Failure type of a message whose recipient was rejected with this code:
#: docs/api.rst, Codes of recipients.
FAILURE_OF_CODE = {
    "invalid_number": "invalid_number",
    "missing_gender": "missing_data",
    "invalid_gender": "missing_data",
    "missing_field": "missing_data",
    "invalid_field": "missing_data",
    "invalid_character": "content_rejected",
    "too_long": "content_rejected",
    "opted_out": "opted_out",
    "duplicate": "other",
}


@dataclass(frozen=True)
class RejectedRecipient:
    """A recipient that was stored but will not be sent to."""

    index: int
    phone: str
    code: str
    field: str
    params: dict


#: A random hex digit of UUIDs → the one that tells their variant and keeps two bits.
_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def make_uuids():
    """Yield UUIDs of version 7 (RFC 9562) as 32 hex digits, without end.

    They begin with the time, so that the index grows at its end, and end with 74 bits
    that nobody can guess. Those are drawn for many at once: every draw is a call of the
    system.
    """
    digits, at_once = 20, 100
    while True:
        drawn = secrets.token_hex(digits // 2 * at_once)
        for start in range(0, len(drawn), digits):
            own = drawn[start : start + digits]
            moment = f"{time.time_ns() // 1_000_000:012x}"
            yield f"{moment}7{own[:3]}{_VARIANTS[own[3]]}{own[4:19]}"


def _get_state(code):
    """The state a message begins with when its recipient has this problem."""
    if code is None:
        return "queued"
    return "cancelled" if code == "duplicate" else "failed"


def _join_names(names):
    return SQL(", ").join(map(SQL.identifier, names))


class RowStream:
    """The rows of `_enqueue`: as tuples, or as a file for COPY whose next lines are
    prepared while PostgreSQL reads."""

    OWN_COLUMNS = (
        "uuid", "index", "phone_raw", "msisdn", "text", "text_alternative", "encoding",
        "segments", "route_id", "cost", "package_id", "state", "failure_type",
        "failure_code", "failure_params", "follow_up", "finished_at",
        "client_reference", "retry_of_id",
    )  # fmt: skip
    COMMON_COLUMNS = (
        "campaign_id", "company_id", "channel", "is_debug", "priority", "step_id",
        "maybe_sent", "attempts", "poll_count", "check_count", "accepted_at", "day",
        "not_before", "expires_at",
    )  # fmt: skip
    COLUMNS = _join_names(OWN_COLUMNS + COMMON_COLUMNS)
    ROWS_AT_ONCE = 100
    #: the operators of so many numbers are looked up at once
    ROWS_IN_BLOCK = 1000

    def __init__(self, campaign, composed, plan, replaced):
        """
        :param plan: `routing.plan.Plan`
        :param replaced: dict of index → id of the message that is sent again
        """
        self.rejected = []
        self.first_index = self.last_index = None
        #: route, state and failure type → messages and parts
        self._counts = defaultdict(lambda: [0, 0])
        self._uuids = make_uuids()
        self._composed = iter(composed)
        self._plan = plan
        self._replaced = replaced
        self._choose = plan.chooser.choose
        self._default_route_id = plan.chooser.default_route_id
        self._follow_up = plan.follow_up
        self._needs_alternative = plan.needs_alternative
        # callers of the API read of their parameters, people of records
        self._variant = {} if campaign.source == "api" else {"variant": "person"}
        self.accepted_at = clock.now()
        self.day = campaign.company_id._get_sms_gateway_day(self.accepted_at)
        # Neighbours in their index: numbers at random would each touch a page of it.
        self._first_reference = secrets.randbits(62)
        self._buffer = ""
        self._common = self._get_common(campaign, plan)
        self._end_of_line = to_line(self._common)

    def _get_common(self, campaign, plan):
        """What one accept gives all of its messages."""
        return (
            campaign.id,
            campaign.company_id.id,
            plan.channel,
            campaign.is_debug,
            campaign.priority,
            plan.step_id,
            False,
            0,
            0,
            0,
            self.accepted_at,
            self.day,
            plan.get_start(campaign, self.accepted_at),
            plan.get_expiry(campaign, self.accepted_at),
        )

    def iterate_blocks(self):
        """Yield when the rows of the next block can be read: all of them at once, or
        those of which the plan has learnt what it must know before."""
        if self._plan.lookup is None:
            yield
            return
        composed = self._composed
        while block := list(islice(composed, self.ROWS_IN_BLOCK)):
            self._plan.learn(block)
            self._composed = iter(block)
            yield

    def __iter__(self):
        for composed in self._composed:
            yield (*self._row(composed), *self._common)

    def read(self, size=-1):  # pylint: disable=method-required-super
        """Hand out the next rows, as COPY demands at most ``size`` characters."""
        if not self._buffer:
            self._buffer = "".join(self._next_lines())
        size = len(self._buffer) if size < 0 else size
        chunk, self._buffer = self._buffer[:size], self._buffer[size:]
        return chunk

    def _next_lines(self):
        for _number in range(self.ROWS_AT_ONCE):
            composed = next(self._composed, None)
            if composed is None:
                return
            yield f"{to_line(self._row(composed))}\t{self._end_of_line}\n"

    def _row(self, composed):
        code = self._reject(composed) if composed.problems else None
        state = _get_state(code)
        route_id, cost, package_id = (
            (self._default_route_id, None, None)
            if code
            else self._choose(composed.msisdn, composed.segments)
        )
        self._count(route_id, state, code, composed.segments)
        if self.first_index is None:
            self.first_index = composed.index
        self.last_index = composed.index
        return (
            composed.uuid or next(self._uuids),
            composed.index,
            composed.phone,
            composed.msisdn,
            composed.text,
            composed.text_alternative or None,
            composed.encoding,
            composed.segments,
            route_id,
            cost,
            package_id,
            state,
            FAILURE_OF_CODE[code] if code else None,
            code,
            self._make_params(composed.problems[0]) if code else None,
            self._follow_up and self._get_follow_up(composed, code),
            self.accepted_at if code else None,
            self._first_reference + composed.index,
            self._replaced.get(composed.index),
        )

    def _get_follow_up(self, composed, code):
        """When the next step begins; who is not served has none."""
        has_none = code or self._needs_alternative and not composed.text_alternative
        return None if has_none else self._follow_up

    def _count(self, route_id, state, code, segments):
        failure_type = FAILURE_OF_CODE[code] if code else None
        counted = self._counts[route_id, state, failure_type]
        counted[0] += 1
        counted[1] += segments

    def get_counts(self):
        """What was stored, as rows of the statistics."""
        return [
            {
                "route_id": route_id,
                "state": state,
                "failure_type": failure_type,
                "count": count,
                "segments": segments,
            }
            for (route_id, state, failure_type), (count, segments) in (
                self._counts.items()
            )
        ]

    def _reject(self, composed):
        """The code of the first problem of a message that cannot go.

        Every rejected recipient is told; where they are many, with one problem each.
        """
        is_crowded = len(self.rejected) >= MAX_TOLD_IN_FULL
        self.rejected += [
            RejectedRecipient(
                composed.index,
                composed.msisdn or composed.phone,
                problem.code,
                problem.field,
                dict(problem.params),
            )
            for problem in composed.problems[: 1 if is_crowded else None]
        ]
        return composed.problems[0].code

    def _make_params(self, problem):
        """What a sentence about the problem says beside its code, as JSON."""
        return json.dumps({**self._variant, "path": problem.field, **problem.params})


class SecretRowStream(RowStream):
    """The rows of texts that nobody may see; what is not sent is not kept at all."""

    COLUMNS = _join_names(
        tuple(
            "secret_text" if name == "text" else name
            for name in RowStream.OWN_COLUMNS + RowStream.COMMON_COLUMNS
        )
    )

    def _row(self, composed):
        text = None if composed.problems else composed.text
        return super()._row(replace(composed, text=text, text_alternative=""))
