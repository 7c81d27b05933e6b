"""Drops what the reports of deliveries do without."""


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    cr.execute(
        "ALTER TABLE sms_gateway_delivery_report"
        " DROP CONSTRAINT IF EXISTS sms_gateway_delivery_report_route_id_fkey"
    )
