"""What Odoo calls when it loads the addon, and when somebody uninstalls it."""

from .controllers import access_log, outage
from .models.access.res_users import KEY_SCOPE
from .models.settings.sms_gateway_settings import PREFIX


def post_load():
    """What the whole server needs, in every process that has loaded the addon."""
    access_log.install()
    outage.install()


def uninstall_hook(env):
    """Take along what Odoo does not know to be the gateway's: Odoo removes the records
    of the addon's files and its tables after this, with their chatter."""
    _delete_trackers(env)
    env.cr.execute("DELETE FROM res_users_apikeys WHERE scope = %s", [KEY_SCOPE])
    parameters = env["ir.config_parameter"]
    parameters.search([("key", "=like", f"{PREFIX}%")]).unlink()
    _delete_named(env)


def _delete_trackers(env):
    """Link trackers with their clicks, and those that wait for news of Odoo's SMS."""
    env.cr.execute(
        """
        DELETE FROM sms_tracker USING sms_gateway_message m WHERE sms_uuid = m.uuid;
        WITH ours AS (DELETE FROM sms_gateway_link RETURNING link_tracker_id)
        SELECT DISTINCT link_tracker_id FROM ours
        """
    )
    ids = [tracker_id for (tracker_id,) in env.cr.fetchall()]
    env.cr.execute("DELETE FROM link_tracker WHERE id = ANY(%s)", [ids])
    env.invalidate_all(flush=False)


def _delete_named(env):
    """What names models of the gateway without belonging to them."""
    names = [name for name in env if name.startswith("sms.gateway.")]
    for model_name, field in (("ir.filters", "model_id"), ("ir.exports", "resource")):
        records = env[model_name].with_context(active_test=False)
        records.search([(field, "in", names)]).unlink()
