import { registry } from "@web/core/registry";
import { FloatTimeField, floatTimeField } from "@web/views/fields/float_time/float_time_field";
import { useInputField } from "@web/views/fields/input_field_hook";
import { useNumpadDecimal } from "@web/views/fields/numpad_decimal_hook";
import { parseFloatTime } from "@web/views/fields/parsers";

/** Hours and minutes of a limit. Without a limit the field is empty: "00:00" says at once. */
export class TimeLimitField extends FloatTimeField {
    static template = "crm_sms_gateway.TimeLimitField";
    static props = { ...FloatTimeField.props, placeholder: { type: String, optional: true } };

    setup() {
        this.inputFloatTimeRef = useInputField({
            getValue: () => this.formattedValue,
            refName: "numpadDecimal",
            parse: (text) => (text.trim() ? parseFloatTime(text.trim()) : 0),
        });
        useNumpadDecimal();
    }

    get formattedValue() {
        return this.props.record.data[this.props.name] ? super.formattedValue : "";
    }
}

registry.category("fields").add("sms_gateway_time_limit", {
    ...floatTimeField,
    component: TimeLimitField,
    extractProps: (info) => ({
        ...floatTimeField.extractProps(info),
        placeholder: info.attrs.placeholder,
    }),
});
