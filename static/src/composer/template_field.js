import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { buildM2OFieldDescription, Many2OneField } from "@web/views/fields/many2one/many2one_field";

import { useState } from "@odoo/owl";
import { SPOKEN } from "./texts";

/** The template of a text. Choosing one over a text that somebody typed asks first. */
export class TemplateField extends Many2OneField {
    static template = "crm_sms_gateway.TemplateField";

    setup() {
        super.setup();
        this.dialog = useService("dialog");
        // grows when the author keeps the text: the name typed to find a template goes
        this.state = useState({ refusals: 0 });
        this.taken = "";
    }

    get m2oProps() {
        const props = super.m2oProps;
        return { ...props, update: (value, options) => this.choose(value, options, props.update) };
    }

    get texts() {
        return SPOKEN.map((name) => this.props.record.data[name] || "").join("\n");
    }

    get isTyped() {
        return Boolean(this.texts.trim()) && this.texts !== this.taken;
    }

    async choose(template, options, update) {
        if (template && this.isTyped && !(await this.confirm())) {
            this.state.refusals++;
            return;
        }
        await update(template, options);
        this.taken = template ? this.texts : "";
    }

    confirm() {
        return new Promise((resolve) => {
            this.dialog.add(
                ConfirmationDialog,
                {
                    title: _t("Replace the text?"),
                    body: _t("The template replaces the text that you entered."),
                    confirmLabel: _t("Replace"),
                    cancelLabel: _t("Keep my text"),
                    confirm: () => resolve(true),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    }
}

registry.category("fields").add("sms_gateway_template", {
    ...buildM2OFieldDescription(TemplateField),
});
