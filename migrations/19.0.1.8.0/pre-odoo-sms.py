"""Renames the column of the final state that Odoo's own SMS have, with its index."""

from odoo.tools.sql import column_exists


def migrate(cr, version):
    """Called by Odoo before the update of the module, after `pre-names.py`."""
    if not column_exists(cr, "sms_gateway_odoo_sms", "told_state"):
        # the first releases did not send Odoo's own SMS
        return
    cr.execute(
        "ALTER TABLE sms_gateway_odoo_sms RENAME COLUMN told_state TO synced_state"
    )
    cr.execute(
        "ALTER INDEX IF EXISTS sms_gateway_odoo_sms_untold_index"
        " RENAME TO sms_gateway_odoo_sms_unsynced_index"
    )
    cr.execute(
        """UPDATE ir_model_constraint
              SET name = 'sms_gateway_odoo_sms_unsynced_index'
            WHERE name = 'sms_gateway_odoo_sms_untold_index'"""
    )
    cr.execute(
        """UPDATE ir_model_fields SET name = 'synced_state'
            WHERE model = 'sms.gateway.odoo.sms' AND name = 'told_state'"""
    )
    cr.execute(
        """UPDATE ir_model_data
              SET name = 'field_sms_gateway_odoo_sms__synced_state'
            WHERE module = 'crm_sms_gateway'
              AND name = 'field_sms_gateway_odoo_sms__told_state'"""
    )
