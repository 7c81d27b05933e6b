# Debian packages that the machine itself must have.
# shellcheck shell=bash

# Installs what is missing, all of it at once.
#   provide_packages what [what ...]     of: python postgres browser magic node
provide_packages() {
    local packages=() what
    for what in "$@"; do
        case "$what" in
        python) have_python || packages+=(python3 python3-venv) ;;
        postgres) have_postgres || packages+=(postgresql) ;;
        browser) have_browser || packages+=(chromium) ;;
        magic) have_magic || packages+=(libmagic1) ;;
        node) have_node || packages+=(nodejs npm) ;;
        esac
    done
    ((${#packages[@]})) || return 0
    _install_packages "${packages[@]}"
    hash -r
}

# What Odoo tells the kinds of files with, its tests expect it.
have_magic() { ldconfig -p 2>/dev/null | grep -q 'libmagic\.so\.1'; }

# With the machine's own package manager; an ordinary user without sudo is told the
# command instead.
_install_packages() {
    local lock
    local command=(apt-get -o DPkg::Lock::Timeout=600 install -y
        --no-install-recommends "$@")
    have apt-get ||
        die "this is missing, install it with this system's package manager: $*"
    take_lock lock "$CACHE/packages.lock" "it installs packages"
    if ((EUID == 0)); then
        step "apt-get update" apt-get -o DPkg::Lock::Timeout=600 update ||
            warn "the package lists could not be refreshed"
        DEBIAN_FRONTEND=noninteractive step "Installing $*" "${command[@]}" ||
            die "this failed: ${command[*]}"
    elif _can_sudo; then
        step "sudo apt-get update" sudo -n apt-get update ||
            warn "the package lists could not be refreshed"
        step "Installing $*" sudo -n DEBIAN_FRONTEND=noninteractive "${command[@]}" ||
            _ask_for_packages "$@"
    else
        _ask_for_packages "$@"
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
    say "error: packages are missing; an administrator has to run this once:"
    printf '\n    apt-get update && apt-get install -y --no-install-recommends %s\n\n' \
        "$*" >&2
    exit 1
}

# Unpacks packages and what they need into a folder, without installing them: nobody has
# to be root, and no service of the machine starts. The folder is complete with its file
# ".complete".
#   unpack_packages folder package [package ...]
unpack_packages() (
    local missing
    have apt-get && have dpkg-deb || return
    rm -rf "$1"
    mkdir -p "$1/debs"
    cd "$1/debs" || return
    shift
    if ! missing="$(_list_missing_packages "$@")"; then
        ((EUID == 0)) && apt-get -o DPkg::Lock::Timeout=600 update || return
        missing="$(_list_missing_packages "$@")" || return
    fi
    # shellcheck disable=SC2086
    apt-get download $missing || return
    for deb in *.deb; do
        dpkg-deb -x "$deb" .. || return
    done
    : >../.complete
)

# Prints what would be installed: the packages and what else the machine lacks.
_list_missing_packages() {
    apt-get install --simulate --no-install-recommends "$@" |
        sed -n 's/^Inst \([^ ]*\).*/\1/p'
}
