import { isOvertaken, LiveFormController } from "@crm_sms_gateway/views/live_views";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formView } from "@web/views/form/form_view";

import { SendDialog } from "./send_dialog";
import { getChanges, SPOKEN } from "./texts";

const MODEL = "sms.gateway.campaign";
/** What a person types and chooses, and no wrong value of which stops the others. */
const TYPED = [
    ...SPOKEN,
    "text_alternative",
    "template_id",
    "is_transliterated",
    "has_short_links",
    "scheduled_at",
];

/** A form of campaigns: its button *Send* asks once, with figures. */
export class DraftFormController extends LiveFormController {
    setup() {
        super.setup();
        this.orm = useService("orm");
        this.dialog = useService("dialog");
    }

    async beforeExecuteActionButton(clickParams) {
        const isSaved = await super.beforeExecuteActionButton(clickParams);
        if (clickParams.name !== "action_send" || isSaved === false) {
            return isSaved;
        }
        return this.askToSend();
    }

    /** Whether the author confirms; what cannot be sent is an error instead. */
    async askToSend() {
        const record = this.model.root;
        const question = await this.orm.call(MODEL, "action_ask_to_send", [[record.resId]]);
        return new Promise((resolve) => {
            this.dialog.add(
                SendDialog,
                {
                    title: _t("Send campaign?"),
                    campaignId: record.resId,
                    question,
                    channel: record.data.channel,
                    confirm: () => resolve(true),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    }
}

/** The dialog over contacts, leads and lists: closing it keeps what was typed. */
export class ComposerController extends DraftFormController {
    setup() {
        super.setup();
        this.action = useService("action");
        if (this.env.dialogData) {
            this.env.dialogData.dismiss = () => this.keepTyped();
        }
    }

    /** Called by Esc and the cross; the button *Discard* does not ask for it. */
    async keepTyped() {
        const record = this.model.root;
        // what is being typed reaches the record
        await record.isDirty();
        if (SPOKEN.some((name) => record.data[name])) {
            await this.keep(record.resId, await getChanges(record, TYPED));
        }
    }

    async keep(resId, changes) {
        try {
            const told = await this.orm.call(MODEL, "action_keep", [[resId], changes]);
            // this dialog is closing anyway
            const params = { ...told.params, next: undefined };
            await this.action.doAction({ ...told, params });
        } catch (error) {
            // sent or deleted elsewhere: there is nothing to keep
            if (!isOvertaken(error)) {
                throw error;
            }
            this.notification.add(error.data?.message || error.message, { type: "info" });
        }
    }
}

registry.category("views").add("sms_gateway_draft_form", {
    ...formView,
    Controller: DraftFormController,
});
registry.category("views").add("sms_gateway_composer", {
    ...formView,
    Controller: ComposerController,
});
