import { waitNotifications } from "@bus/../tests/bus_test_helpers";
import { RELOAD_EVERY } from "@crm_sms_gateway/views/live_views";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { beforeEach, describe, destroy, expect, test } from "@odoo/hoot";
import { advanceTime, waitFor } from "@odoo/hoot-dom";
import { animationFrame, Deferred } from "@odoo/hoot-mock";
import {
    contains,
    defineModels,
    fields,
    getService,
    MockServer,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

class Campaign extends models.Model {
    _name = "sms.gateway.campaign";

    name = fields.Char();
    delivered_count = fields.Integer();
    moves = fields.Integer();

    _records = [
        { id: 1, name: "first", delivered_count: 0, moves: 2 },
        { id: 2, name: "second", delivered_count: 0 },
    ];
}

defineMailModels();
defineModels([Campaign]);

const NOTIFICATION = "crm_sms_gateway/campaign";
const FORM = {
    type: "form",
    resModel: "sms.gateway.campaign",
    resId: 1,
    arch: `
        <form js_class="sms_gateway_live_form">
            <field name="name"/>
            <field name="delivered_count" readonly="1"/>
        </form>`,
};
const LIST = {
    type: "list",
    resModel: "sms.gateway.campaign",
    arch: `
        <list js_class="sms_gateway_live_list">
            <field name="name"/>
            <field name="delivered_count"/>
        </list>`,
};

/** Let a campaign have so many delivered messages, and let the gateway tell of it. */
async function deliver(id, count) {
    MockServer.env["sms.gateway.campaign"].write([id], { delivered_count: count });
    await tell(id);
}

async function tell(id) {
    MockServer.env["bus.bus"]._sendone("broadcast", NOTIFICATION, { ids: [id] });
    await waitNotifications([NOTIFICATION, { ids: [id] }]);
}

/** Wait until the view has reloaded, if it wants to. */
async function settle() {
    await advanceTime(RELOAD_EVERY);
    await animationFrame();
}

beforeEach(() => {
    onRpc("sms.gateway.campaign", "web_read", () => expect.step("read"));
    onRpc("sms.gateway.campaign", "web_search_read", () => expect.step("search"));
});

test("a form shows what the gateway tells of its record", async () => {
    await mountView(FORM);
    expect.verifySteps(["read"]);

    await deliver(1, 5);
    await settle();

    await waitFor(".o_field_widget[name=delivered_count]:contains(5)");
    expect.verifySteps(["read"]);
});

test("a form ignores what the gateway tells of other records", async () => {
    await mountView(FORM);

    await deliver(2, 5);
    await settle();

    expect.verifySteps(["read"]);
});

test("a button moves what was shown when it was pressed", async () => {
    onRpc("sms.gateway.campaign", "action_cancel", ({ kwargs }) => {
        expect.step(kwargs.context.sms_gateway_seen);
        return false;
    });
    const more = `
        <field name="moves" readonly="1"/>
        <button name="action_cancel" type="object" string="Cancel" confirm="Sure?"/>
        </form>`;
    await mountView({ ...FORM, arch: FORM.arch.replace("</form>", more) });
    await contains("button[name=action_cancel]").click();

    MockServer.env["sms.gateway.campaign"].write([1], { moves: 3 });
    await tell(1);
    await settle();
    await waitFor(".o_field_widget[name=moves]:contains(3)");
    await contains(".modal .btn-primary").click();

    expect.verifySteps(["read", "read", ["sms.gateway.campaign", [[1, 2]]], "read"]);
});

test("a form that somebody is changing is left alone", async () => {
    await mountView(FORM);
    await contains(".o_field_widget[name=name] input").edit("changed", { confirm: false });

    await deliver(1, 5);
    await settle();

    expect(".o_field_widget[name=name] input").toHaveValue("changed");
    expect(".o_field_widget[name=delivered_count]").toHaveText("0");
    expect.verifySteps(["read"]);
});

test("a form whose record was deleted elsewhere says so once, without an error", async () => {
    await mountView(FORM);
    MockServer.env["sms.gateway.campaign"].unlink([1]);

    await tell(1);
    await settle();
    await tell(1);
    await settle();

    await waitFor(".o_notification:contains(This record was deleted)");
    expect(".o_notification").toHaveCount(1);
    expect(".o_error_dialog").toHaveCount(0);
    expect.verifySteps(["read", "read"]);
});

test("many notifications make few reloads", async () => {
    await mountView(FORM);
    await deliver(1, 1);
    await settle();
    expect.verifySteps(["read", "read"]);

    for (const count of [2, 3, 4, 5, 6]) {
        await deliver(1, count);
        await advanceTime(RELOAD_EVERY / 10);
    }
    await settle();

    // One for the first of them at once, one for the others together.
    await waitFor(".o_field_widget[name=delivered_count]:contains(6)");
    expect.verifySteps(["read", "read"]);
});

test("a list follows the gateway", async () => {
    await mountView(LIST);
    expect.verifySteps(["search"]);

    await deliver(2, 7);
    await settle();

    await waitFor(".o_data_row:contains(second) td:contains(7)");
    expect.verifySteps(["search"]);
});

test("a list with selected rows is left alone", async () => {
    await mountView(LIST);
    await contains(".o_data_row:first .o_list_record_selector input").click();

    await deliver(2, 7);
    await settle();

    expect(".o_data_row_selected").toHaveCount(1);
    expect.verifySteps(["search"]);
});

test("a button of a list moves what the list showed", async () => {
    onRpc("sms.gateway.campaign", "action_pause", ({ args, kwargs }) => {
        expect.step([args[0], kwargs.context.sms_gateway_seen]);
        return false;
    });
    const more = `
        <header><button name="action_pause" type="object" string="Pause"/></header>
        <field name="moves" column_invisible="1"/>
        </list>`;
    await mountView({ ...LIST, arch: LIST.arch.replace("</list>", more) });
    await contains(".o_data_row:first .o_list_record_selector input").click();

    MockServer.env["sms.gateway.campaign"].write([1], { moves: 3 });
    await contains("button[name=action_pause]").click();

    const seen = [
        [1, 2],
        [2, 0],
    ];
    expect.verifySteps(["search", [[1], ["sms.gateway.campaign", seen]], "search"]);
});

test("a closed form does not listen any more", async () => {
    const form = await mountView(FORM);
    patchWithCleanup(getService("bus_service"), {
        unsubscribe(type) {
            expect.step(type);
            super.unsubscribe(...arguments);
        },
    });

    destroy(form);

    expect.verifySteps(["read", NOTIFICATION]);
});

test("a search that is under way is not replaced by what the gateway tells", async () => {
    await mountView({
        ...LIST,
        arch: LIST.arch.replace("<list", '<list sample="1"'),
        searchViewArch: `
            <search>
                <filter name="none" string="None" domain="[('name', '=', 'nobody')]"/>
            </search>`,
        context: { search_default_none: 1 },
    });
    const answer = new Deferred();
    onRpc("sms.gateway.campaign", "web_search_read", async () => {
        await answer;
    });

    await contains(".o_facet_remove").click();
    await tell(1);
    await settle();
    answer.resolve();

    await waitFor(".o_data_row:contains(first)");
    expect.verifySteps(["search", "search"]);
});
