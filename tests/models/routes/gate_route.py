"""A route to an XML gate, for the tests of its settings."""

from odoo.tests import new_test_user

from ...common import GatewayCase

PASSWORD = "s3cret-pässword"


class GateCase(GatewayCase):
    """A route to an XML gate, with a secret."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gate_route = cls.make_route(
            "gate", provider_code="xml_gate", has_voice=False
        )
        cls.fill(login="demo", sender="Odoo", timezone="Europe/Moscow")
        cls.get_setting("password").secret_value = PASSWORD
        cls.administrator = new_test_user(
            cls.env, "sms_administrator", "crm_sms_gateway.group_administrator"
        )

    @classmethod
    def get_setting(cls, name):
        return cls.gate_route.setting_ids.filtered(lambda row: row.name == name)

    @classmethod
    def fill(cls, **values):
        for name, value in values.items():
            cls.get_setting(name).value = value
