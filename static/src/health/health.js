import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

import { Component } from "@odoo/owl";

/** The troubles with what to do, and since when what is due waits. */
export class Health extends Component {
    static template = "crm_sms_gateway.Health";
    static props = { health: Object };

    setup() {
        this.action = useService("action");
    }

    get lines() {
        const { oldest_due: age, lanes } = this.props.health;
        const waiting = age
            ? [_t("The oldest message that is due has been waiting for %(age)s", { age })]
            : [];
        return [...waiting, ...lanes.map(describeLane)];
    }

    open({ action }) {
        return this.action.doAction(action);
    }
}

function describeLane({ name, ago }) {
    return ago
        ? _t("%(lane)s: last run %(ago)s", { lane: name, ago })
        : _t("%(lane)s: has never run", { lane: name });
}
