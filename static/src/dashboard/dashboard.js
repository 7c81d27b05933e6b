import { COLORS, DayChart, formatDay } from "@crm_sms_gateway/dashboard/day_chart";
import { Health } from "@crm_sms_gateway/health/health";
import { CAMPAIGN, useReload } from "@crm_sms_gateway/views/live_views";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { formatInteger, formatMonetary, formatPercentage } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, onWillStart, useState } from "@odoo/owl";

/** Shortest time between two reloads, in milliseconds. */
export const DASHBOARD_EVERY = 5000;

const PERIODS = [7, 30, 90];
const STATISTICS = "crm_sms_gateway.sms_gateway_statistic_action";
const MESSAGES = "crm_sms_gateway.sms_gateway_message_action";
const CAMPAIGNS = "crm_sms_gateway.sms_gateway_campaign_action";

/** What became of messages, in the order in which bars are stacked. */
export const OUTCOMES = [
    { name: "delivered", label: _t("Delivered"), color: COLORS.teal },
    { name: "submitted", label: _t("Submitted"), color: COLORS.blue },
    { name: "waiting", label: _t("Waiting to be sent"), color: COLORS.gray },
    { name: "unknown", label: _t("Outcome unknown"), color: COLORS.yellow },
    { name: "not_delivered", label: _t("Not delivered"), color: COLORS.red },
    { name: "not_sent", label: _t("Not sent"), color: COLORS.darkGray },
];
const LABELS = Object.fromEntries(OUTCOMES.map(({ name, label }) => [name, label]));

/** What the manager should see at a glance; whatever is clicked leads to its details. */
export class Dashboard extends Component {
    static template = "crm_sms_gateway.Dashboard";
    static components = { DayChart, Health, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.PERIODS = PERIODS;
        this.formatInteger = formatInteger;
        this.lastLoad = new KeepLast();
        this.state = useState({ days: 30, routeId: false, ...this.props.state, data: null });
        useSetupAction({
            getLocalState: () => ({ days: this.state.days, routeId: this.state.routeId }),
        });
        useReload({
            type: CAMPAIGN,
            reload: () => this.load(this.orm.silent),
            every: DASHBOARD_EVERY,
        });
        onWillStart(() => this.load());
    }

    async load(orm = this.orm) {
        const { days, routeId } = this.state;
        this.state.data = await this.lastLoad.add(
            orm.call("sms.gateway.statistic", "action_get_dashboard", [days, routeId])
        );
    }

    choosePeriod(days) {
        this.state.days = days;
        return this.load();
    }

    chooseRoute(value) {
        this.state.routeId = Number(value) || false;
        return this.load();
    }

    // === WHAT IS SHOWN ===
    get isEmpty() {
        const { by_route: routes, tests } = this.state.data;
        return !routes.length && !tests.count;
    }

    get tiles() {
        const { totals } = this.state.data;
        const share = (name) => this.formatShare(totals[name], totals.sent);
        return [
            { name: "sent", label: _t("Total sent") },
            { name: "delivered", label: LABELS.delivered, share: share("delivered") },
            {
                name: "not_delivered",
                label: LABELS.not_delivered,
                share: share("not_delivered"),
            },
            { name: "unknown", label: LABELS.unknown },
            { name: "waiting", label: LABELS.waiting },
            { name: "not_sent", label: LABELS.not_sent },
        ].map((tile) => ({ ...tile, value: formatInteger(totals[tile.name]) }));
    }

    /** The outcomes that there are, for the chart. */
    get outcomes() {
        return OUTCOMES.filter(({ name }) => this.state.data.totals[name]).map((outcome) => ({
            ...outcome,
            label: outcome.label.toString(),
        }));
    }

    /** Why messages were not delivered, and why others were not sent. */
    get reasons() {
        const { data } = this.state;
        return [
            {
                name: "not_delivered",
                title: _t("Not delivered, by reason"),
                nothing: _t("No undelivered messages."),
            },
            { name: "not_sent", title: _t("Not sent, by reason") },
        ]
            .map((group) => ({
                ...group,
                color: OUTCOMES.find(({ name }) => name === group.name).color,
                reasons: data[group.name],
            }))
            .filter(({ reasons, nothing }) => reasons.length || nothing);
    }

    getLargest(reasons) {
        return Math.max(...reasons.map(({ count }) => count));
    }

    /** Tests cost like everything else, and are in none of the other figures. */
    get tests() {
        const { count, costs } = this.state.data.tests;
        const told = { count: formatInteger(count), cost: this.formatCosts(costs) };
        return costs.length
            ? _t("Tests, not counted here: %(count)s, %(cost)s", told)
            : _t("Tests, not counted here: %(count)s", told);
    }

    describePeriod(days) {
        return _t("%(days)s days", { days });
    }

    formatShare(count, sent) {
        return sent ? formatPercentage(count / sent, { digits: [16, 1] }) : "";
    }

    formatCosts(costs) {
        return costs
            .map(({ amount, currency_id: currencyId }) => formatMonetary(amount, { currencyId }))
            .join(" + ");
    }

    // === WHERE CLICKS LEAD ===
    openTile(name) {
        if (name === "unknown" || name === "waiting") {
            return this.openMessages(LABELS[name], [["outcome", "=", name]]);
        }
        if (name === "sent") {
            const { sent } = this.state.data;
            return this.openStatistics(_t("Total sent"), [["outcome", "in", sent]]);
        }
        return this.openStatistics(LABELS[name], [["outcome", "=", name]]);
    }

    openDay(day, outcome) {
        return this.openStatistics(`${formatDay(day)}: ${LABELS[outcome]}`, [
            ["day", "=", day],
            ["outcome", "=", outcome],
        ]);
    }

    openRoute({ id, name }) {
        return this.openStatistics(name, [["route_id", "=", id]]);
    }

    openReason({ label, domain }) {
        return this.openMessages(label, domain);
    }

    openTests() {
        return this.openStatistics(_t("Tests"), [], {}, true);
    }

    openCosts() {
        return this.openStatistics(_t("Cost"), [["cost", ">", 0]], {
            graph_measure: "cost",
            pivot_measures: ["cost"],
        });
    }

    openCampaigns() {
        return this.action.doAction(CAMPAIGNS);
    }

    openStatistics(name, domain, context, isTest = false) {
        const shown = [
            ["day", ">=", this.state.data.since],
            ["count", "!=", 0],
            ["is_test", "=", isTest],
        ];
        return this.open(STATISTICS, name, [...shown, ...domain], context);
    }

    openMessages(name, domain) {
        const { since } = this.state.data;
        const shown = [
            // of old messages the day in UTC is meant
            "|",
            ["day", ">=", since],
            "&",
            ["day", "=", false],
            ["accepted_at", ">=", `${since} 00:00:00`],
            ["is_debug", "=", false],
            ["campaign_id", "not any", [["is_test", "=", true]]],
        ];
        return this.open(MESSAGES, name, [...shown, ...domain]);
    }

    async open(xmlId, name, domain, context = {}) {
        const { routeId } = this.state;
        const ofRoute = routeId ? [["route_id", "=", routeId]] : [];
        const action = await this.action.loadAction(xmlId);
        return this.action.doAction({
            ...action,
            display_name: name.toString(),
            domain: [...domain, ...ofRoute],
            context,
        });
    }
}

registry.category("actions").add("sms_gateway_dashboard", Dashboard);
