import { registry } from "@web/core/registry";
import { say } from "./language";

const tours = registry.category("web_tour.tours");

// From the chatter of a contact to the story of the SMS in the gateway, and back.
tours.add("sms_gateway_native_timeline", {
    timeout: 30_000,
    steps: () => [
        {
            content: "ask what became of the SMS",
            trigger: ".o-mail-Message:contains(By Odoo) .o-mail-Message-notification",
            run: "click",
        },
        {
            content: "the story is told",
            trigger: `.o_field_widget[name=timeline] td:contains(${say("Delivered")})`,
        },
        {
            content: "back to the chatter",
            trigger: "button[name=action_open_conversation]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "the contact again",
            trigger: ".o-mail-Message:contains(By Odoo)",
        },
    ],
});

// An administrator lets Odoo's SMS go through a route.
tours.add("sms_gateway_native_setting", {
    timeout: 30_000,
    steps: () => [
        {
            content: "choose the route",
            trigger: "#sms_gateway_odoo_sms .o_field_widget[name=sms_gateway_route_id] input",
            run: "edit tour route",
        },
        {
            content: "take it",
            trigger: ".o-autocomplete--dropdown-item:contains(tour route)",
            run: "click",
        },
        {
            content: "the blacklist is obeyed",
            trigger:
                "#sms_gateway_odoo_sms .o_field_widget[name=sms_gateway_obeys_blacklist] input:checked",
        },
        {
            content: "save",
            trigger: ".o_form_button_save",
            run: "click",
            expectUnloadPage: true,
        },
    ],
});
