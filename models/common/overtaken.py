"""Clicks: a button moves what the person saw, or nothing."""

from odoo.http import request

#: What the view of a button showed: the model, and id and number of each record; see
#: `find_overtaken`.
SEEN = "sms_gateway_seen"


def find_overtaken(records, button, number):
    """The records that have moved on since the button was pressed.

    Forms and lists tell what they showed (`SEEN`). What else is pressed is bound to
    what the first run of its request met: when another transaction was faster Odoo runs
    the request anew, and the record may be in the same state again for another reason.

    :param button: name of the method, which a request calls once per record
    :param number: name of the field that grows whenever a record moves
    """
    shown = _get_shown(records)
    met = _get_met()

    def is_overtaken(record):
        key = (record._name, record.id, button)
        first = met.setdefault(key, record[number])
        return record[number] != shown.get(record.id, first)

    return records.filtered(is_overtaken)


def _get_shown(records):
    """:return: dict of the ids → numbers that the view showed"""
    model, shown = records.env.context.get(SEEN) or (None, ())
    return dict(shown) if model == records._name else {}


def _get_met():
    """What the request met in its first run, for all of its runs; crons have none."""
    if not request:
        return {}
    if not hasattr(request, "sms_gateway_met"):
        request.sms_gateway_met = {}
    return request.sms_gateway_met
