"""What the tours share: the people who take them."""

from odoo.tests import new_test_user

from ..common import GatewayHttpCase

MODULE = "crm_sms_gateway"


class TourCase(GatewayHttpCase):
    """Tours by people of the gateway's groups who also keep contacts."""

    @classmethod
    def make_tourist(cls, group, **values):
        """A user of a group of the gateway, whose login is ``tour_`` and the group."""
        groups = f"{MODULE}.group_{group},base.group_partner_manager"
        return new_test_user(cls.env, f"tour_{group}", groups, **values)
