"""Crons as real processes on a real, committed database."""

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name
from odoo.tests.common import HttpCase

from ..crash.workers import Nursery, wait_until

#: A process that has not ended by then hangs.
PATIENCE = 120
PASSWORD = "processes_secret_1"


@contextmanager
def open_nursery(database):
    """Odoo loaded on a database, and forked for tasks of `crash.cron_tasks`."""
    with (
        TemporaryDirectory() as folder,
        Nursery(database, Path(folder), tasks="crash.cron_tasks") as nursery,
    ):
        yield nursery


class ProcessCase(BaseCase):
    """Starts processes; what they did has to be taken away by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._nursery = None

    @classmethod
    def _get_nursery(cls):
        """That of the tests' database, loaded when a process is asked for."""
        cls._nursery = cls._nursery or cls.enterClassContext(
            open_nursery(get_db_name())
        )
        return cls._nursery

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

    def run_processes(self, count, task, *, nursery=None, **arguments):
        """Start them together.

        :return: what each has logged
        """
        workers = self.start_processes(count, task, nursery=nursery, **arguments)
        for worker in workers:
            worker.finish()
        return [worker.read_log() for worker in workers]

    def start_processes(self, count, task, *, nursery=None, **arguments):
        """Start them together.

        :param task: name of a function of `crash.cron_tasks`
        :param nursery: that of another database than that of the tests
        :param arguments: of the task
        :return: list of `Worker`
        """
        nursery = nursery or self._get_nursery()
        workers = [nursery.fork(task, **arguments) for _number in range(count)]
        for worker in workers:
            self.addCleanup(worker.kill)
        return workers


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
        is_blocked = wait_until(lambda: self._count_blocked() >= count, PATIENCE)
        self.assertTrue(is_blocked, "Nobody waits for the row")

    def _count_blocked(self):
        with self.committed() as env:
            env.cr.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return env.cr.fetchone()[0]

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
