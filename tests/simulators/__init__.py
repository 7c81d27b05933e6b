"""Simulators of providers: real servers in processes of their own.

Nothing here imports Odoo, so that benchmarks and demonstrations use them as well.
"""

from __future__ import annotations

import atexit
import base64
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from .engine import Push

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

    def kill(self) -> None:
        """End the process as a crash does; what it knew is gone."""
        assert self._process
        self._process.kill()
        self._process.wait()

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


class GateControl:
    """One of the simulated providers, as tests see it.

    Usage::

        gate = get_simulators().get("sms_ru")
        gate.reset()
        provider = SmsRuProvider(gate.settings, HttpClient(allows_private=True))
        gate.arm("drop_after")
        ...  # provider.submit(…)
        assert gate.stats()["handset_total"] == 1

    The settings of `config` are `engine.DEFAULTS` and the gate's own ``options``, the
    faults of `arm` are `engine.FAULTS` and `engine.PUSH_FAULTS`.
    """

    def __init__(self, simulators: Simulators, code: str) -> None:
        self.code = code
        self.url = f"{simulators.url}/{code}"
        self._simulators = simulators

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a route to the account."""
        from .gates import GATES

        return GATES[self.code].make_settings(self.url)

    def reset(self) -> None:
        """Make the account new."""
        self._call("reset")

    def config(self, **values: Any) -> dict[str, Any]:
        """Change settings; returns all of them."""
        result: dict[str, Any] = self._call("config", **values)
        return result

    def stats(self) -> dict[str, Any]:
        """What the gate has counted, see `engine.Gate.get_stats`."""
        result: dict[str, Any] = self._call("stats")
        return result

    def arm(self, fault: str, **values: Any) -> None:
        """Let the next calls, or all pushes, go wrong; values as in `engine.Armed`."""
        self._call("arm", fault=fault, **values)

    def set_status(self, status: str, reference: str = "") -> None:
        """Give one message, or all of them, a status: one of `engine.STATUSES` or a
        word of the provider's."""
        self._call("set_status", status=status, reference=reference)

    def push(self, status: str, reference: str, *, forged: bool = False) -> Push | None:
        """The report of a status, as the provider would send it; None: it has none."""
        packed = self._call("push", status=status, reference=reference, forged=forged)
        return packed and _unpack(packed)

    def take_pushes(self) -> list[Push]:
        """The delivery reports that are due, each once; see `arm`."""
        return [_unpack(packed) for packed in self._call("take_pushes")]

    def send_pushes(self) -> list[dict[str, Any]]:
        """Send the reports that are due to their addresses, over HTTP.

        :return: what each was answered: ``status`` and ``body``
        """
        result: list[dict[str, Any]] = self._call("send_pushes")
        return result

    def write(
        self, sender: str, recipient: str, text: str, *, forged: bool = False
    ) -> Push | None:
        """Let somebody write to a number of the account.

        :return: what the provider would send, None: it sends nothing
        """
        packed = self._call(
            "write", sender=sender, recipient=recipient, text=text, forged=forged
        )
        return packed and _unpack(packed)

    def _call(self, verb: str, **values: Any) -> Any:
        return self._simulators.call(f"/control/{self.code}/{verb}", values)


class Simulators(Simulator):
    """All simulated providers, in one process.

    It is no child of ours: Odoo ends the children that are left after a test class.
    """

    def __init__(self) -> None:
        super().__init__("providers", "--detach")
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None

    def start(self) -> None:
        super().start()
        assert self._process
        self._process.wait()
        self._connection = http.client.HTTPConnection(urlsplit(self.url).netloc)

    def stop(self) -> None:
        if self._connection:
            self._connection.close()
        super().stop()

    def get(self, code: str) -> GateControl:
        """One of them."""
        return GateControl(self, code)

    def call(self, path: str, values: dict[str, Any]) -> Any:
        """Tell or ask something of a test's; one at a time, on one connection."""
        with self._lock:
            assert self._connection
            self._connection.request("POST", path, json.dumps(values))
            answer = self._connection.getresponse()
            result = json.loads(answer.read())
        if answer.status != 200:
            raise ValueError(result["error"])
        return result


@lru_cache(maxsize=1)
def get_simulators() -> Simulators:
    """The simulated providers, started once and ended with us."""
    simulators = Simulators()
    simulators.start()
    atexit.register(simulators.stop)
    return simulators


def _unpack(packed: dict[str, Any]) -> Push:
    return Push(**{**packed, "body": base64.b64decode(packed["body"])})
