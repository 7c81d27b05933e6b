# PostgreSQL: a running server that the developer names, or one private cluster per
# checkout: reached by socket only, shared by runs that go on at once, stopped by the
# last of them. Its data stay.
# shellcheck shell=bash

_PG="$LOCAL/pg"
_STARTING=

# Leaves PGHOST, PGPORT and PGUSER in the environment.
provide_postgres() {
    if _postgres_is_named; then
        return
    fi
    _search_server_binaries ||
        die "no PostgreSQL server programs; set PGHOST, PGPORT, PGUSER to a running server"
    _enter_cluster
    PGHOST="$_SOCKETS"
    PGPORT=5432
    PGUSER=odoo
    export PGHOST PGPORT PGUSER
}

# Leaves PG_BIN, the folder of the server's programs, in the environment; empty where
# the developer names a server and there are no programs.
provide_server_binaries() {
    _search_server_binaries || true
    export PG_BIN="${_PG_BIN:-}"
}

have_postgres() { _postgres_is_named || _search_server_binaries; }

_postgres_is_named() { [[ -n ${PGHOST:-}${PGPORT:-}${PGUSER:-} ]]; }

# ----------------------------------------------------------------- the programs

# Those of the version that made the cluster, else the newest.
_search_server_binaries() {
    local folder made_by
    made_by="$(_as_owner cat "$(_cluster_folder)/PG_VERSION" 2>/dev/null || true)"
    while IFS= read -r folder; do
        [[ -x $folder/initdb && -x $folder/postgres && -x $folder/pg_ctl ]] || continue
        _PG_BIN="$folder"
        [[ -n $made_by && $("$folder/postgres" -V) != *" $made_by".* ]] || return 0
    done < <(_folders_with_servers)
    [[ -n ${_PG_BIN:-} ]] || return 1
    [[ -z $made_by ]] ||
        die "the databases in $(_cluster_folder) are of PostgreSQL $made_by, which is not installed: install it, or remove that folder"
}

_folders_with_servers() {
    if have postgres; then dirname "$(command -v postgres)"; fi
    compgen -G '/usr/lib/postgresql/*/bin' | sort -Vr || true
    if have pg_config; then pg_config --bindir; fi
}

# ------------------------------------------------------------ whose, and where

# The server refuses to run as root: then it belongs to the user "postgres".
_as_owner() {
    if ((EUID == 0)); then
        (cd / && exec runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

_owner_reaches() { _as_owner test -x "$1" -a -r "$1" 2>/dev/null; }

_cluster_folder() {
    if [[ -z ${_CLUSTER_BASE:-} ]]; then
        _CLUSTER_BASE="$_PG"
        if ((EUID == 0)) && ! _owner_reaches "$ROOT"; then
            _CLUSTER_BASE="/var/lib/postgresql/$ADDON-$(hash_of "$ROOT")"
            [[ -d /var/lib/postgresql ]] ||
                _CLUSTER_BASE="/var/tmp/$ADDON-$(hash_of "$ROOT")"
        fi
    fi
    printf '%s/data' "$_CLUSTER_BASE"
}

# A socket's path has at most 107 bytes, and no character that the server's own
# settings would read as a separator.
_choose_socket_folder() {
    _SOCKETS="$_CLUSTER_BASE/socket"
    if ((${#_SOCKETS} > 85)) || [[ ! $_SOCKETS =~ ^[A-Za-z0-9_./+-]*$ ]]; then
        _SOCKETS="/tmp/$ADDON-$EUID-$(hash_of "$ROOT")"
        _SOCKETS_ARE_TEMPORARY=1
    fi
}

_make_folder_of_owner() {
    if ((EUID == 0)); then
        install -d -o postgres -m 755 "$1"
    else
        install -d -m 755 "$1"
    fi
    [[ ! -L $1 && -O $1 || $EUID == 0 ]] || die "$1 belongs to somebody else"
}

# --------------------------------------------------------------- start and stop

# Whoever uses the cluster holds a shared lock on one file for as long as it lives;
# start and stop happen under another.
_enter_cluster() {
    mkdir -p "$_PG"
    if ((EUID == 0)) && ! id postgres >/dev/null 2>&1; then
        die "as root, PostgreSQL runs as the user \"postgres\", who does not exist here"
    fi
    _cluster_folder >/dev/null
    _choose_socket_folder
    take_lock _STARTING "$_PG/start.lock" "it starts PostgreSQL"
    exec {_IN_USE}>>"$_PG/in-use.lock"
    flock -s "$_IN_USE"
    at_exit leave_cluster
    _start_cluster
    drop_lock _STARTING
}

_start_cluster() {
    local data
    data="$(_cluster_folder)"
    [[ $_CLUSTER_BASE == "$_PG" ]] ||
        say "the user \"postgres\" cannot reach $ROOT: the databases are in $_CLUSTER_BASE"
    _make_folder_of_owner "$_CLUSTER_BASE"
    _make_folder_of_owner "$_SOCKETS"
    _as_owner test -e "$data/.complete" || _make_cluster "$data"
    if _cluster_runs; then
        [[ -S $_SOCKETS/.s.PGSQL.5432 ]] && return
        _stop_cluster
    fi
    step "Starting PostgreSQL" _detached _pg_ctl start -w -t 120 -l server.log \
        -o "-c listen_addresses='' -c unix_socket_directories='$_SOCKETS' -c port=5432" ||
        die "PostgreSQL does not start, see $_CLUSTER_BASE/server.log"
}

# The server may outlive this script: without its mark and its locks.
_detached() (
    unset CRM_SMS_GATEWAY_RUN
    for fd in /proc/self/fd/*; do
        fd="${fd##*/}"
        if ((fd > 2 && fd < 255)); then eval "exec $fd>&-"; fi
    done
    "$@"
)

_make_cluster() {
    _as_owner rm -rf "$1"
    step "Making a PostgreSQL cluster" _init_cluster "$1" || die "initdb failed"
    _as_owner touch "$1/.complete"
}

_init_cluster() {
    local data="$1"
    _as_owner "$_PG_BIN/initdb" -D "$data" -U postgres -A trust --encoding=UTF8 \
        --locale=C.UTF-8 || return
    _as_owner tee -a "$data/postgresql.conf" >/dev/null <<'CONF'

# A developer's cluster: small, and safe against crashes.
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
log_min_messages = warning
CONF
    # Odoo refuses to work as "postgres".
    printf 'CREATE ROLE odoo LOGIN CREATEDB;\n' |
        _as_owner "$_PG_BIN/postgres" --single -D "$data" postgres
}

# By relative names, for pg_ctl hands them to a shell.
_pg_ctl() (
    cd "$_CLUSTER_BASE" || exit
    if ((EUID == 0)); then
        exec runuser -u postgres -- "$_PG_BIN/pg_ctl" -D data "$@"
    fi
    exec "$_PG_BIN/pg_ctl" -D data "$@"
)

_cluster_runs() { _pg_ctl status >/dev/null 2>&1; }

_stop_cluster() {
    _pg_ctl stop -w -t 120 -m fast >/dev/null 2>&1 || warn "PostgreSQL did not stop"
    if [[ -n ${_SOCKETS_ARE_TEMPORARY:-} ]]; then rm -rf "$_SOCKETS"; fi
}

# The last one out stops the server.
leave_cluster() {
    # Ended while starting: the lock is still held.
    [[ -z $_STARTING ]] || drop_lock _STARTING
    take_lock _STARTING "$_PG/start.lock" "it starts or stops PostgreSQL"
    flock -u "$_IN_USE"
    if flock -n -x "$_IN_USE" && _cluster_runs; then
        _stop_cluster
    fi
    drop_lock _IN_USE
    drop_lock _STARTING
}
