"""What the tours share: users, and the language in which they read the screens."""

import json
from functools import cache
from pathlib import Path

import polib

from odoo.tests import new_test_user
from odoo.tools import file_path

from ..common import GatewayHttpCase

MODULE = "crm_sms_gateway"
TOURS = Path(file_path(f"{MODULE}/static/tests/tours"))


@cache
def read_terms(lang):
    """The translations of the texts of this addon that stand in the tours.

    :param lang: as in ``res.lang``
    :return: dict of English → translation
    """
    po = polib.pofile(file_path(f"{MODULE}/i18n/{lang.split('_')[0]}.po"))
    # terms of views stand there as they are broken into lines
    terms = {" ".join(one.msgid.split()): one.msgstr for one in po if one.msgstr}
    tours = "".join(tour.read_text() for tour in TOURS.glob("*.js"))
    return {text: term for text, term in terms.items() if f'"{text}"' in tours}


class TourCase(GatewayHttpCase):
    """Tours, in Russian: they fail where a text of the addon is not what the tour says,
    and where its translation is missing. A subclass may have another `lang`.
    """

    allow_inherited_tests_method = True
    lang = "ru_RU"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.lang != "en_US":
            cls.env["res.lang"]._activate_lang(cls.lang)
            cls.env["ir.module.module"]._load_module_terms([MODULE], [cls.lang])
            cls.env.ref("base.user_admin").lang = cls.lang

    @classmethod
    def add_user(cls, login, group, **values):
        """A user of a group of the gateway, who may also edit contacts."""
        groups = f"{MODULE}.group_{group},base.group_partner_manager"
        return new_test_user(cls.env, login, groups, lang=cls.lang, **values)

    def browser_js(self, url_path, code, *args, **kwargs):
        """The tour finds the words of its user's language in the browser."""
        terms = None if self.lang == "en_US" else read_terms(self.lang)
        words = json.dumps(json.dumps(terms, ensure_ascii=False))
        store = f"localStorage.setItem('{MODULE}.terms', {words});"
        return super().browser_js(url_path, f"{store} {code}", *args, **kwargs)
