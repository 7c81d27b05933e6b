"""What the tests of operators and their numbers have in common."""

from odoo.tests import TransactionCase

#: a number that the carrier table of `phonenumbers` gives MTS, and one of nobody there
OF_MTS, OF_NOBODY = "+79821230101", "+79161230101"


class NumbersCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.russia = cls.env.ref("base.ru")
        cls.mts = cls.env.ref("crm_sms_gateway.operator_ru_mts")
        cls.beeline = cls.env.ref("crm_sms_gateway.operator_ru_beeline")
        cls.operators = cls.env["sms.gateway.operator"]

    def find(self, msisdn):
        """The operator of a number, and who says so."""
        lookup = self.operators._make_lookup()
        lookup.learn([msisdn])
        operator_id, source = lookup.find(msisdn)
        return self.operators.browse(operator_id), source

    def add_range(self, first, last, operator=None, **values):
        return self.env["sms.gateway.number.range"].create(
            {
                "first_number": first,
                "last_number": last,
                "operator_id": (operator or self.beeline).id,
                **values,
            }
        )

    def add_ported(self, number, operator=None):
        return self.env["sms.gateway.ported.number"].create(
            {"number": number, "operator_id": (operator or self.beeline).id}
        )
