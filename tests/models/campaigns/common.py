"""Drafts of people, and the contacts they go to."""

from unittest.mock import patch

from odoo.tests import new_test_user

from ...common import GatewayCase

MALE = "Уважаемый {{ first_name }}!"
FEMALE = "Уважаемая {{ first_name }}!"


class DraftCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.author = new_test_user(
            cls.env,
            login="draft_author",
            groups="crm_sms_gateway.group_manager,base.group_partner_manager",
            phone="+79281700001",
        )
        cls.andrey = cls.make_contact("Соколов Андрей Викторович", "0101", "male")
        cls.anna = cls.make_contact("Лебедева Анна Сергеевна", "0102", "female")

    @classmethod
    def make_contact(cls, name, ending, gender=False, **values):
        phone = ending and f"8 (916) 123-{ending[:2]}-{ending[2:]}"
        return cls.env["res.partner"].create(
            {"name": name, "phone": phone, "gender": gender, **values}
        )

    def draft(self, records=None, *, author=None, **values):
        """A draft to these records, the two contacts unless told."""
        records = self.andrey + self.anna if records is None else records
        campaigns = self.env["sms.gateway.campaign"].with_user(author or self.author)
        draft = campaigns.create(
            {
                "route_id": self.route.id,
                "recipient_source": "selection",
                "text_male": MALE,
                "text_female": FEMALE,
                **values,
            }
        )
        draft._snapshot_recipients([(records._name, [("id", "in", records.ids)])])
        return draft

    def prepare(self):
        with self.as_cron() as env:
            env["sms.gateway.fan.out"]._cron_prepare()

    def send_draft(self, *args, **values):
        draft = self.draft(*args, **values)
        draft.action_send()
        self.prepare()
        return draft

    def get_texts(self, campaign):
        return self.get_messages(campaign.sudo()).mapped("text")

    def check(self, draft, **changes):
        return draft.action_check_recipients(changes)["problems"]

    def patch_prepared_at_once(self, count):
        module = "odoo.addons.crm_sms_gateway.models."
        self.startPatcher(
            patch(f"{module}campaigns.sms_gateway_fan_out.PREPARED_AT_ONCE", count)
        )
