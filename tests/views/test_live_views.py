"""The scripts of the pages, tested in a browser."""

from odoo.tests import HttpCase, tagged

SUITE = "@crm_sms_gateway"


def hoot_id(name):
    """The id by which the test page chooses a suite (``generateHash`` of Hoot)."""
    number = 0
    for character in name:
        number = (number * 31 + ord(character)) & 0xFFFFFFFF
    return f"{number:08x}"


def is_failure(message):
    return "[HOOT]" not in message


@tagged("post_install", "-at_install")
class TestLiveViews(HttpCase):
    def test_pages_follow_the_gateway(self):
        self.browser_js(
            f"/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
            f"&id={hoot_id(SUITE)}",
            "",
            "",
            login="admin",
            timeout=300,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=is_failure,
        )
