"""Simulators of providers: real servers in processes of their own.

Nothing here imports Odoo, so that benchmarks and demonstrations use them as well.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

#: seconds within which a simulator must listen
START_TIMEOUT = 30
_HERE = Path(__file__).parent
_opener = build_opener(ProxyHandler({}))


class Simulator:
    """A simulator in a process of its own, ended with the block or with us.

    Usage::

        with Simulator() as gate:
            gate.config(deliver_after=0.1)
            ...  # talk to gate.url
            assert gate.stats()["duplicates"] == 0

    The settings of `config` and the numbers of `stats` are listed in the simulator's
    own docstring.
    """

    def __init__(self, name: str = "xml_gate", *arguments: str) -> None:
        """
        :param name: the simulator's module in this directory
        :param arguments: further options of its command line
        """
        self._command = [
            sys.executable,
            str(_HERE / f"{name}.py"),
            "--port=0",
            "--exit-with-parent",
            *arguments,
        ]
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it listens."""
        process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._process = process
        impatience = threading.Timer(START_TIMEOUT, process.kill)
        impatience.start()
        assert process.stdout
        line = process.stdout.readline()
        impatience.cancel()
        word, _, self.url = line.strip().partition(" ")
        if word != "READY":
            self.stop()
            raise RuntimeError(f"The simulator did not start: {line!r}")

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def config(self, **values: Any) -> dict[str, Any]:
        """Change settings, see the simulator; returns all of them."""
        return self._call("/control/config", values)

    def stats(self, *, messages: bool = True) -> dict[str, Any]:
        """What the simulator has counted.

        :param messages: whether to list the messages too; slow with many
        """
        return self._call(f"/control/stats?messages={int(messages)}")

    def calls(self, references: Iterable[str] | None = None) -> dict[str, Any]:
        """How far calls got, see `journal.Journal.describe`.

        :param references: those asked for, None for all
        """
        asked = None if references is None else list(references)
        return self._call("/control/calls", {"references": asked})

    def set_trap(self, **values: Any) -> None:
        """Stop a process at a point of a call, see `journal.Trap`; without values: no
        trap any more."""
        self._call("/control/trap", values)

    def reset(self) -> None:
        """Forget all messages, numbers and settings."""
        self._call("/control/reset", {})

    def _call(self, path: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if values is None else json.dumps(values).encode()
        request = Request(self.url + path, data, {"Content-Type": "application/json"})
        with _opener.open(request, timeout=60) as answer:
            result: dict[str, Any] = json.load(answer)
        return result
