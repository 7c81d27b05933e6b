"""Import of price lists into routes."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError

from .table_import import TableImportCase

HEADER = "Оператор;Категория;Цена"


class TestPriceLists(TableImportCase):
    KIND = "prices"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.priced = cls.make_route("priced route")
        cls.priced.price_ids = [
            Command.create({"price": 2, "operator_id": cls.mts.id}),
            Command.create({"price": 9}),
        ]

    def upload(self, *lines, **values):
        return super().upload(*lines, route_id=self.priced.id, **values)

    def read_prices(self):
        """(operator, category, prefix, price) of the route."""
        return {
            (
                price.operator_id.name or "",
                price.category or "",
                price.prefix or "",
                price.price,
            )
            for price in self.priced.price_ids
        }

    def test_prices_are_shown_beside_those_of_the_route(self):
        one = self.check(HEADER, "МТС;;2,5", ";;9", "Билайн;реклама;3,1")
        self.assertEqual(
            [
                (row.operator_id, row.category, row.old_price, row.price, row.change)
                for row in one.price_ids
            ],
            [
                (self.mts, False, 2, 2.5, "changed"),
                (self.beeline.browse(), False, 9, 9, "same"),
                (self.beeline, "advertising", 0, 3.1, "new"),
            ],
        )
        self.assertEqual(len(self.priced.price_ids), 2)

    def test_prices_replace_those_for_the_same(self):
        self.check(HEADER, "МТС;;2,5", "Билайн;реклама;3,1").action_import()
        self.assertEqual(
            self.read_prices(),
            {
                ("MTS", "", "", 2.5),
                ("", "", "", 9),
                ("Beeline", "advertising", "", 3.1),
            },
        )
        prices = self.priced._get_prices("sms")
        self.assertEqual(float(prices.get_cost("+79161230101", 2, self.mts.id)), 5)

    def test_prefixes_and_channels_are_read(self):
        one = self.check("prefix;channel;price", "+7916;voice;1.5", "375;SMS;2")
        self.assertEqual(self.read_counts(one), (1, 0, 1))
        self.assertIn("+", one.problem_ids.fault)
        one.action_import()
        [price] = self.priced.price_ids.filtered("prefix")
        self.assertEqual(
            (price.channel, price.prefix, price.price), ("voice", "+7916", 1.5)
        )

    def test_a_price_that_can_be_read_in_two_ways_is_asked(self):
        one = self.check(HEADER, "МТС;;1,234")
        self.assertTrue(one.asks_decimal_mark)
        self.assertEqual(self.read_counts(one), (0, 0, 1))
        for mark, price in ((",", 1.234), (".", 1234)):
            one.decimal_mark = mark
            one.action_check()
            with self.subTest(mark):
                self.assertEqual(one.price_ids.price, price)

    def test_other_prices_of_the_file_answer_the_question(self):
        one = self.check(HEADER, "МТС;;1,234", "Билайн;;2,35")
        self.assertFalse(one.asks_decimal_mark)
        self.assertEqual(one.price_ids.mapped("price"), [1.234, 2.35])

    def test_files_with_both_marks_are_asked_about(self):
        one = self.check(HEADER, "МТС;;1,234", "Билайн;;2,35", ";;2.35")
        self.assertTrue(one.asks_decimal_mark)

    def test_a_price_for_the_same_is_told(self):
        one = self.check(HEADER, "МТС;;1", "MTS;;2")
        self.assertEqual(self.read_counts(one), (1, 0, 1))
        self.assertIn("2", one.problem_ids.fault)

    def test_unknown_operators_have_no_price_before_somebody_decides(self):
        one = self.check(HEADER, "Новый;;1", "МТС;;1")
        self.assertEqual(self.read_counts(one), (1, 1, 0))
        one.operator_ids.operator_id = self.beeline
        one.action_apply_operators()
        self.assertEqual(one.price_ids.operator_id, self.mts + self.beeline)

    def test_operators_of_no_country_are_told(self):
        one = self.check(
            "Префикс;Оператор;Цена", "+881;Iridium;100", "+247;Sure;9", "+7916;МТС;2"
        )
        self.assertEqual(self.read_counts(one), (1, 0, 2))
        self.assertIn("country", one.problem_ids[0].fault)

    def test_operators_of_a_company_without_a_country_are_told(self):
        one = self.upload(HEADER, "МТС;;2")
        one.country_id = False
        one.action_check()
        self.assertEqual(self.read_counts(one), (0, 0, 1))

    def test_prices_in_another_currency_are_not_imported(self):
        self.priced.sudo().company_id.currency_id = self.env.ref("base.EUR")
        one = self.check(HEADER, "МТС;;0.05 €", "Билайн;;$0.05")
        self.assertEqual(self.read_counts(one), (1, 0, 1))
        self.assertIn("currency", one.problem_ids.fault)

    def test_a_column_of_prices_in_another_currency_is_told(self):
        self.priced.sudo().company_id.currency_id = self.env.ref("base.EUR")
        self.check("Оператор;Цена, €", "МТС;0.05")
        with self.assertRaisesRegex(UserError, "“Цена, [$]” are not in EUR"):
            self.check("Оператор;Цена, $", "МТС;0.05")

    def test_a_price_list_belongs_to_a_route(self):
        with self.assertRaises(ValidationError):
            self.env["sms.gateway.table.import"].create({"kind": "prices"})

    def test_the_route_opens_its_import(self):
        action = self.priced.action_import_prices()
        one = self.env[action["res_model"]].with_context(**action["context"]).create({})
        self.assertEqual((one.kind, one.route_id), ("prices", self.priced))
