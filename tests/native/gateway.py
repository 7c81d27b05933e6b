"""Odoo's own SMS tests while every company sends through the gateway."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.addons.sms.tests.common import SMSCase

from ...models.odoo_sms import sms_gateway_odoo_sms
from ...providers.types import DeliveryStatus, Outcome, StatusUpdate, SubmitResult
from ...tools.compose import compose_ready
from ..common import GatewayHttpCase

#: What the tests let Odoo's service answer → what our provider does then.
FAILURE_TYPES = {
    "wrong_number_format": "invalid_number",
    "credit": "no_funds",
    "server_error": "provider_error",
    "jsonrpc_exception": "provider_error",
}


class GatewaySMSCase(GatewayHttpCase, SMSCase):
    """Stands before a test class of Odoo's: its flows go through the gateway's lanes to
    a provider, and what the provider has taken is in ``_sms``.

    The lanes are run by hand when a test looks into ``_sms`` and when its mock ends.
    Reaching Odoo's own service fails the test.
    """

    def setUp(self):
        super().setUp()
        self._answers = {}
        self._numbers = {}
        self.startPatcher(
            patch.object(sms_gateway_odoo_sms, "compose_ready", self._compose)
        )
        for company in self.env["res.company"].sudo().search([]):
            route, _provider = self.script_route(
                submit=self._submit,
                poll=self._report,
                max_poll=100,
                route={"company_id": company.id},
            )
            company.sms_gateway_route_id = route

    @contextmanager
    def mockSMSGateway(self, **values):
        """Override: the provider answers what Odoo's service would, and Odoo's records
        follow."""
        self._answers = values
        with super().mockSMSGateway(**values):
            yield
            self._run_gateway()
            self._sms_api_contact_iap_mock.assert_not_called()
        self._answers = {}

    @property
    def _sms(self):
        self._run_gateway()
        return self._taken

    @_sms.setter
    def _sms(self, messages):
        self._taken = messages

    # === GATEWAY ===
    def _run_gateway(self):
        self.run_lane()
        if self._answers.get("force_delivered"):
            self.let_pass(3600, self.env["sms.gateway.message"].sudo().search([]))
            self.run_poll()
        self.run_tell()
        # Crons leave the cache empty, and Odoo's chatter then fails for portal users.
        self.env["mail.message.subtype"].sudo().search([]).fetch(["track_recipients"])

    def _compose(self, index, phone, text, rules, *, uuid):
        """Odoo's mock takes every number, even none; the gateway does not."""
        composed = compose_ready(index, phone, text, rules, uuid=uuid)
        self._numbers[uuid] = phone.raw or False
        if any(problem.field == "phone" for problem in composed.problems):
            valid = f"+32470{len(self._numbers):06}"
            return compose_ready(index, valid, text, rules, uuid=uuid)
        return composed

    # === PROVIDER ===
    def _submit(self, requests):
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        number = self._numbers[request.uuid]
        of_numbers = self._answers.get("nbr_t_error") or {}
        error = self._answers.get("sim_error") or of_numbers.get(number)
        if error:
            failure_type = FAILURE_TYPES.get(error, "other")
            return SubmitResult(Outcome.REFUSED, failure_type=failure_type)
        self._taken.append(
            {"number": number, "body": request.text, "uuid": request.uuid}
        )
        return SubmitResult(Outcome.ACCEPTED, provider_reference=request.uuid)

    def _report(self, references):
        return [
            StatusUpdate(DeliveryStatus.DELIVERED, provider_reference=reference)
            for reference in references
        ]
