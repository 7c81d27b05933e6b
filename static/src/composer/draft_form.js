import { isOvertaken, LiveFormController } from "@crm_sms_gateway/views/live_views";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useBus, useService } from "@web/core/utils/hooks";
import { formView } from "@web/views/form/form_view";
import { displayNotificationAction } from "@web/webclient/actions/client_actions";

import { SendDialog } from "./send_dialog";
import { SPOKEN } from "./texts";

const MODEL = "sms.gateway.campaign";

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

/**
 * The dialog over contacts, leads and lists: what was typed is kept however the dialog is
 * left, except by its button *Discard*.
 */
export class ComposerController extends DraftFormController {
    setup() {
        super.setup();
        if (this.env.dialogData) {
            this.env.dialogData.dismiss = () => this.keepTyped();
        }
        // the page goes elsewhere, for example by the browser's back button
        useBus(this.env.bus, "CLEAR-UNCOMMITTED-CHANGES", ({ detail }) =>
            detail.push(() => this.keepTyped())
        );
    }

    get isTyped() {
        return SPOKEN.some((name) => this.model.root.data[name]);
    }

    /** Called by Esc and the cross as well. */
    async keepTyped() {
        const record = this.model.root;
        // what is being typed reaches the record
        await record.checkValidity();
        if (this.isTyped) {
            const changes = Object.entries(await record.getChanges());
            const valid = changes.filter(([name]) => !record.isFieldInvalid(name));
            await this.keep(record.resId, Object.fromEntries(valid));
        }
    }

    /** The page is reloaded or closed: nobody waits for the answer. */
    beforeUnload(ev) {
        const { data, resId } = this.model.root;
        if (this.isTyped) {
            const texts = Object.fromEntries(SPOKEN.map((name) => [name, data[name]]));
            const params = {
                model: MODEL,
                method: "action_keep",
                args: [[resId], texts],
                // the draft gets its name in the language of the page
                kwargs: { context: user.context },
            };
            const call = JSON.stringify({ jsonrpc: "2.0", method: "call", params });
            browser.navigator.sendBeacon(
                `/web/dataset/call_kw/${MODEL}/action_keep`,
                new Blob([call], { type: "application/json" })
            );
        }
        return super.beforeUnload(ev);
    }

    async keep(resId, changes) {
        try {
            const told = await this.orm.call(MODEL, "action_keep", [[resId], changes]);
            // told at once: another action may be waiting for this one
            displayNotificationAction(this.env, told);
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
