import { waitNotifications } from "@bus/../tests/bus_test_helpers";
import { Dashboard, DASHBOARD_EVERY } from "@crm_sms_gateway/dashboard/dashboard";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { advanceTime, click, queryAllTexts, queryText, select } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import {
    defineModels,
    mockService,
    MockServer,
    models,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";
import { getDefaultConfig } from "@web/views/view";

describe.current.tags("desktop");

class Statistic extends models.Model {
    _name = "sms.gateway.statistic";
}

defineMailModels();
defineModels([Statistic]);

const NOTIFICATION = "crm_sms_gateway/campaign";
const COUNTS = {
    sent: 1000,
    delivered: 900,
    submitted: 30,
    unknown: 5,
    not_delivered: 65,
    waiting: 7,
    not_sent: 480,
};

let look;

function makeLook(values = {}) {
    return {
        since: "2026-10-25",
        sent: ["submitted", "unknown", "delivered", "not_delivered"],
        routes: [
            { id: 1, name: "first" },
            { id: 2, name: "second" },
        ],
        totals: COUNTS,
        costs: [{ currency_id: 1, amount: 123.45 }],
        by_day: [{ day: "2026-10-25", ...COUNTS }],
        by_route: [
            { id: 1, name: "first", ...COUNTS, costs: [{ currency_id: 1, amount: 123.45 }] },
            { id: 2, name: "second", ...COUNTS, sent: 0, costs: [] },
        ],
        not_delivered: [
            { label: "Blocked", count: 60, domain: [["failure_type", "=", "blocked"]] },
            { label: "Expired", count: 5, domain: [["state", "=", "expired"]] },
        ],
        not_sent: [
            { label: "Opted out", count: 480, domain: [["failure_type", "=", "opted_out"]] },
        ],
        tests: { count: 0, costs: [] },
        health: { troubles: [], oldest_due: false, lanes: [] },
        ...values,
    };
}

beforeEach(() => {
    look = makeLook();
    onRpc("sms.gateway.statistic", "action_get_dashboard", ({ args }) => {
        expect.step(args);
        return look;
    });
    mockService("action", {
        loadAction: (xmlId) => ({ res_model: xmlId.split(".")[1] }),
        doAction: ({ res_model, display_name, domain }) =>
            expect.step([res_model, display_name, ...domain.map(String)]),
    });
});

async function mountDashboard(state) {
    await mountWithCleanup(Dashboard, {
        componentEnv: { config: getDefaultConfig() },
        props: { action: { id: 1 }, actionId: 1, state, updateActionState: () => {} },
    });
}

test("shares are those of what was sent", async () => {
    await mountDashboard();

    expect.verifySteps([[30, false]]);
    expect("button[name=sent] .o_value").toHaveText("1,000");
    expect("button[name=delivered] .o_share").toHaveText("90%");
    expect("button[name=not_delivered] .o_share").toHaveText("6.5%");
    expect("button[name=not_sent] .o_value").toHaveText("480");
    expect("button[name=not_sent] .o_share").toHaveCount(0);
    expect("button[name=cost] .o_value").toHaveText(/123\.45/);
    expect(queryAllTexts(".o_routes tbody tr:first td").slice(1, 4)).toEqual([
        "1,000",
        "90%",
        "6.5%",
    ]);
    expect(queryAllTexts(".o_routes tbody tr:last td").slice(2)).toEqual(["", "", "480", ""]);
});

test("another period and another route are asked for", async () => {
    await mountDashboard();
    expect.verifySteps([[30, false]]);

    await click(".o_period:first");
    await animationFrame();
    expect.verifySteps([[7, false]]);
    expect(".o_period.active").toHaveText("7 days");

    await click("select.o_route");
    await select("2");
    await animationFrame();
    expect.verifySteps([[7, 2]]);
});

test("what was chosen is there when one comes back", async () => {
    await mountDashboard({ days: 90, routeId: 2 });

    expect.verifySteps([[90, 2]]);
    expect("select.o_route").toHaveValue("2");
});

test("clicks lead to the details", async () => {
    await mountDashboard({ days: 30, routeId: 2 });
    expect.verifySteps([[30, 2]]);
    const statistics = ["day,>=,2026-10-25", "count,!=,0", "is_test,=,false"];
    const messages = [
        "|",
        "day,>=,2026-10-25",
        "&",
        "day,=,false",
        "accepted_at,>=,2026-10-25 00:00:00",
        "is_debug,=,false",
        "campaign_id,not any,is_test,=,true",
    ];
    const ofRoute = "route_id,=,2";

    for (const [trigger, ...wanted] of [
        [
            "button[name=not_delivered]",
            "statistic",
            "Not delivered",
            ...statistics,
            "outcome,=,not_delivered",
        ],
        ["button[name=not_sent]", "statistic", "Not sent", ...statistics, "outcome,=,not_sent"],
        ["button[name=waiting]", "message", "Waiting to be sent", ...messages, "outcome,=,waiting"],
        [
            ".o_reason[data-outcome=not_delivered]:first",
            "message",
            "Blocked",
            ...messages,
            "failure_type,=,blocked",
        ],
        [
            ".o_reason[data-outcome=not_sent]",
            "message",
            "Opted out",
            ...messages,
            "failure_type,=,opted_out",
        ],
        [".o_routes tr:last td:first", "statistic", "second", ...statistics, "route_id,=,2"],
        ["button[name=cost]", "statistic", "Cost", ...statistics, "cost,>,0"],
    ]) {
        await click(trigger);
        await animationFrame();
        const [model, ...rest] = wanted;
        expect.verifySteps([[`sms_gateway_${model}_action`, ...rest, ofRoute]]);
    }
});

test("where nothing was sent there is a word of help", async () => {
    look = makeLook({ by_route: [], not_delivered: [], not_sent: [], costs: [] });
    await mountDashboard();

    expect(queryText(".o_sms_gateway_empty")).toInclude("No messages were sent");
    expect("canvas").toHaveCount(0);
    expect.verifySteps([[30, false]]);
});

test("tests are told apart, with what they cost", async () => {
    await mountDashboard();
    expect(".o_tests").toHaveCount(0);

    look = makeLook({ tests: { count: 3, costs: [{ currency_id: 1, amount: 7.5 }] } });
    await click(".o_period:first");
    await animationFrame();
    expect(".o_tests").toHaveText(/^Tests, not counted here: 3, .*7\.50/);
    expect("button[name=sent] .o_value").toHaveText("1,000");
    expect.verifySteps([
        [30, false],
        [7, false],
    ]);

    await click(".o_tests");
    await animationFrame();
    expect.verifySteps([
        [
            "sms_gateway_statistic_action",
            "Tests",
            "day,>=,2026-10-25",
            "count,!=,0",
            "is_test,=,true",
        ],
    ]);
});

test("troubles stand at the top, with what to do", async () => {
    look = makeLook({
        health: {
            troubles: [
                {
                    code: "lanes_late",
                    sentence: "Nothing is sent.",
                    remedy: "Restart Odoo.",
                    action: { type: "ir.actions.act_window", res_model: "ir_cron" },
                    is_serious: true,
                },
                {
                    code: "many_lanes",
                    sentence: "Many lanes.",
                    remedy: "Lower them.",
                    action: null,
                    is_serious: false,
                },
            ],
            oldest_due: "7 minutes",
            lanes: [
                { name: "Lane 1", ago: "8 minutes ago" },
                { name: "Lane 2", ago: false },
            ],
        },
        by_route: [],
    });
    await mountDashboard();
    expect.verifySteps([[30, false]]);

    expect("[data-code=lanes_late]").toHaveClass("alert-danger");
    expect("[data-code=lanes_late]").toHaveText(/Nothing is sent\.\s*Restart Odoo\./);
    expect("[data-code=many_lanes]").toHaveClass("alert-warning");
    expect(".o_runs").toHaveText(
        "The oldest message that is due has been waiting for 7 minutes · Lane 1: last run 8 minutes ago" +
            " · Lane 2: has never run"
    );
    expect("[data-code] button").toHaveCount(1);
});

test("where all is well nothing is told", async () => {
    const lanes = [{ name: "Lane 1", ago: "1 minute ago" }];
    look = makeLook({ health: { troubles: [], oldest_due: false, lanes } });
    await mountDashboard();

    expect(".o_sms_gateway_health").toHaveCount(1);
    expect(".o_sms_gateway_health .alert, .o_runs").toHaveCount(0);
    expect.verifySteps([[30, false]]);
});

test("without prices there is no cost", async () => {
    look = makeLook({ costs: [] });
    await mountDashboard();

    expect("button[name=cost]").toHaveCount(0);
    expect(".o_routes th:contains(Cost)").toHaveCount(0);
    expect.verifySteps([[30, false]]);
});

test("it follows the gateway, but not every word of it", async () => {
    await mountDashboard();
    expect.verifySteps([[30, false]]);

    look = makeLook({ totals: { ...COUNTS, sent: 1001 } });
    for (let number = 0; number < 4; number++) {
        MockServer.env["bus.bus"]._sendone("broadcast", NOTIFICATION, { ids: [number] });
        await waitNotifications([NOTIFICATION, { ids: [number] }]);
        await advanceTime(DASHBOARD_EVERY / 10);
    }
    await animationFrame();
    expect("button[name=sent] .o_value").toHaveText("1,001");
    expect.verifySteps([[30, false]]);

    await advanceTime(DASHBOARD_EVERY);
    await animationFrame();
    expect.verifySteps([[30, false]]);
});
