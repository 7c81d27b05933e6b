"""A person imports a file, in a browser."""

from odoo.tests import tagged

from ..views.tour_case import TourCase


@tagged("post_install", "-at_install")
class TestImportTour(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_user("tour_importer", "manager")
        cls.env.company.country_id = cls.env.ref("base.ru")

    def test_a_file_without_rows_is_no_riddle(self):
        customers = self.env["sms.gateway.list"].create({"name": "Tour customers"})
        self.start_tour(
            "/odoo/sms-gateway-lists",
            "sms_gateway_import_nothing",
            login="tour_importer",
        )
        self.assertFalse(customers.member_ids)

    def test_a_manager_imports_a_file_and_checks_the_numbers(self):
        customers = self.env["sms.gateway.list"].create({"name": "Tour customers"})
        self.start_tour(
            "/odoo/sms-gateway-lists", "sms_gateway_import", login="tour_importer"
        )
        self.assertEqual(customers.member_ids.name, "Лебедева Анна Сергеевна")
        self.assertEqual(customers.member_ids.phone, "+79161230102")
        self.assertEqual(customers.member_ids.values, {"telefon": "9031230102"})
