import { registry } from "@web/core/registry";
import { say } from "./language";

const isStep = (number) => say("%(number)s of %(count)s", { number, count: 2 });

/** Choose a route among the tags of a field. */
function takeRoute(field, name) {
    return [
        { content: `open ${field}`, trigger: `${field} input`, run: "click" },
        { content: `look for ${name}`, trigger: `${field} input`, run: `edit ${name}` },
        {
            content: `take ${name}`,
            trigger: `.o-autocomplete--dropdown-item:contains(${name})`,
            run: "click",
        },
    ];
}

// An administrator makes a policy, then a cascade of it, and asks which route it takes.
registry.category("web_tour.tours").add("sms_gateway_make_policy", {
    timeout: 30_000,
    steps: () => [
        {
            content: "its name",
            trigger: ".o_field_widget[name=name] input",
            run: "edit tour policy",
        },
        ...takeRoute(".o_field_widget[name=first_route_ids]", "tour first"),
        ...takeRoute(".o_field_widget[name=first_route_ids]", "tour second"),
        { content: "save", trigger: ".o_form_button_save", run: "click" },
        {
            content: "it has one step",
            trigger: ".o_field_widget[name=summary]:contains(SMS: tour first, tour second)",
        },
        {
            content: "add a step",
            trigger: ".o_field_widget[name=step_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            content: "open the channels",
            trigger: ".modal .o_field_widget[name=channel] input",
            run: "click",
        },
        {
            content: "a call",
            trigger: `.o_select_menu_item:contains(${say("Voice call")})`,
            run: "click",
        },
        {
            content: "open its rule for all messages",
            trigger: `.modal .o_data_row td[name=conditions]:contains(${say("All messages")})`,
            run: "click",
        },
        {
            content: "add a route",
            trigger: ".modal .o_field_widget[name=choice_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        ...takeRoute(".modal .o_data_row [name=route_id]", "tour second"),
        {
            content: "take the rule",
            trigger: ".modal:has([name=choice_ids]) .o_form_button_save",
            run: "click",
        },
        {
            content: "the rule has its route",
            trigger: ".modal .o_data_row td[name=route_ids]:contains(tour second)",
        },
        {
            content: "take the step",
            trigger: ".modal:has([name=rule_ids]) .o_form_button_save",
            run: "click",
        },
        {
            content: "the step is there",
            trigger: "body:not(:has(.modal)) [name=step_ids] .o_data_row:nth-child(2)",
        },
        { content: "save", trigger: ".o_form_button_save", run: "click" },
        {
            content: "the policy is a cascade",
            trigger: `.o_field_widget[name=summary]:contains(→ ${say("Voice call")}: tour second)`,
        },
        {
            content: "which route is taken?",
            trigger: "button[name=action_check_route]",
            run: "click",
        },
        {
            content: "for this number",
            trigger: ".modal .o_field_widget[name=phone] input",
            run: "edit +79281706700 && press Tab",
        },
        {
            content: "the first one, because it comes first",
            trigger: `.modal .alert-success:contains(${say("“%(route)s” is used: it comes first.", { route: "tour first" })})`,
        },
        {
            content: "then the call",
            trigger: ".modal h4:contains(2):contains(:)",
        },
        {
            content: "close",
            trigger: `.modal footer button:contains(${say("Close")})`,
            run: "click",
        },
        { content: "the policy is saved", trigger: "body:not(:has(.modal)) .o_form_saved" },
    ],
});

// A user reads how a person was reached.
registry.category("web_tour.tours").add("sms_gateway_read_journey", {
    timeout: 30_000,
    steps: () => [
        {
            content: "the call was replaced; open it",
            trigger: `.o_data_row:contains(${say("Replaced")}) td[name=phone]`,
            run: "click",
        },
        {
            content: "it was the first step",
            trigger: `.o_field_widget[name=step_words]:contains(${isStep(1)})`,
        },
        {
            content: "the SMS behind it counts; open it",
            trigger: `.o_field_widget[name=chain_ids] .o_data_row:contains(SMS):contains(${isStep(2)}) td[name=channel]`,
            run: "click",
        },
        {
            content: "its form",
            trigger: `.o_field_widget[name=step_words]:contains(${isStep(2)})`,
        },
    ],
});
