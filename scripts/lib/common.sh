# Shared by every script: where things lie, how they speak, locks and clean-up.
# shellcheck shell=bash
# Sourced, never run. Public names have no prefix, file-local ones start with "_".

set -euo pipefail

ADDON=crm_sms_gateway
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
LOCAL="$ROOT/.local"
CACHE="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/$ADDON"
SCRIPT_NAME="$(basename "$0")"

# ---------------------------------------------------------------- messages

say() { printf '%s: %s\n' "$SCRIPT_NAME" "$*" >&2; }
warn() { say "warning: $*"; }

die() {
    say "error: $*"
    exit 1
}

# Runs a command with its output in a log file and says every few seconds that it is
# still at it; a failure shows the end of the log.
#   step "what is being done" command [argument ...]
step() {
    local what="$1" log code=0 started=$SECONDS
    shift
    mkdir -p "$LOCAL/log"
    log="$(mktemp "$LOCAL/log/step.XXXXXX")"
    say "$what ..."
    _heartbeat_start "$what"
    "$@" >"$log" 2>&1 </dev/null || code=$?
    _heartbeat_stop
    if ((code)); then
        tail -n 40 "$log" >&2
        rm -f "$log"
        say "$what: failed (exit status $code)"
        return "$code"
    fi
    rm -f "$log"
    ((SECONDS - started < 3)) || say "$what: done in $((SECONDS - started)) s"
}

_HEARTBEAT_PID=

_heartbeat_start() {
    (
        trap - EXIT INT TERM
        exec {never}<> <(:)
        while true; do
            read -r -t 10 -u "$never" _ || true
            say "$1 ... $((SECONDS - started)) s"
        done
    ) &
    _HEARTBEAT_PID=$!
}

_heartbeat_stop() {
    [[ -n $_HEARTBEAT_PID ]] || return 0
    kill "$_HEARTBEAT_PID" 2>/dev/null || true
    wait "$_HEARTBEAT_PID" 2>/dev/null || true
    _HEARTBEAT_PID=
}

# ---------------------------------------------------------------- clean-up

_AT_EXIT=()

# Registers a function for the end of the script, run last first.
at_exit() { _AT_EXIT=("$1" "${_AT_EXIT[@]}"); }

_run_at_exit() {
    local code=$? action
    trap '' INT TERM HUP
    trap - EXIT
    _heartbeat_stop
    for action in "${_AT_EXIT[@]}"; do
        "$action" || true
    done
    exit "$code"
}

# To be called once by every script that starts processes or takes locks.
clean_up_at_exit() {
    trap _run_at_exit EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
}

# ------------------------------------------------------------------- locks

# Waits for an exclusive lock and leaves its file descriptor in the variable named.
#   take_lock variable file "what is waited for"
take_lock() {
    local -n _fd="$1"
    mkdir -p "$(dirname "$2")"
    exec {_fd}>>"$2"
    flock -n "$_fd" && return 0
    say "waiting for another run: $3"
    flock "$_fd"
}

drop_lock() {
    local -n _fd="$1"
    exec {_fd}>&-
}

# --------------------------------------------------------------- the basics

have() { command -v "$1" >/dev/null 2>&1; }

hash_of() { printf '%s' "$*" | sha256sum | cut -c1-12; }

# A file of the checkout's own folder must be ours to write.
prepare_local_folder() {
    mkdir -p "$LOCAL" 2>/dev/null || true
    [[ -w $LOCAL ]] ||
        die "$LOCAL cannot be written by $(id -un); remove it or run as its owner"
    mkdir -p "$LOCAL/log" "$LOCAL/state" "$LOCAL/addons" "$CACHE"
    ln -sfn ../.. "$LOCAL/addons/$ADDON"
    HANDLE="$(_plain_path_to_checkout)"
    ADDONS_PATH="$HANDLE/.local/addons"
    ADDON_LINK="$ADDONS_PATH/$ADDON"
}

# Commas, colons and the like in the name of the checkout mean something in Odoo's
# addons path and in PYTHONPATH: such a checkout is reached through a link.
_plain_path_to_checkout() {
    local link
    if [[ $ROOT =~ ^[[:alnum:]\ _./+@=-]*$ ]]; then
        printf '%s' "$ROOT"
        return
    fi
    link="$CACHE/checkouts/$(hash_of "$ROOT")"
    mkdir -p "$CACHE/checkouts"
    ln -sfn "$ROOT" "$link"
    printf '%s' "$link"
}
