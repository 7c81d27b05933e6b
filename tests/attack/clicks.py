"""Two people press one button at the same time, against a server and working lanes."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from crash.scene import Scene
from crash.workers import OdooServer, wait_until

from .stage import Person, Refused, Stage
from .verdict import Result

#: people who press together
PEOPLE = 2
#: seconds within which a lane has done what it was woken for
SOON = 30
REFUSAL = "Данное направление закрыто."


def press_together(stage: Stage, result: Result) -> None:
    with stage.serve(workers=2) as server:
        for attack in (_hand_over_again, _send_again, _resume, _cancel):
            outcomes = [attack(stage, server) for _press in range(stage.plan.presses)]
            [(name, promise)] = {(name, promise) for name, promise, _seen in outcomes}
            seen = Counter(seen for _name, _promise, seen in outcomes)
            told = ", ".join(f"{count}× {what}" for what, count in seen.items())
            result.find(name, told, promise, set(seen) == {promise})


def _hand_over_again(stage: Stage, server: OdooServer) -> tuple[str, str, str]:
    """Each of the gate's answers is lost, so the message is unknown again at once."""
    with Scene(stage.nursery, stage.database, is_idempotent=False) as scene:
        scene.gate.config(reset_after_accept=10**6)
        scene.send(1)
        scene.fork_lane(read_timeout=2)
        scene.wait_for(lambda: _is_unknown(stage), SOON)
        [message] = stage.database.read_messages()
        answers = _press_message(stage, server, message.id, "action_resolve_send_again")
        wait_until(lambda: _read_attempts(stage) > 1 and _is_unknown(stage), SOON, 0.1)
        wait_until(lambda: _read_attempts(stage) > 2, 2, 0.1)
        handed = len(scene.calls()[message.reference]["received_at"])
    return (
        "Hand over again, unknown message",
        "2 hand-overs, 1 was told",
        f"{handed} hand-overs, {_count_refused(answers)} was told",
    )


def _send_again(stage: Stage, server: OdooServer) -> tuple[str, str, str]:
    with Scene(stage.nursery, stage.database, is_idempotent=False) as scene:
        phone = f"{7_916_000_0000 + 1_000_000}"
        scene.gate.config(answers={phone: REFUSAL})
        scene.send(1)
        scene.fork_lane()
        scene.wait_for(lambda: stage.database.count_states()["failed"], SOON)
        [message] = stage.database.read_messages()
        answers = _press_message(stage, server, message.id, "action_retry")
        wait_until(lambda: stage.database.count_states()["failed"] > 1, SOON, 0.1)
        wait_until(lambda: stage.database.count_states()["failed"] > 2, 1, 0.1)
        copies = len(stage.database.read_messages()) - 1
    return (
        "Send again, failed message",
        "1 new message, 1 was told",
        f"{copies} new message, {_count_refused(answers)} was told",
    )


def _resume(stage: Stage, server: OdooServer) -> tuple[str, str, str]:
    return _move(stage, server, "action_resume", "Resume, paused campaign", "running")


def _cancel(stage: Stage, server: OdooServer) -> tuple[str, str, str]:
    return _move(stage, server, "action_cancel", "Cancel, paused campaign", "cancelled")


def _move(
    stage: Stage, server: OdooServer, button: str, name: str, state: str
) -> tuple[str, str, str]:
    with Scene(stage.nursery, stage.database, is_idempotent=False) as scene:
        [campaign] = scene.send(20)
        stage.nursery.run("move_campaign", campaign_id=campaign, action="action_pause")
        _press(stage, server, "sms.gateway.campaign", campaign, button)
        query = "SELECT state, moves FROM sms_gateway_campaign WHERE id = %s"
        [row] = stage.database.ask(query, campaign)
    # Sent, paused and moved by one of the two.
    return name, f"{state}, 2 moves", f"{row['state']}, {row['moves']} moves"


def _press_message(
    stage: Stage, server: OdooServer, message_id: int, button: str
) -> list[Any]:
    return _press(stage, server, "sms.gateway.message", message_id, button)


def _press(
    stage: Stage, server: OdooServer, model: str, record_id: int, button: str
) -> list[Any]:
    """Let people press at the same time.

    :return: their answers, an exception where Odoo refused
    """
    people = [
        Person(server.url, stage.database.name, "admin", "admin")
        for _number in range(PEOPLE)
    ]

    def press(person: Person) -> Any:
        try:
            return person.call(model, button, [record_id])
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(press, people))


def _count_refused(answers: list[Any]) -> int:
    return sum(isinstance(answer, Refused) for answer in answers)


def _is_unknown(stage: Stage) -> bool:
    return bool(stage.database.count_states()["unknown"])


def _read_attempts(stage: Stage) -> int:
    [message] = stage.database.read_messages()
    return message.attempts
