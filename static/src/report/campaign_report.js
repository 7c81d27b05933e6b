import { OUTCOMES } from "@crm_sms_gateway/dashboard/dashboard";
import { COLORS } from "@crm_sms_gateway/dashboard/day_chart";
import { TimeChart } from "@crm_sms_gateway/report/time_chart";
import { CAMPAIGN, isOvertaken, useReload } from "@crm_sms_gateway/views/live_views";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import {
    formatFloat,
    formatInteger,
    formatMonetary,
    formatPercentage,
} from "@web/views/fields/formatters";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";

const { DateTime } = luxon;

const MODEL = "sms.gateway.campaign";
const MESSAGES = "crm_sms_gateway.sms_gateway_message_action";
const DAY = 24 * 60 * 60;

/** Shortest time between two reloads, in milliseconds. */
export const REPORT_EVERY = 5000;

const CLICKED = _t("Clicked");
const SERIES = [
    { name: "delivered", label: _t("Delivered"), color: COLORS.teal },
    { name: "clicked", label: CLICKED, color: COLORS.blue },
];
const REASONS = [
    { name: "not_delivered", title: _t("Not delivered, by reason") },
    { name: "not_sent", title: _t("Not sent, by reason") },
];

/** What became of a campaign; every figure leads to the messages that it counts. */
export class CampaignReport extends Component {
    static template = "crm_sms_gateway.CampaignReport";
    static components = { TimeChart };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.formatInteger = formatInteger;
        this.CLICKED = CLICKED;
        this.lastLoad = new KeepLast();
        this.state = useState({ report: null });
        useReload({
            type: CAMPAIGN,
            isShown: ({ ids }) => ids.includes(this.props.record.resId),
            reload: () => this.load(this.props.record.resId),
            every: REPORT_EVERY,
        });
        onWillStart(() => this.load(this.props.record.resId));
        onWillUpdateProps(({ record }) => {
            if (record.resId !== this.resId) {
                return this.load(record.resId);
            }
        });
    }

    async load(resId) {
        this.resId = resId;
        try {
            this.state.report =
                resId &&
                (await this.lastLoad.add(
                    this.orm.silent.call(MODEL, "action_get_report", [[resId]])
                ));
        } catch (error) {
            // the form tells of it
            if (!isOvertaken(error)) {
                throw error;
            }
        }
    }

    // === WHAT IS SHOWN ===
    get outcomes() {
        const { outcomes, recipients } = this.state.report;
        return OUTCOMES.map(({ name, label, color }) => ({
            ...outcomes.find((outcome) => outcome.name === name),
            label,
            color,
        }))
            .filter(({ name, count }) => count || name === "delivered")
            .map((line) => ({ ...line, share: this.formatShare(line.count, recipients) }));
    }

    get withoutMessage() {
        return this.props.record.data.state === "cancelled"
            ? _t("Cancelled before the messages were prepared")
            : _t("Not prepared yet");
    }

    get replaced() {
        const { count } = this.state.report.replaced;
        return _t("Replaced messages, not counted above: %s", formatInteger(count));
    }

    get forgotten() {
        return _t("Messages no longer stored: %s", formatInteger(this.state.report.forgotten));
    }

    get reasons() {
        return REASONS.map((group) => ({ ...group, lines: this.state.report[group.name] })).filter(
            ({ lines }) => lines.length
        );
    }

    /** Empty where no price is known. */
    get cost() {
        const { amount, unpriced } = this.state.report.cost;
        return amount || !unpriced ? this.formatCost(amount) : "";
    }

    get perDelivered() {
        const { per_delivered: perDelivered } = this.state.report.cost;
        return this.cost && perDelivered !== null ? this.formatCost(perDelivered) : "";
    }

    get reported() {
        return this.state.report.cost.reported
            .map(({ amount, currency }) => `${formatFloat(amount)} ${currency}`.trim())
            .join(" + ");
    }

    get unclicked() {
        return { ...this.state.report.clicks.unclicked, label: _t("Did not click") };
    }

    get clickedShare() {
        const { people, share } = this.state.report.clicks;
        return people ? _t("%s of delivered", formatPercentage(share, { digits: [16, 1] })) : "";
    }

    get series() {
        const { bars, later } = this.state.report.timeline;
        return SERIES.filter(({ name }) => [...bars, later].some((bar) => bar[name])).map(
            (series) => ({ ...series, label: series.label.toString() })
        );
    }

    /** The bars of the chart and the lines of its table. */
    get bars() {
        const { start, width, bars, later } = this.state.report.timeline;
        const first = deserializeDateTime(start);
        const format = getTimeFormat(first, width, bars.length);
        const timed = bars.map((bar, place) => ({
            ...bar,
            day: first.plus({ seconds: place * width }).toLocaleString(format),
        }));
        const isLater = Object.values(later).some(Boolean);
        return isLater ? [...timed, { ...later, day: _t("Later").toString() }] : timed;
    }

    describeAgain(label) {
        return _t("Send again: %s", label);
    }

    formatShare(count, total) {
        return total ? formatPercentage(count / total, { digits: [16, 1] }) : "";
    }

    formatCost(amount) {
        return formatMonetary(amount, { currencyId: this.state.report.cost.currency_id });
    }

    // === WHERE CLICKS LEAD ===
    async openMessages(name, { domain }) {
        const action = await this.action.loadAction(MESSAGES);
        return this.action.doAction({
            ...action,
            display_name: name.toString(),
            domain,
            context: {},
        });
    }

    openReplaced() {
        return this.openMessages(_t("Replaced"), this.state.report.replaced);
    }

    async openLinks() {
        const action = await this.orm.call(MODEL, "action_open_links", [[this.resId]]);
        return this.action.doAction(action);
    }

    /** Ask how the messages of a line are sent again. */
    async sendAgain({ domain }) {
        const action = await this.orm.call(MODEL, "action_send_again_to", [[this.resId], domain]);
        return this.action.doAction(action, { onClose: () => this.load(this.resId) });
    }
}

/** As short as it is clear: the day is told where there is more than one. */
function getTimeFormat(first, width, count) {
    if (width >= DAY) {
        return { day: "numeric", month: "short" };
    }
    const last = first.plus({ seconds: (count - 1) * width });
    return first.hasSame(last, "day")
        ? DateTime.TIME_SIMPLE
        : { day: "numeric", month: "short", hour: "numeric", minute: "numeric" };
}

registry.category("view_widgets").add("sms_gateway_campaign_report", {
    component: CampaignReport,
    fieldDependencies: [{ name: "state", type: "selection" }],
});
