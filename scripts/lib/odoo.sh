# Odoo's settings for one database, and the environment that its processes need.
# shellcheck shell=bash

#   provide_everything database [port]
provide_everything() {
    prepare_local_folder
    provide_python
    provide_odoo
    provide_postgres
    use_odoo "$1" "$2"
}

# Leaves ODOO_RC, PYTHONPATH and PATH in the environment.
use_odoo() {
    export ODOO_DB="$1"
    export ODOO_RC="$HANDLE/.local/state/$1.conf"
    export PYTHONPATH="$ODOO_PATH"
    export PATH="$HANDLE/scripts/lib/bin:$HANDLE/.local/venv/bin:$PATH"
    export ODOO_ADDON_LINK="$ADDON_LINK"
    _write_odoo_config "$1" "$2" >"$ODOO_RC.$$"
    mv "$ODOO_RC.$$" "$ODOO_RC"
}

_write_odoo_config() {
    local addons="$ADDONS_PATH,$ODOO_PATH/odoo/addons"
    if [[ -d $ODOO_PATH/addons ]]; then addons+=",$ODOO_PATH/addons"; fi
    cat <<CONF
[options]
addons_path = $addons
data_dir = $HANDLE/.local/odoo-data
db_name = $1
dbfilter = ^$1\$
http_interface = 127.0.0.1
http_port = ${2:-8069}
list_db = False
limit_time_real = 600
limit_time_cpu = 600
max_cron_threads = 2
screenshots = $HANDLE/.local/screenshots
workers = 0
CONF
}

# odoo_bin [argument ...]: Odoo's command line, for the database in use.
odoo_bin() { "$VENV_PYTHON" "$HANDLE/scripts/lib/bin/odoo-bin" "$@"; }
