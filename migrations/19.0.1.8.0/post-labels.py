"""Renames scheduled actions whose names nobody has changed; an update does not."""

#: external id → the name until this release, and from this release on
NAMES = {
    **{
        f"ir_cron_send_{number}": (
            f"SMS gateway: Send (lane {number})",
            f"SMS Gateway: Send (job {number})",
        )
        for number in range(1, 9)
    },
    "ir_cron_prepare": (
        "SMS gateway: Prepare campaigns",
        "SMS Gateway: Prepare campaigns",
    ),
    "ir_cron_note": ("SMS gateway: Write notes", "SMS Gateway: Update chatter"),
    "ir_cron_poll": ("SMS gateway: Poll statuses", "SMS Gateway: Poll statuses"),
    "ir_cron_recover": (
        "SMS gateway: Recover leases and reconcile",
        "SMS Gateway: Release stuck messages and reconcile",
    ),
    "ir_cron_balance": (
        "SMS gateway: Ask balances",
        "SMS Gateway: Send provider requests",
    ),
    "ir_cron_fetch": (
        "SMS gateway: Fetch inbound messages",
        "SMS Gateway: Fetch inbound messages",
    ),
    "ir_cron_fold": ("SMS gateway: Fold counters", "SMS Gateway: Update counters"),
    "ir_cron_apply_kept": (
        "SMS gateway: Apply kept reports",
        "SMS Gateway: Process deferred delivery reports",
    ),
    "ir_cron_retention": (
        "SMS gateway: Retention",
        "SMS Gateway: Delete old messages",
    ),
    "ir_cron_tell": (
        "SMS gateway: Tell Odoo what became of its SMS",
        "SMS Gateway: Update Odoo SMS statuses",
    ),
}


def migrate(cr, version):
    """Called by Odoo after the update of the module, before it loads translations: it
    fills in those of the new names."""
    for name, (old, new) in NAMES.items():
        cr.execute(
            """
            UPDATE ir_act_server action
               SET name = jsonb_build_object('en_US', %(new)s::text)
              FROM ir_cron cron, ir_model_data data
             WHERE data.module = 'crm_sms_gateway' AND data.name = %(name)s
               AND cron.id = data.res_id AND action.id = cron.ir_actions_server_id
               AND action.name->>'en_US' = %(old)s
         RETURNING cron.id
            """,
            {"name": name, "old": old, "new": new},
        )
        cr.execute(
            "UPDATE ir_cron SET cron_name = %s WHERE id = ANY(%s) AND cron_name = %s",
            [new, [row[0] for row in cr.fetchall()], old],
        )
