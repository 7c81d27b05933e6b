import { registry } from "@web/core/registry";
import { say } from "./language";

const setting = (name) => `.o_sms_gateway_settings [data-name=${name}]`;

/** Write into a setting that is one line. */
function write(name, value) {
    return {
        content: `enter ${name}`,
        trigger: `${setting(name)} input`,
        run: `edit ${value}`,
    };
}

/** Choose a value of a list. */
function choose(field, label) {
    return [
        { content: `open ${field}`, trigger: `${field} input`, run: "click" },
        { content: `look for ${label}`, trigger: `${field} input`, run: `edit ${label}` },
        {
            content: `take ${label}`,
            trigger: `.o_select_menu_item:contains(${label})`,
            run: "click",
        },
    ];
}

// An administrator makes a route and enters the provider's settings.
registry.category("web_tour.tours").add("sms_gateway_settings", {
    timeout: 30_000,
    steps: () => [
        {
            content: "the API's name",
            trigger: ".o_field_widget[name=name] input",
            run: "edit settings tour",
        },
        ...choose(".o_field_widget[name=provider_code]", say("XML protocol (TargetSMS, SMS16, …)")),
        {
            content: "the settings of this provider, and no call can be chosen",
            trigger: `${setting("url")} input[type=url]`,
        },
        write("url", "https://gate.example.com"),
        write("login", "shop"),
        write("password", "hush"),
        write("sender", "SHOP"),
        ...choose(setting("timezone"), "Asia/Yekaterinburg"),
        write("max_batch", "50"),
        {
            content: "a switch",
            trigger: `${setting("translit")} .o_boolean_toggle input`,
            run: "click",
        },
        { content: "save", trigger: ".o_form_button_save", run: "click" },
        { content: "saved", trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible" },
        {
            content: "the secret is not sent back",
            trigger: `${setting("password")} input:value(********)`,
        },
        {
            content: "the route is active",
            trigger: `.o_arrow_button_current:contains(${say("Active")})`,
        },
    ],
});
