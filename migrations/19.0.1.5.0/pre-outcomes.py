"""Gives what is counted already an outcome, as far as its state tells."""

OUTCOME = """
CASE WHEN state IN ('queued', 'submitting') THEN 'waiting'
     WHEN state IN ('failed', 'expired') THEN 'not_delivered'
     WHEN state = 'cancelled' THEN 'not_sent' ELSE state END
"""


def migrate(cr, version):
    """Called by Odoo before the update of the module."""
    cr.execute("ALTER TABLE sms_gateway_statistic ADD COLUMN is_test boolean")
    cr.execute("UPDATE sms_gateway_statistic SET is_test = FALSE")
    for table in ("sms_gateway_statistic", "sms_gateway_statistic_change"):
        cr.execute(f"ALTER TABLE {table} ADD COLUMN outcome varchar")
        cr.execute(f"UPDATE {table} SET outcome = {OUTCOME}")
