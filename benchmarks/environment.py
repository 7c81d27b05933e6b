"""Environments of the jobs inside Odoo."""

from contextlib import contextmanager

from odoo import SUPERUSER_ID, api


@contextmanager
def open_env(registry):
    """An environment whose transaction is committed at the block's end."""
    with registry.cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})
