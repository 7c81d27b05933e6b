"""Why messages wait: what holds the messages of a route, in the reader's language."""

from dataclasses import asdict, dataclass, field

from odoo import api, models

from ..common.moment import say_moment
from ..routing.sms_gateway_watch import IS_SHOWN
from ..routing.watch_texts import OF_KIND

#: Kinds of warnings that say why messages of a route wait, or soon will.
_WARNED = ("balance_low", "queue_old")


@dataclass(frozen=True)
class Reason:
    """One reason why messages wait.

    ``code`` and ``params`` are for programs; ``label``, ``sentence`` and ``remedy`` are
    in the reader's language. ``buttons`` are dicts of ``label``, ``model``, ``id`` and
    ``method``: the ways out that the reader may take. ``is_blocking`` tells what stops
    the messages from mere warnings.
    """

    code: str
    label: str
    sentence: str
    remedy: str = ""
    params: dict = field(default_factory=dict)
    buttons: tuple = ()
    is_blocking: bool = True


class SmsGatewayWaiting(models.AbstractModel):
    """The one place that tells which troubles concern a route."""

    _name = "sms.gateway.waiting"
    _description = "SMS Gateway Waiting Reasons"

    @api.model
    def _explain(self, route, channel, *, is_debug=False):
        """What holds the messages of a route or policy at this moment.

        :param channel: of the messages; a policy chooses its routes by it
        :param is_debug: debug messages wait for no provider
        :rtype: list[Reason]
        """
        return [
            *self._explain_gateway(),
            *self._explain_route(route, channel, is_debug=is_debug),
        ]

    @api.model
    def _explain_each(self, records):
        """What holds each of these messages or campaigns at this moment.

        The gateway is asked once, and once for all that share a route, a channel and
        whether they are dry runs: a page of them costs as much as one.

        :param records: with ``route_id``, ``channel`` and ``is_debug``
        :return: dict of record → list of `Reason`
        """
        of_gateway = list(self._explain_gateway()) if records else []
        of_key = records.grouped(
            lambda one: (one.route_id._origin, one.channel, one.is_debug)
        )
        return {
            record: of_gateway + of_route
            for (route, channel, is_debug), group in of_key.items()
            for of_route in [self._explain_route(route, channel, is_debug=is_debug)]
            for record in group
        }

    @api.model
    def _dump(self, reasons):
        """The reasons as the web client takes them."""
        return [asdict(reason) for reason in reasons]

    @api.model
    def _get_label(self, reasons):
        """What the messages wait for; False when they do not."""
        labels = [reason.label for reason in reasons if reason.is_blocking]
        return labels[0] if labels else False

    # === THE WHOLE GATEWAY ===
    def _explain_gateway(self):
        """What holds the messages of all routes."""
        yield from self._explain_stop()
        yield from self._explain_hold()
        yield from self._explain_crons()

    def _explain_stop(self):
        if not self.env["sms.gateway.settings"]._get().is_stopped:
            return
        may_open = self.env.user.has_group("base.group_system")
        yield Reason(
            "stopped",
            self.env._("Emergency stop"),
            self.env._("Sending is stopped in the settings."),
            self.env._("Messages wait until the emergency stop is turned off.")
            if may_open
            else self.env._(
                "Messages wait until an Odoo administrator turns the emergency stop"
                " off."
            ),
            buttons=self._make_buttons(
                may_open, (self.env._("Open settings"), self, "action_open_settings")
            ),
        )

    def _explain_hold(self):
        hold = self.env["sms.gateway.hold"]._find_open()
        if not hold:
            return
        may_decide = (
            self.env.user.has_group("base.group_system") and hold.state == "held"
        )
        yield Reason(
            "database_held",
            self.env._("Sending is on hold"),
            self.env["sms.gateway.hold"]._describe_open()["sentence"],
            buttons=self._make_buttons(
                may_decide, (self.env._("Decide what to do"), hold, "action_decide")
            ),
        )

    def _explain_crons(self):
        """The lanes of this gateway do not run."""
        may_act = self.env.user.has_group("base.group_system")
        for trouble in self.env["sms.gateway.health"]._find_lane_troubles():
            yield Reason(
                trouble.code,
                self.env._("Nothing is being sent"),
                trouble.sentence,
                trouble.remedy
                if may_act
                else self.env._("Ask an Odoo administrator to check it."),
            )

    # === ROUTES ===
    def _explain_route(self, route, channel, *, is_debug):
        # sudo: who sends through a route may know whether it sends, and whom to ask
        route = route.with_env(self.env).sudo()
        if not route:
            return self._explain_no_route()
        if route.is_policy and route.active:
            return self._explain_policy(route, channel, is_debug=is_debug)
        reasons = self._explain_state(route, is_debug=is_debug)
        return reasons + ([] if is_debug else self._explain_warnings(route))

    def _explain_no_route(self):
        """Whoever has not chosen a route yet is told if there is none to choose."""
        if self.env["sms.gateway.campaign"]._get_default_route():
            return []
        return [Reason("no_route", self.env._("No route"), *self._say_no_route())]

    @api.model
    def _say_no_route(self):
        """:return: what is wrong where there is no active route, and what to do"""
        sentence = self.env._("There is no route to send through.")
        if self.env["sms.gateway.route"].has_access("create"):
            return sentence, self.env._(
                "Create or restore one under Configuration → Routes."
            )
        return sentence, self.env._(
            "Ask an SMS Gateway administrator to create or restore one under"
            " Configuration → Routes."
        )

    def _explain_state(self, route, *, is_debug):
        """Why a route sends nothing; an empty list if it sends."""
        if not route.active:
            return [self._explain_archived(route)]
        if route.state == "paused" and not (is_debug and route.lacks_settings):
            return [self._explain_paused(route)]
        if is_debug:
            return []
        if route.is_resting:
            return [self._explain_resting(route)]
        if route.breaker_state == "probing":
            return [self._explain_probing(route)]
        return []

    def _explain_archived(self, route):
        return self._make_route_reason(
            "route_archived",
            route,
            self.env._("Route “%(route)s” is archived.", route=route.name),
            self._say_who_acts(
                route, self.env._("Messages wait until the route is restored.")
            ),
        )

    def _explain_paused(self, route):
        words = (route.pause_words or "").rstrip(".")
        return self._make_route_reason(
            "route_paused",
            route,
            self.env._(
                "Route “%(route)s” is paused: %(reason)s.",
                route=route.name,
                reason=words,
            )
            if words
            else self.env._("Route “%(route)s” is paused.", route=route.name),
            self._say_who_acts(
                route, self.env._("Messages wait until the route is resumed.")
            ),
            is_resumable=True,
        )

    @api.model
    def _refuse_paused(self, route):
        """Why nothing more is queued for a paused route, and what the reader can do."""
        # sudo: see _explain_route
        route = route.with_env(self.env).sudo()
        remedy = (
            self.env._("Resume it first.")
            if self._may_change(route)
            else self._say_whom_to_ask(route)
        )
        return f"{self._explain_paused(route).sentence} {remedy}"

    def _explain_resting(self, route):
        until = say_moment(self.env, route.resume_at)
        words = (route.rest_words or "").rstrip(".")
        return self._make_route_reason(
            "route_resting",
            route,
            self.env._(
                "Route “%(route)s” is suspended until %(until)s: %(reason)s.",
                route=route.name,
                until=until,
                reason=words,
            )
            if words
            else self.env._(
                "Route “%(route)s” is suspended until %(until)s.",
                route=route.name,
                until=until,
            ),
            self.env._("The gateway then tries again automatically."),
            is_resumable=True,
            until=str(route.resume_at),
        )

    def _explain_probing(self, route):
        return self._make_route_reason(
            "route_probing",
            route,
            self.env._(
                "Route “%(route)s” was suspended and is being tested with one message.",
                route=route.name,
            ),
            self.env._("Other messages follow if the provider accepts it."),
        )

    def _explain_warnings(self, route):
        watches = route.watch_ids.filtered_domain(IS_SHOWN)
        return [
            Reason(
                f"warning_{watch.kind}",
                watch._get_label(),
                self.env._(
                    "Route “%(route)s”: %(warning)s.",
                    route=route.name,
                    warning=watch.words,
                ),
                self.env._(OF_KIND[watch.kind].remedy)
                if self._may_change(route)
                else self._say_whom_to_ask(route),
                params={"route": route.name},
                buttons=self._get_route_buttons(route, is_resumable=False),
                is_blocking=False,
            )
            for watch in watches
            if watch.kind in _WARNED
        ]

    def _make_route_reason(
        self, code, route, sentence, remedy, *, is_resumable=False, **params
    ):
        return Reason(
            code,
            self.env._("Waiting for the route"),
            sentence,
            remedy,
            params={"route": route.name, **params},
            buttons=self._get_route_buttons(route, is_resumable=is_resumable),
        )

    def _say_who_acts(self, route, remedy):
        """What to do, and for who may not do it whom to ask."""
        if self._may_change(route):
            return remedy
        return f"{remedy} {self._say_whom_to_ask(route)}"

    # === POLICIES ===
    def _explain_policy(self, policy, channel, *, is_debug):
        """A policy holds messages only when each of its routes does."""
        found = [
            (route, self._explain_state(route, is_debug=is_debug))
            for route in self._find_routes(policy, channel)
        ]
        if not found or not all(reasons for _route, reasons in found):
            return []
        remedy = self.env._("Messages wait until one of these routes sends again.")
        return [
            Reason(
                "policy_held",
                self.env._("Waiting for the route"),
                " ".join(
                    [
                        self.env._(
                            "No route of policy “%(policy)s” sends at the moment.",
                            policy=policy.name,
                        ),
                        *(reason.sentence for _route, [reason] in found),
                    ]
                ),
                self._say_who_acts(policy, remedy),
                params={
                    "policy": policy.name,
                    "routes": [route.name for route, _reasons in found],
                },
                buttons=self._get_route_buttons(policy, is_resumable=False),
            )
        ]

    def _find_routes(self, policy, channel):
        """The routes among which a policy chooses for a channel, as superuser."""
        # sudo: the rules of a policy are the administrators'
        steps = self.env["sms.gateway.policy"].sudo()._of_route(policy).step_ids
        own = steps.filtered(lambda step: step.channel == channel)[:1] or steps[:1]
        return own.rule_ids.choice_ids.route_id

    # === WHO MAY ACT ===
    def _may_change(self, route):
        return route.with_env(self.env).sudo(False).has_access("write")

    def _say_whom_to_ask(self, route):
        """The person responsible for a route, or else its administrators."""
        responsible = route.user_id.filtered("active")
        if responsible and responsible != self.env.user:
            return self.env._(
                "Ask %(user)s, who is responsible for it.", user=responsible.name
            )
        return self.env._("Ask an SMS Gateway administrator.")

    def _get_route_buttons(self, route, *, is_resumable):
        """The ways out that the reader may take."""
        may_change = self._may_change(route)
        return self._make_buttons(
            may_change and is_resumable,
            (self.env._("Resume route"), route, "action_resume"),
        ) + self._make_buttons(
            may_change,
            (
                self.env._("Open policy")
                if route.is_policy
                else self.env._("Open route"),
                route,
                "get_formview_action",
            ),
        )

    def _make_buttons(self, may_press, button):
        if not may_press:
            return ()
        label, record, method = button
        return (
            {"label": label, "model": record._name, "id": record.id, "method": method},
        )

    # === READERS ===
    @api.model
    def action_open_settings(self, *_args):
        """The gateway's settings, for those who may change them."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.res_config_settings_action"
        )
