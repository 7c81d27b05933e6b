import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getColor } from "@web/core/colors/colors";
import { formatInteger } from "@web/views/fields/formatters";

import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";

const { DateTime } = luxon;

/** The widest bar, in pixels: those of seven days would be blocks. */
const MAX_BAR = 40;

/** Colours by their place in the palette of Odoo's own charts of many series. */
export const COLORS = Object.fromEntries(
    Object.entries({ blue: 0, red: 6, teal: 10, gray: 18, darkGray: 19, yellow: 22 }).map(
        ([name, place]) => [name, getColor(place, cookie.get("color_scheme"), "lg")]
    )
);

/** Messages by day, one bar a day, stacked by outcome. */
export class DayChart extends Component {
    static template = "crm_sms_gateway.DayChart";
    static props = {
        // dicts of `day` (ISO) and outcome → count
        days: Array,
        // dicts of `name`, `label` and `color` (hex), the lowest first
        outcomes: Array,
        // is called with the day and the name of the outcome
        onClick: Function,
    };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.days]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        this.chart = new Chart(this.canvas.el, {
            type: "bar",
            data: this.getData(),
            options: this.getOptions(),
        });
    }

    getData() {
        const { days, outcomes } = this.props;
        return {
            labels: days.map(({ day }) => formatDay(day)),
            datasets: outcomes.map(({ name, label, color }) => ({
                label,
                backgroundColor: color,
                data: days.map((counts) => counts[name]),
                maxBarThickness: MAX_BAR,
            })),
        };
    }

    getOptions() {
        const style = window.getComputedStyle(this.canvas.el);
        const { color } = style;
        const grid = style.getPropertyValue("--border-color");
        return {
            animation: false,
            maintainAspectRatio: false,
            interaction: { mode: "index", intersect: false },
            onClick: (event) => this.onClick(event),
            onHover: ({ native }, items) => {
                native.target.style.cursor = items.length ? "pointer" : "";
            },
            plugins: {
                legend: { position: "bottom", labels: { color, boxWidth: 12 } },
                tooltip: {
                    filter: ({ raw }) => raw,
                    callbacks: {
                        label: ({ dataset, raw }) => ` ${dataset.label}: ${formatInteger(raw)}`,
                    },
                },
            },
            scales: {
                x: { stacked: true, grid: { display: false }, ticks: { color } },
                y: {
                    stacked: true,
                    grid: { color: grid },
                    ticks: { color, precision: 0, callback: (value) => formatInteger(value) },
                },
            },
        };
    }

    onClick(event) {
        const { days, outcomes } = this.props;
        const [item] = this.chart.getElementsAtEventForMode(
            event,
            "nearest",
            { intersect: true },
            true
        );
        if (item) {
            this.props.onClick(days[item.index].day, outcomes[item.datasetIndex].name);
        }
    }
}

/** A day as short as the user's language writes it. */
export function formatDay(day) {
    return DateTime.fromISO(day).toLocaleString({ day: "numeric", month: "short" });
}
