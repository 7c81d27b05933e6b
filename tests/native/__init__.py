"""The suites of Odoo's own SMS modules, run with the addon installed beside them.

    scripts/test native

Nothing here is a test that Odoo or pytest collects of itself. `suites` says what has to
run, `report` counts what ran.
"""
