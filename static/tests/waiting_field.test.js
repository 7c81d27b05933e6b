import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import {
    contains,
    defineModels,
    fields,
    MockServer,
    mockService,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

const REASON = {
    code: "route_paused",
    label: "Waiting for the route",
    sentence: "Route “Main” is paused.",
    remedy: "Messages wait until the route is resumed.",
    buttons: [
        { label: "Resume route", model: "sms.gateway.route", id: 7, method: "action_resume" },
        { label: "Open route", model: "sms.gateway.route", id: 7, method: "get_formview_action" },
    ],
};

class Campaign extends models.Model {
    _name = "sms.gateway.campaign";

    name = fields.Char();
    waiting_reasons = fields.Json();

    _records = [{ id: 1, name: "first", waiting_reasons: [REASON] }];
}

class Route extends models.Model {
    _name = "sms.gateway.route";
}

defineMailModels();
defineModels([Campaign, Route]);

function mountForm() {
    return mountView({
        type: "form",
        resModel: "sms.gateway.campaign",
        resId: 1,
        arch: `
            <form>
                <field name="name"/>
                <field name="waiting_reasons" widget="sms_gateway_waiting" invisible="not waiting_reasons"/>
            </form>`,
    });
}

test("the reason disappears when the way out was taken", async () => {
    onRpc("sms.gateway.route", "action_resume", ({ args }) => {
        expect.step(args[0]);
        MockServer.env["sms.gateway.campaign"].write([1], { waiting_reasons: false });
        return false;
    });
    await mountForm();
    expect(".o_sms_gateway_waiting").toHaveText(/Route “Main” is paused/);

    await contains("[data-method=action_resume]").click();

    expect.verifySteps([[7]]);
    expect(".o_sms_gateway_waiting").toHaveCount(0);
});

test("the way out keeps what somebody has typed", async () => {
    onRpc("sms.gateway.route", "action_resume", () => false);
    await mountForm();
    await contains("[name=name] input").edit("typed");

    await contains("[data-method=action_resume]").click();

    expect("[name=name] input").toHaveValue("typed");
    expect(".o_sms_gateway_waiting").toHaveCount(0);
});

test("a button opens what the server answers", async () => {
    const action = { type: "ir.actions.act_window", res_model: "sms.gateway.route" };
    onRpc("sms.gateway.route", "get_formview_action", () => action);
    await mountForm();
    mockService("action", { doAction: (answer) => expect.step(answer) });

    await contains("[data-method=get_formview_action]").click();

    expect.verifySteps([action]);
});
