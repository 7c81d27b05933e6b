"""Odoo's own SMS tests while every company sends through the gateway."""

from contextlib import contextmanager

from odoo.addons.sms.tests.common import SMSCase

from ...providers.types import DeliveryReport, DeliveryStatus, Outcome, SubmitResult
from ..common import GatewayHttpCase


class GatewaySMSCase(GatewayHttpCase, SMSCase):
    """Stands before a test class of Odoo's: its flows go through the gateway's lanes to
    a provider that takes everything, and what the provider was given is in ``_sms``.

    The lanes are run by hand when a test looks into ``_sms`` and when its mock ends.
    Reaching Odoo's own service fails the test.
    """

    _handed_over = ()
    _is_delivered = False

    def setUp(self):
        super().setUp()
        for company in self.env["res.company"].sudo().search([]):
            route, _provider = self.script_route(
                submit=self._take,
                poll=self._report,
                max_poll=100,
                route={"company_id": company.id},
            )
            company.sms_gateway_route_id = route

    @property
    def _sms(self):
        self._run_gateway()
        return self._handed_over

    @_sms.setter
    def _sms(self, messages):
        self._handed_over = messages

    @contextmanager
    def mockSMSGateway(self, force_delivered=False, **values):
        """Override: let Odoo's records follow what became of their messages."""
        self._is_delivered = force_delivered
        with super().mockSMSGateway(force_delivered=force_delivered, **values):
            yield
            self._run_gateway()
            self._sms_api_contact_iap_mock.assert_not_called()

    def _run_gateway(self):
        self.run_lane()
        if self._is_delivered:
            self.run_poll()
        with self.as_cron() as env:
            env["sms.gateway.native"]._cron_tell()

    def _take(self, requests):
        self._handed_over += [
            {"number": one.msisdn, "body": one.text, "uuid": one.uuid}
            for one in requests
        ]
        return [
            SubmitResult(Outcome.ACCEPTED, provider_reference=one.uuid)
            for one in requests
        ]

    def _report(self, references):
        return [
            DeliveryReport(DeliveryStatus.DELIVERED, provider_reference=reference)
            for reference in references
        ]
