"""Real copies of a database, beside the original and at the same gate."""

import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from psycopg2.sql import SQL, Identifier

from odoo import sql_db
from odoo.tests import get_db_name, tagged

from odoo.addons.crm_sms_gateway.models.operations import database_memory
from odoo.addons.crm_sms_gateway.tools.compose import Recipient

from ..common import Document
from ..crash.cron_tasks import call_crons
from ..simulators import Simulator
from .common import ProcessCase, open_nursery

MESSAGES = 25


@tagged("post_install", "-at_install")
class TestHoldProcesses(ProcessCase):
    """The gate counts what reached a handset, the copy must not add to it."""

    def setUp(self):
        super().setUp()
        self.gate = self.enterContext(Simulator())
        self.gate.config(deliver_after=0)
        self.route_id = self.make_route(self.gate, "hold")
        self.addCleanup(self.forget, self.route_id)
        self.copy = f"{get_db_name()}_copy"
        self.addCleanup(self._drop_copy)
        self._drop_copy()
        self.addCleanup(self._forget_holds)
        self._run_original()

    def test_a_copied_database_sends_nothing_and_becomes_harmless(self):
        token = self._read_token(get_db_name())
        self._send(MESSAGES)
        self._copy_beside()
        self._run_original()
        self.assertEqual(self.gate.stats()["handset_total"], MESSAGES)
        self._check_held()
        self._run_in_copy("decide", decision="copy")
        self.assertEqual(self._count_states(), {"cancelled": MESSAGES})
        self.assertNotEqual(self._read_token(self.copy), token)
        self.assertEqual(
            self._query("SELECT DISTINCT state FROM sms_gateway_route"), [("paused",)]
        )
        self._send(1, first=MESSAGES)
        self._run_original()
        self._check_gate(MESSAGES + 1)

    def test_a_restored_backup_sends_nothing_and_asks_a_gate_that_knows_our_numbers(
        self,
    ):
        self.gate.config(honour_client_id=True)
        self._send(MESSAGES)
        self._back_up_and_restore()
        self._run_original()
        self._check_held()
        self._run_in_copy("decide", decision="ask")
        self.assertEqual(self._count_states(), {"submitted": MESSAGES})
        self._check_gate(MESSAGES)

    def test_a_database_that_was_set_back_is_older_than_the_data_folder(self):
        """As a snapshot of the server's disk would be, started again."""
        database_memory.get_path(get_db_name()).unlink(missing_ok=True)
        self._set_back()
        self._run_original()
        self._send(1)
        self._set_back()
        self._run_original()
        self.assertEqual(self.gate.stats()["handset_total"], 0)
        [(cause, state)] = self._query(
            "SELECT cause, state FROM sms_gateway_hold ORDER BY id DESC LIMIT 1",
            get_db_name(),
        )
        self.assertEqual((cause, state), ("memory", "held"))

    def _set_back(self):
        with self.committed() as env:
            env.cr.execute(
                "UPDATE sms_gateway_hold SET seen_at = seen_at - interval '1 hour'"
            )

    # === CHECKS ===
    def _check_held(self):
        before = self.gate.stats()
        self._run_in_copy("run_crons")
        self.assertEqual(self.gate.stats(), before, "nobody was asked or sent to")
        self.assertEqual(self._count_states(), {"queued": MESSAGES})
        [(state, activities)] = self._query(
            """SELECT state, (SELECT count(*) FROM mail_activity
                               WHERE res_model = 'sms.gateway.hold' AND res_id = h.id)
                 FROM sms_gateway_hold h ORDER BY id DESC LIMIT 1"""
        )
        self.assertEqual(state, "held")
        self.assertTrue(activities)

    def _check_gate(self, count):
        stats = self.gate.stats()
        self.assertEqual(stats["handset_total"], count)
        self.assertEqual(stats["duplicates"], 0)

    def _count_states(self):
        return dict(
            self._query(
                f"""SELECT state, count(*) FROM sms_gateway_message
                     WHERE route_id = {self.route_id} GROUP BY state"""
            )
        )

    def _read_token(self, database):
        query = (
            f"SELECT webhook_token FROM sms_gateway_route WHERE id = {self.route_id}"
        )
        return self._query(query, database)

    def _query(self, query, database=None):
        with closing(sql_db.db_connect(database or self.copy).cursor()) as cr:
            cr.execute(query)
            rows = cr.fetchall()
        sql_db.close_db(self.copy)
        return rows

    # === SCENE ===
    def _send(self, count, first=0):
        recipients = [
            Recipient(index, f"+7916{1000000 + first + index}")
            for index in range(count)
        ]
        with self.committed() as env:
            route = env["sms.gateway.route"].browse(self.route_id)
            env["sms.gateway.campaign.accept"]._accept(
                Document(recipients), route, source="api"
            )

    def _run_original(self):
        with self.committed() as env:
            call_crons(env)

    def _run_in_copy(self, task, **arguments):
        with open_nursery(self.copy) as nursery:
            self.run_processes(1, task, nursery=nursery, **arguments)

    def _copy_beside(self):
        """As ``createdb -T`` does: nobody may be connected meanwhile."""
        sql_db.close_db(get_db_name())
        self._administrate(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = '" + get_db_name() + "'",
            "CREATE DATABASE {copy} TEMPLATE {original}",
        )

    def _back_up_and_restore(self):
        with tempfile.TemporaryDirectory() as folder:
            dump = str(Path(folder) / "dump")
            options = ("-Fc", "-Z0", "--no-owner", "-f", dump)
            subprocess.run(["pg_dump", *options, get_db_name()], check=True)
            self._administrate("CREATE DATABASE {copy}")
            options = ("-j2", "--no-owner", "-d", self.copy)
            subprocess.run(["pg_restore", *options, dump], check=True)

    def _forget_holds(self):
        """Other tests use the database, too."""
        with self.committed() as env:
            env["sms.gateway.hold"].search([]).unlink()

    def _drop_copy(self):
        sql_db.close_db(self.copy)
        self._administrate("DROP DATABASE IF EXISTS {copy} WITH (FORCE)")

    def _administrate(self, *statements):
        with closing(sql_db.db_connect("postgres").cursor()) as cr:
            cr._cnx.autocommit = True
            for statement in statements:
                cr.execute(
                    SQL(statement)
                    .format(
                        copy=Identifier(self.copy), original=Identifier(get_db_name())
                    )
                    .as_string(cr._cnx)
                )
