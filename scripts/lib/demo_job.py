"""The main job, before the eyes of whoever started the demonstration.

Posts the manual's example to the route ``ds`` and a second send to the route ``xml``,
and shows how the messages come to be delivered: the first learns it by asking the
provider, the second is told by the simulated gate.

Reads ODOO_URL, ODOO_DB and SIMULATOR_URL; exit status 0 when both were delivered.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import requests

ODOO_URL = os.environ["ODOO_URL"]
SIMULATOR_URL = os.environ["SIMULATOR_URL"]
DATABASE = os.environ["ODOO_DB"]
LOGIN = PASSWORD = "admin"
#: seconds a send may take until it is delivered
PATIENCE = 120
SESSION = requests.Session()

#: The manual's example, chapter 3.2.5.
EXAMPLE = {
    "send": {
        "text_male": "Уважаемый {{first_name}}! "
        "Поздравляем Вас с наступающим Новым годом!",
        "text_female": "Уважаемая {{first_name}}! "
        "Поздравляем Вас с наступающим Новым годом!",
        "fields": ["first_name"],
        "users": [
            {"phone": "+79281706700", "gender": "male", "first_name": "Андрей"},
            {"phone": "+79281706700", "gender": "male", "first_name": "Андрей"},
            {"phone": "+79281706700", "gender": "male", "first_name": "Андрей"},
        ],
    },
    "route": "ds",
    "ttl": 7200,
    "mode": "debug",
}
SECOND = {
    "send": {
        "text_male": "Уважаемый {{first_name}}, Ваш заказ готов.",
        "text_female": "Уважаемая {{first_name}}, Ваш заказ готов.",
        "fields": ["first_name"],
        "users": [
            {"phone": "+79161234501", "gender": "male", "first_name": "Андрей"},
            {"phone": "8 (916) 123-45-02", "gender": "female", "first_name": "Анна"},
        ],
    },
    "route": "xml",
}


def main() -> int:
    connect_gate()
    return 0 if all([show_send(EXAMPLE, "poll"), show_send(SECOND, "push")]) else 1


# === THE JOB ===
def show_send(document: dict[str, Any], source: str) -> bool:
    """Send, show the states until all is delivered, tell how they became known."""
    print(f"\nPOST /api/v1  {json.dumps(document, ensure_ascii=False)}")
    answer = call_api(document)
    print(f"  answer: {json.dumps(answer, ensure_ascii=False)}")
    key = answer[0]["send"]["key"]
    is_delivered = wait_until_delivered(key, document["route"])
    sources = read_sources(key)
    print(f"  learned by: {', '.join(sorted(sources)) or 'nothing yet'}")
    return is_delivered and sources == {source}


def wait_until_delivered(key: str, route: str) -> bool:
    started, shown = time.monotonic(), None
    while time.monotonic() - started < PATIENCE:
        answer = call_api({"status": {"key": key}, "route": route})
        totals = answer["message"][0]["send"]["details"]["totals"]
        states = ", ".join(f"{state} {n}" for state, n in totals.items() if n)
        if states != shown:
            shown = states
            print(f"  {time.monotonic() - started:5.1f} s  {states}", flush=True)
        if totals["delivered"] == sum(totals.values()):
            return True
        time.sleep(0.2)
    return False


def read_sources(key: str) -> set[str]:
    """Who said that the messages are delivered: ``poll`` or ``push``."""
    domain = [["message_id.campaign_id.key", "=", key], ["kind", "=", "delivered"]]
    events = call_odoo("sms.gateway.event", "search_read", [domain, ["source"]])
    return {event["source"] for event in events}


def call_api(document: dict[str, Any]) -> Any:
    answer = requests.post(f"{ODOO_URL}/api/v1", json=document, timeout=60)
    if answer.status_code != 200:
        sys.exit(f"The API answered {answer.status_code}: {answer.text}")
    return answer.json()


# === THE SIMULATED GATE ===
def connect_gate() -> None:
    """Tell the route ``xml`` where the gate is, and the gate where to push."""
    [route] = call_odoo(
        "sms.gateway.route",
        "search_read",
        [[["name", "=", "xml"]], ["webhook_token", "state"]],
    )
    domain = [["route_id", "=", route["id"]], ["name", "=", "url"]]
    settings = call_odoo("sms.gateway.route.setting", "search", [domain])
    call_odoo(
        "sms.gateway.route.setting", "write", [settings, {"value": SIMULATOR_URL}]
    )
    call_odoo("sms.gateway.route", "action_resume", [[route["id"]]])
    push_url = f"{ODOO_URL}/crm_sms_gateway/webhook/{route['webhook_token']}"
    requests.post(
        f"{SIMULATOR_URL}/control/config", json={"push_url": push_url}, timeout=10
    ).raise_for_status()


def call_odoo(model: str, method: str, arguments: list[Any]) -> Any:
    """Call a method as the administrator, the way Odoo's own pages do."""
    if not SESSION.cookies:
        login = {"db": DATABASE, "login": LOGIN, "password": PASSWORD}
        _call_page("/web/session/authenticate", login)
    call = {"model": model, "method": method, "args": arguments, "kwargs": {}}
    return _call_page(f"/web/dataset/call_kw/{model}/{method}", call)


def _call_page(path: str, parameters: dict[str, Any]) -> Any:
    document = {"jsonrpc": "2.0", "method": "call", "params": parameters}
    answer = SESSION.post(f"{ODOO_URL}{path}", json=document, timeout=60).json()
    if "error" in answer:
        sys.exit(f"Odoo: {answer['error']['data']['message']}")
    return answer.get("result")


if __name__ == "__main__":
    raise SystemExit(main())
