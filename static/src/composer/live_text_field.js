import { useEmojiPicker } from "@web/core/emoji_picker/emoji_picker";
import { registry } from "@web/core/registry";
import { useDebounced } from "@web/core/utils/timing";
import { TextField, textField } from "@web/views/fields/text/text_field";

import { useEffect, useRef, useState } from "@odoo/owl";
import { InsertMenu } from "./insert_menu";
import { describeSize, getMeasured } from "./texts";

/** How long a person pauses before the others on the form see the text, in ms. */
export const PAUSE = 300;

/** A text that the rest of the form follows while it is typed. */
export class LiveTextField extends TextField {
    static template = "crm_sms_gateway.LiveTextField";
    static components = { ...TextField.components, InsertMenu };

    setup() {
        super.setup();
        this.measured = useState(getMeasured(this.props.record));
        useEmojiPicker(useRef("emoji"), { onSelect: (emoji) => this.insert(emoji) });
        const share = useDebounced(() => this.share(), PAUSE);
        useEffect(
            (textarea) => {
                textarea?.addEventListener("input", share);
                return () => textarea?.removeEventListener("input", share);
            },
            () => [this.textareaRef.el]
        );
    }

    /** Parts, characters and encoding, empty while nobody has measured the text. */
    get size() {
        const size = this.measured.sizes[this.props.name.replace("text_", "")];
        return size && this.props.record.data[this.props.name] ? describeSize(size) : "";
    }

    share() {
        const { name, record } = this.props;
        const value = this.textareaRef.el?.value;
        // what the form has already would only make it look unsaved
        if (value !== undefined && value !== (record.data[name] || "")) {
            return record.update({ [name]: value });
        }
    }

    /** A word before the cursor is kept apart: the space behind it may be trimmed. */
    insertPlaceholder(name) {
        const { value, selectionStart } = this.textareaRef.el;
        const gap = /[\p{L}\p{N},.!?:;]$/u.test(value.slice(0, selectionStart)) ? " " : "";
        return this.insert(`${gap}{{ ${name} }}`);
    }

    /** Write where the cursor is, or was last. */
    insert(text) {
        const textarea = this.textareaRef.el;
        textarea.setRangeText(text, textarea.selectionStart, textarea.selectionEnd, "end");
        textarea.dispatchEvent(new Event("input"));
        textarea.focus();
        return this.share();
    }
}

registry.category("fields").add("sms_gateway_live_text", {
    ...textField,
    component: LiveTextField,
});
