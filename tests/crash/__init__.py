"""The crash suite: real processes killed, stopped and cut off, and what is left of it.

    scripts/test crash

Nothing here is a test that Odoo or pytest collects. The suite is a program of its own
that never imports Odoo: it forks workers (`nursery`), stops and kills them, looks at
the database and at what the gate has counted (`facts`), and judges (`verdict`).
"""
