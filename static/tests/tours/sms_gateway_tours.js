import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";
import { say } from "./language";

registry.category("web_tour.tours").add("sms_gateway_read_campaign", {
    timeout: 30_000,
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "open the app",
            trigger: ".o_app[data-menu-xmlid='crm_sms_gateway.menu_root']",
            run: "click",
        },
        {
            content: "show what programs have sent, too",
            trigger: `.o_searchview_facet:contains(${say("Created by users")}) .o_facet_remove`,
            run: "click",
        },
        {
            content: "the campaign is done; open it",
            trigger: `.o_data_row:contains(${say("Done")}) td[name=name]`,
            run: "click",
        },
        {
            content: "the counters tell what became of the messages",
            trigger: ".o_outcomes [data-outcome=delivered]:contains(2)",
        },
        {
            trigger: ".o_outcomes [data-outcome=not_delivered]:contains(1)",
        },
        {
            content: "open those that were not delivered",
            trigger: `.oe_stat_button:contains(${say("Not delivered")})`,
            run: "click",
        },
        {
            content: "one is listed, with the reason",
            trigger: `.o_data_row:only-of-type:contains(${say("Subscriber unreachable")})`,
        },
        {
            content: "back to the campaign",
            trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item.o_back_button a",
            run: "click",
        },
        {
            content: "open all messages",
            trigger: "button[name=action_open_messages]",
            run: "click",
        },
        {
            content: "open one that was delivered",
            trigger: `.o_data_row:contains(+79281700001):contains(${say("Delivered")}) td[name=phone]`,
            run: "click",
        },
        {
            content: "its timeline ends with the delivery",
            trigger: `.o_field_widget[name=timeline] tr:contains(${say("Delivered")}):contains(${say("Status poll")})`,
        },
    ],
});

registry.category("web_tour.tours").add("sms_gateway_ask_balance", {
    timeout: 30_000,
    url: "/odoo/sms-gateway-routes",
    steps: () => [
        {
            content: "open the route",
            trigger: ".o_data_row td[name=name]:contains(tour route)",
            run: "click",
        },
        {
            content: "ask the provider",
            trigger: "button[name=action_check_balance]",
            run: "click",
        },
        {
            content: "the question waits for the queue",
            trigger: `.o_field_widget[name=last_answer]:contains(${say("Waiting for the provider's response…")})`,
        },
    ],
});

registry.category("web_tour.tours").add("sms_gateway_read_balance", {
    timeout: 30_000,
    url: "/odoo/sms-gateway-routes",
    steps: () => [
        {
            content: "open the route",
            trigger: ".o_data_row td[name=name]:contains(tour route)",
            run: "click",
        },
        {
            content: "the answer is there",
            trigger: ".o_field_widget[name=last_answer]:contains(/97[.,]90\\sRUB/)",
        },
    ],
});
