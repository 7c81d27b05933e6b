import { waitNotifications } from "@bus/../tests/bus_test_helpers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { animationFrame } from "@odoo/hoot-mock";
import { getService, MockServer, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";

import { Component, xml } from "@odoo/owl";

describe.current.tags("desktop");

defineMailModels();

const MODEL = "res.partner";
const PROGRESS = "crm_sms_gateway/progress";

class Nothing extends Component {
    static props = {};
    static template = xml`<div/>`;
}

/** The server tells how far it is with a record. */
async function tell(id, done, total) {
    const payload = { model: MODEL, id, done, total };
    MockServer.env["bus.bus"]._sendone("broadcast", PROGRESS, payload);
    await waitNotifications([PROGRESS, payload]);
    await animationFrame();
}

test("who waits sees how far the server is, until it answers", async () => {
    let answer;
    onRpc(MODEL, "action_work", () => new Promise((resolve) => (answer = resolve)));
    await mountWithCleanup(Nothing);
    getService("bus_service").start();
    const working = getService("orm").call(MODEL, "action_work", [[7]]);
    await animationFrame();

    await tell(8, 1, 2);
    expect(".o_blockUI").toHaveCount(0);
    await tell(7, 1200, 0);
    expect(".o_blockUI .o_message").toHaveText("Done: 1,200");
    await tell(7, 2400, 50000);
    expect(".o_blockUI .o_message").toHaveText("Done: 2,400 of 50,000");

    answer(true);
    await working;
    await animationFrame();
    expect(".o_blockUI").toHaveCount(0);
});
