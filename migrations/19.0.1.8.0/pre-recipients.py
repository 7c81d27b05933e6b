"""Renames what tells of each recipient which state its chatter shows."""

FIELD = ("noted_state", "logged_state")
#: dropped by their old names: Odoo creates them anew by their definitions
INDEXES = ("unnoted_index", "open_note_index")


def migrate(cr, version):
    """Called by Odoo before the update of the module."""
    old, new = FIELD
    cr.execute(
        "SELECT FROM information_schema.columns WHERE table_schema = current_schema"
        " AND table_name = 'sms_gateway_recipient' AND column_name = %s",
        [old],
    )
    if not cr.rowcount:
        return
    for name in INDEXES:
        cr.execute(f"DROP INDEX IF EXISTS sms_gateway_recipient_{name}")
    cr.execute(f"ALTER TABLE sms_gateway_recipient RENAME COLUMN {old} TO {new}")
    cr.execute(
        "UPDATE ir_model_fields SET name = %s"
        " WHERE model = 'sms.gateway.recipient' AND name = %s",
        [new, old],
    )
    cr.execute(
        "UPDATE ir_model_data SET name = %s"
        " WHERE module = 'crm_sms_gateway' AND name = %s",
        [
            f"field_sms_gateway_recipient__{new}",
            f"field_sms_gateway_recipient__{old}",
        ],
    )
