import { BANNER_EVERY, HealthBanner } from "@crm_sms_gateway/health/banner";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { advanceTime, click } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import {
    defineModels,
    mockService,
    models,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

class GatewayHealth extends models.Model {
    _name = "sms.gateway.health";
}

defineMailModels();
defineModels([GatewayHealth]);

function makeTrouble(sentence, isSerious = true) {
    return { code: "code", sentence, remedy: "", action: null, is_serious: isSerious };
}

test("an administrator sees that nothing is sent, and that it is sent again", async () => {
    let troubles = [makeTrouble("Nothing is sent."), makeTrouble("Another.")];
    onRpc("sms.gateway.health", "action_get_troubles", () => {
        expect.step("asked");
        return troubles;
    });
    mockService("action", { doAction: (action) => expect.step(action) });
    await mountWithCleanup(HealthBanner);
    await animationFrame();
    expect(".o_sms_gateway_banner .o_sentence").toHaveText("Nothing is sent.");
    expect(".o_sms_gateway_banner").toHaveText(/and 1 more/);

    await click(".o_sms_gateway_banner button");
    expect.verifySteps(["asked", "crm_sms_gateway.sms_gateway_dashboard_action"]);

    troubles = [];
    await advanceTime(BANNER_EVERY);
    await animationFrame();
    expect(".o_sms_gateway_banner").toHaveCount(0);
    expect.verifySteps(["asked"]);
});

test("a warning is no reason for a banner", async () => {
    onRpc("sms.gateway.health", "action_get_troubles", () => [makeTrouble("Many.", false)]);
    await mountWithCleanup(HealthBanner);
    await animationFrame();

    expect(".o_sms_gateway_banner").toHaveCount(0);
});

test("a server that does not answer makes no noise", async () => {
    onRpc("sms.gateway.health", "action_get_troubles", () => {
        throw new Error("away");
    });
    await mountWithCleanup(HealthBanner);
    await animationFrame();

    expect(".o_sms_gateway_banner").toHaveCount(0);
});
