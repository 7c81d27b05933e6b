# Databases for tests and demonstration: see database.py for what is kept and why.
# shellcheck shell=bash

# Makes the database ours alone for as long as this script runs.
#   claim_database name [now]     "now": fail instead of waiting for another run
claim_database() {
    local lock="$LOCAL/state/$1.lock"
    local other="it uses the database $1; set ODOO_DB to work beside it"
    [[ $1 =~ ^[A-Za-z0-9_]+$ ]] ||
        die "ODOO_DB=$1: letters, digits and underscores only"
    if [[ ${2:-} == now ]] && ! flock -n "$lock" true; then
        die "there is another run: $other"
    fi
    take_lock _DATABASE "$lock" "$other"
}

# Brings the database up to the state of the checkout.
#   prepare_database test|demo [fresh]
prepare_database() {
    local lock
    take_lock lock "$LOCAL/state/prepare.lock" "it prepares a database"
    run_program "$VENV_PYTHON" "$ROOT/scripts/lib/database.py" "$@" ||
        die "the database $ODOO_DB could not be prepared"
    drop_lock lock
}
