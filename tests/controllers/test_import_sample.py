"""The sample file of the import, in the reader's language."""

from odoo.tests import new_test_user, tagged

from ..common import GatewayHttpCase


@tagged("post_install", "-at_install")
class TestImportSample(GatewayHttpCase):
    def test_people_get_it_in_their_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        for lang, word in (("ru_RU", "Телефон"), ("en_US", "Phone")):
            groups = "crm_sms_gateway.group_manager"
            new_test_user(self.env, login=f"sample_{lang}", groups=groups, lang=lang)
            self.authenticate(f"sample_{lang}", f"sample_{lang}")
            answer = self.url_open("/sms_gateway/import_sample")
            with self.subTest(lang):
                self.assertEqual(answer.status_code, 200)
                self.assertIn(".csv", answer.headers["Content-Disposition"])
                self.assertTrue(answer.content.decode("utf-8-sig").startswith(word))

    def test_nobody_else_does(self):
        answer = self.url_open("/sms_gateway/import_sample", allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
