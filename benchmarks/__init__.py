"""What ``scripts/bench`` runs: plain Python that drives Odoo in processes of its own.

Only `worker` and the modules it imports run inside Odoo.
"""
