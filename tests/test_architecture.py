"""The rules of the house that a reader could break without noticing."""

import ast
import inspect
import sys
import unittest
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path

from odoo.modules.module import get_manifest
from odoo.tests import BaseCase, TransactionCase, tagged

from odoo.addons.crm_sms_gateway import tests as suite

ADDON = "crm_sms_gateway"
ROOT = Path(__file__).resolve().parents[1]

PROVIDERS = (f"{ADDON}.providers", f"odoo.addons.{ADDON}.providers")
#: room → the packages that must not be imported there
FORBIDDEN = {
    "providers": ("odoo",),
    "tools": ("odoo",),
    "controllers/api": ("odoo",),
    "models": ("requests", "urllib3", "http.client", "socket"),
    "controllers": (*PROVIDERS, "requests", "urllib3"),
    "wizards": (*PROVIDERS, "requests", "urllib3"),
}
#: rooms of what runs in production
ROOMS = ("controllers", "migrations", "models", "providers", "tools", "wizards")
#: its package has two names, and Odoo does not start without it
NOT_DECLARED = {"psycopg2"}
#: rooms of plain Python → the rooms of the addon that they know
PLAIN = {
    "providers": ("providers", "tools"),
    "tools": ("tools",),
    "controllers/api": ("controllers.api", "tools"),
}


def get_sources(room):
    return sorted((ROOT / room).rglob("*.py"))


def parse(path):
    return ast.parse(path.read_text("utf-8"), str(path))


def get_imports(path):
    """The dotted names a file imports; relative ones begin with the addon's name."""
    package = (ADDON, *path.relative_to(ROOT).parent.parts)
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def is_below(name, package):
    return name == package or name.startswith(f"{package}.")


class TestImports(BaseCase):
    def test_rooms_do_not_know_what_is_not_their_business(self):
        for room, packages in FORBIDDEN.items():
            for path in get_sources(room):
                wrong = {
                    name
                    for name in get_imports(path)
                    if any(is_below(name, package) for package in packages)
                }
                with self.subTest(file=str(path.relative_to(ROOT))):
                    self.assertFalse(wrong)

    def test_plain_python_stays_in_its_room(self):
        for room, known in PLAIN.items():
            for path in get_sources(room):
                wrong = {
                    name
                    for name in get_imports(path)
                    if is_below(name, ADDON)
                    and not any(is_below(name, f"{ADDON}.{one}") for one in known)
                }
                with self.subTest(file=str(path.relative_to(ROOT))):
                    self.assertFalse(wrong)

    def test_the_manifest_names_the_packages_that_are_imported(self):
        modules = {
            name.partition(".")[0]
            for room in ROOMS
            for path in get_sources(room)
            for name in get_imports(path)
        }
        ours = {ADDON, "odoo", *NOT_DECLARED}
        foreign = modules - ours - set(sys.stdlib_module_names)
        packages = packages_distributions()
        imported = {packages[module][0].lower() for module in foreign}
        declared = get_manifest(ADDON)["external_dependencies"]["python"]
        self.assertEqual(imported, set(declared))

    def test_the_walk_sees_imports(self):
        path = ROOT / "models" / "routes" / "sms_gateway_route.py"
        names = set(get_imports(path))
        self.assertIn(f"{ADDON}.providers.PROVIDERS", names)
        self.assertIn("odoo.api", names)

    def test_the_addon_has_its_name(self):
        self.assertTrue(__name__.startswith(f"odoo.addons.{ADDON}.tests."))


class TestSources(BaseCase):
    def test_every_model_says_what_it_is(self):
        for room in ("models", "wizards"):
            for path in get_sources(room):
                for node in ast.walk(parse(path)):
                    if isinstance(node, ast.ClassDef) and is_model(node):
                        with self.subTest(model=node.name):
                            self.assertTrue(ast.get_docstring(node))

    def test_nobody_becomes_superuser_without_a_reason(self):
        """A function that calls ``sudo()`` says why in a comment ``# sudo: …``."""
        for room in ("models", "wizards", "controllers"):
            for path in get_sources(room):
                source = path.read_text("utf-8")
                for node in ast.walk(ast.parse(source)):
                    if isinstance(node, ast.FunctionDef):
                        text = ast.get_source_segment(source, node)
                        with self.subTest(file=path.name, function=node.name):
                            self.assertIn("# sudo: " if ".sudo()" in text else "", text)


def is_model(node):
    return any(
        isinstance(base, ast.Attribute)
        and base.attr in ("Model", "AbstractModel", "TransientModel")
        for base in node.bases
    )


class TestSuite(BaseCase):
    """Odoo collects tests by rules of its own; none of ours may fall through."""

    def get_files(self):
        return sorted((ROOT / "tests").rglob("test_*.py"))

    def get_modules(self):
        return dict(inspect.getmembers(suite, inspect.ismodule))

    def get_classes(self):
        for name, module in self.get_modules().items():
            if name.startswith("test_"):
                for _name, cls in inspect.getmembers(module, inspect.isclass):
                    if cls.__module__ == module.__name__:
                        yield cls

    def test_every_file_is_collected(self):
        collected = {
            Path(module.__file__).resolve()
            for name, module in self.get_modules().items()
            if name.startswith("test_")
        }
        self.assertEqual(set(self.get_files()), collected)

    def test_file_names_are_unique(self):
        counts = Counter(path.name for path in self.get_files())
        self.assertFalse([name for name, count in counts.items() if count > 1])

    def test_every_test_is_one_that_odoo_runs(self):
        for cls in self.get_classes():
            if issubclass(cls, unittest.TestCase):
                with self.subTest(cls=cls.__name__):
                    self.assertTrue(issubclass(cls, BaseCase))

    def test_inherited_tests_are_run(self):
        """Odoo collects them only where the class says so."""
        for cls in self.get_classes():
            inherited = {
                name
                for base in cls.__mro__[1:]
                if base.__module__.startswith(f"odoo.addons.{ADDON}.")
                for name in vars(base)
                if name.startswith("test_") and callable(getattr(cls, name))
            }
            is_test = issubclass(cls, unittest.TestCase)
            if is_test and inherited - vars(cls).keys():
                with self.subTest(cls=cls.__name__):
                    self.assertTrue(getattr(cls, "allow_inherited_tests_method", False))


@tagged("post_install", "-at_install")
class TestModels(TransactionCase):
    def test_every_model_has_access_rights(self):
        for name, model in self.env.registry.items():
            if name.startswith("sms.gateway.") and not model._abstract:
                domain = [("model_id.model", "=", name)]
                rights = self.env["ir.model.access"].search(domain)
                with self.subTest(model=name):
                    self.assertTrue(rights)
                    self.assertTrue(all(right.group_id for right in rights))
