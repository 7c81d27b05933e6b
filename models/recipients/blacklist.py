"""Odoo's phone blacklist: nothing goes to the numbers on it."""

from odoo.exceptions import AccessError
from odoo.tools import SQL


def add_to_blacklist(env, numbers):
    """Send nothing more to these numbers, however many.

    In SQL: Odoo's own way reads each number several times and posts a note to each, so
    that the recipients of one campaign would take an hour.

    :param numbers: query of one column, E.164; NULL is left out
    :return: how many were not on the blacklist before
    """
    blacklist = env["phone.blacklist"]
    blacklist.flush_model()
    rows = env.execute_query(
        SQL(
            """
INSERT INTO phone_blacklist AS b
       (number, active, create_uid, create_date, write_uid, write_date)
SELECT number, TRUE, %(uid)s, %(now)s, %(uid)s, %(now)s
  FROM (%(numbers)s) AS found(number)
 WHERE number IS NOT NULL GROUP BY number ORDER BY number
    ON CONFLICT (number) DO UPDATE
   SET active = TRUE, write_uid = %(uid)s, write_date = %(now)s
 WHERE b.active IS NOT TRUE
RETURNING id
            """,
            uid=env.uid,
            now=env.cr.now(),
            numbers=numbers,
        )
    )
    blacklist.invalidate_model()
    # sudo: whoever may send may also stop sending
    added = blacklist.sudo().browse(blacklist_id for (blacklist_id,) in rows)
    _log(added, env._("Added to the blacklist by a user of SMS Gateway."))
    return len(added)


#: What a copy of a note does not share with it.
_OWN = ("id", "res_id", "message_id")


def _log(records, words):
    """Write a note into the chatter of each record: Odoo makes the first one, the
    others are its copies."""
    note = records[:1]._message_log_batch(dict.fromkeys(records[:1].ids, words))
    note.flush_recordset()
    columns = [
        SQL.identifier(name)
        for name, field in note._fields.items()
        if field.store and field.column_type and name not in _OWN
    ]
    records.env.cr.execute(
        SQL(
            """INSERT INTO mail_message (res_id, %(columns)s)
               SELECT record.id, %(columns)s
                 FROM mail_message note, unnest(%(ids)s::int[]) AS record(id)
                WHERE note.id = ANY(%(note_ids)s)""",
            columns=SQL(", ").join(columns),
            ids=list(records[1:].ids),
            note_ids=list(note.ids),
        )
    )


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
