"""Crons as real processes on a real, committed database."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name
from odoo.tools import config

#: A process that has not ended by then hangs.
PATIENCE = 120


class ProcessCase(BaseCase):
    """Starts processes; what they did has to be taken away by hand."""

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
            ):
                env.cr.execute(query, [route_id])
            env["sms.gateway.route"].browse(route_id).unlink()
            env.cr.execute(
                "DELETE FROM ir_cron_trigger WHERE cron_id IN (SELECT res_id FROM"
                " ir_model_data WHERE module = 'crm_sms_gateway' AND model = 'ir.cron')"
            )

    def run_processes(self, count, task):
        """Start them together and return what each has logged."""
        processes = self.start_processes(count, task)
        return [process.communicate(timeout=PATIENCE)[1] for process in processes]

    def start_processes(self, count, task):
        """Start them together, all ready to work.

        :param task: one of `work.TASKS`
        """
        processes = [self._start_process(task) for _number in range(count)]
        for process in processes:
            self.assertEqual(process.stdout.readline().strip(), "READY")
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        return processes

    def _start_process(self, task):
        process = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).parent / "work.py"),
                config["config"] or "",
                get_db_name(),
                task,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.kill)
        return process
