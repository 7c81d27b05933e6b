"""Renames models, with their tables, views and rules."""

MODELS = {
    "sms.gateway.addressee": "sms.gateway.history.mixin",
    "sms.gateway.balance": "sms.gateway.provider.request",
    "sms.gateway.bucket": "sms.gateway.rate.limit",
    "sms.gateway.caller": "sms.gateway.api.client",
    "sms.gateway.native": "sms.gateway.odoo.sms",
    "sms.gateway.preparer": "sms.gateway.fan.out",
}
#: external ids without the model's name
EXTERNAL_IDS = {
    "access_balance_user": "access_provider_request_user",
    "access_bucket_system": "access_rate_limit_system",
    "access_caller_system": "access_api_client_system",
    "access_native_system": "access_odoo_sms_system",
}
#: columns that name a model
REFERENCES = (
    ("ir_model", "model"),
    ("ir_model_fields", "model"),
    ("ir_model_fields", "relation"),
    ("ir_ui_view", "model"),
    ("ir_act_window", "res_model"),
    ("ir_filters", "model_id"),
    ("ir_exports", "resource"),
    ("ir_attachment", "res_model"),
)


def migrate(cr, version):
    """Called by Odoo before the update of the module."""
    for old, new in MODELS.items():
        rename_model(cr, old, new)
    for old, new in EXTERNAL_IDS.items():
        cr.execute(
            "UPDATE ir_model_data SET name = %s"
            " WHERE module = 'crm_sms_gateway' AND name = %s",
            [new, old],
        )
    key_rate_limits_by_scope(cr)


def key_rate_limits_by_scope(cr):
    """The buckets of routes are found by a scope of text."""
    cr.execute("ALTER TABLE sms_gateway_rate_limit ADD COLUMN scope varchar")
    cr.execute("UPDATE sms_gateway_rate_limit SET scope = 'route:' || route_id")
    cr.execute("ALTER TABLE sms_gateway_rate_limit DROP COLUMN route_id")


def rename_model(cr, old, new):
    """Rename a model, its table and everything that is named after them."""
    old_table, new_table = old.replace(".", "_"), new.replace(".", "_")
    for table, column in REFERENCES:
        cr.execute(
            f'UPDATE "{table}" SET "{column}" = %s WHERE "{column}" = %s', [new, old]
        )
    for table in ("ir_model_data", "ir_model_constraint"):
        own = "module = 'crm_sms_gateway' AND " if table == "ir_model_data" else ""
        cr.execute(
            f"UPDATE {table} SET name = regexp_replace(name, %s, %s)"
            f" WHERE {own} name ~ %s",
            [
                rf"(^|_){old_table}(?=_|$)",
                rf"\1{new_table}",
                rf"(^|_){old_table}(_|$)",
            ],
        )
    rename_relations(cr, old_table, new_table)


def rename_relations(cr, old, new):
    """Rename a table with its sequence, indexes and constraints."""
    cr.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE conname ~ %s AND connamespace = current_schema::regnamespace",
        [f"^{old}(_|$)"],
    )
    for table, name in cr.fetchall():
        renamed = new + name.removeprefix(old)
        cr.execute(f'ALTER TABLE {table} RENAME CONSTRAINT "{name}" TO "{renamed}"')
    cr.execute(
        "SELECT relname, relkind FROM pg_class"
        " WHERE relname ~ %s AND relkind IN ('r', 'i', 'S')"
        " AND relnamespace = current_schema::regnamespace",
        [f"^{old}(_|$)"],
    )
    kinds = {"r": "TABLE", "i": "INDEX", "S": "SEQUENCE"}
    for name, kind in cr.fetchall():
        renamed = new + name.removeprefix(old)
        cr.execute(f'ALTER {kinds[kind]} "{name}" RENAME TO "{renamed}"')
