import { registry } from "@web/core/registry";
import { CalendarCommonRenderer } from "@web/views/calendar/calendar_common/calendar_common_renderer";
import { CalendarModel } from "@web/views/calendar/calendar_model";
import { CalendarRenderer } from "@web/views/calendar/calendar_renderer";
import { calendarView } from "@web/views/calendar/calendar_view";

/** Colors of Odoo's calendars, by status; drafts have none. */
const COLORS = { scheduled: 4, running: 8, paused: 3, done: 10, cancelled: 1 };

/** Campaigns by the time at which they go out; dragging changes it. */
export class CampaignCalendarModel extends CalendarModel {
    /** The field of the calendar is computed, that of the drag is not. */
    get canEdit() {
        return this.meta.canEdit;
    }

    buildRawRecord(record, options) {
        const values = super.buildRawRecord(record, options);
        return { scheduled_at: values[this.meta.fieldMapping.date_start] };
    }

    normalizeRecord(rawRecord) {
        return {
            ...super.normalizeRecord(rawRecord),
            colorIndex: COLORS[rawRecord.state] || 0,
        };
    }

    /** What the server refuses goes back to its place. */
    async updateRecord(record, options) {
        try {
            await super.updateRecord(record, options);
        } catch (error) {
            await this.load();
            throw error;
        }
    }
}

class CampaignCalendarCommonRenderer extends CalendarCommonRenderer {
    get options() {
        return { ...super.options, eventDurationEditable: false };
    }

    convertRecordToEvent(record) {
        const editable = !record.rawRecord.fixed_reason;
        return { ...super.convertRecordToEvent(record), editable };
    }

    onEventDidMount(info) {
        super.onEventDidMount(info);
        const record = this.props.model.records[info.event.id];
        info.el.title = record?.rawRecord.fixed_reason || "";
    }
}

class CampaignCalendarRenderer extends CalendarRenderer {
    static components = {
        ...CalendarRenderer.components,
        day: CampaignCalendarCommonRenderer,
        week: CampaignCalendarCommonRenderer,
        month: CampaignCalendarCommonRenderer,
    };
}

registry.category("views").add("sms_gateway_campaign_calendar", {
    ...calendarView,
    Model: CampaignCalendarModel,
    Renderer: CampaignCalendarRenderer,
});
