import { registry } from "@web/core/registry";
import { say } from "./language";

const tours = registry.category("web_tour.tours");

function find(text) {
    return [
        {
            content: `look for ${text}`,
            trigger: ".o_searchview_input",
            run: `edit ${text}`,
        },
        {
            trigger: ".o_searchview_autocomplete .o-dropdown-item:first",
            run: "click",
        },
    ];
}

// From a search that finds nothing to the reason of one message, and what to do.
tours.add("sms_gateway_why", {
    timeout: 30_000,
    steps: () => [
        ...find("Nobody of this name"),
        {
            content: "an empty search is no empty page",
            trigger: `.o_nocontent_help:contains(${say("Nothing found")})`,
        },
        {
            content: "clear the search",
            trigger: ".o_nocontent_help button",
            run: "click",
        },
        { trigger: ".o_data_row:contains(Tourist B)" },
        ...find("Tourist A"),
        {
            content: "open the message by the recipient's name",
            trigger: ".o_data_row:only-of-type td[name=recipient_name]:contains(Tourist A)",
            run: "click",
        },
        {
            content: "the banner tells why",
            trigger: `div[name=why]:contains(${say("Subscriber unreachable")})`,
        },
        {
            content: "and lets one send again",
            trigger: "div[name=why] button[name=action_retry]",
        },
        {
            content: "nothing suggests that it was delivered",
            trigger: `.o_statusbar_status:not(:has(button:contains(/^${say("Delivered")}$/))):contains(${say("Failed")})`,
        },
        {
            content: "the timeline begins with the acceptance",
            trigger: `.o_field_widget[name=timeline] tr:contains(${say("Accepted")})`,
        },
        {
            content: "send nothing more to this number",
            trigger: "button[name=action_blacklist]",
            run: "click",
        },
        {
            trigger: `.modal-footer button:contains(${say("Add to blacklist")})`,
            run: "click",
        },
        {
            trigger: `.o_notification:contains(${say("Numbers added to the blacklist: %(count)s.", { count: 1 })})`,
        },
        { trigger: ".o_form_view:not(:has(button[name=action_blacklist]))" },
    ],
});

tours.add("sms_gateway_allow_again", {
    timeout: 30_000,
    steps: () => [
        {
            content: "allow messages again",
            trigger: "button[name=action_allow_again]",
            run: "click",
        },
        {
            content: "say why",
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Asked by phone",
        },
        {
            trigger: ".modal button[name=action_unblacklist_apply]",
            run: "click",
        },
        {
            content: "the number may be blacklisted anew",
            trigger: ".o_form_view button[name=action_blacklist]",
        },
    ],
});

tours.add("sms_gateway_chatter_status", {
    timeout: 30_000,
    steps: () => [
        {
            content: "the chatter tells the status",
            trigger: `.o-mail-Message .o_sms_gateway_status:contains(${say("Not delivered")})`,
        },
        {
            content: "open the message",
            trigger: `.o_sms_gateway_status button:contains(${say("Open message")})`,
            run: "click",
        },
        { trigger: `div[name=why]:contains(${say("Subscriber unreachable")})` },
    ],
});

tours.add("sms_gateway_add_contacts", {
    timeout: 30_000,
    steps: () => [
        {
            content: "one of the list cannot be reached",
            trigger: `.oe_stat_button:contains(${say("Not reachable")}):contains(1)`,
        },
        {
            content: "choose contacts",
            trigger: `.o_statusbar_buttons button:contains(${say("Add contacts")})`,
            run: "click",
        },
        {
            content: "look for them",
            trigger: ".modal .o_searchview_input",
            run: "edit Tourist",
        },
        {
            trigger: ".o_searchview_autocomplete .o-dropdown-item:first",
            run: "click",
        },
        { trigger: ".modal .o_list_table:not(:has(.o_data_row:eq(2)))" },
        {
            content: "select all of them",
            trigger: ".modal thead .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".modal .o_select_button",
            run: "click",
        },
        {
            content: "they are in the list",
            trigger: ".o_field_widget[name=member_ids] .o_data_row:contains(Tourist B)",
        },
        { trigger: `.oe_stat_button:contains(${say("Reachable")}):contains(2)` },
    ],
});
