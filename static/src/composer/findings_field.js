import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";
import { LEVELS } from "./composer_panel";
import { labelVariant } from "./texts";

/** What is noteworthy about texts, one line each. */
export class FindingsField extends Component {
    static template = "crm_sms_gateway.Findings";
    static props = { ...standardFieldProps };

    setup() {
        this.LEVELS = LEVELS;
    }

    get findings() {
        return this.props.record.data[this.props.name] || [];
    }

    labelVariant(variant) {
        return labelVariant(variant, this.props.record);
    }
}

registry.category("fields").add("sms_gateway_findings", {
    component: FindingsField,
    supportedTypes: ["json"],
});
