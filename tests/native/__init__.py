"""The suites of Odoo's own SMS modules, run with the addon installed beside them.

    scripts/test native

They run as they are, which shows that nothing changes for who does not use the gateway,
and those that can send SMS once more while every company sends through it (`gateway`,
`flows`). `marketing` holds tests of ours that need these modules. Nothing here is
collected by Odoo or pytest of itself; `suites` says what has to run and what is exempt,
`report` counts what ran.
"""
