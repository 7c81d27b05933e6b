"""Odoo's phone blacklist: nothing goes to the numbers on it."""

from odoo.exceptions import AccessError

#: Numbers that are put on the blacklist in one go.
MAX_BLACKLISTED = 10_000


def add_to_blacklist(env, numbers):
    """Send nothing more to these numbers.

    :param numbers: iterable of E.164
    """
    unique = list(dict.fromkeys(numbers))[:MAX_BLACKLISTED]
    # sudo: whoever may send may also stop sending
    blacklist = env["phone.blacklist"].sudo()
    reason = env._("Added to the blacklist by a user of SMS Gateway.")
    blacklist._add(unique, message=reason)
    return len(unique)


def ask_to_allow(env, number):
    """Open Odoo's dialog that takes a number off the blacklist and asks for the reason.

    :raise AccessError: the user may not write the blacklist
    """
    if not env["phone.blacklist"].has_access("write"):
        raise AccessError(
            env._(
                "Only administrators can remove numbers from the blacklist. Ask an"
                " administrator of SMS Gateway."
            )
        )
    return {
        "type": "ir.actions.act_window",
        "name": env._("Allow messages again"),
        "res_model": "phone.blacklist.remove",
        "views": [(False, "form")],
        "target": "new",
        "context": {"default_phone": number, "dialog_size": "medium"},
    }
