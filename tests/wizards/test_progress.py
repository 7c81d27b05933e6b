"""A person who waits for a large file or list is told how far it is."""

from contextlib import contextmanager
from unittest.mock import patch

import psycopg2

from odoo.addons.crm_sms_gateway.models.common import progress

from .common import ImportCase

PHONES = ("89161230101", "89161230102", "89161230103")


class TestProgress(ImportCase):
    @contextmanager
    def listen(self, *, every=0):
        """What the user is told in the block: a list of (record, done, total)."""
        told = []

        def send(_bus, target, kind, payload):
            self.assertEqual(target, self.manager.partner_id)
            self.assertEqual(kind, progress.PROGRESS_NOTIFICATION)
            record = self.env[payload["model"]].browse(payload["id"])
            told.append((record, payload["done"], payload["total"]))

        with (
            self.enter_registry_test_mode(),
            patch.object(progress, "TELL_EVERY", every),
            patch.object(self.registry["bus.bus"], "_sendone", send),
        ):
            yield told

    def test_the_check_of_a_file_counts_its_rows(self):
        one = self.upload("Телефон", *PHONES)

        with self.listen() as told:
            one.action_check()

        self.assertEqual(told, [(one, 0, 0), (one, 1, 0), (one, 2, 0)])

    def test_an_import_knows_how_many_rows_there_are(self):
        one = self.check("Телефон", *PHONES, "no number")

        with self.listen() as told:
            one.action_import()

        self.assertEqual([done for _one, done, _total in told], [0, 1, 2, 3])
        self.assertEqual({total for _one, _done, total in told}, {4})

    def test_the_check_of_a_list_counts_its_recipients(self):
        self.import_lines("Телефон", *PHONES)

        with self.listen() as told:
            self.list.action_check()

        self.assertEqual(told, [(self.list, 0, 3)])

    def test_what_is_done_at_once_is_not_told(self):
        one = self.upload("Телефон", *PHONES)

        with self.listen(every=60) as told:
            one.action_check()

        self.assertFalse(told)

    def test_nothing_fails_because_nobody_can_be_told(self):
        one = self.upload("Телефон", *PHONES)
        away = patch.object(
            type(self.registry), "cursor", side_effect=psycopg2.OperationalError("full")
        )

        with (
            patch.object(progress, "TELL_EVERY", 0),
            away,
            self.assertLogs(progress.__name__, "WARNING"),
        ):
            one.action_check()

        self.assertEqual(one.good_count, 3)
