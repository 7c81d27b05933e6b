import { registry } from "@web/core/registry";
import { ActionHelper } from "@web/views/action_helper";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

/** Tells a search that found nothing from a page that has nothing to show yet. */
export class FoundHelper extends ActionHelper {
    static template = "crm_sms_gateway.FoundHelper";

    get isSearched() {
        return Boolean(this.env.searchModel?.facets.length);
    }

    clear() {
        this.env.searchModel.clearQuery();
    }
}

export class FoundListRenderer extends ListRenderer {
    static components = { ...ListRenderer.components, ActionHelper: FoundHelper };
}

export class FoundKanbanRenderer extends KanbanRenderer {
    static components = { ...KanbanRenderer.components, ActionHelper: FoundHelper };
}

registry.category("views").add("sms_gateway_found_list", {
    ...listView,
    Renderer: FoundListRenderer,
});
registry.category("views").add("sms_gateway_found_kanban", {
    ...kanbanView,
    Renderer: FoundKanbanRenderer,
});
