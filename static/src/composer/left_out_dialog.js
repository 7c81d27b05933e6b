import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

import { Component, onWillStart, useState } from "@odoo/owl";

const MODEL = "sms.gateway.campaign";

/**
 * Who is left out of a draft and why. What the author confirms here is written to the
 * contacts, anything else is corrected in the form of the record.
 */
export class LeftOutDialog extends Component {
    static template = "crm_sms_gateway.LeftOutDialog";
    static components = { Dialog };
    static props = {
        title: String,
        campaignId: Number,
        problem: String,
        getChanges: Function,
        onCompleted: Function,
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.state = useState({ rows: [], genders: [], isSaving: false });
        onWillStart(() => this.load());
    }

    async load() {
        const { campaignId, problem, getChanges } = this.props;
        const { rows, genders } = await this.orm.call(MODEL, "action_list_left_out", [
            [campaignId],
            await getChanges(),
            problem,
        ]);
        this.state.genders = genders;
        this.state.rows = rows.map((row) => ({
            ...row,
            value: row.suggestion || "",
            isChosen: Boolean(row.suggestion),
        }));
    }

    get canComplete() {
        return this.state.rows.some((row) => row.field);
    }

    get chosen() {
        return this.state.rows.filter((row) => row.isChosen && row.value.trim());
    }

    get confirmLabel() {
        const count = this.chosen.length;
        return count === 1
            ? _t("Save for 1 recipient")
            : _t("Save for %(count)s recipients", { count });
    }

    enter(row, value) {
        row.value = value;
        row.isChosen = Boolean(value.trim());
    }

    /** Write what is chosen; the draft and its recipients stay as they are. */
    async complete() {
        this.state.isSaving = true;
        try {
            const count = await this.orm.call(MODEL, "action_complete_left_out", [
                [this.props.campaignId],
                this.chosen.map(({ id, field, value }) => [id, field, value]),
            ]);
            this.notification.add(_t("Recipients completed: %(count)s.", { count }), {
                type: "success",
            });
        } finally {
            this.state.isSaving = false;
        }
        this.props.close();
        await this.props.onCompleted();
    }

    open({ name, record: [resModel, resId] }) {
        this.dialog.add(FormViewDialog, {
            title: name,
            // a page of its own would take the draft's place
            canExpand: false,
            resModel,
            resId,
            onRecordSaved: () => this.props.onCompleted().then(() => this.load()),
        });
    }
}
