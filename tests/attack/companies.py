"""People of one company reach for what is another's, by RPC and by the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests

from .bodies import make_plain
from .stage import PATIENCE, Person, Refused, Stage
from .verdict import Result

GROUPS = ("user", "manager", "administrator")
#: what each group sees of its company: the campaigns are the API's
OWN = {
    "user": ("sms.gateway.route",),
    "manager": ("sms.gateway.route", "sms.gateway.campaign"),
    "administrator": ("sms.gateway.route", "sms.gateway.campaign"),
}
#: buttons that change what they are pressed on
BUTTONS = {
    "sms.gateway.route": (
        *("action_pause", "action_resume"),
        *("action_check_balance", "action_test_connection"),
    ),
    "sms.gateway.campaign": (
        *("action_pause", "action_resume", "action_cancel", "action_send"),
    ),
    "sms.gateway.message": (
        *("action_retry", "action_resolve_send_again"),
        *("action_resolve_delivered", "action_resolve_failed"),
    ),
    "sms.gateway.list": ("action_send",),
}
#: a field of each model that a stranger would write
WRITTEN = {
    "sms.gateway.route": {"name": "taken"},
    "sms.gateway.route.setting": {"value": "http://127.0.0.1:9/"},
    "sms.gateway.campaign": {"name": "taken"},
    "sms.gateway.message": {"text": "taken"},
    "sms.gateway.list": {"name": "taken"},
}


def trespass(stage: Stage, result: Result) -> None:
    world = stage.make_world()
    ours, theirs = world["companies"]
    with stage.serve() as server:
        for group in GROUPS:
            login = ours["logins"][group]
            person = Person(server.url, stage.database.name, login, world["password"])
            attempts = list(_reach(person, theirs))
            taken = [what for what, is_open in attempts if is_open]
            result.find(
                f"{group} of another company",
                f"{len(attempts)} attempts, open: {', '.join(taken) or 'none'}",
                "none",
                not taken,
            )
            stays = _read_own(person, ours, OWN[group])
            result.find(f"{group}, own records", stays, "all", stays == "all")
        taken = list(_use_keys(server.url, ours, theirs))
        told = ", ".join(taken) or "none"
        result.find("routes of others by API key", told, "none", not taken)


def _reach(person: Person, theirs: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Every attempt, and whether it led to something."""
    context = {"allowed_company_ids": [theirs["id"]]}
    for model, ids in theirs["records"].items():
        for way, options in (("", {}), (" by context", {"context": context})):
            found = _try(person, model, "search", [("id", "in", ids)], **options)
            yield f"search {model}{way}", bool(found)
            read = _try(person, model, "read", ids, ["display_name"], **options)
            yield f"read {model}{way}", bool(read)
        yield f"write {model}", bool(_try(person, model, "write", ids, WRITTEN[model]))
        for button in BUTTONS.get(model, ()):
            yield f"{button} {model}", _try(person, model, button, ids) is not None
        yield f"unlink {model}", bool(_try(person, model, "unlink", ids))
    yield from _reach_for_keys(person, theirs)


def _reach_for_keys(
    person: Person, theirs: dict[str, Any]
) -> Iterator[tuple[str, bool]]:
    keys = "res.users.apikeys"
    user_id = theirs["users"]["api"]
    found = _try(person, keys, "search", [("user_id", "=", user_id)])
    yield "keys of their users", bool(found)
    if found:
        yield "revoke their key", _try(person, keys, "remove", found) is not None
    wizard = "sms.gateway.key.wizard"
    values = {"name": "taken", "user_id": user_id}
    made = _try(person, wizard, "create", [values])
    # The button itself asks for the password first; what it would do is tried.
    if made:
        asked = _try(person, wizard, "action_make_key", made)
        is_open = isinstance(asked, dict) and asked.get("res_model") in (
            *("res.users.identitycheck", "res.users.apikeys.show"),
        )
        yield "make a key for their user", is_open


def _try(person: Person, *call: Any, **options: Any) -> Any:
    """What a call returns, None where Odoo refuses it."""
    try:
        return person.call(*call, **options)
    except Refused:
        return None


def _read_own(person: Person, ours: dict[str, Any], models: tuple[str, ...]) -> str:
    """Rights that keep everybody out would hold as well."""
    missing = [
        model
        for model in models
        if not _try(person, model, "search", [("id", "in", ours["records"][model])])
    ]
    return f"not {', '.join(missing)}" if missing else "all"


def _use_keys(url: str, ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    """Send, and ask for statuses and balances, through routes of the other company."""
    routes = {"own": ours["route"], "other": theirs["route"]}
    for name, route in routes.items():
        body = make_plain(1).content.replace(b'"attack"', f'"{route}"'.encode())
        headers = {
            "Authorization": f"Bearer {ours['key']}",
            "Content-Type": "application/json",
        }
        session = requests.Session()
        session.trust_env = False
        answer = session.post(
            f"{url}/api/v1", data=body, headers=headers, timeout=PATIENCE
        )
        is_open = answer.status_code == 200
        if is_open != (name == "own"):
            yield f"{name} route: {answer.status_code} {answer.text[:100]}"
