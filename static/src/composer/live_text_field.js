import { registry } from "@web/core/registry";
import { useDebounced } from "@web/core/utils/timing";
import { TextField, textField } from "@web/views/fields/text/text_field";

import { useEffect } from "@odoo/owl";

/** How long a person pauses before the others on the form see the text, in ms. */
export const PAUSE = 300;

/** A text that the rest of the form follows while it is typed. */
export class LiveTextField extends TextField {
    setup() {
        super.setup();
        const share = useDebounced(() => this.share(), PAUSE);
        useEffect(
            (textarea) => {
                textarea?.addEventListener("input", share);
                return () => textarea?.removeEventListener("input", share);
            },
            () => [this.textareaRef.el]
        );
    }

    share() {
        const textarea = this.textareaRef.el;
        return textarea && this.props.record.update({ [this.props.name]: textarea.value });
    }
}

registry.category("fields").add("sms_gateway_live_text", {
    ...textField,
    component: LiveTextField,
});
