import { DayChart, formatDay } from "@crm_sms_gateway/dashboard/day_chart";
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
const OUTCOMES = [
    { name: "delivered", label: _t("Delivered"), color: "#00A78D" },
    { name: "submitted", label: _t("On their way"), color: "#4EA7F2" },
    { name: "waiting", label: _t("Waiting"), color: "#A4A8B6" },
    { name: "unknown", label: _t("Unknown"), color: "#FFBC2C" },
    { name: "failed", label: _t("Failed"), color: "#EA6175" },
    { name: "cancelled", label: _t("Cancelled"), color: "#7E8290" },
];
const LABELS = Object.fromEntries(OUTCOMES.map(({ name, label }) => [name, label]));

/** What the manager should see at a glance; whatever is clicked leads to its details. */
export class Dashboard extends Component {
    static template = "crm_sms_gateway.Dashboard";
    static components = { DayChart, Layout };
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
        return !this.state.data.by_route.length;
    }

    get tiles() {
        const { totals } = this.state.data;
        const share = (name) => this.formatShare(totals[name], totals.sent);
        return [
            { name: "sent", label: _t("Sent") },
            { name: "delivered", label: LABELS.delivered, share: share("delivered") },
            { name: "failed", label: LABELS.failed, share: share("failed") },
            { name: "unknown", label: LABELS.unknown },
            { name: "waiting", label: LABELS.waiting },
        ].map((tile) => ({ ...tile, value: formatInteger(totals[tile.name]) }));
    }

    /** The outcomes that there are, for the chart. */
    get outcomes() {
        return OUTCOMES.filter(({ name }) => this.state.data.totals[name]).map((outcome) => ({
            ...outcome,
            label: outcome.label.toString(),
        }));
    }

    get largestFailure() {
        return Math.max(...this.state.data.failures.map(({ count }) => count));
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
        const { outcomes } = this.state.data;
        if (name === "unknown" || name === "waiting") {
            return this.openMessages(LABELS[name], [["state", "in", outcomes[name]]]);
        }
        if (name === "sent") {
            const others = [...outcomes.waiting, ...outcomes.cancelled];
            return this.openStatistics(_t("Sent"), [["state", "not in", others]]);
        }
        return this.openStatistics(LABELS[name], [["state", "in", outcomes[name]]]);
    }

    openDay(day, outcome) {
        const states = this.state.data.outcomes[outcome];
        return this.openStatistics(`${formatDay(day)}: ${LABELS[outcome]}`, [
            ["day", "=", day],
            ["state", "in", states],
        ]);
    }

    openRoute({ id, name }) {
        return this.openStatistics(name, [["route_id", "=", id]]);
    }

    openFailure({ state, failure_type: failureType, label }) {
        const domain = [["state", "=", state]];
        if (failureType) {
            domain.push(["failure_type", "=", failureType]);
        }
        return this.openMessages(label, domain);
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

    openStatistics(name, domain, context) {
        const shown = [
            ["day", ">=", this.state.data.since],
            ["count", "!=", 0],
        ];
        return this.open(STATISTICS, name, [...shown, ...domain], context);
    }

    openMessages(name, domain) {
        const shown = [
            ["accepted_at", ">=", `${this.state.data.since} 00:00:00`],
            ["is_debug", "=", false],
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
