"""Ask a database of advisories about the pins: see `scripts/lint --help`.

    advisories.py requirements-file [requirements-file ...]

pip-audit asks the package index that pip knows. Exit status: 0 when no pin has an
advisory, 1 when one has that ``advisories-accepted.txt`` does not name, 3 when the
database did not answer or does not know: that says nothing of the pins.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ACCEPTED = Path(__file__).parents[1] / "requirements" / "advisories-accepted.txt"
#: has advisories, which a database that knows any tells
CANARY = ("Jinja2", "3.1.2")
#: seconds for one question, whatever the network does
PATIENCE = 60

Found = dict[str, tuple[str, str]]


class Unanswered(Exception):
    """The database could not be asked, or did not know."""


def main(files: list[str]) -> int:
    try:
        if not ask_about_canary():
            name, version = CANARY
            raise Unanswered(f"it has no advisory for {name} {version}")
        found = ask(["--no-deps", *(f"--requirement={file}" for file in files)])
    except Unanswered as error:
        print(f"no database of advisories could be asked: {error}")
        return 3
    accepted = read_accepted()
    wrong = {name: what for name, what in found.items() if name not in accepted}
    for name, (pin, text) in sorted(wrong.items()):
        print(f"{pin}: {name}: {text}")
    for name in sorted(accepted - found.keys()):
        print(f"{ACCEPTED.name}: nothing has {name} any more")
    return int(bool(wrong))


def ask_about_canary() -> Found:
    return ask(["--no-deps", "--requirement=/dev/stdin"], "==".join(CANARY))


def ask(arguments: list[str], text: str = "") -> Found:
    """What the database tells of some pins.

    :return: id of an advisory → its pin, and the versions that mend it
    :raise Unanswered: a pin is not known to it, or there was no answer
    """
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--format=json"]
    try:
        run = subprocess.run(
            [*command, "--progress-spinner=off", *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise Unanswered(f"no answer in {PATIENCE} s") from None
    try:
        pins = json.loads(run.stdout)["dependencies"]
    except ValueError:
        last = run.stderr.strip().splitlines()[-1:] or ["no answer"]
        raise Unanswered(last[0]) from None
    unknown = [pin["name"] for pin in pins if "skip_reason" in pin]
    if unknown:
        raise Unanswered(f"it does not know {', '.join(unknown[:3])} …")
    return dict(read_advisories(pins))


def read_advisories(pins: list[dict[str, Any]]) -> list[tuple[str, tuple[str, str]]]:
    return [
        (
            advisory["id"],
            (
                f"{pin['name']} {pin['version']}",
                f"mended by {', '.join(advisory['fix_versions']) or 'nothing yet'}",
            ),
        )
        for pin in pins
        for advisory in pin["vulns"]
    ]


def read_accepted() -> set[str]:
    """The first word of each line, but for comments."""
    lines = ACCEPTED.read_text("utf-8").splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
