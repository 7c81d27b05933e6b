"""The attack suite: what an outsider does to a real server, and what that costs it.

    scripts/test attack

Nothing here is a test that Odoo or pytest collects. Like the crash suite, whose
processes it uses, it is a program of its own that never imports Odoo: it starts servers
and lanes, asks, presses and lies to them from outside, measures processes by ``/proc``
(`meter`) and compares what it found with what is promised (`verdict`).
"""
