import { localization } from "@web/core/l10n/localization";
import { registry } from "@web/core/registry";
import { say } from "./language";

const tours = registry.category("web_tour.tours");

const SAVE = {
    content: "save",
    trigger: ".o_form_button_save",
    run: "click",
};
const SAVED = { trigger: ".o_form_saved" };
const IN_2099 = luxon.DateTime.local(2099, 11, 30, 23, 40);

tours.add("sms_gateway_resume_route", {
    timeout: 30_000,
    steps: () => [
        {
            content: "the form says where the messages wait",
            trigger: `.o_field_widget[name=waiting_label]:contains(${say("Waiting for the route")})`,
        },
        {
            content: "resume the route",
            trigger:
                ".o_sms_gateway_waiting[data-code=route_paused]:contains(test route) button[data-method=action_resume]",
            run: "click",
        },
        {
            content: "nothing holds them any more",
            trigger: ".o_form_view:not(:has(.o_sms_gateway_waiting[data-code=route_paused]))",
        },
    ],
});

tours.add("sms_gateway_move_campaign", {
    timeout: 30_000,
    steps: () => [
        {
            content: "the form says when it goes out",
            trigger: ".o_field_widget[name=schedule_words]:contains((Europe/Moscow))",
        },
        {
            content: "another name",
            trigger: ".o_field_widget[name=name] input, .o_field_widget[name=name] textarea",
            run: "edit Moved",
        },
        {
            content: "open the time",
            trigger: ".o_field_widget[name=scheduled_at] button",
            run: "click",
        },
        {
            content: "another time",
            trigger: ".o_field_widget[name=scheduled_at] input",
            run: `edit ${IN_2099.toFormat(localization.dateTimeFormat)} && press Enter`,
        },
        SAVE,
        SAVED,
        {
            content: "it goes out at the new time",
            trigger: ".o_field_widget[name=schedule_words]:contains(2099)",
        },
        {
            content: "take it back",
            trigger: "button[name=action_return_to_draft]",
            run: "click",
        },
        {
            content: "confirm",
            trigger: `.modal-footer button:contains(${say("Return to draft")})`,
            run: "click",
        },
        {
            content: "it is a draft",
            trigger: `.o_statusbar_status .o_arrow_button_current:contains(${say("Draft")})`,
        },
    ],
});

tours.add("sms_gateway_draft_recipients", {
    timeout: 30_000,
    steps: () => [
        {
            content: "open the recipients",
            trigger: "a.o_will_get:contains(2 / 3)",
            run: "click",
        },
        { trigger: ".modal .o_data_row:contains(Waiting Anna)" },
        {
            content: "who does not get it has a reason",
            trigger: `.modal .o_data_row:contains(Waiting Nobody):contains(${say("No number")})`,
        },
    ],
});
