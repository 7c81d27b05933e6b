import { DayChart } from "@crm_sms_gateway/dashboard/day_chart";

/** What happened in each stretch of time since a campaign's start, side by side. */
export class TimeChart extends DayChart {
    static template = "crm_sms_gateway.TimeChart";
    static props = {
        // dicts of `day` (the label of a stretch) and series → count
        days: Array,
        // dicts of `name`, `label` and `color` (hex)
        outcomes: Array,
    };

    getData() {
        return { ...super.getData(), labels: this.props.days.map(({ day }) => day) };
    }

    getOptions() {
        const options = super.getOptions();
        delete options.onClick;
        delete options.onHover;
        options.scales.x.stacked = false;
        options.scales.y.stacked = false;
        return options;
    }
}
