"""Install each release, send with it, update, compare: see `scripts/test upgrade`."""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import requests
from crash.facts import Database as Facts
from crash.workers import OdooServer, wait_until
from database import Database, base_database
from web_client import WebClient

ADDON = "crm_sms_gateway"
ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
CHECKOUTS = LOCAL / "releases"
LOGS = LOCAL / "log" / "upgrade"
ROUTE = "upgrade"
#: Seconds within which messages come to rest.
PATIENCE = 90
#: Ends of numbers that the sandbox delivers, fails, expires and never answers for.
ENDINGS = ("6700", "9901", "9902", "9903", "9905")
AT_REST = {"delivered", "failed", "expired", "cancelled", "unknown"}
#: A real account, whose route is paused with messages in its queue.
GATE = "upgrade gate"
SETTINGS = {
    "url": "https://gate.example.com",
    "login": "demo",
    "password": "hush",
    "sender": "DEMO",
    "timezone": "Europe/Moscow",
    "max_batch": "100",
    "honours_client_id": "1",
    "translit": "0",
}


@dataclass(frozen=True)
class Release:
    """One version: the last commit that has it."""

    version: str
    commit: str


def main() -> int:
    """:return: the exit status: 0 when every release's data are kept and work"""
    parser = argparse.ArgumentParser(prog="scripts/test upgrade", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="version")
    only = parser.parse_args().only
    releases = [one for one in find_releases() if not only or one.version in only]
    problems = {release.version: play(release) for release in releases}
    for version, found in problems.items():
        say(f"{version}: {'; '.join(found) or 'ok'}")
    say("All data kept" if not any(problems.values()) else "FAILED")
    return int(not problems or any(problems.values()))


def find_releases() -> list[Release]:
    """Every version before this one, oldest first."""
    path = "__manifest__.py"
    commits = _git("log", "--format=%H", "--reverse", '-G"version"', "--", path).split()
    first = {_read_version(commit): commit for commit in reversed(commits)}
    versions = sorted(first, key=lambda version: commits.index(first[version]))
    return [
        Release(version, _git("rev-parse", f"{first[following]}^").strip())
        for version, following in zip(versions, versions[1:], strict=False)
    ]


def _read_version(commit: str) -> str:
    manifest = ast.literal_eval(_git("show", f"{commit}:__manifest__.py"))
    return str(manifest["version"])


# === ONE RELEASE ===
def play(release: Release) -> list[str]:
    """:return: what is wrong after the update"""
    say(f"{release.version} ({release.commit[:10]}) ...")
    database = Database(f"{os.environ['ODOO_DB']}_{release.version.replace('.', '_')}")
    try:
        with checked_out(release, database.name):
            database.drop()
            database.copy_from(base_database(False))
            database.odoo("-i", ADDON)
            with OdooServer(database.name, LOGS) as server:
                before = Client(server.url, database.name)
                before.fill()
                story = before.tell()
        database.odoo("-u", ADDON)
        with OdooServer(database.name, LOGS) as server:
            after = Client(server.url, database.name, before.keys, before.waiting)
            return after.compare(story)
    finally:
        database.drop()
        database.mark.unlink(missing_ok=True)


@contextmanager
def checked_out(release: Release, database: str) -> Iterator[None]:
    """A block in which Odoo finds the release's addon instead of this checkout's."""
    folder = CHECKOUTS / release.version
    shutil.rmtree(folder, ignore_errors=True)
    _git("worktree", "prune")
    _git("worktree", "add", "--force", "--detach", str(folder), release.commit)
    addons = CHECKOUTS / f"{release.version}-addons"
    addons.mkdir(exist_ok=True)
    link = addons / ADDON
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    ours = os.environ["ODOO_RC"]
    theirs = CHECKOUTS / f"{release.version}.conf"
    text = Path(ours).read_text().replace(str(LOCAL / "addons"), str(addons))
    theirs.write_text(text.replace(os.environ["ODOO_DB"], database))
    os.environ["ODOO_RC"] = str(theirs)
    try:
        yield
    finally:
        os.environ["ODOO_RC"] = ours
        _git("worktree", "remove", "--force", str(folder))


class Client:
    """What a company does with the gateway, by the API's reference.

    :param keys: of what was sent before
    :param waiting: key of what waits for the gate
    """

    def __init__(
        self, url: str, database: str, keys: tuple[str, ...] = (), waiting: str = ""
    ) -> None:
        self.keys = keys
        self.waiting = waiting
        self._url = url
        self._odoo = WebClient(url, database, "admin", "admin")
        self._facts = Facts(database)

    def fill(self) -> None:
        """Make a route, send in every way, and wait for the outcomes."""
        values = {"name": ROUTE, "provider_code": "sandbox", "has_voice": True}
        self._odoo.call("sms.gateway.route", "create", [values])
        phones = [f"+7928170{ending}" for ending in ENDINGS]
        tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
        self.keys = (
            self.send(phones[0]),
            self.send(*phones, "12345"),
            self.send(*phones, mode="debug"),
            self.send(phones[0], voice=1),
            self.send(*phones, timeLimit=tomorrow.isoformat(timespec="seconds")),
        )
        self._make_gate()
        self.waiting = self.send(*phones, route=GATE)
        wait_until(self._is_at_rest, PATIENCE, 0.5)

    def _make_gate(self) -> None:
        """Make the route of a real account, and pause it before it calls anybody."""
        values = {"name": GATE, "provider_code": "xml_gate", "throughput": 5}
        [route] = self._odoo.call("sms.gateway.route", "create", [values])
        self._odoo.call("sms.gateway.route", "action_pause", [route])
        rows = self._odoo.call(
            "sms.gateway.route.setting",
            "search_read",
            [["route_id", "=", route]],
            ["name"],
        )
        for row in rows:
            field = "secret_input" if row["name"] == "password" else "value"
            value = {field: SETTINGS.get(row["name"], False)}
            self._odoo.call("sms.gateway.route.setting", "write", [row["id"]], value)

    def send(self, *phones: str, **parameters: Any) -> str:
        """:return: the key"""
        texts = {
            "text_male": "Уважаемый {{ name }}",
            "text_female": "Уважаемая {{ name }}",
        }
        users = [
            {"phone": phone, "gender": "female", "name": "Анна"} for phone in phones
        ]
        send = {**texts, "fields": ["name"], "users": users}
        answer = self._call({"send": send, "route": ROUTE, **parameters})
        return str(answer[0]["send"]["key"])

    def tell(self) -> dict[str, Any]:
        """What the API says of all that was sent, without its wording."""
        story = {key: self._tell_one(key) for key in self.keys}
        if self.waiting:
            story[self.waiting] = self._tell_one(self.waiting, GATE)
            story["routes"] = self._facts.ask(_ROUTES)
        return story

    def compare(self, story: dict[str, Any]) -> list[str]:
        """:return: what is not as it was, or does not work"""
        problems = [
            f"a send is told otherwise: {story[key]} is {told} after the update"
            for key, told in self.tell().items()
            if told != story[key]
        ]
        problems += self._compare_counts()
        if idle := self._facts.ask(_IDLE_CRONS):
            problems.append(f"crons do not run: {[row['name'] for row in idle]}")
        self.keys, self.waiting = (self.send("+79281706700"),), ""
        wait_until(self._is_at_rest, PATIENCE, 0.5)
        if not self._is_at_rest():
            problems.append("what is sent after the update does not arrive")
        self._facts.close()
        return problems

    def _tell_one(self, key: str, route: str = ROUTE) -> dict[str, Any]:
        answer = self._call({"status": {"key": key}, "route": route})
        told = answer["message"][0]["send"]
        details = told["details"]
        return {
            "state": told["status"],
            "totals": details["totals"],
            "messages": [
                (
                    *(
                        message[name]
                        for name in ("index", "phone", "state", "reference")
                    ),
                    (message["failure"] or {}).get("type"),
                )
                for message in details["messages"]
            ],
        }

    def _is_at_rest(self) -> bool:
        """Whether nothing is under way but what waits for its day."""
        return all(
            told["state"] == "scheduled"
            or {state for state, n in told["totals"].items() if n} <= AT_REST
            for told in map(self._tell_one, self.keys)
        )

    def _compare_counts(self) -> list[str]:
        wait_until(lambda: not self._facts.ask(_UNFOLDED), PATIENCE, 0.5)
        [rows] = self._facts.ask(_COUNTS)
        is_right = (rows["messages"], rows["real"]) == (
            rows["on_campaigns"],
            rows["in_statistic"],
        )
        return [] if is_right else [f"counts differ: {rows}"]

    def _call(self, document: dict[str, Any]) -> Any:
        for _turn in range(20):
            answer = requests.post(f"{self._url}/api/v1", json=document, timeout=60)
            if answer.status_code == 200:
                return answer.json()
            if answer.status_code != 503:
                break
            time.sleep(0.5)
        raise SystemExit(f"The API answered {answer.status_code}: {answer.text}")


#: Our crons that nothing will run.
_IDLE_CRONS = """
    SELECT d.name FROM ir_cron c
      JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id
     WHERE d.module = 'crm_sms_gateway' AND NOT c.active
"""
#: How many messages there are by themselves and counted; debug ones are no statistics.
_COUNTS = """
    SELECT (SELECT count(*) FROM sms_gateway_message)::int AS messages,
           (SELECT count(*) FROM sms_gateway_message WHERE NOT is_debug)::int AS real,
           (SELECT sum(queued_count + submitting_count + submitted_count
                       + unknown_count + delivered_count + failed_count
                       + expired_count + cancelled_count)
              FROM sms_gateway_campaign)::int AS on_campaigns,
           (SELECT sum(count) FROM sms_gateway_statistic)::int AS in_statistic
"""
#: Routes with all that administrators entered, secrets included.
_ROUTES = """
    SELECT r.name, r.provider_code, r.has_sms, r.has_voice, r.throughput, r.state,
           r.webhook_token, s.name AS setting, s.value, s.secret_value
      FROM sms_gateway_route r
 LEFT JOIN sms_gateway_route_setting s ON s.route_id = r.id
     WHERE r.name IN ('upgrade', 'upgrade gate')
  ORDER BY r.name, s.name
"""
_UNFOLDED = "SELECT id FROM sms_gateway_statistic_change LIMIT 1"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
