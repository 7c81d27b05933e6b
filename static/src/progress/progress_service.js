import { _t } from "@web/core/l10n/translation";
import { rpcBus } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { formatInteger } from "@web/views/fields/formatters";

const PROGRESS = "crm_sms_gateway/progress";

function describe({ done, total }) {
    const told = { done: formatInteger(done), total: formatInteger(total) };
    return total ? _t("Done: %(done)s of %(total)s", told) : _t("Done: %(done)s", told);
}

/** Covers the page that waits for a long request with how far the request is. */
export const progressService = {
    dependencies: ["bus_service", "ui"],

    start(env, { bus_service: bus, ui }) {
        /** The methods that this page waits for, by the number of the request. */
        const waiting = new Map();
        let shown = null;

        /** The number of the request that works on a record. */
        function find({ model, id }) {
            for (const [number, params] of waiting) {
                if (params.model === model && params.args?.[0]?.includes?.(id)) {
                    return number;
                }
            }
        }

        function tell(payload) {
            const number = find(payload);
            if (number === undefined) {
                return; // another page waits
            }
            const message = describe(payload);
            if (shown === null) {
                ui.block({ message });
            } else {
                ui.bus.trigger("BLOCK", { message });
            }
            shown = number;
        }

        function end(number) {
            waiting.delete(number);
            if (shown === number) {
                shown = null;
                ui.unblock();
            }
        }

        rpcBus.addEventListener("RPC:REQUEST", ({ detail }) => {
            waiting.set(detail.data.id, detail.data.params || {});
        });
        rpcBus.addEventListener("RPC:RESPONSE", ({ detail }) => end(detail.data.id));
        bus.subscribe(PROGRESS, tell);
    },
};

registry.category("services").add("crm_sms_gateway.progress", progressService);
