import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

import { Component, useRef, useState } from "@odoo/owl";
import { getChanges } from "./texts";

/** More of them are looked for by a word. */
const MAX_SHOWN = 50;
/** What decides which placeholders there are. */
const RECIPIENTS = ["recipient_source", "list_ids", "res_model", "res_domain"];
const GROUPS = {
    person: _t("Recipient"),
    import: _t("Imported columns"),
    record: _t("Fields of the record"),
};

/** A menu of the placeholders that a text may use, by their labels. */
export class InsertMenu extends Component {
    static template = "crm_sms_gateway.InsertMenu";
    static components = { Dropdown, DropdownItem };
    static props = { record: Object, onSelected: Function };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ placeholders: [], query: "" });
        this.queryRef = useRef("query");
    }

    /** Placeholders that have the words, with the group that begins with each. */
    get shown() {
        const words = this.state.query.trim().toLowerCase();
        const found = this.state.placeholders
            .filter(({ name, label }) => `${label} ${name}`.toLowerCase().includes(words))
            .slice(0, MAX_SHOWN);
        return found.map((one, index) => ({
            ...one,
            heading: one.group === found[index - 1]?.group ? "" : GROUPS[one.group],
        }));
    }

    focus() {
        this.queryRef.el?.focus();
    }

    async load() {
        const { record } = this.props;
        this.state.query = "";
        this.state.placeholders = await this.orm.call(record.resModel, "action_list_placeholders", [
            record.resId ? [record.resId] : [],
            await getChanges(record, RECIPIENTS),
        ]);
    }
}
