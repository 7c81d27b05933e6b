import "@crm_sms_gateway/report/campaign_views";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import {
    contains,
    defineModels,
    fields,
    models,
    mountView,
    toggleMenuItem,
    toggleSearchBarMenu,
} from "@web/../tests/web_test_helpers";

import { markup } from "@odoo/owl";

describe.current.tags("desktop");

class Campaign extends models.Model {
    _name = "sms.gateway.campaign";

    name = fields.Char();
    source = fields.Char();

    _records = [];
}

defineMailModels();
defineModels([Campaign]);

test("a search that finds nothing is not the empty start page", async () => {
    await mountView({
        type: "list",
        resModel: "sms.gateway.campaign",
        arch: `<list js_class="sms_gateway_campaign_list"><field name="name"/></list>`,
        searchViewArch: `
            <search>
                <filter string="People" name="people" domain="[('source', '!=', 'api')]"/>
                <separator/>
                <filter string="Tests" name="tests" domain="[('source', '=', 'test')]"/>
            </search>`,
        context: { search_default_people: 1 },
        noContentHelp: markup(`<p class="start">No campaigns yet</p>`),
    });
    expect(".start").toHaveCount(1);

    await toggleSearchBarMenu();
    await toggleMenuItem("Tests");
    expect(".start").toHaveCount(0);

    await contains(".o_view_nocontent button").click();
    expect(".start").toHaveCount(1);
});
