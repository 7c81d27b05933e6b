"""Wait until a process answers on an address, and say every ten seconds that we do."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

PATIENCE = 300


def main(url: str, process: str) -> int:
    """Return 0 as soon as the login page is there."""
    started = told = time.monotonic()
    while time.monotonic() - started < PATIENCE:
        if answers(f"{url}/web/login"):
            return 0
        if not Path("/proc", process).exists():
            return 1
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(f"waiting for {url}: {told - started:.0f} s", file=sys.stderr)
        time.sleep(0.2)
    return 1


def answers(url: str) -> bool:
    """Tell whether the page is served."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=60) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
