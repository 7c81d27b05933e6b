# The shared part of the scripts, in the order in which it builds up.
# shellcheck shell=bash

_LIB="$(dirname "${BASH_SOURCE[0]}")"
for _part in common packages odoo_source python node postgres browser odoo database server \
    against attack_tools kannel; do
    # shellcheck source=/dev/null
    . "$_LIB/$_part.sh"
done
