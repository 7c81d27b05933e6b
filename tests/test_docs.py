"""The documents parse, lead where they say, and name what the addon really has."""

import re
from dataclasses import dataclass
from functools import cache
from io import StringIO
from itertools import chain
from pathlib import Path
from urllib.parse import unquote, urlsplit

import polib
from docutils import nodes
from docutils.core import publish_doctree

from odoo.tests import BaseCase

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
RUSSIAN = DOCS / "ru"

#: Documents about the code, not about the interface: they name no labels.
OF_CODE = {DOCS / f"{name}.rst" for name in ("architecture", "performance")}
#: Labels of Odoo that the documents name, and what they are in Russian.
ODOO = {
    "Actions": "Действия",
    "Add an action": "Добавить действие",
    "Apps": "Приложения",
    "Automation Rules": "Правила автоматизации",
    "Cancel": "Отменить",
    "General Settings": "Общие настройки",
    "New": "Новое",
    "On create": "On create",
    "Retry": "Повторить",
    "Scheduled Actions": "Запланированные действия",
    "Send SMS": "Отправить СМС",
    "Send via Odoo": "Send via Odoo",
    "Send via Twilio": "Send via Twilio",
    "Technical": "Технический",
    "Users": "Пользователи",
}
#: Labels of providers' own pages in docs/providers.rst, and a column of its table.
PROVIDERS = {
    *("A message comes in", "API and SMPP", "API settings", "Cloud server"),
    *("Geo permissions", "Integration", "Local server", "Message URL", "Messaging"),
    *("Never twice by", "Path", "Private server", "Pushes", "Query"),
    *("SMS API", "SMS delivery report", "SMS gateway", "Signing Key"),
    *("Status request", "User settings", "Webhooks"),
}

SCRIPT = re.compile(r"(?<![\w./-])scripts/[a-z][\w./-]*\w")
#: A path below the checkout, as a literal.
FILE = re.compile(
    r"(?:benchmarks|controllers|data|demo|docs|i18n|models|providers|scripts|security"
    r"|static|tests|tools|views|wizards)/[\w./-]*|[A-Z]+\.(?:md|rst)"
)
TROUBLE = re.compile(r'Trouble\(\s*"(\w+)"|codes\.insert\(0, "(\w+)"\)')


@dataclass(frozen=True)
class Document:
    """A document as docutils reads it, and what it finds wrong."""

    path: Path
    tree: nodes.document
    warnings: str

    @property
    def name(self):
        return str(self.path.relative_to(ROOT))

    @property
    def is_russian(self):
        return self.path.parent == RUSSIAN

    def find_labels(self):
        """The labels of menus, buttons and fields: what is emphasized and begins with
        a capital letter; of a path its steps."""
        return _find_labels(self.tree)

    def list_sections(self):
        """:return: list of (title, labels) of each section with those in it"""
        return [
            (section.next_node(nodes.title).astext(), {*_find_labels(section)})
            for section in self.tree.findall(nodes.section)
        ]

    def find_links(self):
        """The addresses that it leads to, without those of other sites."""
        for reference in self.tree.findall(nodes.reference):
            if "refuri" in reference:
                address = urlsplit(reference["refuri"])
                if not address.scheme:
                    yield address

    def find_anchors(self):
        return {
            one for node in self.tree.findall(nodes.Element) for one in node["ids"]
        } | {*self.tree.nameids, *self.tree.ids}

    def get_outline(self):
        """How deep each section lies."""
        return [
            sum(isinstance(one, nodes.section) for one in _get_ancestors(section))
            for section in self.tree.findall(nodes.section)
        ]


def _find_labels(tree):
    for emphasis in tree.findall(nodes.emphasis):
        text = " ".join(emphasis.astext().split())
        if text[:1].isupper():
            yield from re.split(" ?→ ?", text)


def _get_ancestors(node):
    while node := node.parent:
        yield node


@cache
def read(path):
    """:rtype: Document"""
    warnings = StringIO()
    settings = {"report_level": 2, "halt_level": 5, "warning_stream": warnings}
    tree = publish_doctree(
        path.read_text("utf-8"), source_path=str(path), settings_overrides=settings
    )
    return Document(path, tree, warnings.getvalue())


def read_all():
    """:rtype: list[Document]"""
    return [read(path) for path in sorted([*ROOT.glob("*.rst"), *DOCS.rglob("*.rst")])]


@cache
def get_translations():
    """:return: dict of an English string of the addon or of Odoo → the Russian ones"""
    found = {label: {russian} for label, russian in ODOO.items()}
    for one in polib.pofile(ROOT / "i18n" / "ru.po"):
        found.setdefault(one.msgid, set()).add(one.msgstr)
    return found


@cache
def get_labels():
    """:return: the English and the Russian strings of the addon, two sets"""
    russian = polib.pofile(ROOT / "i18n" / "ru.po")
    return {one.msgid for one in russian}, {one.msgstr for one in russian}


class TestDocuments(BaseCase):
    def test_they_parse_without_warnings(self):
        for document in read_all():
            with self.subTest(document.name):
                self.assertFalse(document.warnings)

    def test_links_lead_to_files_and_to_places_in_them(self):
        for document in read_all():
            for link in document.find_links():
                with self.subTest(document.name, link=link.geturl()):
                    self._check_link(document.path, link)

    def _check_link(self, source, link):
        target = (source.parent / unquote(link.path)).resolve() if link.path else source
        self.assertTrue(target.is_file(), target)
        if link.fragment:
            self.assertIn(link.fragment, read(target).find_anchors())

    def test_pictures_exist_and_are_small(self):
        for document in read_all():
            for image in document.tree.findall(nodes.image):
                with self.subTest(document.name, image=image["uri"]):
                    self.assertTrue(image.get("alt"))
                    size = (document.path.parent / image["uri"]).stat().st_size
                    self.assertLess(size, 200_000)

    def test_scripts_and_files_that_are_named_exist(self):
        for document in read_all():
            literals = [one.astext() for one in document.tree.findall(nodes.literal)]
            named = {*filter(FILE.fullmatch, literals)}
            named |= {*SCRIPT.findall(document.path.read_text("utf-8"))}
            for name in sorted(named):
                with self.subTest(document.name, file=name):
                    places = (ROOT / name, document.path.parent / name)
                    self.assertTrue(any(place.exists() for place in places))

    def test_labels_are_those_of_the_interface(self):
        english, russian = get_labels()
        for document in read_all():
            if document.path in OF_CODE:
                continue
            known = russian | {*ODOO.values()} if document.is_russian else english
            with self.subTest(document.name):
                unknown = {*document.find_labels()} - known - ODOO.keys()
                if document.path == DOCS / "providers.rst":
                    unknown -= PROVIDERS
                self.assertFalse(unknown)

    def test_every_label_of_others_is_named_somewhere(self):
        named = {label for one in read_all() for label in one.find_labels()}
        self.assertFalse((ODOO.keys() | PROVIDERS) - named)


class TestRussianDocuments(BaseCase):
    """Both versions of a document have the same sections and lead to one another."""

    def test_sections_are_the_same(self):
        for document in self._read_russian():
            with self.subTest(document.name):
                self.assertEqual(
                    document.get_outline(), self._get_english(document).get_outline()
                )

    def test_labels_are_those_of_the_english_section(self):
        translations = get_translations()
        for document in self._read_russian():
            english = self._get_english(document).list_sections()
            pairs = zip(english, document.list_sections(), strict=True)
            for (title, labels), (_title, russian) in pairs:
                known = [translations.get(label, ()) for label in labels]
                with self.subTest(document.name, section=title):
                    self.assertFalse(russian - {*chain.from_iterable(known)})

    def test_places_to_lead_to_are_the_same(self):
        for document in self._read_russian():
            with self.subTest(document.name):
                self.assertEqual(
                    self._get_targets(document),
                    self._get_targets(self._get_english(document)),
                )

    def test_each_leads_to_the_other(self):
        for document in self._read_russian():
            english = self._get_english(document)
            with self.subTest(document.name):
                self.assertIn(f"../{document.path.name}", self._get_paths(document))
                self.assertIn(f"ru/{document.path.name}", self._get_paths(english))

    def test_numbers_and_literals_of_tables_are_the_same(self):
        for document in self._read_russian():
            with self.subTest(document.name):
                self.assertEqual(
                    self._get_literals(document),
                    self._get_literals(self._get_english(document)),
                )

    def _read_russian(self):
        return [one for one in read_all() if one.is_russian]

    def _get_english(self, document):
        return read(DOCS / document.path.name)

    def _get_targets(self, document):
        return [one["refid"] for one in document.tree.findall(nodes.target)]

    def _get_paths(self, document):
        return {link.path for link in document.find_links()}

    def _get_literals(self, document):
        """The code that the first column of every table names."""
        rows = document.tree.findall(nodes.row)
        return [
            literal.astext()
            for row in rows
            for literal in row[0].findall(nodes.literal)
        ]


class TestAdministration(BaseCase):
    """What to do when nothing is sent, for every code of the health address."""

    def test_every_code_of_a_trouble_is_explained(self):
        [source] = (ROOT / "models").rglob("sms_gateway_health.py")
        found = TROUBLE.findall(source.read_text("utf-8"))
        codes = {"".join(code) for code in found}
        self.assertGreater(len(codes), 8)
        for folder in (DOCS, RUSSIAN):
            tree = read(folder / "administration.rst").tree
            [place] = [one for one in tree.findall() if "nothing-sent" in _get_ids(one)]
            rows = [*place.findall(nodes.row)][1:]
            with self.subTest(folder):
                self.assertEqual({row[0].astext() for row in rows}, codes)


def _get_ids(node):
    return node["ids"] if isinstance(node, nodes.Element) else ()
