# Packages of npm, each set in a folder of its own: the linters of JavaScript and SCSS, and
# what the browser tests load into pages.
# shellcheck shell=bash

# Leaves the folder of the packages in NODE_MODULES.
provide_lint_node() {
    _provide_node_packages node lint-node "the linters of JavaScript" ||
        die "the packages of npm did not install"
    NODE_MODULES="$HANDLE/.local/lint-node/node_modules"
}

# Leaves the file of axe-core in AXE_CORE. What cannot be had is not needed: its tests are
# left out.
provide_axe() {
    export AXE_CORE="$HANDLE/.local/browser-node/node_modules/axe-core/axe.min.js"
    _provide_node_packages browser browser-node "axe-core" ||
        warn "tests of accessibility are left out"
}

#   _provide_node_packages pins folder "what they are"
_provide_node_packages() {
    local pins="$ROOT/scripts/requirements/$1" folder="$HANDLE/.local/$2" lock code=0
    ! _node_is_current "$pins" "$folder" || return 0
    take_lock lock "$LOCAL/node.lock" "it installs packages of npm"
    _node_is_current "$pins" "$folder" ||
        _install_node_packages "$pins" "$folder" "$3" || code=$?
    drop_lock lock
    return "$code"
}

_node_is_current() {
    [[ $(_pins "$1"/*.json) == "$(cat "$2/.pins" 2>/dev/null)" ]]
}

_install_node_packages() {
    mkdir -p "$2"
    rm -f "$2/.pins"
    cp "$1"/*.json "$2"
    step "Installing $3" \
        npm --prefix "$2" ci --no-audit --no-fund --ignore-scripts || return
    _pins "$1"/*.json >"$2/.pins"
}

# The oldest that eslint runs on.
have_node() {
    have npm && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 18 || (major === 18 && minor >= 18) ? 0 : 1)' 2>/dev/null
}
