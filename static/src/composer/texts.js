import { _t } from "@web/core/l10n/translation";

import { reactive, toRaw } from "@odoo/owl";

const VARIANTS = {
    male: _t("For men"),
    female: _t("For women"),
    neutral: _t("Gender not set"),
    alternative: _t("Fallback SMS"),
};
const ENCODINGS = { gsm7: "GSM-7", ucs2: "Unicode" };

/** The fields of the texts that recipients of one channel get, one of them each. */
export const SPOKEN = ["text_male", "text_female", "text_neutral"];

/** What a text is called: the one for men is everybody's where there is no other. */
export function labelVariant(variant, record) {
    const isForAll = !record.data.text_female && !record.data.text_neutral;
    return variant === "male" && isForAll ? _t("Text") : VARIANTS[variant];
}

export function describeSize({ count, units, encoding }) {
    return _t("%(count)s SMS · %(units)s characters · %(encoding)s", {
        count,
        units,
        encoding: ENCODINGS[encoding],
    });
}

/** Model of a form → the sizes of its texts, by variant. */
const measured = new WeakMap();

/**
 * The sizes of the texts of a form, which whoever previews the texts writes and the
 * fields of the texts show.
 */
export function getMeasured(record) {
    const model = toRaw(record.model);
    if (!measured.has(model)) {
        measured.set(model, reactive({ sizes: {} }));
    }
    return measured.get(model);
}

/** The changed values of a form that are not saved yet, of some fields only. */
export async function getChanges(record, names) {
    const changes = await record.getChanges();
    return Object.fromEntries(Object.entries(changes).filter(([name]) => names.includes(name)));
}
