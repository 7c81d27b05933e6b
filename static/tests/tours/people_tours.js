import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { say } from "./language";

const tours = registry.category("web_tour.tours");

/** Choose a value of a many2one field. */
function choose(field, value) {
    return [
        {
            content: `look for ${value}`,
            trigger: `.o_field_widget[name=${field}] input`,
            run: `edit ${value}`,
        },
        {
            content: `choose ${value}`,
            trigger: `.o-autocomplete--dropdown-item:contains(${value})`,
            run: "click",
        },
    ];
}

/** Choose a value of a selection field. */
function select(field, value) {
    return [
        {
            content: `open ${field}`,
            trigger: `.o_field_widget[name=${field}] .o_select_menu input`,
            run: "click",
        },
        {
            content: `choose ${value}`,
            trigger: `.o_select_menu_item:contains(${say(value)})`,
            run: "click",
        },
    ];
}

function write(field, text) {
    const selector = `.o_field_widget[name=${field}]`;
    return {
        content: `write ${field}`,
        trigger: `${selector} input, ${selector} textarea`,
        run: `edit ${text}`,
    };
}

function press(button) {
    return {
        content: `press ${button}`,
        trigger: `button[name=${button}]`,
        run: "click",
    };
}

function confirm(label) {
    return {
        content: `confirm: ${label}`,
        trigger: `.modal-footer button:contains(${say(label)})`,
        run: "click",
    };
}

const VARIANTS = {
    content: "open the texts by gender",
    trigger: ".o_field_widget[name=has_variants] input",
    run: "click",
};
const SAVE = {
    content: "save",
    trigger: ".o_form_button_save",
    run: "click",
};
const SAVED = { trigger: ".o_form_saved" };
const SUMMARY = () => [
    say("%(served)s of %(total)s will receive it", { served: 2, total: 6 }),
    say("%(count)s SMS", { count: 2 }),
    say("now"),
];
const ACCEPTED = () =>
    say("Campaign accepted. Recipients: %(served)s of %(count)s. %%s", {
        served: 2,
        count: 6,
    }).replace(" %%s", "");

function hasState(label) {
    return {
        content: `the state is ${label}`,
        trigger: `.o_statusbar_status .o_arrow_button_current:contains(${say(label)})`,
    };
}

function sendsTo(count) {
    const label =
        count === 1 ? say("Send to 1 recipient") : say("Send to %(count)s recipients", { count });
    return {
        content: `the button says: ${label}`,
        trigger: `.modal button[name=action_send]:contains(${label})`,
    };
}

function switchRejected(content) {
    return {
        content,
        trigger: `.modal .o_data_row:contains(${say("Content rejected")}) .o_data_cell[name=is_chosen] input`,
        run: "click",
    };
}

const WORK = {
    content: "the gateway hands over, asks and counts",
    trigger: ".o_form_view",
    run: () =>
        rpc("/web/dataset/call_kw/sms.gateway.campaign/action_tour_work", {
            model: "sms.gateway.campaign",
            method: "action_tour_work",
            args: [[]],
            kwargs: {},
        }),
};

tours.add("sms_gateway_send_to_contacts", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        {
            content: "look for the contacts",
            trigger: ".o_list_view .o_searchview_input",
            run: "edit Tourist",
        },
        {
            trigger: ".o_searchview_autocomplete .o-dropdown-item:first",
            run: "click",
        },
        {
            content: "only these are left",
            trigger: ".o_pager_limit:contains(/^6$/)",
        },
        {
            content: "select all of them",
            trigger: "thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "open the actions",
            trigger: `.o_cp_action_menus .dropdown-toggle:contains(${say("Actions")})`,
            run: "click",
        },
        {
            trigger: `.o-dropdown-item:contains(${say("Send via SMS Gateway")})`,
            run: "click",
        },
        {
            content: "the first recipient is shown",
            trigger: ".modal .o_sms_gateway_panel .o_recipient:contains(Tourist Sokolov)",
        },
        write("text_male", "Dear Mr {{ last_name }}, we are open."),
        {
            content: "the preview follows while one types",
            trigger: ".o_sms_gateway_bubble:contains(/^Dear Mr Sokolov, we are open.$/)",
        },
        {
            content: "one text is for everybody who has a number of their own",
            trigger: ".o_will_get:contains(/^3 \\/ 6$/)",
        },
        {
            content: "one text is called so, and has its size beside it",
            trigger: `.o_form_label:contains(/^${say("Text")}$/)`,
        },
        { trigger: ".o_text_size:contains(1 SMS)" },
        VARIANTS,
        write("text_female", "Dear Ms {{ last_name }}, we are open."),
        {
            content: "with texts by gender the gender must be known",
            trigger: "[data-problem=missing_gender]:contains(1)",
        },
        { trigger: ".o_will_get:contains(/^2 \\/ 6$/)" },
        { trigger: "[data-problem=no_number]:contains(1)" },
        { trigger: "[data-problem=opted_out]:contains(1)" },
        { trigger: "[data-problem=duplicate]:contains(1)" },
        {
            content: "look at the next recipient",
            trigger: ".o_sms_gateway_panel .o_next",
            run: "click",
        },
        { trigger: ".o_recipient:contains(Tourist Lebedeva)" },
        {
            trigger: ".o_sms_gateway_bubble:contains(/^Dear Ms Lebedeva, we are open.$/)",
        },
        {
            content: "see who has no number",
            trigger: `.o_sms_gateway_recipients a:contains(${say("No number")})`,
            run: "click",
        },
        {
            trigger: ".modal .o_left_out tbody tr:only-of-type:contains(Tourist Without)",
        },
        {
            content: "the text is still there afterwards",
            trigger: ".modal:has(.o_left_out) .modal-header .btn-close",
            run: "click",
        },
        write("test_phone", "+79281700099"),
        {
            content: "send a test",
            trigger: ".o_send_test",
            run: "click",
        },
        {
            trigger: `.o_notification:contains(${say("The test is sent to %(phone)s only.", { phone: "+79281700099" })})`,
        },
        {
            content: "send",
            trigger: ".modal-footer button[name=action_send]",
            run: "click",
        },
        {
            content: "the question has the figures",
            trigger: `.modal .o_summary:contains(/^${SUMMARY().join(" · .*")}$/)`,
        },
        { trigger: `.modal .o_left li:contains(${say("Opted out")}: 1)` },
        {
            content: "confirm with two clicks: it is sent once",
            trigger: ".modal .o_confirm_send",
            run: "dblclick",
        },
        {
            content: "a word on what was accepted, with a way to the campaign",
            trigger: `.o_notification:contains(${ACCEPTED()}) a`,
        },
        {
            content: "the dialog is closed",
            trigger: "body:not(:has(.modal))",
        },
    ],
});

tours.add("sms_gateway_campaign_from_filter", {
    timeout: 30_000,
    url: "/odoo/sms-gateway/new",
    steps: () => [
        write("name", "from a filter"),
        ...choose("route_id", "tour route"),
        ...select("recipient_source", "Filter"),
        ...choose("filter_id", "Tourists"),
        write("text_male", "Hello {{ first_name }}"),
        {
            content: "save, to see more",
            trigger: ".o_sms_gateway_panel .o_save_draft",
            run: "click",
        },
        SAVED,
        {
            content: "the panel says who gets it",
            trigger: ".o_will_get:contains(/^2 \\/ 2$/)",
        },
        hasState("Draft"),
        press("action_send"),
        confirm("Send"),
        hasState("Running"),
        WORK,
        {
            content: "the form follows without a reload",
            trigger: ".o_outcomes [data-outcome=delivered] .o_count:contains(2)",
        },
        hasState("Done"),
    ],
});

tours.add("sms_gateway_campaign_from_list", {
    timeout: 30_000,
    url: "/odoo/sms-gateway/new",
    steps: () => [
        write("name", "from a list"),
        ...choose("route_id", "tour route"),
        ...choose("list_ids", "Tour list"),
        write("text_male", "Hello everybody"),
        SAVE,
        SAVED,
        { trigger: ".o_will_get:contains(/^2 \\/ 2$/)" },
        press("action_send"),
        confirm("Send"),
        hasState("Running"),
        press("action_pause"),
        hasState("Paused"),
        press("action_resume"),
        hasState("Running"),
        press("action_cancel"),
        confirm("Cancel campaign"),
        hasState("Cancelled"),
        WORK,
        {
            content: "the counters say what went",
            trigger: ".o_outcomes [data-outcome=not_sent] .o_count:contains(2)",
        },
    ],
});

/** What another tab does meanwhile. */
function elsewhere(method, ...args) {
    return {
        content: `another tab: ${method}`,
        trigger: ".o_form_view",
        run: () => {
            const id = Number(document.location.pathname.split("/").pop());
            return rpc(`/web/dataset/call_kw/sms.gateway.campaign/${method}`, {
                model: "sms.gateway.campaign",
                method,
                args: [[id], ...args],
                kwargs: {},
            });
        },
    };
}

tours.add("sms_gateway_idle_tab", {
    timeout: 30_000,
    url: "/odoo/sms-gateway",
    steps: () => [
        {
            content: "open the draft",
            trigger: ".o_data_row:contains(idle) .o_data_cell:contains(idle)",
            run: "click",
        },
        {
            content: "without a text nobody gets it",
            trigger: ".o_will_get:contains(/^0 \\/ 2$/)",
        },
        { trigger: `.o_refusal:contains(${say("Enter a text or select a template first.")})` },
        { trigger: "[data-problem=could_get]:contains(2)" },
        elsewhere("write", { text_neutral: "Hello" }),
        elsewhere("action_send"),
        WORK,
        {
            content: "the idle tab shows the new state",
            trigger: ".o_outcomes [data-outcome=delivered] .o_count:contains(2)",
        },
        hasState("Done"),
        {
            content: "and no error",
            trigger: "body:not(:has(.o_error_dialog)):not(:has(.o_notification))",
        },
    ],
});

tours.add("sms_gateway_accept_gender", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        {
            content: "look for the contact",
            trigger: ".o_list_view .o_searchview_input",
            run: "edit Лебедева",
        },
        {
            trigger: ".o_searchview_autocomplete .o-dropdown-item:first",
            run: "click",
        },
        {
            trigger: ".o_pager_limit:contains(/^1$/)",
        },
        {
            trigger: ".o_data_row:contains(Лебедева Анна Сергеевна) td[name=complete_name]",
            run: "click",
        },
        {
            content: "open the page",
            trigger: ".o_notebook_headers .nav-link[name=sms_gateway]",
            run: "click",
        },
        {
            content: "nothing is written down yet",
            trigger:
                ".o_field_widget[name=gender]:not(:has(input:checked)) input[data-value=female]",
        },
        {
            content: "a guess is shown",
            trigger: `.o_field_widget[name=suggested_gender]:contains(${say("Female")})`,
        },
        press("action_accept_suggestions"),
        {
            content: "it is accepted",
            trigger: ".o_field_widget[name=gender] input[data-value=female]:checked",
        },
        {
            trigger: ".o_field_widget[name=first_name] input:value(Анна)",
        },
    ],
});

tours.add("sms_gateway_unknown_name", {
    timeout: 30_000,
    url: "/odoo/sms-gateway-templates/new",
    steps: () => [
        write("name", "Birthday"),
        write("text_male", "Dear {{ nmae }}"),
        {
            content: "the mistake is told while one types",
            trigger: ".o_findings:contains(nmae)",
        },
        SAVE,
        {
            content: "it cannot be saved",
            trigger: ".modal .modal-body:contains(nmae)",
        },
        {
            trigger: `.modal-footer button:contains(${say("Close")})`,
            run: "click",
        },
        { trigger: ".o_form_dirty" },
        write("text_male", "Dear {{ first_name }}"),
        {
            content: "the mistake is gone",
            trigger: "body:not(:has(.o_findings:contains(nmae)))",
        },
        SAVE,
        SAVED,
    ],
});

tours.add("sms_gateway_server_action", {
    timeout: 30_000,
    url: "/odoo/action-base.action_server_action/new",
    steps: () => [
        ...choose("model_id", say("Lead")),
        {
            content: "choose the type",
            trigger: `.o_field_widget[name=state] :contains(/^${say("Send via SMS Gateway")}$/)`,
            run: "click",
        },
        {
            content: "what lacks is told",
            trigger: `.alert:contains(${say("Select a template and a route.")})`,
        },
        ...choose("sms_gateway_template_id", "Tour template"),
        ...choose("sms_gateway_route_id", "tour route"),
        { trigger: `body:not(:has(.alert:contains(${say("Select a template and a route.")})))` },
        SAVE,
        SAVED,
        {
            content: "the action is named after what it does",
            trigger: `.o_field_widget[name=name] input:value(${say("Send “%(template)s” via SMS Gateway", { template: "Tour template" })})`,
        },
    ],
});

tours.add("sms_gateway_send_again", {
    timeout: 30_000,
    url: "/odoo/sms-gateway",
    steps: () => [
        {
            content: "open the campaign",
            trigger: ".o_data_row .o_data_cell:contains(Not for all of you)",
            run: "click",
        },
        press("action_send_again"),
        {
            content: "who failed is chosen, who opted out is left out",
            trigger: `.modal .o_field_widget[name=left_out]:contains(${say("Opted out")}: 1)`,
        },
        sendsTo(1),
        switchRejected("the same text was rejected, a person may still choose it"),
        sendsTo(3),
        switchRejected("leave the reason out"),
        sendsTo(1),
        press("action_send"),
        {
            content: "it is done",
            trigger: `.o_notification:contains(${say("Sent again: %(sent)s of %(total)s.", { sent: 1, total: 1 })})`,
        },
    ],
});

tours.add("sms_gateway_report", {
    timeout: 30_000,
    url: "/odoo/sms-gateway",
    steps: () => [
        {
            content: "requests of the API are behind the filter",
            trigger: ".o_list_view:not(:has(.o_data_row:contains(By a program)))",
        },
        {
            trigger: `.o_facet_value:contains(${say("Created by users")})`,
        },
        {
            content: "open the campaign of a person",
            trigger: ".o_data_row .o_data_cell:contains(By a person)",
            run: "click",
        },
        {
            content: "the lines add up",
            trigger: ".o_recipients:contains(/^4$/)",
        },
        {
            content: "who has it gets nothing again",
            trigger: ".o_outcomes [data-outcome=delivered]:not(:has(.o_again))",
        },
        {
            content: "when it was delivered",
            trigger: ".o_timeline canvas",
        },
        {
            content: "look at who could not be reached",
            trigger: `.o_reasons tr:contains(${say("Subscriber unreachable")}) .o_messages`,
            run: "click",
        },
        {
            content: "these messages and no others",
            trigger: ".o_list_view .o_pager_limit:contains(/^1$/)",
        },
        {
            content: "go back",
            trigger: ".o_breadcrumb a:contains(By a person)",
            run: "click",
        },
        {
            content: "send to them again",
            trigger: `.o_reasons tr:contains(${say("Subscriber unreachable")}) .o_again`,
            run: "click",
        },
        sendsTo(1),
        press("action_send"),
        {
            content: "it is done",
            trigger: `.o_notification:contains(${say("Sent again: %(sent)s of %(total)s.", { sent: 1, total: 1 })})`,
        },
        {
            content: "the report knows",
            trigger: ".o_replaced:contains(1)",
        },
    ],
});
