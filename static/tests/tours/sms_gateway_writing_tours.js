import { localization } from "@web/core/l10n/localization";
import { registry } from "@web/core/registry";
import { say } from "./language";

const tours = registry.category("web_tour.tours");

function write(field, text) {
    return {
        content: `write ${field}`,
        trigger: `.o_field_widget[name=${field}] input, .o_field_widget[name=${field}] textarea`,
        run: `edit ${text}`,
    };
}

function press(content, trigger) {
    return { content, trigger, run: "click" };
}

/** Select the contacts of a name and open the dialog over their list. */
function openComposer(name, count) {
    return [
        {
            content: "look for the contacts",
            trigger: ".o_list_view .o_searchview_input",
            run: `edit ${name}`,
        },
        press("search", ".o_searchview_autocomplete .o-dropdown-item:first"),
        { trigger: `.o_pager_limit:contains(/^${count}$/)` },
        press("select all of them", "thead .o_list_record_selector input"),
        press(
            "open the actions",
            `.o_cp_action_menus .dropdown-toggle:contains(${say("Actions")})`
        ),
        press("open the dialog", `.o-dropdown-item:contains(${say("Send via SMS Gateway")})`),
        { trigger: ".modal .o_sms_gateway_panel .o_recipient" },
    ];
}

const IN_2099 = luxon.DateTime.local(2099, 11, 30, 23, 40);
const SAVED_AS = () => say("The draft is saved under Campaigns: %s").replace(": %s", "");
const FOUR_LETTERS = () =>
    say("%(count)s SMS · %(units)s characters · %(encoding)s", {
        count: 1,
        units: 4,
        encoding: "GSM-7",
    });
const CLOSED = { content: "the dialog is closed", trigger: "body:not(:has(.modal))" };

tours.add("sms_gateway_insert", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Writer", 2),
        write("text_male", "Hello "),
        press("open the menu", ".modal .o_insert"),
        {
            content: "look for a placeholder by its label",
            trigger: ".o_sms_gateway_insert_menu input",
            run: "edit City",
        },
        press("choose it", ".o_sms_gateway_insert_menu .o-dropdown-item:contains(/^City/)"),
        {
            content: "it is in the text, and in the preview",
            trigger: ".o_sms_gateway_bubble:contains(/^Hello Rostov$/)",
        },
        press("open the emoji", ".modal .o_insert_emoji"),
        press("choose one", ".o-EmojiPicker .o-Emoji:first"),
        {
            content: "the counter tells what it costs",
            trigger: ".o_text_size:contains(Unicode)",
        },
        press("throw it away", ".modal-footer button[special=cancel]"),
        CLOSED,
    ],
});

tours.add("sms_gateway_keep_typed", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Writer", 2),
        write("text_male", "Half a sentence"),
        {
            content: "leave with Esc",
            trigger: ".modal .o_field_widget[name=text_male] textarea",
            run: "press Escape",
        },
        {
            content: "the draft is kept, and it is told where",
            trigger: `.o_notification:contains(${SAVED_AS()}) a:contains(Half a sentence)`,
        },
        CLOSED,
    ],
});

tours.add("sms_gateway_template_over_text", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Writer", 2),
        write("text_male", "My own words"),
        {
            content: "look for a template",
            trigger: ".modal .o_field_widget[name=template_id] input",
            run: "edit Writers",
        },
        press("choose it", ".o-autocomplete--dropdown-item:contains(Writers)"),
        press("keep the text", `.modal-footer button:contains(${say("Keep my text")})`),
        {
            content: "the text is still there",
            trigger: ".o_field_widget[name=text_male] textarea:value(My own words)",
        },
        {
            content: "look again",
            trigger: ".modal .o_field_widget[name=template_id] input:value()",
            run: "edit Writers",
        },
        press("choose it", ".o-autocomplete--dropdown-item:contains(Writers)"),
        press("replace the text", `.modal-footer button:contains(${say("Replace")})`),
        {
            content: "the text is the template's",
            trigger: ".o_field_widget[name=text_male] textarea:value(Words of the template)",
        },
        press("throw it away", ".modal-footer button[special=cancel]"),
        CLOSED,
    ],
});

tours.add("sms_gateway_errors_first", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Writer", 2),
        press("send without a text", ".modal-footer button[name=action_send]"),
        {
            content: "the error comes first, and no question",
            trigger: `.o_error_dialog:contains(${say("Enter a text or select a template first.")}):not(:has(.o_summary))`,
        },
        press("close it", ".o_error_dialog .modal-footer button"),
        write("text_male", "Hello"),
        press("send", ".modal-footer button[name=action_send]"),
        {
            trigger: `.modal .o_summary:contains(${say("%(served)s of %(total)s will receive it", { served: 2, total: 2 })})`,
        },
        press("think again", `.modal-footer button:contains(${say("Go back")})`),
        {
            content: "nothing is sent, the text is still there",
            trigger: ".o_field_widget[name=text_male] textarea:value(Hello)",
        },
        press("throw it away", ".modal-footer button[special=cancel]"),
        CLOSED,
    ],
});

tours.add("sms_gateway_complete_genders", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Кузнецов", 2),
        write("text_male", "Уважаемый"),
        press("open the texts by gender", ".o_field_widget[name=has_variants] input"),
        write("text_female", "Уважаемая"),
        press("see whose gender is not set", "a:has(+ [data-problem=missing_gender])"),
        {
            content: "a gender is suggested for both",
            trigger: ".o_left_out tbody:has(tr:nth-of-type(2)) select:value(female)",
        },
        press("write them", ".o_complete"),
        {
            content: "both get it, the selection is kept",
            trigger: ".o_will_get:contains(/^2 \\/ 2$/)",
        },
        press("throw it away", ".modal-footer button[special=cancel]"),
        CLOSED,
    ],
});

tours.add("sms_gateway_template_test", {
    timeout: 30_000,
    url: "/odoo/sms-gateway-templates/new",
    steps: () => [
        write("name", "Tried"),
        write("text_male", "Hello from a template"),
        {
            content: "the preview and the size follow while one types",
            trigger: ".o_sms_gateway_bubble:contains(/^Hello from a template$/)",
        },
        { trigger: ".o_text_size:contains(1 SMS)" },
        {
            content: "two numbers",
            trigger: "#sms_gateway_test_phones",
            run: "edit +79281700011, +79281700012",
        },
        press("send a test", ".o_send_test"),
        {
            trigger: `.o_notification:contains(${say("The test is sent to %(phone)s only.", { phone: "+79281700011, +79281700012" })})`,
        },
        press("save", ".o_form_button_save"),
        { trigger: ".o_form_saved" },
    ],
});

tours.add("sms_gateway_keep_choices", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Writer", 2),
        write("text_male", "Half a sentence"),
        press("nothing is to be really sent", ".modal .o_field_widget[name=is_debug] input"),
        press("close the dialog", ".modal-header .btn-close"),
        { trigger: `.o_notification:contains(${SAVED_AS()}) a:contains(Half a sentence)` },
        CLOSED,
    ],
});

tours.add("sms_gateway_keep_when_going_back", {
    timeout: 30_000,
    url: "/odoo/sms-gateway",
    steps: () => [
        { content: "the browser can return here", trigger: ".o_list_view" },
        press("go to the contacts", ".o_navbar_apps_menu button"),
        press("choose the app", ".o_app[data-menu-xmlid='contacts.menu_contacts']"),
        { trigger: ".o_list_view .o_data_row:contains(Writer A)" },
        ...openComposer("Writer", 2),
        write("text_male", "Before going back"),
        {
            content: "the browser's back button",
            trigger: ".o_text_size",
            run: () => window.history.back(),
        },
        { trigger: `.o_notification:contains(${SAVED_AS()}) a:contains(Before going back)` },
        CLOSED,
    ],
});

tours.add("sms_gateway_keep_when_reloading", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Writer", 2),
        write("text_male", "Before the reload"),
        {
            content: "reload the page",
            trigger: ".o_text_size",
            run: () => window.location.reload(),
            expectUnloadPage: true,
        },
        { content: "the page is new", trigger: ".o_list_view .o_data_row" },
        CLOSED,
    ],
});

tours.add("sms_gateway_write_by_gender", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Writer", 2),
        press("open the texts by gender", ".o_field_widget[name=has_variants] input"),
        press("begin with the women", ".o_field_widget[name=text_female] textarea"),
        {
            content: "type a word",
            trigger: ".o_field_widget[name=text_female] textarea",
            run: () => document.execCommand("insertText", false, "Dear"),
        },
        {
            content: "the rest of the form knows it",
            trigger: `.o_field_widget[name=text_female] .o_text_size:contains(${FOUR_LETTERS()})`,
        },
        {
            content: "go on where the cursor is",
            trigger: ".o_field_widget[name=text_female] textarea",
            run: () => document.execCommand("insertText", false, " Ms"),
        },
        { trigger: ".o_sms_gateway_bubble:contains(/^Dear Ms$/)" },
        {
            content: "texts that exist are not hidden",
            trigger: ".o_field_widget[name=has_variants] input:disabled",
        },
        press("throw it away", ".modal-footer button[special=cancel]"),
        CLOSED,
    ],
});

tours.add("sms_gateway_nobody_receives", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Writer", 2),
        write("text_male", "Hello"),
        press("send", ".modal-footer button[name=action_send]"),
        {
            content: "the question says why it cannot be confirmed",
            trigger: ".modal .o_nobody",
        },
        { trigger: `.modal .o_left li:contains(${say("No number")}: 2)` },
        { trigger: ".modal .o_confirm_send:disabled" },
        press("go back", `.modal-footer button:contains(${say("Go back")})`),
        press("throw it away", ".modal-footer button[special=cancel]"),
        CLOSED,
    ],
});

tours.add("sms_gateway_schedule_in_words", {
    timeout: 30_000,
    url: "/odoo/contacts?view_type=list",
    steps: () => [
        ...openComposer("Writer", 2),
        write("text_male", "Hello"),
        press("open the time", ".modal .o_field_widget[name=scheduled_at] input"),
        {
            content: "enter it",
            trigger: ".modal .o_field_widget[name=scheduled_at] input",
            run: `edit ${IN_2099.toFormat(localization.dateTimeFormat)} && press Enter`,
        },
        {
            content: "it is repeated with its time zone",
            trigger: ".modal .o_field_widget[name=schedule_words]:contains(2099):contains(23:40)",
        },
        press("send", ".modal-footer button[name=action_send]"),
        {
            content: "the question says the same",
            trigger: ".modal .o_summary:contains(2099):contains(23:40)",
        },
        press("go back", `.modal-footer button:contains(${say("Go back")})`),
        press("throw it away", ".modal-footer button[special=cancel]"),
        CLOSED,
    ],
});

tours.add("sms_gateway_unsaved_campaign", {
    timeout: 30_000,
    url: "/odoo/sms-gateway/new",
    steps: () => [
        write("text_male", "Hello "),
        {
            content: "the size is told before anything is saved",
            trigger: ".o_field_widget[name=text_male] .o_text_size:contains(1 SMS)",
        },
        press("open the menu of placeholders", ".o_insert"),
        press(
            "choose one",
            `.o_sms_gateway_insert_menu .o-dropdown-item:contains(${say("First name")})`
        ),
        write("text_male", "Hello {{ frist_name }}"),
        {
            content: "so is what is wrong with the text",
            trigger: ".o_sms_gateway_panel .o_findings:contains(frist_name)",
        },
        { trigger: ".o_sms_gateway_panel .o_save_draft" },
        press("discard it", ".o_form_button_cancel"),
        { trigger: ".o_list_view, .o_kanban_view" },
    ],
});
