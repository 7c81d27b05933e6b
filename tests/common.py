"""What the suites share: routes, sends and cron runs."""

from contextlib import contextmanager, nullcontext
from datetime import timedelta
from importlib import util
from itertools import count
from pathlib import Path
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import HttpCase, TransactionCase, freeze_time
from odoo.tools import SQL

from odoo.addons.crm_sms_gateway.models.common import clock
from odoo.addons.crm_sms_gateway.models.operations import (
    sms_gateway_health_notification,
)
from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_state_change import (
    StateChange,
)
from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.base import Provider
from odoo.addons.crm_sms_gateway.providers.types import (
    Capabilities,
    Outcome,
    SubmitResult,
)
from odoo.addons.crm_sms_gateway.tools.compose import Recipient, Rules, Texts
from odoo.addons.crm_sms_gateway.tools.template import compile_template

ROOT = Path(__file__).resolve().parents[1]
_numbers = count(1)

#: A valid Russian mobile number whose end the sandbox does not interpret.
PHONE = "+79281706700"


def sandbox_phone(ending):
    """A valid mobile number with an end that the sandbox interprets."""
    return f"+7928170{ending}"


class ScriptedProvider(Provider):
    """Answers what a test tells it and remembers what it was asked.

    The script is kept by a class of the test's own (`GatewayHelpers.script_route`): a
    lane makes an instance of it for every run, and threads share it.
    """

    label = "Scripted"
    script = {}
    #: the batches of submitted requests
    batches = []

    def _submit(self, requests):
        self.batches.append(list(requests))
        return self.script["submit"](requests)

    def _poll(self, references):
        return self.script["poll"](references)

    def _lookup(self, requests):
        return [[report] for report in self.script["lookup"](requests)]

    def _parse_push(self, request):
        return self.script["push"](request)


def load_migration(name, version="19.0.1.5.0"):
    """The module of a migration to a version, such as ``post-routes``."""
    path = ROOT / "migrations" / version / f"{name}.py"
    spec = util.spec_from_file_location(name.replace("-", "_"), path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def accept(requests):
    """Accept messages under their uuid."""
    return [
        SubmitResult(Outcome.ACCEPTED, provider_reference=request.uuid)
        for request in requests
    ]


def answer(outcome, **values):
    """Give this answer to every message."""
    return lambda requests: [SubmitResult(outcome, **values) for _ in requests]


def fail(error):
    """Raise an error instead of an answer."""

    def raise_it(_asked):
        raise error

    return raise_it


class Document:
    """A send as the API's parser would give it."""

    def __init__(self, recipients, *, text="Здравствуйте", **values):
        self.recipients = recipients
        names = values.get("names", ())
        template = compile_template(text, names)
        alternative = values.get("alternative")
        self.sources = _Sources(text, alternative)
        self.texts = Texts(
            template,
            None,
            template,
            alternative and compile_template(alternative, names),
        )
        self.channel = values.get("channel", "sms")
        self.rules = Rules(
            channel=self.channel, fields=names, **values.get("rules", {})
        )
        self.category = values.get("category")
        self.ttl = values.get("ttl")
        self.is_debug = values.get("is_debug", False)
        self.not_before = values.get("not_before")
        self.is_strict = values.get("is_strict", False)
        self.is_secret = values.get("is_secret", False)


class _Sources:
    def __init__(self, text, alternative):
        self.male = text
        self.female = None
        self.alternative = alternative


class GatewayHelpers:
    """A sandbox route of its own, in a Russian company unless it has a country already,
    and the crons run by hand.

    Everything happens in the test's transaction: the dispatcher's commits are
    savepoints. What needs real transactions is tested with real processes elsewhere.
    """

    _start = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.env.company
        company.country_id = company.country_id or cls.env.ref("base.ru")
        # a clock that a test stops is not behind the database's
        cls.startClassPatcher(patch.object(clock._host, "behind", timedelta()))
        cls.startClassPatcher(
            patch.object(clock, "_measure", lambda _cr: clock._host.behind)
        )
        cls.route = cls.make_route("test route")
        # Only tests of it look for troubles, not whichever comes first.
        cls.startClassPatcher(
            patch.object(sms_gateway_health_notification, "NOTIFY_EVERY", float("inf"))
        )

    @classmethod
    def make_route(cls, name, **values):
        return cls.env["sms.gateway.route"].create(
            {"name": name, "provider_code": "sandbox", "has_voice": True, **values}
        )

    def script_route(self, *, submit=accept, route=None, **values):
        """Make a route to a provider that does what it is told.

        :param submit: function of the requests; so are ``poll``, ``lookup``, ``push``
        :param route: further values of the route
        :param values: of `Capabilities`, and the other functions
        :return: the route and its provider's class
        """
        script = {
            name: values.pop(name)
            for name in ("poll", "lookup", "push")
            if name in values
        }
        capabilities = {
            "channels": frozenset({"sms"}),
            "max_batch": 100,
            "max_lookup": 100,
            "push": "push" in script,
        } | {name: name in script for name in ("poll", "lookup")}
        code = f"scripted_{next(_numbers)}"
        members = {
            "code": code,
            "script": {"submit": submit, **script},
            "batches": [],
            "capabilities": Capabilities(**{**capabilities, **values}),
        }
        provider = type("TestProvider", (ScriptedProvider,), members)
        self.startPatcher(patch.dict(PROVIDERS, {code: provider}))
        values = {"provider_code": code, "has_voice": False, **(route or {})}
        return self.make_route(values.pop("name", code), **values), provider

    # === SEND ===
    @classmethod
    def send(cls, *phones, route=None, **values):
        """Accept a campaign to these numbers (or `Recipient`) and return it."""
        recipients = [
            phone if isinstance(phone, Recipient) else Recipient(index, phone)
            for index, phone in enumerate(phones)
        ]
        document = Document(recipients, **values)
        campaign, _rejected = cls.env["sms.gateway.campaign.accept"]._accept(
            document, route or cls.route, source="api"
        )
        return campaign

    def run_crons_on_time(self):
        """Let the lanes of the database seem to have run just now."""
        self.env.cr.execute("UPDATE ir_cron SET lastcall = now() AT TIME ZONE 'UTC'")

    def send_one(self, phone=PHONE, **values):
        """Accept one message and return it."""
        return self.get_messages(self.send(phone, **values))

    def get_messages(self, campaign):
        self.env.invalidate_all()
        return self.env["sms.gateway.message"].search(
            [("campaign_id", "=", campaign.id)], order="index, id"
        )

    # === CRONS ===
    @contextmanager
    def as_cron(self):
        """An environment like a cron's, whose commits end at the test's transaction."""
        self.env.flush_all()
        with self._shared_cursors(), self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})
            cr.commit()  # pylint: disable=invalid-commit
        self.env.invalidate_all()

    def _shared_cursors(self):
        """Make new cursors those of the test's transaction."""
        return self.enter_registry_test_mode()

    def run_lane(self, lane=1, **values):
        with self.as_cron() as env:
            env["sms.gateway.dispatcher"]._run(lane, linger=0, **values)

    def run_poll(self):
        with self.as_cron() as env:
            env["sms.gateway.status.poll"]._cron_poll(linger=0)

    def run_recover(self):
        with self.as_cron() as env:
            env["sms.gateway.reconciliation"]._cron_recover()

    def run_apply_kept(self):
        with self.as_cron() as env:
            env["sms.gateway.delivery.report"]._cron_apply_kept()

    def run_balance(self):
        with self.as_cron() as env:
            env["sms.gateway.provider.request"]._cron_request()

    def run_fetch(self):
        with self.as_cron() as env:
            env["sms.gateway.inbound"]._cron_fetch()

    def run_retention(self):
        with self.as_cron() as env:
            env["sms.gateway.retention"]._cron_retention()

    def run_tell(self):
        with self.as_cron() as env:
            env["sms.gateway.odoo.sms"]._cron_sync()

    def run_failover(self):
        with self.as_cron() as env:
            env["sms.gateway.failover"]._cron_move()

    def run_cascade(self):
        with self.as_cron() as env:
            env["sms.gateway.cascade"]._cron_continue()

    def run_resend(self):
        with self.as_cron() as env:
            env["sms.gateway.resend.job"]._cron_resend()

    def run_fold(self):
        with self.as_cron() as env:
            env["sms.gateway.statistic.change"]._cron_fold()

    # === TIME ===
    @contextmanager
    def later(self, seconds, *, ahead=0):
        """A block in which the clocks stand still, so many seconds after the moment the
        test's first such block began.

        :param ahead: seconds by which this host's clock is ahead of the database's
        """
        self._start = self._start or clock.now()
        moment = self._start + timedelta(seconds=seconds)
        told = SQL("%s::timestamp", moment)
        with (
            patch.object(clock, "_tell", lambda _function: told),
            patch.object(clock._host, "behind", timedelta(seconds=-ahead)),
            freeze_time(moment + timedelta(seconds=ahead)),
        ):
            yield

    def let_pass(self, seconds, messages=None):
        """Move all moments of these messages (default: all) into the past."""
        messages = messages or self.env["sms.gateway.message"].search([])
        self.env.flush_all()
        columns = "not_before expires_at lease_until next_poll_at next_check_at".split()
        shifts = ", ".join(f"{name} = {name} - %s" for name in columns)
        self.env.cr.execute(
            f"UPDATE sms_gateway_message SET {shifts} WHERE id IN %s",
            [timedelta(seconds=seconds)] * len(columns) + [tuple(messages.ids)],
        )
        self.env.invalidate_all()

    def force_state(self, message, state):
        """Put a message into a state, without a story."""
        is_final = state in ("delivered", "failed", "expired", "cancelled")
        moment = fields.Datetime.now()
        self.env.cr.execute(
            """UPDATE sms_gateway_message
                  SET state = %s, finished_at = %s, lease_until = %s, failure_type = %s
                WHERE id = %s""",
            (
                state,
                moment if is_final else None,
                moment + timedelta(minutes=5) if state == "submitting" else None,
                "other" if state == "failed" else None,
                message.id,
            ),
        )
        self.env.invalidate_all()

    def set_state(self, message, state, **values):
        """Ask `_set_state` for one change and return its verdict."""
        change = StateChange(id=message.id, state=state, source="person", **values)
        verdicts = self.env["sms.gateway.state.change"]._set_state([change])
        return next(verdict for verdict, changes in verdicts.items() if changes)

    def get_story(self, message):
        """The kinds of the message's events, in order."""
        return message.event_ids.sorted("id").mapped("kind")


class GatewayCase(GatewayHelpers, TransactionCase):
    """Tests of the models."""


class GatewayHttpCase(GatewayHelpers, HttpCase):
    """Tests over HTTP; the server works in the test's transaction."""

    def _shared_cursors(self):
        """They are so from the start."""
        return nullcontext()
