import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component, useState } from "@odoo/owl";

/** Why messages wait, with the ways out that the reader may take. */
export class WaitingField extends Component {
    static template = "crm_sms_gateway.WaitingField";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ isPressed: false, done: [] });
    }

    get reasons() {
        const reasons = this.props.record.data[this.props.name] || [];
        return reasons.filter((reason) => !this.state.done.includes(reason.sentence));
    }

    async press(reason, { model, id, method }) {
        this.state.isPressed = true;
        try {
            const answer = await this.orm.call(model, method, id ? [[id]] : []);
            await (answer?.type ? this.open(answer) : this.reload(reason));
        } finally {
            this.state.isPressed = false;
        }
    }

    /** What a dialog holds stays: another tab opens beside it. */
    open(action) {
        return this.action.doAction(action, { newWindow: this.env.inDialog });
    }

    /** What somebody has typed stays: the reason alone disappears. */
    async reload(reason) {
        const { record } = this.props;
        if (await record.isDirty()) {
            this.state.done.push(reason.sentence);
        } else {
            await record.load();
        }
    }
}

registry.category("fields").add("sms_gateway_waiting", {
    component: WaitingField,
    supportedTypes: ["json"],
});
