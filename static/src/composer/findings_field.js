import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";
import { LEVELS, VARIANTS } from "./composer_panel";

/** What is noteworthy about texts, one line each. */
export class FindingsField extends Component {
    static template = "crm_sms_gateway.Findings";
    static props = { ...standardFieldProps };

    setup() {
        this.LEVELS = LEVELS;
        this.VARIANTS = VARIANTS;
    }

    get findings() {
        return this.props.record.data[this.props.name] || [];
    }
}

registry.category("fields").add("sms_gateway_findings", {
    component: FindingsField,
    supportedTypes: ["json"],
});
