"""A busy installation: years of messages, and what people ask of them on their screens.

`generate` is plain Python and SQL, `screens` runs inside Odoo; benchmarks use both.
"""
