"""Evaluation of routes' settings: missing and wrong ones, and secrets that must go."""

import contextlib

from odoo import api, models
from odoo.exceptions import ValidationError

from ...providers import PROVIDERS
from ..sending.reasons import say_words

#: In the context: settings are written one after the other and evaluated at the end. No
#: client can put this very object there.
_EVALUATED_LATER = object()


class SmsGatewayRouteEvaluation(models.AbstractModel):
    """Keeps routes active only with settings that can work.

    Routes and their settings call it after every write. Providers check the settings
    without a call to their servers.
    """

    _name = "sms.gateway.route.evaluation"
    _description = "SMS Gateway Evaluation of Route Settings"

    @api.model
    def _evaluate(self, routes):
        """Pause routes whose settings cannot work; resume those that were paused for
        their settings only."""
        if routes.env.context.get("sms_gateway_evaluated") is _EVALUATED_LATER:
            return
        pauses = self.env["sms.gateway.route.pause"]
        for route in routes.exists().filtered("provider_code"):
            reason = self._explain(route)
            if reason and route.lacks_settings:
                route.pause_reason = reason
            elif reason:
                pauses._pause(route, reason, lacks_settings=True)
            elif route.lacks_settings:
                pauses._resume(route)

    @api.model
    def _check(self, routes):
        """:raise ValidationError: the settings of a route cannot work"""
        for route in routes.filtered("provider_code"):
            if reason := self._explain(route):
                raise ValidationError(
                    self.env._(
                        "Route “%(route)s” cannot be active. %(problem)s",
                        route=route.name,
                        problem=reason,
                    )
                )

    @api.model
    def _explain(self, route):
        """What is missing or wrong, in sentences; empty when the settings can work."""
        with contextlib.closing(route._make_provider()) as provider:
            missing = [self.env._(one.label) for one in provider.missing_settings()]
            if missing:
                return self.env._(
                    "Required settings are missing: %(names)s.",
                    names=", ".join(missing),
                )
            return " ".join(
                say_words(self.env, one) for one in provider.check_settings()
            )

    @api.model
    def _make_remark(self, route):
        """What should be known of settings that work, in sentences."""
        with contextlib.closing(route._make_provider()) as provider:
            remarks = provider.get_remarks()
        return " ".join(say_words(self.env, one) for one in remarks)

    @api.model
    def _complete(self, routes):
        """Give every route one row for each setting that its provider declares."""
        for route in routes.filtered("provider_code"):
            declared = {
                setting.name: setting
                for setting in PROVIDERS[route.provider_code].settings
            }
            kept = route.setting_ids.filtered(
                lambda row, names=declared: row.name in names
            )
            (route.setting_ids - kept).unlink()
            missing = declared.keys() - set(kept.mapped("name"))
            route.env["sms.gateway.route.setting"].create(
                [
                    {
                        "route_id": route.id,
                        "name": name,
                        "value": declared[name].default or False,
                    }
                    for name in declared
                    if name in missing
                ]
            )

    @api.model
    def _forget_trust(self, routes, settings):
        """Take back what was entered for an address before another one is called.

        An administrator of the gateway could otherwise send the provider's password to
        a server of his own, or look around in networks where only one server was meant.
        Who may read secrets and allow private addresses anyway keeps both.
        """
        env = routes.env
        if env.su or env.user.has_group("base.group_system"):
            return
        # sudo: both are out of this user's sight, that is why they go
        routes.sudo().filtered("allows_private").allows_private = False
        settings._forget_secrets()


def evaluated_later(records):
    """The records, for a write of several steps that is evaluated at its end."""
    return records.with_context(sms_gateway_evaluated=_EVALUATED_LATER)
