"""Make the database with Odoo's own SMS and Twilio: ``native_database.py NAME``.

It is made anew only when Odoo has changed, as a copy of the base database of
`scripts/lib/database.py`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "lib"))

from database import (  # noqa: E402
    Database,
    base_database,
    odoo_version,
    say,
    short_hash,
)

ADDON = "sms_twilio"


def main(name):
    database = Database(name)
    origin = short_hash(odoo_version(), ADDON)
    if database.made_from() == origin:
        return
    base = base_database(False)
    say(f"Installing {ADDON} in {name}")
    database.drop()
    database.copy_from(base)
    database.odoo("-i", ADDON)
    database.remember(origin)


if __name__ == "__main__":
    main(*sys.argv[1:])
