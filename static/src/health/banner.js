import { _t } from "@web/core/l10n/translation";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { session } from "@web/session";

import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";

/** Time between two questions, in milliseconds. */
export const BANNER_EVERY = 5 * 60 * 1000;

const DASHBOARD = "crm_sms_gateway.sms_gateway_dashboard_action";

/** Tells administrators of the gateway, wherever they are, that it does not send. */
export class HealthBanner extends Component {
    static template = "crm_sms_gateway.HealthBanner";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ troubles: [] });
        let timer;
        onMounted(() => {
            this.load();
            timer = browser.setInterval(() => this.load(), BANNER_EVERY);
        });
        onWillUnmount(() => browser.clearInterval(timer));
    }

    /** A server that does not answer is told by others. */
    async load() {
        try {
            this.state.troubles = await this.orm.silent.call(
                "sms.gateway.health",
                "action_get_troubles",
                []
            );
        } catch {
            this.state.troubles = [];
        }
    }

    get serious() {
        return this.state.troubles.filter((trouble) => trouble.is_serious);
    }

    get more() {
        const count = this.serious.length - 1;
        return count ? _t("(and %(count)s more)", { count }) : "";
    }

    open() {
        return this.action.doAction(DASHBOARD, { clearBreadcrumbs: true });
    }
}

if (session.sms_gateway_is_administrator) {
    registry
        .category("main_components")
        .add("crm_sms_gateway.HealthBanner", { Component: HealthBanner });
}
