"""Wakes the gateway's scheduled actions."""

from odoo.tools import SQL

from . import clock

#: What the external ids of the gateway's scheduled actions begin with.
PREFIX = "crm_sms_gateway.ir_cron_"


def trigger(env, name, at=None):
    """Run a scheduled action, unless somebody deleted it.

    :param name: of its external id, without `PREFIX`
    :param at: naive UTC datetime, None for now
    """
    cron = env.ref(PREFIX + name, raise_if_not_found=False)
    if cron:
        # sudo: whoever sends may wake scheduled actions, only administrators see them
        cron.sudo()._trigger(at)


def trigger_once(env, name):
    """As `trigger`, unless the scheduled action is about to run anyhow.

    Odoo deletes the triggers of a scheduled action before it runs: a run whose trigger
    is still there sees all that is committed now. What is not committed yet may wait
    for the next regular run.
    """
    [(is_wanted,)] = env.execute_query(select_is_wanted(env, name))
    if is_wanted:
        trigger(env, name)


def select_is_wanted(env, name, *, only_if=None):
    """A query of one boolean: whether nothing has triggered the scheduled action yet.

    :param only_if: SQL of a condition that must hold besides
    """
    return SQL(
        """SELECT %s AND NOT EXISTS (
                  SELECT FROM ir_cron_trigger
                   WHERE cron_id = %s AND call_at <= %s)""",
        only_if or SQL("TRUE"),
        env["ir.model.data"]._xmlid_to_res_id(PREFIX + name) or None,
        clock.now(),
    )
