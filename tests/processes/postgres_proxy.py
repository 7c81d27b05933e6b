"""A line to PostgreSQL that can be cut."""

import select
import shutil
import socket
import tempfile
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

from odoo.modules.registry import Registry
from odoo.sql_db import close_db, db_connect
from odoo.tests import get_db_name
from odoo.tools import config

#: As psycopg2 sends it: type, length and text of a simple query.
COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
CHUNK = 65536


class PostgresProxy:
    """Listens where libpq expects a server, in a folder of its own, and hands on what
    is said."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="pg-proxy-", dir="/tmp")
        self.port = config["db_port"] or 5432
        self.cuts = 0
        self._moment = None
        self._listener = None
        self._clients = []

    def __enter__(self):
        self.come_back()
        return self

    def __exit__(self, *_error):
        self.go_away()
        shutil.rmtree(self.folder)

    def come_back(self):
        """Listen, as a server does that has started."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(_get_path(self.folder, self.port))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def go_away(self):
        """End every connection and take no more, as a server does that was stopped."""
        for one in (self._listener, *self._clients):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._clients.clear()
        self._listener.close()
        Path(_get_path(self.folder, self.port)).unlink(missing_ok=True)

    @contextmanager
    def serving(self):
        """A block in which the web server's own cursors come this way."""
        with patch.dict(config.options, db_host=self.folder):
            line = db_connect(get_db_name())
            dsn = line.dsn
        with patch.object(Registry(get_db_name()), "_db", line):
            yield
        with patch.dict(config.options, db_host=self.folder):
            close_db(dsn["database"])

    def cut(self, moment):
        """Cut the line at the next COMMIT.

        :param moment: ``"before"``: the server never gets it; ``"after"``: it has
            carried it out, and its answer gets lost
        """
        self._moment = moment

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                self._clients.append(client)
                threading.Thread(
                    target=self._serve, args=(client, self._connect()), daemon=True
                ).start()

    def _connect(self):
        host = config["db_host"] or "/var/run/postgresql"
        if not host.startswith("/"):
            return socket.create_connection((host, self.port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(_get_path(host, self.port))
        return server

    def _serve(self, client, server):
        others = {client: server, server: client}
        with closing(client), closing(server), suppress(OSError):
            while True:
                for source in select.select(list(others), [], [])[0]:
                    said = source.recv(CHUNK)
                    if not said:
                        return
                    if said == COMMIT and self._moment:
                        self._end(server)
                        return
                    others[source].sendall(said)

    def _end(self, server):
        moment, self._moment = self._moment, None
        if moment == "after":
            server.sendall(COMMIT)
            server.recv(CHUNK)
        self.cuts += 1


def _get_path(folder, port):
    return str(Path(folder) / f".s.PGSQL.{port}")
