# Another commit of this repository, measured in turns with this checkout: a work tree
# and databases of its own; Odoo, its Python packages and PostgreSQL are the same.
# shellcheck shell=bash

# Makes what the commit's benchmarks run on; leaves it for run_theirs.
#   provide_theirs revision
provide_theirs() {
    local commit
    git -C "$ROOT" rev-parse --git-dir >/dev/null 2>&1 ||
        die "another commit needs git and a checkout made by it"
    commit="$(git -C "$ROOT" rev-parse --verify --quiet --short=10 "$1^{commit}")" ||
        die "there is no commit $1"
    _THEIRS="$HANDLE/.local/against/$commit"
    _THEIR_DB="${ODOO_DB}_against_$commit"
    _THEIR_RC="$LOCAL/state/$_THEIR_DB.conf"
    _provide_their_checkout "$commit"
    _compare_pins "$commit"
    claim_database "$_THEIR_DB"
    write_odoo_config "$_THEIRS" "$_THEIR_DB" "" >"$_THEIR_RC"
    _prepare_their_database
}

# Runs Python in their checkout, on their database.
#   run_theirs argument ...
run_theirs() {
    run_program env -C "$_THEIRS" ODOO_DB="$_THEIR_DB" ODOO_RC="$_THEIR_RC" \
        "$VENV_PYTHON" "$@"
}

# Measures this checkout and theirs beside each other.
#   measure_pairs count [name ...]
measure_pairs() {
    run_program "$VENV_PYTHON" -m benchmarks.pairs --count "$1" --folder "$_THEIRS" \
        --database "$_THEIR_DB" --config "$_THEIR_RC" "${@:2}"
}

# Tells what their benchmarks do not know of the names.
#   check_their_names name [name ...]
check_their_names() {
    local name found=
    _THEIR_NAMES="$(run_theirs -m benchmarks --list)" ||
        die "$_THEIRS: its benchmarks do not run"
    for name in "$@"; do
        if their_benchmarks_know "$name"; then
            found=1
        else
            warn "the other commit has no $name"
        fi
    done
    [[ -n $found ]] || die "the other commit has nothing of that"
}

#   their_benchmarks_know name
their_benchmarks_know() { grep -qxF -e "$1" <<<"$_THEIR_NAMES"; }

_provide_their_checkout() {
    local lock
    take_lock lock "$LOCAL/against/lock" "it checks out a commit"
    _is_checked_out "$1" || _check_out "$1"
    drop_lock lock
    [[ -e $_THEIRS/benchmarks/__main__.py ]] || die "$1 has no benchmarks"
    mkdir -p "$_THEIRS"/.local/{addons,log,state} "$LOCAL/odoo-data"
    ln -sfn ../.. "$_THEIRS/.local/addons/$ADDON"
    # Databases that both are copied from have their files there.
    ln -sfn ../../../odoo-data "$_THEIRS/.local/odoo-data"
}

# Whole, and as it was committed.
_is_checked_out() {
    [[ -e $_THEIRS/.git ]] || return 1
    [[ $(git -C "$_THEIRS" rev-parse HEAD) == "$1"* ]] || return 1
    [[ -z $(git -C "$_THEIRS" status --porcelain --untracked-files=no) ]]
}

_check_out() {
    rm -rf "$_THEIRS"
    # What git still knows of a folder that was removed is no obstacle.
    step "Checking out $1" git -C "$ROOT" worktree add --force --detach "$_THEIRS" "$1" ||
        die "$1 could not be checked out"
}

_compare_pins() {
    local file
    for file in odoo.txt test.txt; do
        cmp -s "$ROOT/scripts/requirements/$file" "$_THEIRS/scripts/requirements/$file" ||
            warn "$1 has another $file: it is measured with the packages of this checkout"
    done
}

_prepare_their_database() {
    local lock
    take_lock lock "$LOCAL/state/prepare.lock" "it prepares a database"
    run_theirs "$_THEIRS/scripts/lib/database.py" test ||
        die "the database $_THEIR_DB could not be prepared"
    drop_lock lock
}

# Removes every commit's checkout and databases.
forget_theirs() {
    local checkout
    for checkout in "$LOCAL"/against/*/; do
        [[ -e $checkout/.git ]] || continue
        git -C "$ROOT" worktree remove --force "$checkout"
    done
    rm -rf "$LOCAL/against"
    run_program "$VENV_PYTHON" -m benchmarks.against forget
}
