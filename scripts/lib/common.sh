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
    "$@" >"$log" 2>&1 </dev/null &
    wait $! || code=$?
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
        exec {never}<> <(:)
        while [[ -d /proc/$$ ]]; do
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

# --------------------------------------------------------- processes and clean-up

# Every process that a script starts inherits this mark, by which those that are left
# at its end are found.
export CRM_SMS_GATEWAY_RUN="$$-$RANDOM$RANDOM"
_AT_EXIT=()
_SEES_CTRL_C=

# Runs a program on the terminal, so that a signal to this script is acted on at once.
run_program() {
    local code=0
    _SEES_CTRL_C=1
    env --default-signal=INT setpriv --pdeathsig TERM "$@" <&0 &
    wait $! || code=$?
    _SEES_CTRL_C=
    return "$code"
}

# Registers a function for the end of the script, run last first.
at_exit() { _AT_EXIT=("$1" "${_AT_EXIT[@]}"); }

# To be called once by every script that starts processes or takes locks.
clean_up_at_exit() {
    trap _run_at_exit EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
}

_run_at_exit() {
    local code=$? action
    trap '' INT TERM HUP
    trap - EXIT
    _heartbeat_stop
    end_processes
    for action in "${_AT_EXIT[@]}"; do
        "$action" || true
    done
    exit "$code"
}

# Ends what this script has started and what that has started in turn.
end_processes() {
    # A program on the terminal has seen Ctrl-C itself and is cleaning up.
    [[ -z $_SEES_CTRL_C ]] || _wait_for_processes 5 || true
    # Odoo takes the second signal as "at once".
    _signal_processes TERM
    _wait_for_processes 5 || _signal_processes TERM
    _wait_for_processes 5 || _signal_processes KILL
}

_list_processes() {
    local file
    while IFS= read -r file; do
        file="${file#/proc/}"
        file="${file%/environ}"
        ((file == $$ || file == BASHPID)) || printf '%s\n' "$file"
    done < <(grep -alsz "^CRM_SMS_GATEWAY_RUN=$CRM_SMS_GATEWAY_RUN\$" /proc/[0-9]*/environ)
}

_signal_processes() {
    local process
    for process in $(_list_processes); do
        kill -s "$1" "$process" 2>/dev/null || true
    done
}

_wait_for_processes() {
    local tenths=$((10 * $1))
    while [[ -n $(_list_processes) ]]; do
        ((tenths-- > 0)) || return 1
        sleep 0.1
    done
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
    flock "$_fd" &
    wait $!
}

drop_lock() {
    local -n _fd="$1"
    exec {_fd}>&-
    _fd=
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
    # Browsers and others leave things behind in the folder for temporary files; it has
    # a short name, for they put sockets there.
    TMPDIR="$(mktemp -d "/tmp/$ADDON.XXXXXX")"
    export TMPDIR
    at_exit _remove_temporary_files
    ln -sfn ../.. "$LOCAL/addons/$ADDON"
    HANDLE="$(_plain_path_to_checkout)"
    ADDONS_PATH="$HANDLE/.local/addons"
    ADDON_LINK="$ADDONS_PATH/$ADDON"
}

_remove_temporary_files() { rm -rf "$TMPDIR"; }

# Commas, colons and the like in the name of the checkout mean something in Odoo's
# addons path and in PYTHONPATH: such a checkout is reached through a link.
_plain_path_to_checkout() {
    local link
    if [[ $ROOT =~ ^[[:alnum:]\ _./+@=()-]*$ ]]; then
        printf '%s' "$ROOT"
        return
    fi
    link="$CACHE/checkouts/$(hash_of "$ROOT")"
    mkdir -p "$CACHE/checkouts"
    ln -sfn "$ROOT" "$link"
    printf '%s' "$link"
}
