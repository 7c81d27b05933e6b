import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { FetchRecordError } from "@web/model/relational_model/errors";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

import { onMounted, onWillUnmount, status, useComponent, useSubEnv } from "@odoo/owl";

export const CAMPAIGN = "crm_sms_gateway/campaign";
const BALANCE = "crm_sms_gateway/balance";

/** Shortest time between two reloads of one view, in milliseconds. */
export const RELOAD_EVERY = 1000;
/** The pause after a reload is at least so many times as long as the reload took. */
export const RELOAD_PAUSE = 5;

/** What the server answers when somebody else was faster. */
const OVERTAKEN = [
    "odoo.exceptions.AccessError",
    "odoo.exceptions.MissingError",
    "odoo.exceptions.UserError",
];

/** Whether a page asked in vain because of what was done elsewhere. */
export function isOvertaken(error) {
    return error instanceof FetchRecordError || OVERTAKEN.includes(error.exceptionName);
}

/**
 * For each model the notification that tells of its records, and whether one tells of
 * the record that a form shows.
 */
const NEWS = {
    "sms.gateway.campaign": {
        type: CAMPAIGN,
        concerns: ({ ids }, record) => ids.includes(record.resId),
    },
    "sms.gateway.message": {
        type: CAMPAIGN,
        concerns: ({ ids }, record) => ids.includes(record.data.campaign_id?.id),
    },
    "sms.gateway.route": {
        type: BALANCE,
        concerns: ({ route_id }, record) => route_id === record.resId,
    },
    "sms.gateway.provider.request": {
        type: BALANCE,
        concerns: ({ balance_id }, record) => balance_id === record.resId,
    },
};

/** The fields that grow whenever a record moves: buttons tell what was shown. */
const NUMBERS = {
    "sms.gateway.campaign": "moves",
    "sms.gateway.message": "attempts",
    "sms.gateway.route": "moves",
};

/**
 * Reloads what is on the screen when the gateway tells of changes.
 *
 * @param {Object} options
 * @param {string} options.type of the notification
 * @param {(payload: Object) => boolean} [options.isShown] whether what it tells of is on
 *  the screen
 * @param {() => Promise<void>} options.reload
 * @param {number} [options.every] shortest time between two reloads, in milliseconds; a
 *  reload that takes long makes the time longer
 */
export function useReload({ type, isShown = () => true, reload, every = RELOAD_EVERY }) {
    const component = useComponent();
    const bus = useService("bus_service");
    let nextAt = 0;
    let timer;
    let isReloading = false;
    let hasNews = false;

    async function run() {
        const startedAt = Date.now();
        timer = undefined;
        hasNews = false;
        isReloading = true;
        try {
            await reload();
        } finally {
            isReloading = false;
            const endedAt = Date.now();
            nextAt = Math.max(startedAt + every, endedAt + RELOAD_PAUSE * (endedAt - startedAt));
            plan();
        }
    }

    function plan() {
        if (hasNews && !isReloading && timer === undefined && status(component) === "mounted") {
            timer = browser.setTimeout(run, Math.max(0, nextAt - Date.now()));
        }
    }

    function onNews(payload) {
        if (isShown(payload)) {
            hasNews = true;
            plan();
        }
    }

    onMounted(() => bus.subscribe(type, onNews));
    onWillUnmount(() => {
        bus.unsubscribe(type, onNews);
        browser.clearTimeout(timer);
    });
}

/**
 * Reloads the view of a model of the gateway.
 *
 * @param {string} resModel
 * @param {(payload: Object, concerns: Function) => boolean} isShown
 * @param {() => Promise<void>} reload
 */
function useNews(resModel, isShown, reload) {
    const news = NEWS[resModel];
    if (news) {
        const concerned = (payload) => isShown(payload, news.concerns);
        useReload({ type: news.type, isShown: concerned, reload });
    }
}

/**
 * Lets a button move what was shown when it was pressed, whatever is shown by the time
 * that its question is answered.
 *
 * @param {Object} controller of a form or a list
 * @param {() => Object[]} getRecords that are shown
 */
function useShown(controller, getRecords) {
    const press = controller.env.onClickViewButton;
    useSubEnv({
        onClickViewButton: (params) => {
            const { clickParams } = params;
            const { resModel } = controller.model.root;
            const number = NUMBERS[resModel];
            const shown = getRecords()
                .filter(({ data }) => data[number] !== undefined)
                .map(({ resId, data }) => [resId, data[number]]);
            if (clickParams.type !== "object" || !shown.length) {
                return press(params);
            }
            const buttonContext = {
                ...clickParams.buttonContext,
                sms_gateway_seen: [resModel, shown],
            };
            return press({ ...params, clickParams: { ...clickParams, buttonContext } });
        },
    });
}

/** A form that follows the gateway, unless somebody is changing the record. */
export class LiveFormController extends FormController {
    setup() {
        super.setup();
        this.notification = useService("notification");
        this.isGone = false;
        useNews(
            this.props.resModel,
            (payload, concerns) => !this.isGone && concerns(payload, this.model.root),
            () => this.reloadUnchanged()
        );
        useShown(this, () => [this.model.root]);
    }

    async reloadUnchanged() {
        const record = this.model.root;
        if (record.isNew || (await record.isDirty())) {
            return;
        }
        try {
            await record.load();
        } catch (error) {
            if (!isOvertaken(error)) {
                throw error;
            }
            this.isGone = true;
            this.notification.add(_t("This record was deleted, or you cannot view it."), {
                type: "info",
            });
        }
    }
}

/** A list that follows the gateway, unless somebody has selected rows in it. */
export class LiveListController extends ListController {
    setup() {
        super.setup();
        useNews(
            this.props.resModel,
            () => !this.model.root.selection.length,
            () => this.reloadInPlace()
        );
        useShown(this, () => this.model.root.records);
    }

    /** Whether a search is under way; it brings what is new. */
    get isSearching() {
        const { domain } = this.env.searchModel;
        return JSON.stringify(domain) !== JSON.stringify(this.model.config.domain);
    }

    async reloadInPlace() {
        if (this.isSearching) {
            return;
        }
        if (this.model.useSampleModel) {
            this.model.useSampleModel = false;
            await this.model.load();
        } else {
            await this.model.root.load();
        }
    }
}

registry.category("views").add("sms_gateway_live_form", {
    ...formView,
    Controller: LiveFormController,
});
registry.category("views").add("sms_gateway_live_list", {
    ...listView,
    Controller: LiveListController,
});
