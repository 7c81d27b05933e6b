import { registry } from "@web/core/registry";
import { StatusBarField, statusBarField } from "@web/views/fields/statusbar/statusbar_field";

/** A status bar of the statuses that a message really went through. */
export class WayField extends StatusBarField {
    getAllItems() {
        const items = super.getAllItems();
        const passed = this.props.record.data.passed_states || [];
        return passed.map((state) => items.find(({ value }) => value === state));
    }
}

registry.category("fields").add("sms_gateway_way", {
    ...statusBarField,
    component: WayField,
    additionalClasses: ["o_field_statusbar"],
    fieldDependencies: [{ name: "passed_states", type: "json" }],
});
