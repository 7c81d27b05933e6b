import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";
import { defineModels, fields, models, mountView } from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

class Message extends models.Model {
    _name = "sms.gateway.message";

    outcome = fields.Selection({
        selection: [
            ["waiting", "Waiting to be sent"],
            ["delivered", "Delivered"],
        ],
    });
    waiting_label = fields.Char();

    _records = [
        { id: 1, outcome: "waiting", waiting_label: "Waiting for the route" },
        { id: 2, outcome: "waiting", waiting_label: false },
        { id: 3, outcome: "delivered", waiting_label: false },
    ];
}

defineMailModels();
defineModels([Message]);

test("the status of what waits tells for what", async () => {
    await mountView({
        type: "list",
        resModel: "sms.gateway.message",
        arch: `<list><field name="outcome" widget="sms_gateway_status"/></list>`,
    });

    expect(queryAllTexts(".o_field_widget[name=outcome] .badge")).toEqual([
        "Waiting for the route",
        "Waiting to be sent",
        "Delivered",
    ]);
});
