"""A person imports a file, in a browser."""

from odoo.tests import tagged

from ..views.tour_case import TourCase


@tagged("post_install", "-at_install")
class TestImportTour(TourCase):
    def test_a_manager_imports_a_file_and_checks_the_numbers(self):
        self.add_user("tour_importer", "manager")
        self.env.company.country_id = self.env.ref("base.ru")
        customers = self.env["sms.gateway.list"].create({"name": "Tour customers"})
        self.start_tour(
            "/odoo/sms-gateway-lists", "sms_gateway_import", login="tour_importer"
        )
        self.assertEqual(customers.member_ids.name, "Лебедева Анна Сергеевна")
        self.assertEqual(customers.member_ids.phone, "+79161230102")
        self.assertEqual(customers.member_ids.values, {"telefon": "9031230102"})


@tagged("post_install", "-at_install")
class TestImportTourInRussian(TestImportTour):
    lang = "ru_RU"
