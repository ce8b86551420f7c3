"""A real browser, driven over the W3C WebDriver protocol."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name for "this is an element"
WINDOW = (1000, 900)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *(f"--window-size={WINDOW[0]},{WINDOW[1]}", "--hide-scrollbars"),
)


class Browser:
    """One window of headless Chromium."""

    def __init__(self, url: str, profile: Path) -> None:
        self._url = url
        options = {"args": [*FLAGS, f"--user-data-dir={profile}"]}
        capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}
        session = self._call("POST", "/session", {"capabilities": capabilities})
        self._session = f"/session/{session['sessionId']}"
        # A headless window may be without the focus, and JupyterLab then has no current widget.
        focus = {"cmd": "Emulation.setFocusEmulationEnabled", "params": {"enabled": True}}
        self._call("POST", f"{self._session}/goog/cdp/execute", focus)

    def open(self, url: str) -> None:
        self._call("POST", f"{self._session}/url", {"url": url})

    def js(self, script: str, *arguments: Any) -> Any:
        """The value of a script that may use ``arguments`` and ends in a return."""
        body = {"script": script, "args": arguments}
        return self._call("POST", f"{self._session}/execute/sync", body)

    def wait(self, script: str, seconds: float = 20) -> Any:
        """The first true value of the script."""
        give_up = time.monotonic() + seconds
        while not (value := self.js(script)):
            assert time.monotonic() < give_up, f"waited {seconds} s for: {script}"
            time.sleep(0.05)
        return value

    def keys(self, keys: str) -> None:
        """Press and release keys on whatever has the focus."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": strokes})

    def chord(self, keys: str) -> None:
        """Press keys one after the other, holding each, and release them."""
        down = [{"type": "keyDown", "value": key} for key in keys]
        up = [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._act({"type": "key", "id": "keyboard", "actions": [*down, *up]})

    def drag(self, path: list[tuple[float, float]], *, pointer: str = "mouse") -> None:
        """Press at the first point of the page, move through the others, release."""
        moves = [
            {"type": "pointerMove", "duration": 20, "x": round(x), "y": round(y)} for x, y in path
        ]
        down, up = ({"type": f"pointer{kind}", "button": 0} for kind in ("Down", "Up"))
        self._act(
            {
                "type": "pointer",
                "id": pointer,
                "parameters": {"pointerType": pointer},
                "actions": [moves[0], down, *moves[1:], up],
            }
        )

    def resize(self, width: int = WINDOW[0], height: int = WINDOW[1]) -> None:
        """Give the window this size, in CSS pixels; its first one when left out."""
        self._call("POST", f"{self._session}/window/rect", {"width": width, "height": height})

    def screenshot(self) -> str:
        """The window as a PNG file in base64."""
        return self._call("GET", f"{self._session}/screenshot")

    def quit(self) -> None:
        self._call("DELETE", self._session)

    def _act(self, source: dict) -> None:
        self._call("POST", f"{self._session}/actions", {"actions": [source]})

    def _call(self, method: str, path: str, body: dict | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(json.load(error)["value"]["message"]) from None


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    driver = shutil.which("chromedriver")
    if driver is None or shutil.which("chromium") is None:
        pytest.skip("chromium and chromedriver aren't installed (Debian: chromium chromium-driver)")
    home = tmp_path_factory.mktemp("chromium")
    environment = {**os.environ, "HOME": str(home)}
    environment |= {f"XDG_{kind}_HOME": str(home / kind) for kind in ("CACHE", "CONFIG", "DATA")}
    command = [driver, "--port=0"]  # a free one, which it prints
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            window = Browser(f"http://127.0.0.1:{_port(process)}", home / "profile")
            yield window
            window.quit()
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def contrast() -> Callable[[str, Sequence[str]], float]:
    """contrast(ink, papers): WCAG 2.2's ratio, 1 to 21, for colours as CSS computes them.

    Papers are the backgrounds behind the text, from the nearest to the farthest, on white.
    """

    def contrast(ink: str, papers: Sequence[str]) -> float:
        behind = [255.0, 255.0, 255.0]
        for paper in reversed(papers):
            behind = _over(paper, behind)
        light, dark = sorted((_luminance(behind), _luminance(_over(ink, behind))), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    return contrast


def _over(colour: str, behind: Sequence[float]) -> list[float]:
    """A CSS colour such as rgba(0, 0, 0, 0.87) laid over another, 0 to 255."""
    kind, *parts = re.findall(r"^\w+|[\d.]+", colour)
    assert kind in ("rgb", "rgba"), colour
    red, green, blue, alpha = [*map(float, parts), 1.0][:4]
    return [alpha * c + (1 - alpha) * b for c, b in zip((red, green, blue), behind, strict=True)]


def _luminance(rgb: Sequence[float]) -> float:
    channels = [c / 255 for c in rgb]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _port(driver: subprocess.Popen[str]) -> int:
    """The port that the driver chose, once it listens there."""
    assert driver.stdout
    said = ""
    for line in driver.stdout:
        if found := re.search(r"started successfully on port (\d+)", line):
            return int(found[1])
        said += line
    raise AssertionError(f"chromedriver ended before it listened; it said: {said}")
