"""Databases of the benchmarks: copies, made in a second and dropped after use."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2

from .machine import get_family_cpu, get_parent

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / ".local"
sys.path.append(str(ROOT / "scripts" / "lib"))

import database as scripts_database  # noqa: E402

Database = scripts_database.Database


@contextlib.contextmanager
def copy_of(original: str, name: str) -> Iterator[str]:
    """A copy of a database for as long as the block lasts.

    :param name: what the copy's name ends with
    """
    copy = Database(f"{os.environ['ODOO_DB']}_{name}")
    copy.drop()
    copy.copy_from(Database(original))
    try:
        yield copy.name
    finally:
        copy.drop()
        copy.mark.unlink(missing_ok=True)


def prepare_native(fill: Callable[[str], None]) -> str:
    """The database with Odoo's own SMS and Twilio, made if need be.

    :param fill: gets its name when it is new, and fills it
    """
    base = scripts_database.base_database(False)
    return _prepare(base, "native", "sms_twilio", fill)


def prepare_marketing() -> str:
    """The database with the addon and SMS Marketing, made if need be."""
    ours = Database(os.environ["ODOO_DB"])
    return _prepare(ours, "marketing", "mass_mailing_sms", lambda _name: None)


def _prepare(base: Database, name: str, addon: str, fill: Callable[[str], None]) -> str:
    """A copy of a database with one more addon."""
    copy = Database(f"{os.environ['ODOO_DB']}_{name}_base")
    origin = scripts_database.short_hash(base.made_from() or "", addon)
    if copy.made_from() != origin:
        copy.drop()
        copy.copy_from(base)
        copy.odoo("-i", addon)
        fill(copy.name)
        copy.remember(origin)
    return copy.name


def ask(name: str, query: str, *values: object) -> list[tuple]:
    """Run one statement on a database and return its rows."""
    with contextlib.closing(psycopg2.connect(dbname=name)) as connected:
        connected.autocommit = True
        with connected.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []


def find_server() -> int | None:
    """The process of the PostgreSQL server, when it is one of this machine."""
    if not os.environ.get("PGHOST", "").startswith("/"):
        return None
    with contextlib.closing(psycopg2.connect(dbname="postgres")) as connected:
        try:
            return get_parent(connected.info.backend_pid)
        except OSError:
            return None


class ServerClock:
    """CPU time of the database server with all its processes."""

    def __init__(self) -> None:
        self._pid = find_server()

    def read(self) -> float:
        """CPU seconds so far; always 0 where the server is not ours to look at."""
        return get_family_cpu(self._pid) if self._pid else 0.0
