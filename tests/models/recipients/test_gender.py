"""The gender of contacts, which other addons define, too."""

from odoo.addons.crm_sms_gateway.models.recipients.gender import GENDERS

from ..campaigns.common import DraftCase


class TestGender(DraftCase):
    def set_values(self, values):
        """Let the field have the values of another addon."""
        field = self.env["res.partner"]._fields["gender"]
        self.patch(field, "selection", values)
        self.patch(field, "_selection", dict(values))

    def test_values_of_other_addons_are_an_unknown_gender(self):
        self.set_values([*GENDERS, ("other", "Other")])
        self.anna.gender = "other"
        campaign = self.send_draft(self.anna, text_male="A", text_female="B")
        self.assertEqual(campaign.sudo().recipient_ids.problem, "missing_gender")
        campaign = self.send_draft(self.anna, text_male="A", text_neutral="C")
        self.assertEqual(self.get_messages(campaign.sudo()).text, "C")

    def test_what_another_addon_does_not_know_is_not_suggested(self):
        self.set_values([("m", "Male"), ("f", "Female")])
        partner = self.env["res.partner"].create({"name": "Лебедева Анна Сергеевна"})
        partner.action_accept_suggestions()
        self.assertEqual((partner.first_name, partner.gender), ("Анна", False))
