"""Clicks: a button moves what the person saw, or nothing."""

from odoo.http import request

#: What the form of a button showed: model, id and number, see `find_overtaken`.
SEEN = "sms_gateway_seen"


def find_overtaken(records, button, number):
    """The records that have moved on since the button was pressed.

    Forms tell what they showed (`SEEN`). What else is pressed is bound to what the
    first run of its request met: when another transaction was faster Odoo runs the
    request anew, and the record may be in the same state again for another reason.

    :param button: name of the method, which a request calls once per record
    :param number: name of the field that grows whenever a record moves
    """
    seen = records.env.context.get(SEEN)
    met = _get_met()

    def is_overtaken(record):
        key = (record._name, record.id, button)
        first = met.setdefault(key, record[number])
        is_shown = seen and seen[:2] == [record._name, record.id]
        return record[number] != (seen[2] if is_shown else first)

    return records.filtered(is_overtaken)


def _get_met():
    """What the request met in its first run, for all of its runs; crons have none."""
    if not request:
        return {}
    if not hasattr(request, "sms_gateway_met"):
        request.sms_gateway_met = {}
    return request.sms_gateway_met
