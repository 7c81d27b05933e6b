# nginx and libfaketime for the attack suite: unpacked into the checkout's own folder
# where the machine has none, so that no service of the machine starts.
# shellcheck shell=bash

_ATTACK_PACKAGES=(nginx libfaketime)

# Leaves nginx in PATH and the folder of what was unpacked in ATTACK_TOOLS. What cannot be
# had is not needed: its scenarios are left out.
provide_attack_tools() {
    local lock
    export ATTACK_TOOLS="$LOCAL/attack-tools"
    if ! _has_attack_tools; then
        take_lock lock "$LOCAL/attack-tools.lock" "it downloads nginx"
        _has_attack_tools || step "Downloading ${_ATTACK_PACKAGES[*]}" \
            unpack_packages "$ATTACK_TOOLS" "${_ATTACK_PACKAGES[@]}" ||
            warn "scenarios that need ${_ATTACK_PACKAGES[*]} are left out"
        drop_lock lock
    fi
    export PATH="$PATH:/usr/sbin:$ATTACK_TOOLS/usr/sbin"
}

_has_attack_tools() {
    [[ -e $ATTACK_TOOLS/.complete ]] ||
        { [[ -x /usr/sbin/nginx ]] && compgen -G "/usr/lib/*/faketime/*.so.1" >/dev/null; }
}
