# The browser that Odoo's tours and page tests drive.
# shellcheck shell=bash

have_browser() {
    local name
    for name in google-chrome chromium chromium-browser google-chrome-stable; do
        if have "$name"; then return; fi
    done
    return 1
}
