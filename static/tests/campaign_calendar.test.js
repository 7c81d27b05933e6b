import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { mockDate } from "@odoo/hoot-mock";
import {
    defineModels,
    fields,
    makeServerError,
    models,
    mountView,
    onRpc,
    preloadBundle,
} from "@web/../tests/web_test_helpers";
import { findEvent, moveEventToDate } from "@web/../tests/views/calendar/calendar_test_helpers";

describe.current.tags("desktop");

class Campaign extends models.Model {
    _name = "sms.gateway.campaign";

    name = fields.Char();
    starts_at = fields.Datetime({ readonly: true });
    scheduled_at = fields.Datetime();
    state = fields.Selection({
        selection: [
            ["scheduled", "Scheduled"],
            ["done", "Done"],
        ],
    });
    fixed_reason = fields.Char();

    _records = [
        { id: 1, name: "later", state: "scheduled", starts_at: "2016-12-16 10:00:00" },
        {
            id: 2,
            name: "gone",
            state: "done",
            starts_at: "2016-12-06 10:00:00",
            fixed_reason: "Already sent",
        },
    ];
}

defineMailModels();
defineModels([Campaign]);
preloadBundle("web.fullcalendar_lib");
beforeEach(() => mockDate("2016-12-12 08:00:00", 0));

function mountCalendar() {
    return mountView({
        resModel: "sms.gateway.campaign",
        type: "calendar",
        arch: `
            <calendar js_class="sms_gateway_campaign_calendar" date_start="starts_at" color="state" mode="month">
                <field name="name"/>
                <field name="state"/>
                <field name="fixed_reason" invisible="not fixed_reason"/>
            </calendar>`,
    });
}

test("a scheduled campaign is dragged to another day, at the same time", async () => {
    onRpc("write", ({ args }) => {
        expect.step(args);
        return true;
    });
    await mountCalendar();

    await moveEventToDate(1, "2016-12-20");

    expect.verifySteps([[[1], { scheduled_at: "2016-12-20 10:00:00" }]]);
});

test("a campaign that has gone stays, and says why", async () => {
    onRpc("write", () => expect.step("write"));
    await mountCalendar();

    await moveEventToDate(2, "2016-12-20");

    expect.verifySteps([]);
    expect(findEvent(2)).toHaveAttribute("title", "Already sent");
    expect(findEvent(1)).toHaveClass("o_calendar_color_4");
    expect(findEvent(2)).toHaveClass("o_calendar_color_10");
});

test("what the server refuses goes back to its place", async () => {
    expect.errors(1);
    onRpc("write", () => {
        throw makeServerError({ message: "Too late" });
    });
    await mountCalendar();

    await moveEventToDate(1, "2016-12-20");

    expect.verifyErrors(["Too late"]);
    expect(`.fc-day[data-date="2016-12-16"] .o_event[data-event-id="1"]`).toHaveCount(1);
});
