"""What every view of ours keeps to: keyboard, empty lists, themes and directions."""

import ast
import re
from collections import Counter
from itertools import product

from lxml import etree

from odoo.tests import TransactionCase, tagged
from odoo.tools.safe_eval import safe_eval

from ..common import ROOT

MODULE = "crm_sms_gateway"
#: Alt shortcuts of Odoo's own buttons around a view: save, discard, new, next and
#: previous record, back, the menus of the control panel and the applications.
KEYS_OF_ODOO = frozenset("sjcnpbuvmh")
#: Classes and rules that mean a side of the screen instead of a side of the text.
PHYSICAL_CLASS = re.compile(
    r"\b(?:[mp][lr]-(?:\w+-)?(?:\d|auto)|float-(?:left|right)|text-(?:left|right)"
    r"|(?:border|rounded)-(?:left|right))\b"
)
PHYSICAL_RULE = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border)-)?(?:left|right)\s*:"
    r"|(?:text-align|float)\s*:\s*(?:left|right)"
)
FIXED_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(\s*\d|\bhsla?\(\s*\d")


class ConventionCase(TransactionCase):
    def get_arches(self, *kinds):
        """Our views of these types, as (XML id, parsed view)."""
        views = self.env["ir.ui.view"].search([("type", "in", kinds)])
        ours = {
            view: xml_id
            for view, xml_id in views.get_external_id().items()
            if xml_id.startswith(f"{MODULE}.")
        }
        return [
            (xml_id, etree.fromstring(self.env["ir.ui.view"].browse(view).arch_db))
            for view, xml_id in ours.items()
        ]


@tagged("post_install", "-at_install")
class TestTyping(ConventionCase):
    """The web client makes the rows of a group anew when one comes or goes: whoever
    types below it loses the cursor."""

    def test_nothing_comes_or_goes_while_a_text_is_typed(self):
        for xml_id, arch in self.get_arches("form"):
            for node in arch.xpath("//*[@invisible]"):
                typed = set(re.findall(r"\btext_[a-z]+\b", node.get("invisible")))
                others = typed - {"text_choice", node.get("name"), node.get("for")}
                with self.subTest(xml_id, node=node.get("name")):
                    self.assertFalse(others)


@tagged("post_install", "-at_install")
class TestKeyboard(ConventionCase):
    """Buttons are reached by Alt and a letter."""

    def test_the_buttons_of_every_form_have_keys(self):
        for xml_id, arch in self.get_arches("form"):
            for button in arch.xpath("//header/button | //footer/button"):
                with self.subTest(xml_id, button=button.get("name")):
                    self.assertTrue(button.get("data-hotkey"))

    def test_no_key_is_one_of_odoo(self):
        for xml_id, arch in self.get_arches("form", "list", "kanban"):
            keys = {node.get("data-hotkey") for node in arch.iter("button")}
            with self.subTest(xml_id):
                self.assertFalse(KEYS_OF_ODOO & (keys - {None}))

    def test_no_two_buttons_on_the_screen_have_one_key(self):
        for xml_id, arch in self.get_arches("form", "list", "kanban"):
            buttons = arch.xpath("//button[@data-hotkey]")
            for values in _iterate_values(buttons):
                keys = Counter(
                    button.get("data-hotkey")
                    for button in buttons
                    if not safe_eval(button.get("invisible") or "False", dict(values))
                )
                with self.subTest(xml_id, **values):
                    self.assertLessEqual(max(keys.values(), default=0), 1, keys)


def _iterate_values(buttons):
    """What the fields may hold that decide which buttons are shown.

    Of a selection, each value that a condition names and one that none does.
    """
    conditions = [
        ast.parse(button.get("invisible") or "False", mode="eval") for button in buttons
    ]
    nodes = [node for condition in conditions for node in ast.walk(condition)]
    names = sorted({node.id for node in nodes if isinstance(node, ast.Name)})
    compared = {
        node.left.id: set()
        for node in nodes
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name):
            for literal in ast.walk(node.comparators[0]):
                if isinstance(literal, ast.Constant):
                    compared[node.left.id].add(literal.value)
    choices = [
        [*sorted(compared[name], key=str), "another"]
        if name in compared
        else [False, True]
        for name in names
    ]
    for values in product(*choices):
        yield dict(zip(names, values, strict=True))


@tagged("post_install", "-at_install")
class TestEmptyLists(ConventionCase):
    """Who finds nothing is told what to do next."""

    def test_every_action_says_what_to_do(self):
        actions = self.env["ir.actions.act_window"].search([("target", "!=", "new")])
        for action_id, xml_id in actions.get_external_id().items():
            action = actions.browse(action_id)
            kinds = {kind for _view, kind in action.views}
            if xml_id.startswith(f"{MODULE}.") and kinds - {"form"}:
                with self.subTest(xml_id):
                    self._check_help(action.help)

    def test_how_to_begin_is_told_where_nothing_exists(self):
        templates = self.env["sms.gateway.template"]
        templates.with_context(active_test=False).search([]).unlink()
        action = self.env.ref(f"{MODULE}.sms_gateway_template_action")

        self.assertIn("o_view_nocontent_smiling_face", self._read_help(action))
        templates.create({"name": "A", "text_male": "A", "active": False})
        self.assertIn("Nothing found", self._read_help(action))

    def _read_help(self, action):
        return action.read(["res_model", "help"])[0]["help"]

    def _check_help(self, words):
        self.assertTrue(words)
        title, *advice = etree.HTML(words).iter("p")
        self.assertIn("o_view_nocontent", title.get("class"))
        self.assertTrue(any(len(one.xpath("string()").split()) > 4 for one in advice))


class TestDirectionsAndThemes(ConventionCase):
    """A dark theme and a language from right to left need nothing of their own."""

    def iterate_sources(self, *patterns):
        for pattern in patterns:
            for path in sorted(ROOT.glob(pattern)):
                yield path.relative_to(ROOT), path.read_text()

    def test_classes_mean_sides_of_the_text(self):
        sources = self.iterate_sources(
            "views/*.xml", "wizards/*.xml", "static/src/**/*.xml", "static/src/**/*.js"
        )
        for path, source in sources:
            with self.subTest(path):
                self.assertFalse(PHYSICAL_CLASS.findall(source))

    def test_rules_mean_sides_of_the_text(self):
        for path, source in self.iterate_sources("static/src/**/*.scss"):
            with self.subTest(path):
                self.assertFalse(PHYSICAL_RULE.findall(source))

    def test_colours_are_those_of_the_theme(self):
        sources = self.iterate_sources(
            "views/*.xml",
            "static/src/**/*.xml",
            "static/src/**/*.scss",
            "static/src/**/*.js",
        )
        for path, source in sources:
            with self.subTest(path):
                self.assertFalse(FIXED_COLOUR.findall(source))
