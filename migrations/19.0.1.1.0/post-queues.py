"""Drops what the queues of their own have made superfluous."""

FOREIGN_KEYS = {
    "sms_gateway_message": ("route_id", "company_id"),
    "sms_gateway_delivery_report": ("company_id", "message_id"),
    "sms_gateway_event": ("message_id", "route_id", "company_id"),
}
INDEXES = ("sms_gateway_message_claim_index", "sms_gateway_campaign_live_index")


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    for table, columns in FOREIGN_KEYS.items():
        for column in columns:
            cr.execute(
                f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_fkey"
            )
    for index in INDEXES:
        cr.execute(f"DROP INDEX IF EXISTS {index}")
