"""The generic provider: an administrator describes the protocol in the route itself.

The settings say what a preset's file says (``docs/presets.rst``), a line for each entry
of a table. They become one `Definition` for the engine of `generic`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import RouteDown
from .generic.bodies import BodyWords
from .generic.definition import Definition
from .generic.paths import PathWords
from .generic.provider import TellsBalance
from .generic.reader import (
    DefinitionError,
    DefinitionWords,
    Node,
    parse_lines,
    read_definition,
)
from .generic.reports import Polls, TakesPushes
from .generic.templates import TemplateWords
from .http import HttpClient
from .settings import Choice, Kind, Setting
from .types import Capabilities, ClientReference, Context, Words, _

#: settings that templates may name, and the key of signatures
_NAMES = ("login", "password", "sender", "push_key")


class HttpGenericWords(Words):
    """Why the settings do not describe a provider."""

    BAD_SETTING = _("Invalid setting {label}: {why}.")
    BAD_ENTRY = _("Invalid setting {label}, {place}: {why}.")


#: place in the definition → the setting that says it; the first that fits
_SETTINGS_OF_PLACES = (
    *(("submit.answer", "answer"), ("submit.path", "path"), ("submit.query", "query")),
    *(("submit.method", "method"), ("submit.", "body"), ("headers", "headers")),
    *(
        ("poll.answer", "poll_answer"),
        ("poll.path", "poll_path"),
        ("poll.", "poll_body"),
    ),
    *(("balance.answer", "balance_answer"), ("balance.path", "balance_path")),
    *(
        ("balance.", "balance_body"),
        ("push.reports", "push"),
        ("push.inbound", "inbound"),
    ),
    *(("push.signature", "push_signature"), ("errors", "errors")),
    ("statuses", "statuses"),
)


class HttpGenericProvider(Polls, TakesPushes, TellsBalance):
    """An account at a provider that the settings of its route describe."""

    code = "http"
    label = _("Generic HTTP provider")
    description = _(
        "For an SMS provider with an HTTP API that is not in this list.\n"
        "\n"
        "Enter a request as in the provider's documentation, with placeholders in"
        " double curly braces: phone (+7…), text, sender, login, password, uuid,"
        " client_reference, validity (seconds), valid_until, callback, unicode."
        " Filters follow a vertical bar: digits, plus, number, hex, hex16, minutes,"
        " hours, iso, unix, upper, lower, urlencode, default('…').\n"
        "\n"
        "An entry whose placeholders have no value is omitted. Values are always"
        " escaped: the text of a message cannot change the request.\n"
        "\n"
        "Responses are read with JSONPath ($.id, or @.id in an item of a list) or"
        " XPath (/answer/id). A response without a confirmation of success means that"
        " the outcome is unknown: such a message is never sent again automatically."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        # by the callback address, or where the provider keeps it
        client_reference=ClientReference.ECHO,
        validity=(1, None),
        push=True,
        poll=True,
        balance=True,
        price=True,
        inbound_push=True,
        signed_push=True,
    )
    settings = (
        Setting(
            "url",
            _("Provider URL"),
            Kind.ADDRESS,
            required=True,
            help=_("https://host — enter the password again after changing this"),
        ),
        Setting("login", _("Login")),
        Setting("password", _("Password or key"), Kind.SECRET),
        Setting("sender", _("Sender name")),
        Setting(
            "authentication",
            _("Authentication"),
            Kind.CHOICE,
            default="none",
            choices=(
                Choice("none", _("As defined in the requests below")),
                Choice("basic", _("HTTP Basic: login and password")),
                Choice("bearer", _("Bearer: password or key")),
            ),
        ),
        Setting(
            "headers",
            _("Headers of all requests"),
            Kind.LINES,
            places_secret=True,
            help=_("One per line: name = template"),
        ),
        Setting(
            "method",
            _("Method"),
            Kind.CHOICE,
            default="POST",
            choices=(
                Choice("POST", "POST"),
                Choice("GET", "GET"),
                Choice("PUT", "PUT"),
            ),
        ),
        Setting(
            "path",
            _("Path of the send request"),
            places_secret=True,
            help=_("Appended to the provider URL, e.g. /sms/send"),
        ),
        Setting(
            "query",
            _("Query parameters of the send request"),
            Kind.LINES,
            places_secret=True,
            help=_("One per line: name = template"),
        ),
        Setting(
            "format",
            _("Request format"),
            Kind.CHOICE,
            default="json",
            choices=(
                Choice("form", _("Form")),
                Choice("json", "JSON"),
                Choice("xml", "XML"),
                Choice("none", _("No body")),
            ),
        ),
        Setting(
            "body",
            _("Body of the send request"),
            Kind.LINES,
            places_secret=True,
            help=_("JSON or XML with templates as values. For a form: name = template"),
        ),
        Setting(
            "answers",
            _("Response format"),
            Kind.CHOICE,
            default="json",
            choices=(Choice("json", "JSON"), Choice("xml", "XML")),
        ),
        Setting(
            "answer",
            _("Response to the send request"),
            Kind.LINES,
            required=True,
            help=_(
                "name = path, with the names reference, success, success_values (with"
                " commas), error, error_text, segments, price, currency, sent_reference"
                " (a template)"
            ),
        ),
        Setting(
            "errors",
            _("Error codes"),
            Kind.LINES,
            help=_(
                "code = meaning: refused:invalid_number, later, later:60, stop:login,"
                " stop:money, accepted, unknown …"
            ),
        ),
        Setting(
            "poll_path",
            _("Path of the status request"),
            places_secret=True,
            help=_("Empty: statuses are not polled. Placeholder: reference"),
        ),
        Setting(
            "poll_body",
            _("Body of the status request"),
            Kind.LINES,
            places_secret=True,
            help=_("Empty: the method is GET"),
        ),
        Setting(
            "poll_answer",
            _("Response to the status request"),
            Kind.LINES,
            help=_(
                "name = path, with the names items, reference, status, code, text,"
                " number, time, segments, price, currency, success, error, error_text,"
                " pending (codes of errors: no status yet)"
            ),
        ),
        Setting(
            "statuses",
            _("Statuses"),
            Kind.LINES,
            help=_(
                "status = meaning: accepted, delivered, failed, failed:unreachable,"
                " expired, unknowable"
            ),
        ),
        Setting(
            "balance_path",
            _("Path of the balance request"),
            places_secret=True,
            help=_("Empty: the balance is not requested"),
        ),
        Setting(
            "balance_body",
            _("Body of the balance request"),
            Kind.LINES,
            places_secret=True,
            help=_("Empty: the method is GET"),
        ),
        Setting(
            "balance_answer",
            _("Response to the balance request"),
            Kind.LINES,
            help=_("name = path, with the names amount, currency, success, error"),
        ),
        Setting(
            "push_format",
            _("Webhook request format"),
            Kind.CHOICE,
            default="none",
            choices=(
                Choice("none", _("Webhook not used")),
                Choice("fields", _("Query parameters or form")),
                Choice("json", "JSON"),
                Choice("xml", "XML"),
            ),
        ),
        Setting(
            "push",
            _("Delivery reports by webhook"),
            Kind.LINES,
            help=_(
                "name = field or path, with the names items, reference, uuid, status,"
                " code, text, number, time. ?name is a query parameter of the webhook"
                " URL"
            ),
        ),
        Setting(
            "inbound",
            _("Inbound messages by webhook"),
            Kind.LINES,
            help=_(
                "name = field or path, with the names items, sender, text, recipient,"
                " reference, time"
            ),
        ),
        Setting(
            "push_answer",
            _("Response to webhook requests"),
            help=_("Text that the provider expects in the response"),
        ),
        Setting(
            "push_answer_type",
            _("Content type of the response to webhook requests"),
            default="text/plain; charset=utf-8",
        ),
        Setting(
            "push_signature",
            _("Signature of webhook requests"),
            Kind.LINES,
            help=_(
                "at = header:X-Signature, algorithm = hmac-sha256, of = body; one per"
                " line. Parts that are signed: body, url, key, header:name,"
                " field:name, or a text"
            ),
        ),
        Setting("push_key", _("Signature key"), Kind.SECRET),
    )
    words = (
        *Polls.words,
        HttpGenericWords,
        DefinitionWords,
        TemplateWords,
        BodyWords,
        PathWords,
    )

    def __init__(
        self,
        settings: Mapping[str, str],
        http: HttpClient,
        context: Context | None = None,
    ) -> None:
        super().__init__(settings, http, context)
        self._mistake = ""
        self._described: Definition | None = None
        try:
            self._described = read_definition(Node(self._describe(), ""), _NAMES)
        except DefinitionError as error:
            self._mistake = self._explain_mistake(error)

    def _get_definition(self) -> Definition:
        if self._described is None:
            raise RouteDown(self._mistake)
        return self._described

    def _check_settings(self) -> Iterable[str]:
        if self._mistake:
            yield self._mistake

    # === THE DEFINITION ===
    def _describe(self) -> dict[str, Any]:
        """The settings as a preset's file writes them."""
        return {
            "headers": self._get_headers(),
            "basic": self._get_basic(),
            "submit": {
                "method": self.get_text("method"),
                "path": self.get_text("path").strip(),
                "query": self._get_pairs("query", "submit.query"),
                "answer": self._get_answer("answer", "submit.answer"),
                **self._get_body("body", "submit.body"),
            },
            "errors": self._get_pairs("errors", "errors"),
            "statuses": self._get_pairs("statuses", "statuses"),
            "poll": self._get_call("poll"),
            "balance": self._get_call("balance"),
            "push": self._get_push(),
        }

    def _get_headers(self) -> list[tuple[str, str]]:
        own = self._get_pairs("headers", "headers")
        if self.get_text("authentication") == "bearer":
            own.append(("Authorization", "Bearer {{ password }}"))
        return own

    def _get_basic(self) -> list[str]:
        is_basic = self.get_text("authentication") == "basic"
        return ["{{ login }}", "{{ password }}"] if is_basic else []

    def _get_call(self, name: str) -> dict[str, Any] | None:
        path = self.get_text(f"{name}_path").strip()
        if not path:
            return None
        return {
            "path": path,
            "answer": self._get_answer(f"{name}_answer", f"{name}.answer"),
            **self._get_body(f"{name}_body", f"{name}.body"),
        }

    def _get_body(self, setting: str, place: str) -> dict[str, Any]:
        kind, text = self.get_text("format"), self.get_text(setting)
        if kind == "none" or not text.strip():
            return {}
        return {kind: list(parse_lines(text, place)) if kind == "form" else text}

    def _get_answer(self, setting: str, place: str) -> dict[str, str]:
        kind = {"format": self.get_text("answers")}
        return {**kind, **dict(self._get_pairs(setting, place))}

    def _get_push(self) -> dict[str, Any] | None:
        kind = self.get_text("push_format")
        if kind == "none":
            return None
        push: dict[str, Any] = {
            "body": self.get_text("push_answer"),
            "content_type": self.get_text("push_answer_type"),
        }
        for setting, name in (("push", "reports"), ("inbound", "inbound")):
            places = dict(self._get_pairs(setting, f"push.{name}"))
            if places or name == "reports":
                push[name] = {"format": kind, **places}
        signature = dict(self._get_pairs("push_signature", "push.signature"))
        if signature:
            push["signature"] = {"key": "push_key", **signature}
        return push

    def _get_pairs(self, setting: str, place: str) -> list[tuple[str, str]]:
        return list(parse_lines(self.get_text(setting), place))

    def _explain_mistake(self, error: DefinitionError) -> str:
        start, name = next(
            (pair for pair in _SETTINGS_OF_PLACES if error.place.startswith(pair[0])),
            ("", "answer"),
        )
        setting = self.get_setting(name)
        label = setting.label if setting else name
        place = error.place[len(start) :].strip(".")
        if not place or place in ("form", "json", "xml", "body"):
            return HttpGenericWords.BAD_SETTING.say(label=label, why=error.why)
        return HttpGenericWords.BAD_ENTRY.say(label=label, place=place, why=error.why)
