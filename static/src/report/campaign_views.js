import {
    FoundHelper,
    FoundKanbanRenderer,
    FoundListRenderer,
} from "@crm_sms_gateway/views/found_views";
import { LiveListController } from "@crm_sms_gateway/views/live_views";
import { registry } from "@web/core/registry";
import { utils } from "@web/core/ui/ui_service";
import { KanbanArchParser } from "@web/views/kanban/kanban_arch_parser";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { listView } from "@web/views/list/list_view";

/** The filters that campaigns open with are nobody's search. */
export class CampaignHelper extends FoundHelper {
    get isSearched() {
        const { query = [], searchItems } = this.env.searchModel || {};
        return query.some(({ searchItemId }) => !searchItems[searchItemId].isDefault);
    }
}

class CampaignListRenderer extends FoundListRenderer {
    static components = { ...FoundListRenderer.components, ActionHelper: CampaignHelper };
}

class CampaignKanbanRenderer extends FoundKanbanRenderer {
    static components = { ...FoundKanbanRenderer.components, ActionHelper: CampaignHelper };
}

/** A telephone shows one column at a time: there, cards stand in one. */
class CampaignKanbanArchParser extends KanbanArchParser {
    parse() {
        const archInfo = super.parse(...arguments);
        return utils.isSmall() ? { ...archInfo, defaultGroupBy: null } : archInfo;
    }
}

registry.category("views").add("sms_gateway_campaign_list", {
    ...listView,
    Controller: LiveListController,
    Renderer: CampaignListRenderer,
});
registry.category("views").add("sms_gateway_campaign_kanban", {
    ...kanbanView,
    ArchParser: CampaignKanbanArchParser,
    Renderer: CampaignKanbanRenderer,
});
