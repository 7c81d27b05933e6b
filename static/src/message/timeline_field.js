import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** What happened to a message, from its acceptance to its end or what it waits for. */
export class TimelineField extends Component {
    static template = "crm_sms_gateway.TimelineField";
    static props = { ...standardFieldProps };

    get entries() {
        return this.props.record.data[this.props.name] || [];
    }

    get hasCodes() {
        return this.entries.some(({ code }) => code);
    }

    showTime({ at }) {
        return at ? formatDateTime(deserializeDateTime(at)) : "";
    }
}

registry.category("fields").add("sms_gateway_timeline", {
    component: TimelineField,
    supportedTypes: ["json"],
});
