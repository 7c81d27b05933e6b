"""The words of messages stand once: the rest derives from them or equals them."""

import ast
import re
from pathlib import Path
from typing import get_type_hints

from lxml import etree

from odoo.tests import BaseCase, TransactionCase, tagged

from odoo.addons.crm_sms_gateway.controllers.api import send_request
from odoo.addons.crm_sms_gateway.models.sending import selections
from odoo.addons.crm_sms_gateway.providers import types
from odoo.addons.crm_sms_gateway.tools import vocabulary

ROOT = Path(__file__).resolve().parents[1]

#: fields whose words are looked for in SQL, views and JavaScript
WORDED = ("state", "failure_type", "channel", "source", "outcome")
#: model → field → the words of its selection
SELECTIONS = {
    "sms.gateway.message": {
        "state": vocabulary.STATES,
        "failure_type": vocabulary.FAILURE_TYPES,
        "channel": vocabulary.CHANNELS,
        "outcome": vocabulary.OUTCOMES,
    },
    "sms.gateway.event": {
        "kind": (*vocabulary.STATES, "report"),
        "source": vocabulary.SOURCES,
    },
    "sms.gateway.campaign": {
        "state": vocabulary.CAMPAIGN_STATES,
        "source": vocabulary.CAMPAIGN_SOURCES,
        "channel": vocabulary.CHANNELS,
    },
    "sms.gateway.statistic": {
        "state": vocabulary.STATES,
        "failure_type": vocabulary.FAILURE_TYPES,
        "channel": vocabulary.CHANNELS,
        "outcome": vocabulary.OUTCOMES,
    },
    "sms.gateway.statistic.change": {
        "state": vocabulary.STATES,
        "failure_type": vocabulary.FAILURE_TYPES,
        "channel": vocabulary.CHANNELS,
        "outcome": vocabulary.OUTCOMES,
    },
    "sms.gateway.package": {
        "channel": vocabulary.CHANNELS,
        "category": vocabulary.CATEGORIES,
    },
    "sms.gateway.price": {
        "channel": vocabulary.CHANNELS,
        "category": vocabulary.CATEGORIES,
    },
    "sms.gateway.route.reason": {"failure_type": vocabulary.FAILURE_TYPES},
}
#: constraint of messages → the words that it mentions
CHECKS = {
    "state_known": vocabulary.STATES,
    "finished_when_final": vocabulary.FINAL_STATES,
    "leased_when_submitting": ("submitting",),
    "failure_type_when_failed": ("failed",),
    "number_unless_failed": ("failed",),
}
#: other models whose words SQL, views and JavaScript mention
NATIVE_MODELS = ("sms.sms", "ir.actions.server", "mail.notification")

_FIELD = rf"\b(?P<field>{'|'.join(WORDED)})\b"
_LIST = r"(?:[(\[][^()\[\]]*[)\]])"
#: a comparison in SQL: m.state IN ('queued', 'submitting')
_SQL = re.compile(
    rf"(?<!\w)(?P<field>{'|'.join(WORDED)}|kind)"
    r"\s*(?:=|<>|!=|(?:NOT )?IN|IS (?:NOT )?DISTINCT FROM)\s*"
    rf"(?P<words>'[a-z_]+'|{_LIST})"
)
#: a comparison in a view: state not in ('draft', 'done')
_PYTHON = re.compile(
    rf"(?<![\w.]){_FIELD}\s*(?:==|!=|(?:not )?in)\s*(?P<words>'[a-z_]+'|{_LIST})"
)
#: a condition of a domain: ("state", "in", ["queued"])
_DOMAIN = re.compile(
    rf"""["']{_FIELD}["'],\s*["'](?:=|!=|in|not in)["'],"""
    rf"""\s*(?P<words>["'][a-z_]+["']|{_LIST})"""
)
#: a comparison in JavaScript: record.data.state !== "draft"
_SCRIPT = re.compile(rf"""\.{_FIELD}\s*[!=]==\s*(?P<words>"[a-z_]+")""")
_QUOTED = re.compile(r"""["']([^"']*)["']""")


def find_words(text, *patterns):
    """The words that a text compares fields with, as pairs of field and word."""
    for pattern in patterns:
        for match in pattern.finditer(text):
            for word in _QUOTED.findall(match["words"]):
                yield match["field"], word


def get_strings(path):
    """The string constants of a Python file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def get_comparisons(path):
    """The words that Python compares attributes with, as pairs of field and word."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute):
            for operand in node.comparators:
                for one in ast.walk(operand):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield node.left.attr, one.value


class TestTypes(BaseCase):
    """Providers and the API use the words themselves, not copies."""

    def test_providers_have_the_types_of_the_vocabulary(self):
        self.assertIs(types.Channel, vocabulary.Channel)
        self.assertIs(types.FailureType, vocabulary.FailureType)
        hints = get_type_hints(types.SubmitResult)
        self.assertEqual(hints["failure_type"], vocabulary.FailureType | None)
        self.assertIs(get_type_hints(types.SubmitRequest)["channel"], types.Channel)

    def test_the_api_has_the_channels_of_the_vocabulary(self):
        self.assertIs(send_request.Channel, vocabulary.Channel)

    def test_arrows_lead_from_every_state_to_known_ones(self):
        self.assertEqual(tuple(vocabulary.ARROWS), vocabulary.STATES)
        for source, targets in vocabulary.ARROWS.items():
            with self.subTest(source):
                self.assertLessEqual(set(targets), set(vocabulary.STATES))

    def test_selections_have_the_words_in_their_order(self):
        for name in (
            "CHANNELS",
            "STATES",
            "OUTCOMES",
            "FAILURE_TYPES",
            "SOURCES",
            "CAMPAIGN_STATES",
            "CAMPAIGN_SOURCES",
        ):
            with self.subTest(name):
                labelled = getattr(selections, name)
                words = tuple(word for word, _label in labelled)
                self.assertEqual(words, getattr(vocabulary, name))


class VocabularyCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.known = {name: cls.collect(name) for name in (*WORDED, "kind")}

    @classmethod
    def collect(cls, name):
        """The words of the selections of this name in all models of the gateway."""
        return {
            word
            for model, cls_ in cls.env.registry.items()
            if model.startswith("sms.gateway.") or model in NATIVE_MODELS
            for field in [cls_._fields.get(name)]
            if field is not None and field.type == "selection"
            for word in field.get_values(cls.env)
        }

    def assert_known(self, pairs, place):
        """:return: the number of words that were looked at"""
        pairs = list(pairs)
        unknown = {pair for pair in pairs if pair[1] not in self.known[pair[0]]}
        self.assertFalse(unknown, place)
        return len(pairs)


@tagged("post_install", "-at_install")
class TestModels(VocabularyCase):
    def test_selections_of_models_are_the_vocabulary(self):
        for model, fields in SELECTIONS.items():
            for name, words in fields.items():
                with self.subTest(model=model, field=name):
                    field = self.env[model]._fields[name]
                    self.assertEqual(tuple(field.get_values(self.env)), words)

    def test_no_other_model_has_words_of_its_own_for_the_same_thing(self):
        for model, cls_ in self.env.registry.items():
            for name in ("failure_type", "channel", "outcome"):
                field = cls_._fields.get(name)
                if not model.startswith("sms.gateway.") or not field:
                    continue
                if field.type == "selection" and not field.related:
                    with self.subTest(model=model, field=name):
                        words = getattr(vocabulary, f"{name.upper()}S")
                        self.assertEqual(tuple(field.get_values(self.env)), words)

    def test_checks_mention_exactly_the_words_of_the_vocabulary(self):
        self.env.cr.execute(
            """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
                WHERE conrelid = 'sms_gateway_message'::regclass AND contype = 'c'"""
        )
        checks = {
            name.removeprefix("sms_gateway_message_"): tuple(
                dict.fromkeys(re.findall(r"'([^']*)'", definition))
            )
            for name, definition in self.env.cr.fetchall()
        }
        self.assertEqual(checks, CHECKS)

    def test_every_state_and_outcome_has_an_index_of_its_list(self):
        """PostgreSQL uses a partial index where the filter has its condition."""
        predicates = dict(self.read_predicates())
        listed = {
            name.removesuffix("_list_index"): set(re.findall(r"'([^']*)'", predicate))
            for name, predicate in predicates.items()
            if name.endswith("_list_index")
        }
        self.assertEqual(listed["waiting"], set(vocabulary.WAITING_STATES))
        states = set(vocabulary.STATES) - set(vocabulary.WAITING_STATES)
        for state in states:
            self.assertEqual(listed[state], {state})
        for outcome in vocabulary.OUTCOMES:
            self.assertIn(outcome, listed)

    def test_indexes_mention_known_words_only(self):
        words = {
            *vocabulary.STATES,
            *vocabulary.CHANNELS,
            *vocabulary.FAILURE_TYPES,
            *vocabulary.FOLLOW_UPS,
        }
        for name, predicate in self.read_predicates():
            with self.subTest(name):
                self.assertLessEqual(set(re.findall(r"'([^']*)'", predicate)), words)

    def read_predicates(self):
        """The conditions of the partial indexes of messages, by name."""
        self.env.cr.execute(
            """SELECT indexrelid::regclass::text, pg_get_expr(indpred, indrelid)
                 FROM pg_index
                WHERE indrelid = 'sms_gateway_message'::regclass
                  AND indpred IS NOT NULL"""
        )
        return [
            (name.removeprefix("sms_gateway_message_"), predicate)
            for name, predicate in self.env.cr.fetchall()
        ]


@tagged("post_install", "-at_install")
class TestSources(VocabularyCase):
    """Words that stand in SQL, Python, views and JavaScript are those of a model."""

    def test_sql_and_domains_of_models(self):
        count = 0
        for room in ("models", "wizards", "controllers"):
            for path in sorted((ROOT / room).rglob("*.py")):
                with self.subTest(path=path.relative_to(ROOT).as_posix()):
                    for text in get_strings(path):
                        count += self.assert_known(find_words(text, _SQL), text)
                    domains = find_words(path.read_text("utf-8"), _DOMAIN)
                    count += self.assert_known(domains, path)
        self.assertGreater(count, 80)

    def test_comparisons_of_python(self):
        count = 0
        for room in ("models", "wizards", "controllers"):
            for path in sorted((ROOT / room).rglob("*.py")):
                pairs = [
                    (field, word)
                    for field, word in get_comparisons(path)
                    if field in ("state", "failure_type", "channel", "outcome")
                ]
                with self.subTest(path=path.relative_to(ROOT).as_posix()):
                    count += self.assert_known(pairs, path)
        self.assertGreater(count, 30)

    def test_views(self):
        count = 0
        for path in sorted((ROOT / "views").glob("*.xml")):
            with self.subTest(path=path.name):
                root = etree.parse(str(path)).getroot()
                texts = [
                    text
                    for element in root.iter(etree.Element)
                    for text in (*element.attrib.values(), element.text or "")
                ]
                for text in texts:
                    pairs = find_words(text, _PYTHON, _DOMAIN)
                    count += self.assert_known(pairs, text)
        self.assertGreater(count, 80)

    def test_javascript(self):
        count = 0
        for path in sorted((ROOT / "static" / "src").rglob("*.js")):
            with self.subTest(path=path.name):
                pairs = find_words(path.read_text("utf-8"), _SCRIPT, _DOMAIN)
                count += self.assert_known(pairs, path)
        self.assertGreater(count, 0)

    def test_the_dashboard_has_every_outcome_once(self):
        script = (ROOT / "static/src/dashboard/dashboard.js").read_text("utf-8")
        [block] = re.findall(r"const OUTCOMES = \[(.*?)\];", script, re.DOTALL)
        names = re.findall(r'name: "(\w+)"', block)
        self.assertEqual(sorted(names), sorted(vocabulary.OUTCOMES))
