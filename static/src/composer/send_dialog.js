import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { formatInteger } from "@web/views/fields/formatters";

import { onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { addPart, formatCost, listLeftOut, makeCheck, PROBLEMS } from "./composer_panel";

const MODEL = "sms.gateway.campaign";

/** Asks once before a draft is sent: to how many, at what cost, when. */
export class SendDialog extends ConfirmationDialog {
    static template = "crm_sms_gateway.SendDialog";
    static props = {
        ...ConfirmationDialog.props,
        campaignId: Number,
        // what `action_ask_to_send` answers
        question: Object,
        channel: String,
    };

    setup() {
        super.setup();
        this.orm = useService("orm");
        this.PROBLEMS = PROBLEMS;
        this.isOpen = true;
        const check = makeCheck();
        addPart(check, this.props.question);
        this.state = useState({ check, isChecking: false });
        onWillStart(() => {
            this.checkOthers(this.props.question.next);
        });
        onWillUnmount(() => (this.isOpen = false));
    }

    /** The figures grow while the author reads; of most drafts they are complete. */
    async checkOthers(first) {
        this.state.isChecking = first !== null;
        while (first !== null && this.isOpen) {
            const part = await this.orm.silent.call(MODEL, "action_check_recipients", [
                [this.props.campaignId],
                {},
                first,
            ]);
            addPart(this.state.check, part);
            first = part.next;
        }
        this.state.isChecking = false;
    }

    /** Nothing is sent to nobody, unless the recipients are looked for later. */
    get canSend() {
        const { check, isChecking } = this.state;
        return Boolean(check.problems[""] || isChecking || this.props.question.looks_again);
    }

    get willReceive() {
        const { check } = this.state;
        return _t("%(served)s of %(total)s will receive it", {
            served: formatInteger(check.problems[""] || 0),
            total: formatInteger(check.total),
        });
    }

    /** Calls have no parts. */
    get parts() {
        if (this.props.channel === "voice") {
            return "";
        }
        return _t("%(count)s SMS", { count: formatInteger(this.state.check.segments) });
    }

    get cost() {
        const cost = formatCost(this.state.check);
        return cost && _t("about %(cost)s", { cost });
    }

    get moment() {
        return this.props.question.moment || _t("now");
    }

    get summary() {
        return [this.willReceive, this.parts, this.cost, this.moment].filter(Boolean).join(" · ");
    }

    get warnings() {
        const { night } = this.state.check;
        const { warnings } = this.props.question;
        if (!night) {
            return warnings;
        }
        const count = formatInteger(night);
        return [
            ...warnings,
            _t("It will be night (22:00–8:00) for %(count)s of the recipients.", { count }),
        ];
    }

    get left() {
        return listLeftOut(this.state.check);
    }
}
