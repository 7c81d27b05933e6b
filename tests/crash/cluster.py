"""A PostgreSQL of the suite's own, to be stopped in the middle of everything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from .small_disk import SmallDisk, mounted

#: The server refuses to run as root: then it belongs to this user.
OWNER = "postgres" if os.geteuid() == 0 else None

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
port = 5432
max_connections = 100
log_min_messages = fatal
"""
#: Since PostgreSQL 14 a recovery need not open every file.
SETTINGS_14 = "recovery_init_sync_method = syncfs\n"


def is_possible() -> bool:
    """Whether there are the programs that a cluster needs."""
    return bool(os.environ["PG_BIN"])


class Cluster:
    """A cluster in a folder of its own, made when it is first needed and gone with the
    block."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="crash-pg-", dir="/tmp"))
        self._data = self._folder / "data"
        self._databases: set[str] = set()
        self._is_made = False
        self.address = {"host": str(self._folder), "port": 5432, "user": "odoo"}
        self.environment = {
            "PGHOST": str(self._folder),
            "PGPORT": "5432",
            "PGUSER": "odoo",
        }

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_made:
            self._control("stop", "-m", "immediate", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def provide(self, database: str) -> None:
        """Let the cluster have a copy of a database of the usual server, as that is
        when it is first asked for."""
        if not self._is_made:
            self._is_made = True
            self._make()
        if database not in self._databases:
            self._databases.add(database)
            self._copy(database)

    def start(self) -> None:
        """Start the server; after a crash it recovers first."""
        self._control("start", "-l", str(self._folder / "server.log"))

    def stop_at_once(self) -> None:
        """Stop the server as a crash would: nothing is finished, nothing flushed."""
        self._control("stop", "-m", "immediate")

    def provide_disk(self) -> AbstractContextManager[SmallDisk]:
        """A block with a small disk below the cluster's folder."""
        return mounted(self._folder, OWNER)

    def _make(self) -> None:
        if OWNER:
            shutil.chown(self._folder, OWNER)
        options = ("-A", "trust", "--encoding=UTF8", "--locale=C.UTF-8")
        self._run("initdb", "-D", str(self._data), "-U", "postgres", *options)
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS.format(folder=self._folder))
            if _get_major_version() >= 14:
                settings.write(SETTINGS_14)
        self.start()
        self._query("CREATE ROLE odoo LOGIN SUPERUSER")

    def _copy(self, database: str) -> None:
        file = str(self._folder / "dump")
        subprocess.run(
            [_find("pg_dump"), "-Fc", "-Z0", "--no-owner", "-f", file, database],
            check=True,
        )
        self._query(f'CREATE DATABASE "{database}" OWNER odoo')
        subprocess.run(
            [_find("pg_restore"), "-j2", "--no-owner", "-d", database, file],
            env={**os.environ, **self.environment},
            check=True,
        )
        # Here it is not a copy, which would be held until somebody decides.
        self._query("DELETE FROM sms_gateway_hold", database)
        # What a recovery would have to do again otherwise.
        self._query("CHECKPOINT")

    def _query(self, statement: str, database: str = "postgres") -> None:
        subprocess.run(
            [_find("psql"), "-Xqd", database, "-c", statement],
            env={**os.environ, **self.environment, "PGUSER": "postgres"},
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def _control(self, action: str, *arguments: str, check: bool = True) -> None:
        options = ("-w", "-t", "120", "-D", str(self._data))
        self._run("pg_ctl", action, *options, *arguments, check=check)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        # The server must not hold our own standard output open.
        subprocess.run(
            [_find(program), *arguments],
            cwd=self._folder,
            user=OWNER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=check,
        )


def _get_major_version() -> int:
    output = subprocess.check_output([_find("postgres"), "-V"], text=True)
    found = re.search("[0-9]+", output)
    return int(found.group()) if found else 0


def _find(program: str) -> str:
    """The program beside those of the server (scripts/test sets PG_BIN), or in PATH."""
    path = Path(os.environ["PG_BIN"]) / program
    return str(path) if path.exists() else program
