"""Bring one database up to the state of the checkout, in as little time as it takes.

A database remembers in its comment what it was made from: a hash of every file of the
addon that an installation reads. While that is unchanged the database is used as it is.
Otherwise a test database is made anew, so that nothing of a deleted field or record
lingers: as a copy of a base database that has only the addons depended on. A
demonstration database is updated in place, for somebody may have worked in it.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, connection

ADDON = "crm_sms_gateway"
ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
ODOO_BIN = Path(__file__).with_name("bin") / "odoo-bin"
#: of which each waits five seconds for who gives way
DROP_ATTEMPTS = 6

INSTALLED = {".py", ".xml", ".csv", ".po", ".pot", ".sql", ".json", ".yml", ".yaml"}
NOT_INSTALLED = {"benchmarks", "tests", "scripts", "docs", "static", "newsfragments"}


def main() -> int:
    """Prepare the database that ODOO_DB names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["test", "demo"])
    parser.add_argument("fresh", nargs="?", choices=["fresh"])
    parser.add_argument("--beside", nargs="+", default=[], metavar="addon")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    database = Database(os.environ["ODOO_DB"])
    with_demo, fresh = options.kind == "demo", options.fresh is not None
    prepare(database, with_demo, fresh, options.beside)
    return 0


def prepare(
    database: Database, with_demo: bool, fresh: bool, beside: list[str]
) -> None:
    """Reuse, update or make the database, with these addons of Odoo's beside ours."""
    wanted = short_hash(fingerprint_of_addon(), *beside)
    found = database.made_from()
    if found == wanted and not fresh:
        return
    if database.exists() and found is None and not database.mark.exists():
        raise SystemExit(
            f"database.py: the database {database.name} was not made by these scripts:"
            " drop it or set ODOO_DB to another name"
        )
    if found is not None and with_demo and not fresh:
        say(f"Updating {ADDON} in {database.name}")
        database.odoo("-u", ADDON)
    else:
        base = base_database(with_demo, beside)
        say(f"Installing {ADDON} in {database.name}")
        database.drop()
        database.copy_from(base)
        database.odoo("-i", ADDON, *demo_option(with_demo))
    database.remember(wanted)


def base_database(with_demo: bool, beside: Iterable[str] = ()) -> Database:
    """Return the database with only the addons depended on, made if need be.

    :param beside: further addons of Odoo's that it has
    """
    depends = sorted({*dependencies(), *beside})
    origin = short_hash(odoo_version(), *depends)
    kind = "demo_base" if with_demo else "base"
    base = Database(f"{ADDON}_{kind}_{origin}")
    if base.made_from() == origin:
        return base
    say(f"Installing Odoo's {', '.join(depends)} once, in {base.name}")
    base.drop()
    base.odoo("-i", ",".join(depends), *demo_option(with_demo))
    base.remember(origin)
    return base


def demo_option(with_demo: bool) -> list[str]:
    """Return Odoo's option for demonstration data."""
    return ["--with-demo"] if with_demo else []


class Database:
    """One database of the server and its files in Odoo's data folder."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.files = LOCAL / "odoo-data" / "filestore" / name
        self.mark = LOCAL / "state" / f"{name}.unfinished"

    def exists(self) -> bool:
        """Tell whether the server has it."""
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        return bool(self._ask(query, self.name))

    def made_from(self) -> str | None:
        """Return what it was completely made from, if these scripts made it."""
        query = """
            SELECT shobj_description(oid, 'pg_database') FROM pg_database
            WHERE datname = %s
        """
        comment = self._ask(query, self.name)
        prefix, _, origin = (comment or "").partition(" ")
        return origin if prefix == ADDON else None

    def remember(self, origin: str) -> None:
        """Note what it was made from."""
        comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
        text = sql.Literal(f"{ADDON} {origin}")
        self._run(comment.format(sql.Identifier(self.name), text))
        self.mark.unlink(missing_ok=True)

    def drop(self) -> None:
        """Drop it, with whatever is connected to it."""
        drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self.name))
        forced = drop + sql.SQL(" WITH (FORCE)")
        # An autovacuum is a superuser's: it is not ended by force, but gives way to who
        # is patient, unless somebody else is connected as well.
        for _attempt in range(DROP_ATTEMPTS):
            if self._can_run(forced, psycopg2.errors.InsufficientPrivilege):
                break
            if self._can_run(drop, psycopg2.errors.ObjectInUse):
                break
        else:
            self._run(forced)
        shutil.rmtree(self.files, ignore_errors=True)

    def copy_from(self, other: Database) -> None:
        """Make it as a copy of another one, unfinished until it is remembered."""
        self.mark.touch()
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        names = sql.Identifier(self.name), sql.Identifier(other.name)
        self._run(create.format(*names))
        shutil.rmtree(self.files, ignore_errors=True)
        if other.files.exists():
            shutil.copytree(other.files, self.files, copy_function=os.link)

    def odoo(self, *arguments: str) -> None:
        """Run Odoo on it until it has done what the arguments say."""
        command = [sys.executable, str(ODOO_BIN), "server", "-d", self.name]
        options = ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
        run_quietly([*command, *options, "--log-level=info", *arguments], self.name)

    def _ask(self, query: str, *values: str) -> str | None:
        with server() as connected, connected.cursor() as cursor:
            cursor.execute(query, values)
            row = cursor.fetchone()
            return row[0] if row else None

    def _can_run(self, statement: sql.Composable, error: type[psycopg2.Error]) -> bool:
        """Run it, unless this error keeps it from running."""
        try:
            self._run(statement)
        except error:
            return False
        return True

    def _run(self, statement: sql.Composable) -> None:
        with server() as connected, connected.cursor() as cursor:
            cursor.execute(statement)


@contextlib.contextmanager
def server() -> Iterator[connection]:
    """Connect to the server that PGHOST, PGPORT and PGUSER name."""
    try:
        connected = psycopg2.connect(dbname="postgres")
    except psycopg2.OperationalError as error:
        raise SystemExit(f"database.py: PostgreSQL does not answer: {error}") from None
    connected.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
    try:
        yield connected
    finally:
        connected.close()


def run_quietly(command: list[str], name: str) -> None:
    """Run Odoo with its log in a file; show signs of life, and the log of a failure."""
    log = LOCAL / "log" / f"prepare-{name}.log"
    started = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            wait_and_tell(process, started, log)
        finally:
            process.kill()
            process.wait()
    text = log.read_text(errors="replace")
    lines = text.splitlines()
    first = next((n for n, line in enumerate(lines) if is_serious(line)), None)
    if process.returncode or first is not None:
        print("\n".join(lines[first or -40 :][:80]), file=sys.stderr)
        raise SystemExit(f"database.py: Odoo failed on {name}, see {log}")
    say(f"  done in {time.monotonic() - started:.0f} s")


def is_serious(line: str) -> bool:
    """Tell whether Odoo's log line means that the installation is not sound."""
    return " CRITICAL " in line or " ERROR " in line


def wait_and_tell(process: subprocess.Popen[bytes], started: float, log: Path) -> None:
    """Wait for the process and say every ten seconds what its log last said."""
    while True:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            say(f"  {time.monotonic() - started:.0f} s: {last_message(log)}")
        else:
            return


def last_message(log: Path) -> str:
    """Return the message of the last line of Odoo's log."""
    lines = log.read_text(errors="replace").splitlines() or [""]
    return lines[-1].split(": ", 1)[-1][:70]


def fingerprint_of_addon() -> str:
    """Return a hash of all that an installation of the addon reads."""
    digest = hashlib.sha256(odoo_version().encode())
    for path in sorted(files_of_checkout()):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def files_of_checkout() -> Iterator[Path]:
    """Yield the files of the addon that an installation reads."""
    for top in ROOT.iterdir():
        if top.name.startswith(".") or top.name in NOT_INSTALLED:
            continue
        for path in [top, *top.rglob("*")] if top.is_dir() else [top]:
            if path.suffix in INSTALLED and path.is_file():
                yield path


def dependencies() -> list[str]:
    """Return the addons that the manifest depends on."""
    manifest = ast.literal_eval((ROOT / "__manifest__.py").read_text())
    return sorted(manifest["depends"])


def odoo_version() -> str:
    """Return what tells one Odoo from another: where it lies and its release."""
    import odoo.release

    release = Path(odoo.release.__file__)
    return f"{release.parent} {odoo.release.version} {release.stat().st_mtime_ns}"


def short_hash(*parts: str) -> str:
    """Return a short hash of the parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def say(text: str) -> None:
    """Tell the developer what is going on."""
    print(f"database.py: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
