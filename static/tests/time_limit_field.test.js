import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import {
    contains,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

class Campaign extends models.Model {
    _name = "sms.gateway.campaign";

    ttl_hours = fields.Float();

    _records = [
        { id: 1, ttl_hours: 0 },
        { id: 2, ttl_hours: 1.5 },
    ];
}

defineMailModels();
defineModels([Campaign]);

function mountForm(resId) {
    return mountView({
        type: "form",
        resModel: "sms.gateway.campaign",
        resId,
        arch: `
            <form>
                <field name="ttl_hours" widget="sms_gateway_time_limit" placeholder="No limit"/>
            </form>`,
    });
}

test("no limit is an empty field", async () => {
    await mountForm(1);

    expect(".o_field_widget[name=ttl_hours] input").toHaveValue("");
    expect(".o_field_widget[name=ttl_hours] input").toHaveAttribute("placeholder", "No limit");
});

test("a limit is entered and taken away", async () => {
    onRpc("web_save", ({ args }) => expect.step(args[1].ttl_hours));
    await mountForm(2);
    expect(".o_field_widget[name=ttl_hours] input").toHaveValue("01:30");

    await contains(".o_field_widget[name=ttl_hours] input").edit("");
    await contains(".o_form_button_save").click();
    expect(".o_field_widget[name=ttl_hours] input").toHaveValue("");
    await contains(".o_field_widget[name=ttl_hours] input").edit("2:15");
    await contains(".o_form_button_save").click();
    expect.verifySteps([0, 2.25]);
});
