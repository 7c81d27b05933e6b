# Odoo's settings for one database, and the environment that its processes need.
# shellcheck shell=bash

#   provide_everything database port ["browser"]
provide_everything() {
    prepare_local_folder
    provide_packages python postgres "${@:3}"
    provide_python
    provide_odoo
    provide_postgres
    use_odoo "$1" "$2"
}

# Leaves ODOO_RC, PYTHONPATH and PATH in the environment.
use_odoo() {
    export ODOO_DB="$1"
    export ODOO_RC="$HANDLE/.local/state/$1.conf"
    export PYTHONPATH="$ODOO_PATH" PYTHONPYCACHEPREFIX="$HANDLE/.local/pycache"
    export PATH="$HANDLE/scripts/lib/bin:$HANDLE/.local/venv/bin:$PATH"
    # What listens on this machine is not reached through a proxy.
    export NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}"
    export no_proxy="$NO_PROXY"
    write_odoo_config "$HANDLE" "$1" "$2" >"$ODOO_RC.$$"
    mv "$ODOO_RC.$$" "$ODOO_RC"
}

# Prints the settings for a checkout's addon.
#   write_odoo_config checkout database port
write_odoo_config() {
    local addons="$1/.local/addons,$ODOO_PATH/odoo/addons"
    if [[ -d $ODOO_PATH/addons ]]; then addons+=",$ODOO_PATH/addons"; fi
    cat <<CONF
[options]
addons_path = $addons
data_dir = $1/.local/odoo-data
db_name = $2
dbfilter = ^$2\$
http_interface = 127.0.0.1
http_port = ${3:-8069}
list_db = False
limit_time_real = 600
limit_time_cpu = 600
max_cron_threads = 2
screenshots = $1/.local/screenshots
workers = 0
CONF
}

# The command line of Odoo, for what is started in the background.
odoo_command() { ODOO_COMMAND=("$VENV_PYTHON" "$HANDLE/scripts/lib/bin/odoo-bin" "$@"); }

# A port of this machine must be free.
#   require_free_port port variable
require_free_port() {
    [[ $1 =~ ^[0-9]+$ ]] || die "$2=$1 is no port number"
    "$VENV_PYTHON" - "$1" <<'PYTHON' && return
import socket, sys
with socket.socket() as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError as error:
        sys.exit(1)
PYTHON
    if have ss; then ss -Hltnp "sport = :$1" >&2 || true; fi
    die "port $1 is taken by another program: set $2 to a free one"
}
