# Debian packages that the machine itself must have.
# shellcheck shell=bash

# Installs packages with the machine's own package manager; an ordinary user without
# sudo is told the command instead.
#   install_packages "what for" package [package ...]
install_packages() {
    local reason="$1" lock
    shift
    local command=(apt-get -o DPkg::Lock::Timeout=600 install -y
        --no-install-recommends "$@")
    have apt-get || die "$reason: install $* with this system's package manager"
    take_lock lock "$CACHE/packages.lock" "it installs packages"
    if ((EUID == 0)); then
        step "apt-get update" apt-get -o DPkg::Lock::Timeout=600 update ||
            warn "the package lists could not be refreshed"
        DEBIAN_FRONTEND=noninteractive step "Installing $*" "${command[@]}" ||
            die "$reason: this failed: ${command[*]}"
    elif _can_sudo; then
        step "sudo apt-get update" sudo -n apt-get update ||
            warn "the package lists could not be refreshed"
        step "Installing $*" sudo -n DEBIAN_FRONTEND=noninteractive "${command[@]}" ||
            _ask_for_packages "$reason" "$@"
    else
        _ask_for_packages "$reason" "$@"
    fi
    drop_lock lock
}

# sudo asks for a password on the terminal, if there is one.
_can_sudo() {
    have sudo || return 1
    sudo -n true 2>/dev/null && return 0
    [[ -t 0 && -t 2 ]] && sudo -v
}

_ask_for_packages() {
    local reason="$1"
    shift
    say "error: $reason; an administrator has to run this once:"
    printf '\n    apt-get update && apt-get install -y --no-install-recommends %s\n\n' \
        "$*" >&2
    exit 1
}
