# Programs that a script leaves running beside it: Odoo and others.
# shellcheck shell=bash

# A process of its own: out of reach of the terminal's Ctrl-C, ended by the clean-up, or
# with this script if that is killed.
start_process() {
    local log="$1"
    shift
    : >"$log"
    setpriv --pdeathsig TERM setsid "$@" </dev/null >"$log" 2>&1 &
    PROCESS=$!
}

# Leaves its address in ODOO_URL; the port is ODOO_HTTP_PORT.
start_odoo() {
    ODOO_LOG="$LOCAL/log/$ODOO_DB.log"
    export ODOO_URL="http://127.0.0.1:$ODOO_HTTP_PORT"
    odoo_command server
    start_process "$ODOO_LOG" "${ODOO_COMMAND[@]}"
    ODOO=$PROCESS
    say "Odoo starts, its log is $ODOO_LOG"
    run_program "$VENV_PYTHON" "$ROOT/scripts/lib/wait_for_odoo.py" "$ODOO_URL" "$ODOO" ||
        die "Odoo does not answer, see $ODOO_LOG"
    say "Odoo answers on $ODOO_URL (user admin, password admin)"
}
