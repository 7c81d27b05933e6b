"""The table of what providers can do stands in the documentation as it is in the code.

After a change write it anew::

    UPDATE_DOCS=1 scripts/test tests/providers/test_capability_matrix.py
"""

import os
from pathlib import Path

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.types import ClientReference

DOCUMENT = Path(__file__).parents[2] / "docs" / "providers.rst"
BEGIN = ".. capabilities: begin (made from the classes, do not edit)\n"
END = ".. capabilities: end\n"
HEAD = (
    "Provider",
    "Sends",
    "Per call",
    "Never twice by",
    "Reports",
    "Validity period",
    "Inbound",
    "Balance",
    "Price",
)
REFERENCE = {
    ClientReference.DEDUP: "our reference",
    ClientReference.ECHO: "",
    ClientReference.NONE: "",
}


class TestCapabilityMatrix(BaseCase):
    def test_the_documentation_says_what_the_classes_say(self):
        document = DOCUMENT.read_text("utf-8")
        before, _begin, rest = document.partition(BEGIN)
        _old, _end, after = rest.partition(END)
        made = f"{before}{BEGIN}\n{make_table()}\n{END}{after}"
        if os.environ.get("UPDATE_DOCS"):
            DOCUMENT.write_text(made, "utf-8")
        self.assertEqual(DOCUMENT.read_text("utf-8"), made)

    def test_every_provider_has_a_section(self):
        lines = DOCUMENT.read_text("utf-8").splitlines()
        for provider in PROVIDERS.values():
            with self.subTest(provider.code):
                self.assertIn(f".. _provider-{provider.code}:", lines)


def make_table():
    """A list table of reStructuredText, one row per provider."""
    providers = sorted(PROVIDERS.values(), key=lambda one: one.label.casefold())
    rows = [HEAD, *map(make_row, providers)]
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        first, *others = (cell or "–" for cell in row)
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return "\n".join(lines) + "\n"


def make_row(provider):
    able = provider.capabilities
    return (
        f"`{provider.label} <#provider-{provider.code.replace('_', '-')}>`__",
        join(
            "SMS" if "sms" in able.channels else "",
            "calls" if "voice" in able.channels else "",
        ),
        str(able.max_batch) + ("" if able.per_recipient_text else ", one text")
        if able.max_batch > 1
        else "1",
        join(REFERENCE[able.client_reference], tell_lookup(able)),
        join(
            ("signed push" if able.signed_push else "push") if able.push else "",
            "poll" if able.poll else "",
        ),
        tell_validity(able.validity),
        join("push" if able.inbound_push else "", "poll" if able.inbound_poll else ""),
        "yes" if able.balance else "",
        "yes" if able.price else "",
    )


def join(*words):
    return ", ".join(filter(None, words))


def tell_lookup(able):
    """Messages of which channels can be asked for without the provider's reference."""
    names = {"sms": "SMS", "voice": "calls"}
    found = [names[one] for one in sorted(able.channels - able.lookup_excludes)]
    of_some = f" of {', '.join(found)}" if able.lookup_excludes else ""
    return f"look-up{of_some}" if able.lookup else ""


def tell_validity(validity):
    """Bounds of the time to live, as people say them."""
    if validity is None:
        return ""
    shortest, longest = validity
    if longest is None:
        return f"from {tell_seconds(shortest)}"
    return f"{tell_seconds(shortest)} – {tell_seconds(longest)}"


def tell_seconds(seconds):
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
