"""Rewords what adapters said: their English sentences are stored, and recognized when
they are shown in the reader's language."""

import json
from pathlib import Path

from odoo.addons.crm_sms_gateway.tools.read_back import fill, find_text

#: old sentence or label → new one, with placeholders
WORDS = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
#: where adapters' sentences are stored
COLUMNS = (
    ("sms_gateway_message", "failure_message"),
    ("sms_gateway_event", "detail"),
    ("sms_gateway_delivery_report", "detail"),
    ("sms_gateway_route", "pause_reason"),
    ("sms_gateway_route", "rest_reason"),
    ("sms_gateway_campaign", "pause_reason"),
    ("sms_gateway_provider_request", "error"),
)


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    for table, column in COLUMNS:
        cr.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL")
        rows = [(said, reword(said)) for (said,) in cr.fetchall()]
        changed = [(said, new) for said, new in rows if new != said]
        if changed:
            cr.execute_values(
                f"""UPDATE {table} t SET {column} = known.new
                      FROM (VALUES %s) AS known(said, new)
                     WHERE t.{column} = known.said""",
                changed,
                page_size=len(changed),
            )


def reword(said):
    """A stored text, line by line, in the words of this release."""
    return "\n".join(map(reword_line, said.split("\n")))


def reword_line(line):
    found = find_text(WORDS, line)
    if not found:
        return line
    text, values = found
    reworded = {name: reword_value(value) for name, value in values.items()}
    return fill(WORDS[text], reworded)


def reword_value(value):
    """Values may be sentences, or labels of settings."""
    if find_text(WORDS, value):
        return reword_line(value)
    return ", ".join(WORDS.get(part, part) for part in value.split(", "))
