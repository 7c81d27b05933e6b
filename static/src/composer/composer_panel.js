import { isOvertaken } from "@crm_sms_gateway/views/live_views";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { formatInteger, formatMonetary } from "@web/views/fields/formatters";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { SelectCreateDialog } from "@web/views/view_dialogs/select_create_dialog";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onWillUnmount, useState } from "@odoo/owl";
import { LeftOutDialog } from "./left_out_dialog";
import { describeSize, getChanges, getMeasured, labelVariant } from "./texts";

const MODEL = "sms.gateway.campaign";
const RECIPIENT = "sms.gateway.recipient";
const ACCESS_ERROR = "odoo.exceptions.AccessError";

/** What a message depends on. */
const TEXTS = [
    "template_id",
    "text_male",
    "text_female",
    "text_neutral",
    "text_alternative",
    "is_transliterated",
    "has_short_links",
    "channel",
    "route_id",
    "scheduled_at",
];
/** Who gets it. */
const RECIPIENTS = ["recipient_source", "list_ids", "res_model", "res_domain"];

/** More recipients are not checked anew after every pause of the author. */
const CHECKED_WHILE_TYPING = 1000;

export const PROBLEMS = {
    no_number: _t("No number"),
    invalid_number: _t("Invalid number"),
    opted_out: _t("Opted out"),
    duplicate: _t("Duplicate number"),
    missing_gender: _t("Gender not set"),
    missing_field: _t("Missing data"),
    could_get: _t("Could receive it"),
    other: _t("Invalid text"),
};
export const LEVELS = {
    danger: "text-danger fa-times-circle",
    warning: "text-warning fa-exclamation-triangle",
    info: "text-info fa-info-circle",
};

/**
 * What the author of a draft should see while writing: the message of any recipient,
 * the size of every text, what is wrong with it, and who gets it.
 */
export class ComposerPanel extends Component {
    static template = "crm_sms_gateway.ComposerPanel";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.PROBLEMS = PROBLEMS;
        this.LEVELS = LEVELS;
        this.state = useState({
            preview: null,
            // null is the first recipient who gets a message
            position: null,
            check: null,
            isChecking: false,
        });
        this.measured = getMeasured(this.props.record);
        this.describeSize = describeSize;
        this.lastPreview = new KeepLast();
        this.checkNumber = 0;
        this.seen = {};
        useRecordObserver((record) => this.follow(record));
        onWillUnmount(() => this.checkNumber++);
    }

    get isSaved() {
        return Boolean(this.props.record.resId);
    }

    get left() {
        const { check } = this.state;
        return check ? listLeftOut(check) : [];
    }

    get willGet() {
        return this.state.check?.problems[""] || 0;
    }

    labelVariant(variant) {
        return labelVariant(variant, this.props.record);
    }

    get cost() {
        return formatCost(this.state.check);
    }

    get unpriced() {
        return formatInteger(this.state.check.unpriced);
    }

    /** Looks again when what it shows depends on has changed. */
    async follow(record) {
        if (record.data.state !== "draft") {
            // sent, here or elsewhere: this is the panel of drafts
            this.checkNumber++;
            return;
        }
        const texts = fingerprint(record, TEXTS);
        const recipients = fingerprint(record, RECIPIENTS);
        const resId = record.resId;
        const isNew = resId !== this.seen.resId;
        const hasTexts = isNew || texts !== this.seen.texts;
        const hasRecipients = isNew || recipients !== this.seen.recipients;
        this.seen = { resId, texts, recipients };
        if (!(hasTexts || hasRecipients)) {
            return;
        }
        if (!resId) {
            // recipients are checked where they are stored; a text has its size at once
            this.look();
        } else if (hasRecipients) {
            this.state.position = null;
            // the first part writes down whom the preview can show
            this.check();
        } else if (this.state.check?.total <= CHECKED_WHILE_TYPING) {
            this.check();
        } else {
            this.state.check = null;
            this.look();
        }
    }

    getChanges() {
        const names = [...TEXTS, ...RECIPIENTS, "test_phone", "is_debug"];
        return getChanges(this.props.record, names);
    }

    async look() {
        try {
            await this.lookOnce();
        } catch (error) {
            this.bear(error);
        }
    }

    async lookOnce() {
        const { resId } = this.props.record;
        const preview = await this.lastPreview.add(
            this.getChanges().then((changes) =>
                this.orm.silent.call(MODEL, "action_preview", [
                    resId ? [resId] : [],
                    changes,
                    this.state.position,
                ])
            )
        );
        this.state.preview = preview;
        this.measured.sizes = preview.sizes;
    }

    async check() {
        const number = ++this.checkNumber;
        this.state.isChecking = true;
        try {
            await this.checkAll(number);
        } catch (error) {
            if (error.exceptionName === ACCESS_ERROR) {
                // somebody else's draft is looked at, not worked on
                await this.look();
            } else if (number === this.checkNumber) {
                this.bear(error);
            }
        } finally {
            if (number === this.checkNumber) {
                this.state.isChecking = false;
            }
        }
    }

    /** What was done elsewhere meanwhile is told softly, whoever looks at this page. */
    bear(error) {
        if (!isOvertaken(error)) {
            throw error;
        }
        this.state.check = null;
        this.notification.add(error.data?.message || error.message, { type: "info" });
    }

    async checkAll(number) {
        const { resId } = this.props.record;
        const changes = await this.getChanges();
        const check = makeCheck();
        for (let first = 0; first !== null; ) {
            const part = await this.orm.silent.call(MODEL, "action_check_recipients", [
                [resId],
                changes,
                first,
            ]);
            if (number !== this.checkNumber) {
                return;
            }
            addPart(check, part);
            this.state.check = { ...check };
            if (first === 0) {
                this.look();
            }
            first = part.next;
        }
    }

    move(step) {
        const { position, total } = this.state.preview;
        this.state.position = (position + step + total) % total;
        return this.look();
    }

    async sendTest() {
        const action = await this.orm.call(MODEL, "action_send_test", [
            [this.props.record.resId],
            await this.getChanges(),
            this.state.preview?.position ?? null,
        ]);
        return this.action.doAction(action);
    }

    /** A dialog above the one that may be open: an action would take its place. */
    openLeftOut(problem) {
        this.dialog.add(LeftOutDialog, {
            title: PROBLEMS[problem].toString(),
            campaignId: this.props.record.resId,
            problem,
            getChanges: () => this.getChanges(),
            onCompleted: () => this.check(),
        });
    }

    /** Who gets the message and who does not, with the reason. */
    openRecipients() {
        this.dialog.add(SelectCreateDialog, {
            title: _t("Recipients"),
            resModel: RECIPIENT,
            domain: [["campaign_id", "=", this.props.record.resId]],
            multiSelect: false,
            noCreate: true,
            onSelected: ([id]) => this.openRecord(id),
        });
    }

    /** The record of a recipient in a dialog, to be corrected there. */
    async openRecord(id) {
        const [row] = await this.orm.read(RECIPIENT, [id], ["res_model", "res_id"]);
        this.dialog.add(FormViewDialog, {
            resModel: row.res_model,
            resId: row.res_id,
            onRecordSaved: () => this.check(),
        });
    }
}

/** The values of some fields as one text. */
function fingerprint(record, names) {
    return JSON.stringify(
        names
            .filter((name) => name in record.data)
            .map((name) => {
                const value = record.data[name];
                return value?.currentIds || value?.id || value;
            })
    );
}

/** What no part has been added to yet; see `addPart`. */
export function makeCheck() {
    return {
        total: 0,
        checked: 0,
        segments: 0,
        problems: {},
        cost: null,
        unpriced: 0,
        night: 0,
    };
}

/** Entries of problem → count. */
export function listLeftOut(check) {
    return Object.entries(check.problems).filter(([problem]) => problem !== "");
}

/** "123.45 ₽", empty where no price is known. */
export function formatCost({ cost, currency_id: currencyId }) {
    return cost === null ? "" : formatMonetary(cost, { currencyId });
}

/** Add what the server has found out of some of the recipients. */
export function addPart(check, part) {
    check.total = part.total;
    check.currency_id = part.currency_id;
    check.refusal = part.refusal;
    check.segments += part.segments;
    check.unpriced += part.unpriced;
    check.night += part.night;
    if (part.cost !== null) {
        check.cost += part.cost;
    }
    for (const [problem, count] of Object.entries(part.problems)) {
        check.problems[problem] = (check.problems[problem] || 0) + count;
        check.checked += count;
    }
}

registry.category("view_widgets").add("sms_gateway_composer_panel", {
    component: ComposerPanel,
});
