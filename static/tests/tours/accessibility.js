import { loadJS } from "@web/core/assets";
import { rpcBus } from "@web/core/network/rpc";

/** Where views are shown; the rest of the page is Odoo's. */
const SHOWN = ".o_content, .modal-content, .o_sms_gateway_banner";
const SEVERE = ["serious", "critical"];
/** Frames without a request after which a page is complete. */
const QUIET_FRAMES = 3;

let pending = 0;
rpcBus.addEventListener("RPC:REQUEST", () => pending++);
rpcBus.addEventListener("RPC:RESPONSE", () => pending--);

async function settle() {
    for (let quiet = 0; quiet < QUIET_FRAMES; quiet = pending ? 0 : quiet + 1) {
        await new Promise((resolve) => window.requestAnimationFrame(resolve));
    }
}

/** What fades has the contrast of its end at once. */
function stopAnimations() {
    const style = document.createElement("style");
    style.textContent = "* { animation: none !important; transition: none !important; }";
    document.head.append(style);
}

/**
 * What axe-core finds in an element, one line each.
 *
 * @param {string} title of the screen
 * @param {string} shown selector
 * @param {[string, string][]} accepted rule and selector of what is Odoo's
 */
async function look(title, shown, accepted) {
    await settle();
    const include = [...document.querySelectorAll(shown)];
    if (!include.length) {
        return [`${title}: nothing is shown`];
    }
    const { violations } = await axe.run({ include }, { resultTypes: ["violations"] });
    const isAccepted = (rule, element) =>
        accepted.some(([name, selector]) => name === rule && element.closest(selector));
    return violations
        .filter(({ impact }) => SEVERE.includes(impact))
        .flatMap(({ id, nodes }) =>
            nodes
                .filter(({ target }) => !isAccepted(id, document.querySelector(target.at(-1))))
                .map(({ target, html, any }) =>
                    [title, id, target.at(-1), html, any[0]?.message].join(" | ")
                )
        );
}

/** The screen and each page of its notebook. */
async function lookAtAll(title, shown, accepted) {
    const found = await look(title, shown, accepted);
    for (const tab of document.querySelectorAll(".o_notebook .nav-link:not(.active)")) {
        tab.click();
        const name = `${title}, ${tab.textContent}`;
        found.push(...(await look(name, ".o_notebook .tab-pane.active", accepted)));
    }
    return found;
}

/**
 * Opens screens one after another and fails with the severe findings of axe-core.
 *
 * @param {Object} walk
 * @param {string} walk.url of axe-core
 * @param {Object[]} walk.screens dicts of `title`, `action` and `options`, as the action
 *  service takes them, and of `shown`, a selector of what is looked at
 * @param {[string, string][]} walk.accepted rule and selector of what is Odoo's
 */
export async function walk({ url, screens, accepted }) {
    await loadJS(url);
    stopAnimations();
    const { action: actions } = odoo.__WOWL_DEBUG__.root.env.services;
    const found = [];
    for (const { title, action, options, shown = SHOWN } of screens) {
        await actions.doAction(action, { clearBreadcrumbs: true, ...options });
        found.push(...(await lookAtAll(title, shown, accepted)));
    }
    if (found.length) {
        console.error([`${found.length} findings`, ...found].join("\n"));
    } else {
        console.log("test successful");
    }
}
