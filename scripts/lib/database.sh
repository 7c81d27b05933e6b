# Databases for tests and demonstration: see database.py for what is kept and why.
# shellcheck shell=bash

# Waits for the database to be ours alone for as long as this script runs.
#   claim_database name
claim_database() {
    [[ $1 =~ ^[A-Za-z0-9_]+$ ]] ||
        die "ODOO_DB=$1: letters, digits and underscores only"
    take_lock _DATABASE "$LOCAL/state/$1.lock" \
        "it uses the database $1 (set ODOO_DB to work beside it)"
}

# Brings the database up to the state of the checkout.
#   prepare_database test|demo [fresh]
prepare_database() {
    local lock
    take_lock lock "$LOCAL/state/prepare.lock" "it prepares a database"
    "$VENV_PYTHON" "$ROOT/scripts/lib/database.py" "$@" ||
        die "the database $ODOO_DB could not be prepared"
    drop_lock lock
}
