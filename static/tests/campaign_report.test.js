import { waitNotifications } from "@bus/../tests/bus_test_helpers";
import { REPORT_EVERY } from "@crm_sms_gateway/report/campaign_report";
import { RELOAD_PAUSE } from "@crm_sms_gateway/views/live_views";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { click, queryAllTexts } from "@odoo/hoot-dom";
import { advanceTime, animationFrame, Deferred } from "@odoo/hoot-mock";
import {
    defineModels,
    fields,
    MockServer,
    mockService,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

class Campaign extends models.Model {
    _name = "sms.gateway.campaign";

    name = fields.Char();
    state = fields.Selection({
        selection: [
            ["draft", "Draft"],
            ["done", "Done"],
            ["cancelled", "Cancelled"],
        ],
    });

    _records = [{ id: 1, name: "sale", state: "done" }];
}

defineMailModels();
defineModels([Campaign]);

const NOTIFICATION = "crm_sms_gateway/campaign";
const COUNTS = {
    waiting: 0,
    submitted: 1,
    unknown: 0,
    delivered: 6,
    not_delivered: 2,
    not_sent: 3,
};
let report;
/** Set while the server takes its time to answer. */
let answered;

function makeReport(values = {}, counts = COUNTS) {
    return {
        recipients: 12,
        outcomes: Object.entries(counts).map(([name, count]) => ({
            name,
            count,
            domain: [["outcome", "=", name]],
            can_send_again: name.startsWith("not_"),
        })),
        without_message: 0,
        replaced: { count: 0, domain: [["is_superseded", "=", true]] },
        not_delivered: [makeReason("Number blocked", 2, "blocked")],
        not_sent: [makeReason("Opted out", 3, "opted_out", false)],
        forgotten: 0,
        cost: null,
        clicks: null,
        timeline: null,
        ...values,
    };
}

function makeReason(label, count, failureType, canSendAgain = true) {
    const domain = [["failure_type", "=", failureType]];
    return { label, count, domain, can_send_again: canSendAgain };
}

beforeEach(() => {
    report = makeReport();
    answered = undefined;
    onRpc("sms.gateway.campaign", "action_get_report", async ({ args }) => {
        expect.step(["report", ...args[0]]);
        await answered;
        return report;
    });
    onRpc("sms.gateway.campaign", "action_send_again_to", ({ args }) => {
        expect.step(["again", String(args[1])]);
        return { res_model: "sms.gateway.send.again" };
    });
    mockService("action", {
        loadAction: (xmlId) => ({ res_model: xmlId.split(".")[1] }),
        doAction: ({ res_model, display_name = "", domain = [] }) =>
            expect.step([res_model, display_name, ...domain.map(String)]),
    });
});

async function mountReport(values, counts) {
    report = makeReport(values, counts);
    await mountView({
        type: "form",
        resModel: "sms.gateway.campaign",
        resId: 1,
        arch: `
            <form>
                <field name="state"/>
                <widget name="sms_gateway_campaign_report"/>
            </form>`,
    });
    expect.verifySteps([["report", 1]]);
}

test("the lines add up to the recipients", async () => {
    await mountReport({ recipients: 14, without_message: 2 });

    const counts = queryAllTexts(".o_outcomes tbody .o_count");
    expect(counts).toEqual(["6", "1", "2", "3", "2"]);
    expect(".o_recipients").toHaveText("14");
    expect("[data-outcome=delivered] .o_share").toHaveText("42.9%");
    expect(".o_without_message th").toHaveText("Not prepared yet");
    expect(".o_replaced, .o_forgotten, .o_cost, .o_clicks, .o_timeline").toHaveCount(0);
});

test("figures lead to their messages", async () => {
    await mountReport({ replaced: { count: 4, domain: [["is_superseded", "=", true]] } });

    const action = "sms_gateway_message_action";
    for (const [selector, ...wanted] of [
        [".o_outcomes [data-outcome=delivered] .o_messages", "Delivered", "outcome,=,delivered"],
        [".o_reasons [data-outcome=not_sent] .o_messages", "Opted out", "failure_type,=,opted_out"],
        [".o_replaced button", "Replaced", "is_superseded,=,true"],
    ]) {
        await click(selector);
        await animationFrame();
        expect.verifySteps([[action, ...wanted]]);
    }
});

test("messages of a line are sent again, where that may help", async () => {
    await mountReport();
    expect(".o_again").toHaveCount(3);
    expect("[data-outcome=delivered] .o_again").toHaveCount(0);
    expect(".o_reasons [data-outcome=not_sent] .o_again").toHaveCount(0);

    await click(".o_reasons [data-outcome=not_delivered] .o_again");
    await animationFrame();
    expect.verifySteps([
        ["again", "failure_type,=,blocked"],
        ["sms.gateway.send.again", ""],
    ]);
});

test("costs are told where prices are known", async () => {
    const cost = { amount: 12, currency_id: 1, per_delivered: 2, unpriced: 0, reported: [] };
    await mountReport({ cost: { ...cost, reported: [{ amount: 1.5, currency: "USD" }] } });

    expect(".o_amount").toHaveText(/12\.00/);
    expect(".o_per_delivered").toHaveText(/2\.00/);
    expect(".o_reported").toHaveText("1.50 USD");
});

test("an unknown price is no zero", async () => {
    const cost = { amount: 0, currency_id: 1, per_delivered: 0, unpriced: 6, reported: [] };
    await mountReport({ cost });

    expect(".o_amount").toHaveText("Price unknown");
    expect(".o_per_delivered").toHaveCount(0);
});

test("who did not click may get another text", async () => {
    const line = (state, count) => ({ count, domain: [["click_state", "=", state]] });
    await mountReport({
        clicks: {
            clicks: 5,
            people: 2,
            share: 1 / 3,
            clicked: line("clicked", 2),
            unclicked: { ...line("unclicked", 4), can_send_again: true },
        },
    });

    expect(queryAllTexts(".o_clicks .o_count")).toEqual(["2", "4", "5"]);
    expect(".o_clicked .o_share").toHaveText("33.3% of delivered");
    await click(".o_unclicked .o_again");
    await animationFrame();
    expect.verifySteps([
        ["again", "click_state,=,unclicked"],
        ["sms.gateway.send.again", ""],
    ]);
});

test("the chart has a table", async () => {
    await mountReport({
        timeline: {
            start: "2026-11-29 09:00:00",
            width: 300,
            bars: [
                { delivered: 4, clicked: 0 },
                { delivered: 1, clicked: 0 },
            ],
            later: { delivered: 1, clicked: 0 },
        },
    });

    expect(".o_timeline canvas[role=img]").toHaveCount(1);
    await click(".o_timeline summary");
    await animationFrame();
    expect(queryAllTexts(".o_timeline thead th")).toEqual(["Time", "Delivered"]);
    const cells = queryAllTexts(".o_timeline tbody td");
    expect(cells).toEqual(["4", "1", "1"]);
    expect(".o_timeline tbody tr:last th").toHaveText("Later");
});

test("it follows the gateway, but not every word of it", async () => {
    await mountReport();
    report = makeReport({}, { ...COUNTS, submitted: 0, delivered: 7 });

    for (let number = 0; number < 3; number++) {
        MockServer.env["bus.bus"]._sendone("broadcast", NOTIFICATION, { ids: [1] });
        await waitNotifications([NOTIFICATION, { ids: [1] }]);
        await advanceTime(REPORT_EVERY / 10);
    }
    await animationFrame();
    expect("[data-outcome=delivered] .o_count").toHaveText("7");
    expect.verifySteps([["report", 1]]);

    await advanceTime(REPORT_EVERY);
    expect.verifySteps([["report", 1]]);
});

async function tell() {
    MockServer.env["bus.bus"]._sendone("broadcast", NOTIFICATION, { ids: [1] });
    await waitNotifications([NOTIFICATION, { ids: [1] }]);
    await advanceTime(1);
}

test("the longer the server takes for it, the less often it is asked", async () => {
    await mountReport();
    answered = new Deferred();
    await tell();
    await advanceTime(2 * REPORT_EVERY);
    await tell();
    expect.verifySteps([["report", 1]]);

    answered.resolve();
    await animationFrame();
    await advanceTime((RELOAD_PAUSE - 1) * 2 * REPORT_EVERY);
    expect.verifySteps([]);

    await advanceTime(3 * REPORT_EVERY);
    expect.verifySteps([["report", 1]]);
});
