import { CheckBox } from "@web/core/checkbox/checkbox";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { SelectMenu } from "@web/core/select_menu/select_menu";
import { useInputField } from "@web/views/fields/input_field_hook";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** Inputs of values that are written as one line. */
const INPUT_TYPES = { integer: "number", duration: "number", address: "url", secret: "password" };

/** What is typed into one row; as in Odoo's own fields, an update of the record does not
 * take away what somebody is typing. */
class SettingInput extends Component {
    static template = "crm_sms_gateway.SettingInput";
    static props = ["id", "record", "name"];

    setup() {
        useInputField({
            getValue: () => this.props.record.data[this.props.name] || "",
            parse: (text) => (this.isAsWritten ? text : text.trim()),
        });
    }

    get kind() {
        return this.props.record.data.kind;
    }

    get isAsWritten() {
        return ["text", "lines", "secret"].includes(this.kind);
    }

    get type() {
        return INPUT_TYPES[this.kind] || "text";
    }
}

/** The settings of a route's provider, each entered as what it is. */
export class SettingsField extends Component {
    static template = "crm_sms_gateway.SettingsField";
    static components = { CheckBox, SelectMenu, SettingInput };
    static props = { ...standardFieldProps };

    get rows() {
        return this.props.record.data[this.props.name].records;
    }

    getInputId(row) {
        return `${this.props.id}_${row.data.name}`;
    }

    /** The field of a row that holds what is entered. */
    getFieldName(row) {
        return row.data.is_secret ? "secret_input" : "value";
    }

    isInvalid(row) {
        return row.isFieldInvalid(this.getFieldName(row));
    }

    isOn(row) {
        return ["1", "true", "yes", "on"].includes((row.data.value || "").toLowerCase());
    }

    getChoices(row) {
        return (row.data.choices || []).map(([value, label]) => ({ value, label }));
    }

    /** What is shown to whoever may not change it. */
    getShown(row) {
        if (row.data.kind === "boolean") {
            return this.isOn(row) ? _t("Yes") : _t("No");
        }
        const shown = row.data[this.getFieldName(row)] || "";
        const chosen = this.getChoices(row).find(({ value }) => value === shown);
        return chosen ? chosen.label : shown;
    }

    async choose(row, value) {
        await row.update({ value: value || false });
    }
}

registry.category("fields").add("sms_gateway_settings", {
    component: SettingsField,
    displayName: _t("Provider settings"),
    supportedTypes: ["one2many"],
    useSubView: true,
});
