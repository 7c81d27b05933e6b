# The browser that Odoo's tours and page tests drive.
# shellcheck shell=bash

provide_browser() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if have "$name"; then return; fi
    done
    install_packages "The browser tests need Chromium" chromium
}
