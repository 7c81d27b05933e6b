import { CheckBox } from "@web/core/checkbox/checkbox";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { SelectMenu } from "@web/core/select_menu/select_menu";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** Inputs of values that are written as one line. */
const INPUT_TYPES = { integer: "number", duration: "number", address: "url" };

/** The settings of a route's provider, each entered as what it is. */
export class SettingsField extends Component {
    static template = "crm_sms_gateway.SettingsField";
    static components = { CheckBox, SelectMenu };
    static props = { ...standardFieldProps };

    get rows() {
        return this.props.record.data[this.props.name].records;
    }

    getInputId(row) {
        return `${this.props.id}_${row.data.name}`;
    }

    getInputType(row) {
        return INPUT_TYPES[row.data.kind] || "text";
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

    getChosenLabel(row) {
        const chosen = this.getChoices(row).find(({ value }) => value === row.data.value);
        return chosen ? chosen.label : row.data.value || "";
    }

    /** What is shown to whoever may not change it. */
    getShown(row) {
        if (row.data.kind === "boolean") {
            return this.isOn(row) ? _t("Yes") : _t("No");
        }
        return row.data.is_secret ? row.data.secret_input : this.getChosenLabel(row);
    }

    async onChange(row, value) {
        await row.update({ [this.getFieldName(row)]: value || false });
    }
}

registry.category("fields").add("sms_gateway_settings", {
    component: SettingsField,
    displayName: _t("Settings of a provider"),
    supportedTypes: ["one2many"],
    useSubView: true,
});
