"""Renames fields, with their columns."""

from odoo.tools import sql

#: (model, old name, new name)
FIELDS = [("sms.gateway.campaign", "is_scratch", "is_temporary")]


def migrate(cr, version):
    """Called by Odoo before the update of the module."""
    for model, old, new in FIELDS:
        rename_field(cr, model, old, new)


def rename_field(cr, model, old, new):
    """Rename a stored field; versions before the field have nothing to rename."""
    table = model.replace(".", "_")
    if not sql.column_exists(cr, table, old):
        return
    sql.rename_column(cr, table, old, new)
    cr.execute(
        "UPDATE ir_model_fields SET name = %s WHERE model = %s AND name = %s",
        [new, model, old],
    )
    cr.execute(
        "UPDATE ir_model_data SET name = %s"
        " WHERE module = 'crm_sms_gateway' AND name = %s",
        [f"field_{table}__{new}", f"field_{table}__{old}"],
    )
