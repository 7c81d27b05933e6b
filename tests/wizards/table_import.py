"""What the tests of imports of numbers and prices have in common."""

import base64

from odoo.tests import new_test_user

from ..common import GatewayCase


class TableImportCase(GatewayCase):
    KIND = "ranges"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ru_RU")
        cls.env.company.country_id = cls.env.ref("base.ru")
        cls.mts = cls.env.ref("crm_sms_gateway.operator_ru_mts")
        cls.beeline = cls.env.ref("crm_sms_gateway.operator_ru_beeline")
        administrator = new_test_user(
            cls.env, "table_admin", groups="crm_sms_gateway.group_administrator"
        )
        cls.env = cls.env(user=administrator)

    def upload(self, *lines, content=None, **values):
        """The import of a file whose columns are proposed."""
        content = "\n".join(lines).encode() if content is None else content
        one = self.env["sms.gateway.table.import"].create(
            {
                "kind": self.KIND,
                "file": base64.b64encode(content),
                "file_name": "table.csv",
                **values,
            }
        )
        one.action_read()
        return one

    def check(self, *lines, **values):
        one = self.upload(*lines, **values)
        one.action_check()
        return one

    def read_problems(self, one):
        return [(problem.number, problem.fault) for problem in one.problem_ids]

    def read_counts(self, one):
        return one.good_count, one.unknown_count, one.bad_count
