# Kannel for the tests that send through a real one: unpacked into the checkout's own
# folder where the machine has none.
# shellcheck shell=bash

_KANNEL_PACKAGES=(kannel kannel-extras)

# Leaves the folder that has usr/sbin/bearerbox in KANNEL_HOME. What cannot be had is not
# needed: its tests are left out.
provide_kannel() {
    local lock
    export KANNEL_HOME="$LOCAL/kannel"
    if [[ -x /usr/sbin/bearerbox && -x /usr/lib/kannel/test/fakesmsc ]]; then
        KANNEL_HOME=/
        return
    fi
    [[ ! -e $KANNEL_HOME/.complete ]] || return 0
    take_lock lock "$LOCAL/kannel.lock" "it downloads Kannel"
    [[ -e $KANNEL_HOME/.complete ]] || step "Downloading ${_KANNEL_PACKAGES[*]}" \
        unpack_packages "$KANNEL_HOME" "${_KANNEL_PACKAGES[@]}" ||
        warn "tests that need ${_KANNEL_PACKAGES[*]} are left out"
    drop_lock lock
}
