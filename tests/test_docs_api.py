"""The reference of the API and the table of states say what the code does."""

import os
import re
from datetime import datetime
from pydoc import locate
from typing import get_args

from docutils import nodes

from odoo.tests import BaseCase, TransactionCase, tagged

from odoo.addons.crm_sms_gateway.controllers.api import (
    answers,
    errors,
    reader,
    requests,
    send_fields,
    send_request,
    send_time,
    status_request,
)
from odoo.addons.crm_sms_gateway.controllers.api.messages import SENTENCES
from odoo.addons.crm_sms_gateway.models.settings.sms_gateway_settings import DEFAULTS
from odoo.addons.crm_sms_gateway.tools.compose import ProblemCode
from odoo.addons.crm_sms_gateway.tools.statuses import MessageStatus, StepStatus
from odoo.addons.crm_sms_gateway.tools.vocabulary import ARROWS, SOURCE_ARROWS

from .common import PHONE
from .controllers.common import ApiCase
from .documents import (
    ROOT,
    find_literals,
    parse_curl,
    read_document,
    read_examples,
    read_literals,
    read_shown,
    read_tables,
)

REFERENCE = "docs/api.rst"
ARCHITECTURE = "docs/architecture.rst"

#: How the documents name functions and scripts.
OF_MODEL = re.compile(r"sms\.gateway(\.[a-z]+)*\._\w+")
OF_MODULE = re.compile(r"(controllers|models|providers|tools)(\.\w+){2,}")
CITATION = re.compile(r"docs/api\.rst, ([A-Z][\w ]+)")

SUCCESSES = {"balance_accepted", "send_accepted", "status_received"}
WARNINGS = {"text_alternative_unused"}
#: Sentences of the table that are no code of an answer.
OTHER_SENTENCES = {"more_errors", "duplicate", "resolved"}
#: Repetitions in a request are kept, so none is found.
CODES_OF_RECIPIENTS = {*get_args(ProblemCode), "opted_out"} - {"duplicate"}
#: Codes of recipients that a parameter of the request can have as well.
CODES_OF_BOTH = {"too_long", "invalid_character"}

LIMITS = send_request.Limits(
    max_recipients=10, max_segments=10, max_speech=4000, time_zone="Europe/Moscow"
)
REQUESTS = {
    "send": {
        "send": {"text_male": "Hello", "users": [{"phone": PHONE}]},
        "route": "ds",
    },
    "status": {"status": {"key": "0" * 32}, "route": "ds"},
    "balance": {"balance": ["rub"], "route": "ds"},
}
PARAMETER_TABLES = {
    "send": ("Parameters of send", "Parameters of a recipient"),
    "status": ("Parameters of status",),
    "balance": ("Parameters of balance",),
}
MEMBER_TABLES = (
    "Answer to a send",
    "Answer to a status of a send",
    "Answer to a balance request",
    "Answer to a status of a balance request",
    "Members of errors",
    "Answer of health",
)
#: What differs from call to call stands in the reference as a word in capitals.
PLACEHOLDERS = {"key": "KEY", "reference": "REFERENCE", "accepted_at": "TIME"}
SAID = {sentence for code in SUCCESSES for sentence in SENTENCES[code]}


class Recorder(dict):
    """A JSON object that remembers which of its members were asked for."""

    def __init__(self, members, asked, prefix=""):
        super().__init__(
            (name, _record(value, asked, prefix + name))
            for name, value in members.items()
        )
        self.asked = asked
        self.prefix = prefix

    def get(self, name, default=None):
        self.asked.add(self.prefix + name)
        return super().get(name, default)


def _record(value, asked, path):
    if isinstance(value, dict):
        return Recorder(value, asked, f"{path}.")
    if isinstance(value, list):
        return [_record(element, asked, f"{path}[]") for element in value]
    return value


def find_parameters(operation):
    """The parameters that the code asks a request of this operation for."""
    asked = set()
    request = Recorder(REQUESTS[operation], asked)
    parsed = requests.parse(
        request, method="POST", limits=LIMITS, now=datetime(2026, 1, 1)
    )
    list(getattr(parsed, "recipients", ()))
    return asked - ({*requests.OPERATIONS} - {operation})


def find_members(value, path=""):
    """The paths of all values of an answer, ``details.rejected[].code``."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from find_members(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield f"{path}[]"
        for element in value:
            yield from find_members(element, f"{path}[]")
    else:
        yield re.sub(r"\.totals\..*", ".totals.<state>", path)


def normalise(value, name=""):
    """An answer without what may differ: keys, times, the wording of errors."""
    if isinstance(value, dict):
        return {key: normalise(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [normalise(element, name) for element in value]
    if name == "message" and value not in SAID:
        return "SENTENCE"
    return PLACEHOLDERS.get(name, value)


class ReferenceHelpers:
    """Reads the tables of the reference."""

    tables = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tables = read_tables(REFERENCE)

    def get_first_column(self, title):
        """What the first cells of a table name; each name once."""
        names = [
            name
            for row in self.tables[title]
            for name in read_literals(row[0]) or [row[0].astext()]
        ]
        self.assertEqual(sorted(set(names)), sorted(names), title)
        return set(names)


class TestReference(ReferenceHelpers, BaseCase):
    """The reference against the code that needs no database."""

    def get_row(self, title, name):
        """The text of the row that is about this name."""
        [row] = [row for row in self.tables[title] if row[0].astext() == name]
        return " ".join(cell.astext() for cell in row)

    def test_operations_are_those_of_the_code(self):
        self.assertEqual(self.get_first_column("Operations"), set(requests.OPERATIONS))

    def test_parameters_are_those_that_the_code_asks_for(self):
        for operation, titles in PARAMETER_TABLES.items():
            documented = set().union(*map(self.get_first_column, titles))
            with self.subTest(operation=operation):
                self.assertEqual(
                    documented - {"send.users[].<name>"}, find_parameters(operation)
                )

    def test_limits_are_those_of_the_code(self):
        send, status = "Parameters of send", "Parameters of status"
        for title, name, *limits in (
            (send, "ttl", send_request.MAX_TTL),
            (send, "route", reader.MAX_ROUTE_LENGTH),
            (send, "timeLimit", send_time.MAX_YEARS_AHEAD, DEFAULTS["time_zone"]),
            (send, "send.fields", send_fields.MAX_NAMES, send_fields.MAX_NAME_LENGTH),
            (send, "send.text_male", LIMITS.max_template),
            (send, "send.users", DEFAULTS["max_recipients"]),
            (
                status,
                "status.limit",
                status_request.MAX_PAGE,
                status_request.DEFAULT_PAGE,
            ),
            (status, "status.offset", status_request.MAX_OFFSET),
            ("Limits", "Body", DEFAULTS["max_body_mib"]),
            ("Limits", "SMS parts of a message", DEFAULTS["max_segments"]),
            ("Limits", "Characters of a voice call", DEFAULTS["max_speech"]),
            ("Limits", "Problems in one error answer", errors.MAX_PROBLEMS),
        ):
            for limit in limits:
                said = limit if isinstance(limit, str) else f"{limit:,}"
                with self.subTest(name=name, limit=limit):
                    row = self.get_row(title, name)
                    self.assertRegex(row, rf"\b{said.replace(',', ' ')}\b")

    def test_modes_are_those_of_the_code(self):
        documented = self.get_first_column("Modes")
        self.assertEqual(
            documented, {mode or "(empty)" for mode in send_request._MODES}
        )

    def test_codes_are_those_of_the_code(self):
        of_requests = self.get_first_column("Codes of requests")
        of_recipients = self.get_first_column("Codes of recipients")
        self.assertEqual(of_recipients, CODES_OF_RECIPIENTS)
        self.assertEqual(of_requests & of_recipients, CODES_OF_BOTH)
        known = {key.partition(".")[0] for key in SENTENCES}
        self.assertEqual(
            of_requests | of_recipients | SUCCESSES | WARNINGS | OTHER_SENTENCES, known
        )

    def test_codes_have_the_http_status_of_the_code(self):
        for row in self.tables["Codes of requests"]:
            [code] = read_literals(row[0])
            with self.subTest(code=code):
                status = errors.STATUS_BY_CODE.get(code, 400)
                self.assertEqual(row[1].astext(), str(status))

    def test_http_statuses_are_those_of_the_code(self):
        documented = self.get_first_column("HTTP statuses")
        known = {200, 204, 400, *errors.STATUS_BY_CODE.values()}
        self.assertEqual(documented, set(map(str, known)))

    def test_every_member_of_an_answer_is_documented(self):
        documented = set().union(*map(self.get_first_column, MEMBER_TABLES))
        shown = {
            member
            for answer in read_shown(REFERENCE)
            for member in find_members(answer)
        }
        self.assertFalse({one for one in shown if not one.endswith("[]")} - documented)
        containers = {one.rpartition(".")[0] for one in shown}
        self.assertFalse(documented - shown - containers)

    def test_members_of_messages_by_a_policy_are_those_of_the_code(self):
        step = StepStatus("voice", "first", "failed", None, "uuid")
        message = MessageStatus(
            index=0, phone="", state="queued", failure=None, segments=1, uuid="",
            accepted_at=None, submitted_at=None, delivered_at=None, text=None,
            channel="sms", route="second", steps=[step],
        )  # fmt: skip
        told = answers._way(message, "en")
        documented = self.get_first_column("Members of messages by a policy")
        self.assertEqual(documented, set(find_members(told)))


@tagged("post_install", "-at_install")
class TestVocabulary(ReferenceHelpers, TransactionCase):
    """States and types of the reference and of the fields."""

    def test_values_are_those_of_the_fields(self):
        for title, model, field in (
            ("States of a message", "sms.gateway.message", "state"),
            ("States of a campaign", "sms.gateway.campaign", "state"),
            ("States of a balance request", "sms.gateway.provider.request", "state"),
            ("Failure types", "sms.gateway.message", "failure_type"),
            (
                "Access policies",
                "res.config.settings",
                "sms_gateway_access_policy",
            ),
        ):
            values = self.env[model]._fields[field].get_values(self.env)
            with self.subTest(title=title):
                self.assertEqual(self.get_first_column(title), set(values))

    def test_final_states_are_those_that_only_a_report_may_change(self):
        for state, is_final, _meaning in self.tables["States of a message"]:
            [name] = read_literals(state)
            with self.subTest(state=name):
                self.assertEqual(
                    is_final.astext() == "yes", set(ARROWS[name]) <= {"delivered"}
                )


@tagged("post_install", "-at_install")
class TestExamples(ApiCase):
    """Runs every example of the reference against the server under test."""

    def test_examples_are_answered_as_shown(self):
        examples = read_examples(REFERENCE)
        self.assertGreater(len(examples), 10)
        key = ""
        for arguments, shown in examples:
            method, path, headers, body = parse_curl(arguments)
            answer = self.call(
                body.replace('"KEY"', f'"{key}"').encode(),
                method=method,
                path=path,
                headers=headers,
            )
            with self.subTest(body=body):
                self.assertEqual(normalise(answer.json()), normalise(shown))
                self.assertEqual(answer.status_code, self._get_status(answer.text))
            key = self._find_key(answer.text) or key

    def _find_key(self, answer):
        found = re.search(r'"key": "([0-9a-f]{32})"', answer)
        return found and found[1]

    def _get_status(self, answer):
        found = re.search(r'"details": {"code": "(\w+)"', answer)
        return errors.STATUS_BY_CODE.get(found[1], 400) if found else 200


class TestArchitecture(BaseCase):
    def test_arrows_are_those_of_the_code(self):
        rows = read_tables(ARCHITECTURE)["Allowed arrows"]
        documented = {
            read_literals(row[0])[0]: tuple(read_literals(row[1])) for row in rows
        }
        self.assertEqual(documented, ARROWS)

    def test_arrows_of_one_source_are_those_of_the_code(self):
        rows = read_tables(ARCHITECTURE)["Arrows of one source"]
        documented = tuple(tuple(read_literals(row[0])) for row in rows)
        self.assertEqual(documented, SOURCE_ARROWS)

    def test_packages_of_models_are_those_of_the_folder(self):
        rows = read_tables(ARCHITECTURE)["Packages of models"]
        documented = {read_literals(row[0])[0] for row in rows}
        folders = {path.parent.name for path in ROOT.glob("models/*/__init__.py")}
        self.assertEqual(documented, folders)

    def test_sections_that_the_code_cites_exist(self):
        sections = {
            section.next_node(nodes.title).astext()
            for section in read_document(REFERENCE).findall(nodes.section)
        }
        cited = {
            " ".join(title.split())
            for room in ("controllers", "models", "tools")
            for path in (ROOT / room).rglob("*.py")
            for title in CITATION.findall(path.read_text("utf-8"))
        }
        self.assertTrue(cited)
        self.assertFalse(cited - sections)

    def test_functions_of_modules_exist(self):
        names = find_literals(ARCHITECTURE, OF_MODULE)
        self.assertTrue(names)
        for name in names:
            with self.subTest(name=name):
                self.assertTrue(locate(f"odoo.addons.crm_sms_gateway.{name}"))


@tagged("post_install", "-at_install")
class TestFunctions(TransactionCase):
    def test_functions_of_models_exist(self):
        names = find_literals(ARCHITECTURE, OF_MODEL)
        self.assertTrue(names)
        for name in names:
            model, _dot, function = name.rpartition(".")
            with self.subTest(name=name):
                self.assertTrue(callable(getattr(self.env.get(model), function, None)))

    def test_scheduled_actions_are_those_of_the_data(self):
        rows = read_tables(ARCHITECTURE)["Scheduled actions"]
        documented = {read_literals(row[0])[0] for row in rows}
        known = self.env["ir.model.data"].search(
            [("module", "=", "crm_sms_gateway"), ("model", "=", "ir.cron")]
        )
        crons = self.env["ir.cron"].browse(known.mapped("res_id"))
        self.assertEqual(documented, {find_function(cron) for cron in crons})


def find_function(cron):
    """What a scheduled action calls, as the documents write it."""
    return cron.model_id.model + re.match(r"model(\._\w+)", cron.code)[1]


class TestScripts(BaseCase):
    def test_every_script_is_explained(self):
        shown = read_document("CONTRIBUTING.rst").astext()
        for script in (ROOT / "scripts").iterdir():
            if script.is_file() and os.access(script, os.X_OK):
                with self.subTest(script=script.name):
                    self.assertIn(f"scripts/{script.name}", shown)
