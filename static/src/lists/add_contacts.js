import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { SelectCreateDialog } from "@web/views/view_dialogs/select_create_dialog";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component } from "@odoo/owl";

/** Chooses many contacts at once for the recipient list of a form. */
export class AddContacts extends Component {
    static template = "crm_sms_gateway.AddContacts";
    static props = { ...standardWidgetProps };

    setup() {
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.orm = useService("orm");
    }

    async choose() {
        if (await this.props.record.save()) {
            this.dialog.add(SelectCreateDialog, {
                resModel: "res.partner",
                title: _t("Add contacts"),
                noCreate: true,
                onSelected: (ids) => this.add(ids),
            });
        }
    }

    async add(ids) {
        const { record } = this.props;
        const count = await this.orm.call("sms.gateway.list", "action_add_contacts", [
            [record.resId],
            ids,
        ]);
        const message = _t("Added to the list: %(count)s.", { count });
        this.notification.add(message, { type: "success" });
        await record.load();
    }
}

registry.category("view_widgets").add("sms_gateway_add_contacts", {
    component: AddContacts,
});
