"""Crons as real processes on a real, committed database."""

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name
from odoo.tests.common import HttpCase
from odoo.tools import config

#: A process that has not ended by then hangs.
PATIENCE = 120
PASSWORD = "processes_secret_1"


class Nursery:
    """Odoo loaded once, on one database, and forked for every task; see `work`."""

    def __init__(self, database):
        self._orders, theirs = socket.socketpair()
        self._orders.settimeout(PATIENCE)
        self._log = tempfile.TemporaryFile("w+")
        with theirs:
            command = [sys.executable, str(Path(__file__).parent / "work.py")]
            self._process = subprocess.Popen(
                [*command, config["config"] or "", database, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
            )

    def fork(self, task, files):
        """Start a process with these standard files.

        :return: its id
        """
        with suppress(BrokenPipeError):
            socket.send_fds(self._orders, [task.encode()], files)
            if answer := self._orders.recv(20):
                return int(answer)
        self._log.seek(0)
        raise AssertionError(f"Odoo was not loaded:\n{self._log.read()}")

    def stop(self):
        self._orders.close()
        self._process.kill()
        self._process.wait()
        self._log.close()


class ForkedProcess:
    """A process of a `Nursery`, which speaks and listens by lines."""

    def __init__(self, nursery, task):
        read_in, write_in = os.pipe()
        read_out, write_out = os.pipe()
        self._log = tempfile.TemporaryFile("w+")
        files = [read_in, write_out, self._log.fileno()]
        self._pid = nursery.fork(task, files)
        os.close(read_in)
        os.close(write_out)
        self._stdin = write_in
        self._stdout = read_out

    def hear(self):
        """The next line that it says, None when it has ended."""
        line = b""
        while not line.endswith(b"\n"):
            ready, *_more = select.select([self._stdout], [], [], PATIENCE)
            assert ready, "it hangs"
            said = os.read(self._stdout, 1)
            if not said:
                return None
            line += said
        return line.decode().strip()

    def tell(self):
        """Let it go on that waits for a line."""
        os.write(self._stdin, b"\n")

    def finish(self):
        """Wait for its end.

        :return: what it has logged
        """
        while self.hear() is not None:
            pass
        self._log.seek(0)
        return self._log.read()

    def kill(self):
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    def close(self):
        self.kill()
        self.finish()
        os.close(self._stdin)
        os.close(self._stdout)
        self._log.close()


class ProcessCase(BaseCase):
    """Starts processes; what they did has to be taken away by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        #: database → its `Nursery`
        cls._nurseries = {}
        cls.addClassCleanup(cls._end_nurseries)

    @classmethod
    def _end_nurseries(cls):
        for database in list(cls._nurseries):
            cls.end_nursery(database)

    @classmethod
    def end_nursery(cls, database):
        """Let go of a database, if processes were started on it."""
        if nursery := cls._nurseries.pop(database, None):
            nursery.stop()

    @contextmanager
    def committed(self):
        """An environment on a connection of its own, committed at the end."""
        database = get_db_name()
        with db_connect(database).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            assert env.registry is Registry(database)
            yield env
            cr.commit()  # pylint: disable=invalid-commit

    def make_route(self, gate, name):
        """Make a route to a simulator.

        :param gate: `tests.simulators.Simulator`
        :return: the route's id
        """
        with self.committed() as env:
            route = env["sms.gateway.route"].create(
                {"name": name, "provider_code": "xml_gate", "allows_private": True}
            )
            values = {
                "url": gate.url,
                "login": "demo",
                "sender": "DEMO",
                "timezone": "Europe/Moscow",
                "max_batch": "10",
            }
            for setting in route.setting_ids:
                setting.value = values.get(setting.name, setting.value)
                if setting.is_secret:
                    setting.secret_input = "demo"
            return route.id

    def forget(self, route_id):
        """Take a route and all that went through it away again: other tests use the
        database too."""
        with self.committed() as env:
            for query in (
                "DELETE FROM sms_gateway_message WHERE route_id = %s",
                "DELETE FROM sms_gateway_statistic_change WHERE route_id = %s",
                "DELETE FROM sms_gateway_campaign WHERE route_id = %s",
                "DELETE FROM sms_gateway_statistic WHERE route_id = %s",
                "DELETE FROM sms_gateway_delivery_report WHERE route_id = %s",
                "DELETE FROM sms_gateway_inbound WHERE route_id = %s",
            ):
                env.cr.execute(query, [route_id])
            env["sms.gateway.route"].browse(route_id).exists().unlink()
            env.cr.execute(
                "DELETE FROM ir_cron_trigger WHERE cron_id IN (SELECT res_id FROM"
                " ir_model_data WHERE module = 'crm_sms_gateway' AND model = 'ir.cron')"
            )

    def run_processes(self, count, task, **values):
        """Start them together and return what each has logged."""
        processes = self.start_processes(count, task, **values)
        return [process.finish() for process in processes]

    def start_processes(self, count, task, *, database=None):
        """Start them together, all ready to work.

        :param task: one of `work.TASKS`
        :param database: another one than that of the tests
        """
        database = database or get_db_name()
        nursery = self._nurseries.get(database) or Nursery(database)
        self._nurseries[database] = nursery
        processes = [ForkedProcess(nursery, task) for _number in range(count)]
        for process in processes:
            self.addCleanup(process.close)
            self.assertEqual(process.hear(), "READY")
        for process in processes:
            process.tell()
        return processes


class PeopleCase(ProcessCase):
    """People of the gateway who press buttons over HTTP."""

    def make_people(self, *logins, group="crm_sms_gateway.group_manager"):
        """Make users of a group.

        :return: the session of each
        """
        with self.committed() as env:
            users = env["res.users"].create(
                [
                    {
                        "name": login,
                        "login": login,
                        "password": PASSWORD,
                        "group_ids": [Command.link(env.ref(group).id)],
                    }
                    for login in logins
                ]
            )
            self.addCleanup(self._forget_users, users.ids)
        return [self._log_in(login) for login in logins]

    def press(self, person, record, button):
        """Press a button as a client does that tells nothing of what it showed.

        :return: the answer read; a dict with ``result`` or ``error``
        """
        path = f"/web/dataset/call_button/{record._name}/{button}"
        return self._call(
            person,
            path,
            model=record._name,
            method=button,
            args=[[record.id]],
            kwargs={"context": {"lang": "en_US"}},
        )

    def wait_for_blocked(self, count):
        """Wait until so many transactions wait for others."""
        deadline = time.monotonic() + PATIENCE
        blocked = 0
        while blocked < count:
            self.assertLess(time.monotonic(), deadline, "Nobody waits for the row")
            with self.committed() as env:
                env.cr.execute(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                [blocked] = env.cr.fetchone()

    def _log_in(self, login):
        person = self.enterContext(requests.Session())
        answer = self._call(
            person,
            "/web/session/authenticate",
            db=get_db_name(),
            login=login,
            password=PASSWORD,
        )
        self.assertIn("result", answer)
        return person

    def _call(self, person, path, **params):
        url = f"http://127.0.0.1:{HttpCase.http_port()}{path}"
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        return person.post(url, json=body, timeout=PATIENCE).json()

    def _forget_users(self, user_ids):
        with self.committed() as env:
            users = env["res.users"].browse(user_ids)
            partners = users.partner_id
            users.unlink()
            partners.unlink()
