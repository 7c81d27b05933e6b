# The linters of JavaScript and SCSS: packages of npm, in a folder of their own.
# shellcheck shell=bash

_NODE_PINS="$ROOT/scripts/requirements/node"

# Leaves the folder of the packages in NODE_MODULES.
provide_lint_node() {
    local folder="$HANDLE/.local/lint-node" lock
    NODE_MODULES="$folder/node_modules"
    _node_is_current "$folder" && return
    take_lock lock "$LOCAL/node.lock" "it installs packages of npm"
    _node_is_current "$folder" || _install_node_packages "$folder"
    drop_lock lock
}

_node_is_current() {
    [[ $(_pins "$_NODE_PINS"/*.json) == "$(cat "$1/.pins" 2>/dev/null)" ]]
}

_install_node_packages() {
    mkdir -p "$1"
    rm -f "$1/.pins"
    cp "$_NODE_PINS"/*.json "$1"
    step "Installing the linters of JavaScript" \
        npm --prefix "$1" ci --no-audit --no-fund --ignore-scripts ||
        die "the packages of npm did not install"
    _pins "$_NODE_PINS"/*.json >"$1/.pins"
}

# The oldest that eslint runs on.
have_node() {
    have npm && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 18 || (major === 18 && minor >= 18) ? 0 : 1)' 2>/dev/null
}
