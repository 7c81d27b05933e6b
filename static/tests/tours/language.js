import { browser } from "@web/core/browser/browser";

const TERMS = "crm_sms_gateway.terms";

/** What the test has stored, for a user who reads another language than English. */
function readTerms() {
    return JSON.parse(browser.localStorage.getItem(TERMS) || "null");
}

/**
 * A text of the screens in the language of the tour's user.
 *
 * @param {string} text as it stands in the translations, in English
 * @param {Object} values for its %(name)s
 * @throws {Error} a text without a translation, which nobody would see
 */
export function say(text, values = {}) {
    const terms = readTerms();
    const term = terms ? terms[text] : text;
    if (!term) {
        throw new Error(`There is no translation of “${text}”`);
    }
    return term.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);
}
