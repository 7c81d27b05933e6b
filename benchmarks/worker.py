"""A process with Odoo on one database: ``python worker.py CONFIG DATABASE JOBS``.

Reads jobs from standard input, one ``[name, {values}]`` per line, does each (a function
of the module JOBS in this package) and answers with one line of JSON.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path

from odoo.modules.registry import Registry
from odoo.tools import config

# This folder comes first on the path of a script; it is not the package's.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.machine import forget_peak, get_memory  # noqa: E402


def main(config_file, database, jobs):
    # What a job prints by mistake must not disturb the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    config.parse_config(["-c", config_file, "-d", database], setup_logging=True)
    registry = Registry(database)
    # Addons can be imported from here on.
    module = importlib.import_module(f"benchmarks.{jobs}")
    tell(answers, {})
    for line in sys.stdin:
        name, values = json.loads(line)
        tell(answers, measure(getattr(module, name), registry, values))


def measure(job, registry, values):
    pid = os.getpid()
    forget_peak(pid)
    idle, _peak = get_memory(pid)
    started, cpu = time.perf_counter(), time.process_time()
    result = job(registry, **values) or {}
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    _now, peak = get_memory(pid)
    return {"seconds": seconds, "cpu": cpu, "idle": idle, "peak": peak, **result}


def tell(answers, values):
    answers.write(json.dumps(values) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
