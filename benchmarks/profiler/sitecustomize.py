"""Samples what all threads of a process do; for Python processes of a profiled run.

Python imports a module of this name at its start. Every 20 ms the stack of each thread
that has used the processor since the last time is noted; the counts are written to a
file of its own in the folder that BENCH_PROFILE names, every second, for servers end
without a goodbye.

Calls that let other threads run (the database, sockets, the system's random numbers)
are seen somewhat more often than they deserve.
"""

import atexit
import collections
import json
import os
import pathlib
import sys
import threading
import time

INTERVAL = 0.02
WRITE_EVERY = 1.0
DEEPEST = 200
#: what a process does before it has started is of no interest
STARTING = "<frozen importlib._bootstrap>"


class Sampler(threading.Thread):
    """Counts functions: on top of a stack (own) and anywhere in it (all)."""

    def __init__(self, folder):
        super().__init__(name="bench-sampler", daemon=True)
        self.folder = pathlib.Path(folder)
        self.own = collections.Counter()
        self.all = collections.Counter()
        self.samples = 0
        #: thread → nanoseconds of the processor
        self.spent = {}

    def run(self):
        written = time.monotonic()
        while True:
            time.sleep(INTERVAL)
            self.sample()
            if time.monotonic() - written > WRITE_EVERY:
                self.write()
                written = time.monotonic()

    def sample(self):
        frames = sys._current_frames()
        for thread in threading.enumerate():
            if thread is self or not self.has_worked(thread.native_id):
                continue
            names = list(walk(frames.get(thread.ident)))
            if names and not any(name.startswith(STARTING) for name in names):
                self.samples += 1
                self.own[names[0]] += 1
                self.all.update(set(names))

    def has_worked(self, thread):
        """Whether a thread has used the processor since it was asked for."""
        try:
            stat = pathlib.Path(f"/proc/self/task/{thread}/schedstat").read_text()
        except OSError:
            return False
        before, self.spent[thread] = self.spent.get(thread), int(stat.split()[0])
        return before != self.spent[thread]

    def write(self):
        values = {
            "command": sys.argv,
            "samples": self.samples,
            "own": self.own.most_common(60),
            "all": self.all.most_common(120),
        }
        path = self.folder / f"{os.getpid()}.json"
        path.with_suffix(".new").write_text(json.dumps(values))
        path.with_suffix(".new").replace(path)


def walk(frame):
    """The functions of a stack, the innermost first."""
    for _depth in range(DEEPEST):
        if frame is None:
            return
        code = frame.f_code
        file = "/".join(code.co_filename.split("/")[-2:])
        yield f"{file}:{code.co_firstlineno} {code.co_name}"
        frame = frame.f_back


def start():
    """Sample this process from now on, and those that it forks."""
    sampler = Sampler(os.environ["BENCH_PROFILE"])
    sampler.start()
    atexit.register(sampler.write)


if os.environ.get("BENCH_PROFILE"):
    start()
    os.register_at_fork(after_in_child=start)
