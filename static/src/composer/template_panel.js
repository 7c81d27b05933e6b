import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onWillStart, useState } from "@odoo/owl";
import { describeSize, getChanges, getMeasured, labelVariant, SPOKEN } from "./texts";

const MODEL = "sms.gateway.template";
const PREVIEWED = ["name", "res_model", "category", "has_short_links", ...SPOKEN];

/** The texts of a template as the author would get them, their sizes, and a test. */
export class TemplatePanel extends Component {
    static template = "crm_sms_gateway.TemplatePanel";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.describeSize = describeSize;
        this.measured = getMeasured(this.props.record);
        this.state = useState({ previews: {}, phones: "" });
        this.lastPreview = new KeepLast();
        onWillStart(() => this.loadPhone());
        useRecordObserver((record) => this.follow(record));
    }

    get entries() {
        return Object.entries(this.state.previews);
    }

    labelVariant(variant) {
        return labelVariant(variant, this.props.record);
    }

    get ids() {
        const { resId } = this.props.record;
        return resId ? [resId] : [];
    }

    async loadPhone() {
        this.state.phones = await this.orm.call(MODEL, "action_get_test_phone", [[]]);
    }

    /** Looks again when what it shows depends on has changed. */
    follow(record) {
        // read here, so that each of them is observed
        const shown = JSON.stringify([record.resId, ...PREVIEWED.map((name) => record.data[name])]);
        if (shown !== this.shown) {
            this.shown = shown;
            this.look();
        }
    }

    async look() {
        const call = getChanges(this.props.record, PREVIEWED).then((changes) =>
            this.orm.silent.call(MODEL, "action_preview", [this.ids, changes])
        );
        const previews = await this.lastPreview.add(call);
        this.state.previews = previews;
        this.measured.sizes = previews;
    }

    async sendTest() {
        const action = await this.orm.call(MODEL, "action_send_test", [
            this.ids,
            await getChanges(this.props.record, PREVIEWED),
            this.state.phones,
        ]);
        return this.action.doAction(action);
    }
}

registry.category("view_widgets").add("sms_gateway_template_panel", {
    component: TemplatePanel,
});
