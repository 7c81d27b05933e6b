"""What others use is archived, not deleted."""

from odoo.exceptions import UserError

#: Users of a record that one sentence names.
MAX_NAMED = 5


def check_unused(env, name, *users):
    """Refuse to delete what others need, and offer to archive it.

    :param name: of what is to be deleted
    :param users: recordsets that use it
    :raise UserError: there are any; those whom the user may read are named
    """
    if not any(users):
        return
    readable = [
        record.display_name
        for records in users
        for record in records[:MAX_NAMED].with_env(env)._filtered_access("read")
    ]
    names = ", ".join(readable[:MAX_NAMED]) or env._("records that you cannot view")
    raise UserError(
        env._(
            "“%(name)s” is used by: %(users)s. Archive it instead: existing records "
            "keep it, but it can no longer be selected.",
            name=name,
            users=names,
        )
    )
