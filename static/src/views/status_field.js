import { registry } from "@web/core/registry";
import { BadgeField, badgeField } from "@web/views/fields/badge/badge_field";

/** The badge of a status; of what waits it tells for what. */
export class StatusField extends BadgeField {
    get formattedValue() {
        return this.props.record.data.waiting_label || super.formattedValue;
    }
}

registry.category("fields").add("sms_gateway_status", {
    ...badgeField,
    component: StatusField,
    fieldDependencies: [{ name: "waiting_label", type: "char" }],
});
