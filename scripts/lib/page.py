"""One page of a headless browser, driven over Chromium's DevTools protocol."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import requests
import websocket
from PIL import Image

NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
#: seconds until something must be on the page
PATIENCE = 60


class Page:
    """A page of the browser that it starts; a context manager."""

    def __init__(self, profile: Path, width: int, height: int) -> None:
        """
        :param profile: an empty folder for what the browser writes down
        """
        self.size = (width, height)
        self.browser = subprocess.Popen(
            [
                next(filter(None, map(shutil.which, NAMES))),
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
                "--force-color-profile=srgb",
                "--remote-allow-origins=*",
                "--remote-debugging-port=0",
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._number = 0
        self._socket = websocket.create_connection(self._find(profile), timeout=60)
        self._call("Page.enable")
        self._call("Runtime.enable")
        self.resize(width, height)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self.browser.terminate()
        self.browser.wait(timeout=20)

    def _find(self, profile: Path) -> str:
        """The address of the page that the browser opened."""
        said = profile / "DevToolsActivePort"
        wait_for(lambda: said.exists() and "\n" in said.read_text(), "a browser")
        port = said.read_text().split("\n", 1)[0]
        pages = requests.get(f"http://127.0.0.1:{port}/json", timeout=30).json()
        address = next(page for page in pages if page["type"] == "page")
        return str(address["webSocketDebuggerUrl"])

    # === PROTOCOL ===
    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = self._send(method, parameters)
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("method") == "Page.javascriptDialogOpening":
                # a form that is left unsaved asks whether it may be left
                self._send("Page.handleJavaScriptDialog", {"accept": True})
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _send(self, method: str, parameters: dict[str, Any]) -> int:
        self._number += 1
        call = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(call))
        return self._number

    def run(self, script: str) -> Any:
        """Run JavaScript in the page and return its value."""
        answer = self._call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    # === DO ===
    def resize(self, width: int, height: int) -> None:
        """Change the size of the page, in pixels."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def open(self, url: str) -> None:
        """Go to an address."""
        self.run("window.__left = true; onbeforeunload = null")
        self._call("Page.navigate", url=url)
        self.wait("!window.__left && document.readyState === 'complete'")

    def wait(self, condition: str) -> None:
        """Wait until a JavaScript expression is true."""
        wait_for(lambda: self._is_true(condition), condition)

    def _is_true(self, condition: str) -> bool:
        try:
            return bool(self.run(f"Boolean({condition})"))
        except RuntimeError:
            return False  # between two pages

    def see(self, selector: str, text: str = "") -> None:
        """Wait until an element with a text is to be seen."""
        self.wait(_find(selector, text))

    def click(self, selector: str, text: str = "") -> None:
        """Click an element as soon as it is there."""
        self.see(selector, text)
        self.run(f"{_find(selector, text)}.click()")

    def fill(self, selector: str, text: str) -> None:
        """Write into an input, as typing would."""
        self.click(selector)
        self.run(
            f"(element => {{ element.focus(); element.select?.();"
            f" document.execCommand('insertText', false, {json.dumps(text)}); }})"
            f"({_find(selector, '')})"
        )

    def press(self, key: str, code: int) -> None:
        """Press one key."""
        for kind in ("keyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
            )

    def shoot(self, file: Path) -> None:
        """Write what is to be seen into a PNG file."""
        self.run("document.activeElement?.blur()")
        time.sleep(0.5)  # for what fades in
        answer = self._call("Page.captureScreenshot", format="png")
        image = Image.open(BytesIO(base64.b64decode(answer["data"])))
        # a palette: a third of the size, and no eye sees it on a page like these
        image.convert("RGB").quantize(256).save(file, optimize=True)


def _find(selector: str, text: str) -> str:
    """JavaScript for the first visible element with a text."""
    return (
        f"[...document.querySelectorAll({json.dumps(selector)})].find(element =>"
        f" element.getClientRects().length"
        f" && element.textContent.includes({json.dumps(text)}))"
    )


def wait_for(condition: Any, what: str) -> None:
    """Wait until a function returns something true."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > PATIENCE:
            raise SystemExit(f"page.py: waited in vain for {what}")
        time.sleep(0.1)
