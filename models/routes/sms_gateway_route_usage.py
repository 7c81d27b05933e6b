"""Usage of routes: what keeps a route from being changed, archived or deleted."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.vocabulary import WAITING_STATES
from ..common.usage import check_unused


class SmsGatewayRouteUsage(models.AbstractModel):
    """Refuses changes of routes that messages, campaigns and companies rely on.

    Messages that the user may not read count as well.
    """

    _name = "sms.gateway.route.usage"
    _description = "SMS Gateway Usage of Routes"

    @api.model
    def _check_identity_unchanged(self, routes, vals):
        """References of messages are valid only at the provider that issued them.

        :raise UserError: a route with messages would get another provider or company
        """
        changed = routes.filtered(
            lambda route: (
                vals.get("provider_code", route.provider_code) != route.provider_code
                or vals.get("company_id", route.company_id.id) != route.company_id.id
            )
        )
        if changed and self._has_history(changed):
            raise UserError(
                self.env._(
                    "The provider and company cannot be changed because the route has"
                    " messages. Archive it and create a new route."
                )
            )

    @api.model
    def _check_nothing_waits(self, routes):
        """No lane serves an archived route: what waits would wait for ever.

        Whoever is queueing something holds the route (`_lock_active`) and is waited
        for; who comes later fails to serialise, is repeated and finds the route
        archived. What others have committed since this transaction began is read by
        another one.

        :raise UserError: something waits
        """
        self.env.cr.execute(
            SQL(
                "SELECT FROM sms_gateway_route WHERE id = ANY(%s) ORDER BY id"
                " FOR UPDATE",
                routes.ids,
            )
        )
        self._check_none_waits(routes)
        with self.env.registry.cursor() as cr:
            apart = self.with_env(self.env(cr=cr))
            apart._check_none_waits(routes.with_env(apart.env))

    def _check_none_waits(self, routes):
        waiting = [("state", "in", WAITING_STATES)]
        # sudo: campaigns that the user may not read count as well
        Campaign = self.env["sms.gateway.campaign"].sudo()
        unprepared = [("route_id", "in", routes.ids), ("unprepared_count", ">", 0)]
        if self._has_messages(routes, waiting) or Campaign.search_count(
            unprepared, limit=1
        ):
            raise UserError(
                self.env._(
                    "This route still has messages waiting to be sent. Wait until"
                    " they are sent or cancel their campaigns, then archive the"
                    " route. To hold the messages back, pause the route."
                )
            )

    @api.model
    def _check_has_substitutes(self, routes):
        """A rule of a policy must not be left without a route that is not archived.

        :raise UserError: archiving the routes would do that
        """
        # sudo: administrators of the gateway may not read every company
        choices = self.env["sms.gateway.policy.choice"].sudo()
        rules = choices.search([("route_id", "in", routes.ids)]).rule_id
        for rule in rules.filtered("step_id.policy_id.active"):
            used = rule.choice_ids.route_id
            if not (used - routes).filtered("active"):
                raise UserError(
                    self.env._(
                        "Route “%(route)s” cannot be archived: policy “%(policy)s” has"
                        " a rule without another active route. Add one to the rule"
                        " first.",
                        route=(used & routes)[0].name,
                        policy=rule.step_id.policy_id.name,
                    )
                )

    @api.model
    def _check_can_choose(self, routes):
        """No lane serves an archived route: see `_check_nothing_waits`.

        :raise UserError: a rule of one of the policies among them has no others
        """
        # sudo: administrators of the gateway may not read every company
        policies = self.env["sms.gateway.policy"].sudo()
        archived = policies.with_context(active_test=False)
        restored = archived.search([("route_id", "in", routes.ids)])
        for rule in restored.step_ids.rule_ids:
            if not rule.choice_ids.route_id.filtered("active"):
                raise UserError(
                    self.env._(
                        "Policy “%(policy)s” cannot be restored: all routes of a rule"
                        " are archived. Restore one of them or select another one"
                        " first.",
                        policy=rule.step_id.policy_id.name,
                    )
                )

    def _has_messages(self, routes, domain=()):
        # sudo: messages that the user may not read count as well
        Message = self.env["sms.gateway.message"].sudo()
        of_routes = [("route_id", "in", routes.ids), *domain]
        return bool(Message.search_count(of_routes, limit=1))

    def _has_history(self, routes):
        """Whether the routes have messages, or had some that took others."""
        # sudo: messages that the user may not read count as well
        Attempt = self.env["sms.gateway.attempt"].sudo()
        of_routes = [("route_id", "in", routes.ids)]
        return self._has_messages(routes) or bool(
            Attempt.search_count(of_routes, limit=1)
        )

    @api.model
    def _check_unused(self, routes):
        """:raise UserError: a route has messages, or another record needs it"""
        if self._has_history(routes):
            raise UserError(
                self.env._(
                    "This route has messages and cannot be deleted. Archive it instead."
                )
            )
        for route in routes:
            check_unused(self.env, route.name, *self._find_users(route))

    def _find_users(self, route):
        """Companies, actions and campaigns that cannot be without the route."""
        # sudo: records that the user may not read count as well
        env = self.sudo().env
        return (
            env["res.company"].search([("sms_gateway_route_id", "=", route.id)]),
            env["ir.actions.server"].search([("sms_gateway_route_id", "=", route.id)]),
            env["sms.gateway.campaign"].search([("route_id", "=", route.id)]),
            env["sms.gateway.policy"].search(
                [("step_ids.rule_ids.choice_ids.route_id", "=", route.id)]
            ),
        )
