"""A JupyterLab server of a test's own, and what a learner does to a notebook in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PATIENCE = 180  # seconds for what takes five on an idle machine
RIGHT, LEFT, DOWN, HOME, END, PAGE_UP = "\ue014", "\ue012", "\ue015", "\ue011", "\ue010", "\ue00e"
TAB, ENTER, SPACE, ESCAPE, SHIFT, CONTROL = "\ue004", "\ue007", " ", "\ue00c", "\ue008", "\ue009"

# What the scripts below may use: the notebook in front, and a cell by its number.
BOOK = "const book = jupyterapp.shell.currentWidget.content, cell = n => book.widgets[n];"


@dataclass(frozen=True)
class Notebook:
    """A student's notebook that is open in JupyterLab."""

    browser: Any
    path: str

    def js(self, script: str, *arguments: Any) -> Any:
        return self.browser.js(BOOK + script, *arguments)

    def wait(self, script: str, *arguments: Any) -> Any:
        """The first true value of the script."""
        give_up = time.monotonic() + PATIENCE
        while not (value := self.js(script, *arguments)):
            assert time.monotonic() < give_up, f"waited {PATIENCE} s for: {script} {arguments}"
            time.sleep(0.1)
        return value

    def to_front(self) -> None:
        self.browser.js(
            "jupyterapp.commands.execute('docmanager:open', {path: arguments[0]})", self.path
        )
        self.browser.wait(
            "const front = jupyterapp.shell.currentWidget;"
            f"return front?.context?.path == {self.path!r}"
            " && front.content?.widgets?.length > 1"
            " && front.sessionContext.session?.kernel?.status == 'idle'",
            PATIENCE,
        )

    def find_all(self, text: str) -> list[int]:
        """Return the numbers of the cells that have this id, or are code and hold this text."""
        return self.js(
            "return book.widgets.map((w, n) => w.model.id == arguments[0]"
            " || w.model.type == 'code'"
            " && w.model.sharedModel.getSource().includes(arguments[0]) ? n : -1)"
            ".filter(n => n >= 0)",
            text,
        )

    def find(self, text: str) -> int:
        """Return the number of the one cell that `find_all` finds."""
        found = self.find_all(text)
        assert len(found) == 1, f"{len(found)} cells hold {text!r}"
        return found[0]

    def select(self, number: int) -> None:
        """Make the cell the active one, in command mode and in sight."""
        self.browser.keys(ESCAPE)
        self.js(
            "book.activeCellIndex = arguments[0]; book.mode = 'command';"
            "book.scrollToItem(arguments[0], 'start')",
            number,
        )
        self.wait("return cell(arguments[0]).isAttached && !cell(arguments[0]).isHidden", number)
        self.js("cell(arguments[0]).node.focus({preventScroll: true})", number)
        self.wait("return cell(arguments[0]).node.contains(document.activeElement)", number)

    def run_all(self) -> None:
        """Press Shift and Enter on each cell from the first on."""
        self.select(0)
        for number in range(1, self.js("return book.widgets.length")):
            self.browser.chord(SHIFT + ENTER)
            self.wait("return book.activeCellIndex == arguments[0]", number)
        self.browser.chord(CONTROL + ENTER)
        self.wait(
            "return book.widgets.every(w => w.model.type != 'code'"
            " || (w.model.executionCount && w.model.executionState == 'idle'))"
        )

    def run(self, number: int) -> str:
        """What the cell says when it is run."""
        count = self.js("return cell(arguments[0]).model.executionCount || 0", number)
        self.select(number)
        self.browser.chord(CONTROL + ENTER)
        self.wait(
            "const m = cell(arguments[0]).model;"
            "return m.executionCount > arguments[1] && m.executionState == 'idle'",
            number,
            count,
        )
        return self.said(number)

    def said(self, number: int) -> str:
        """What the cell shows, as text."""
        return self.js("return cell(arguments[0]).outputArea.node.textContent", number)

    def write_last_line(self, number: int, line: str) -> None:
        """Type a line in place of the cell's last one."""
        self.select(number)
        self.browser.keys(ENTER)
        self.wait("return book.mode == 'edit'")
        self.browser.chord(CONTROL + END)
        self.browser.chord(SHIFT + HOME)
        self.browser.keys(line)
        self.browser.keys(ESCAPE)
        source = self.js("return cell(arguments[0]).model.sharedModel.getSource()", number)
        assert source.splitlines()[-1].strip() == line

    def tab_to(self, selector: str) -> None:
        """Press Tab until the focus is on such an element."""
        passed = []
        for _ in range(60):
            self.browser.keys(TAB)
            if self.js("return document.activeElement.matches(arguments[0])", selector):
                return
            passed.append(self.js("return document.activeElement.outerHTML.slice(0, 80)"))
        raise AssertionError(f"Tab never reached {selector!r}; it passed {passed}")

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Keys in here are the widget's: the notebook stays in its mode, cell and text."""
        state = (
            "return [book.mode, book.activeCellIndex, book.widgets.map(w => w.model.id),"
            " book.widgets.map(w => w.model.sharedModel.getSource())]"
        )
        before = self.js(state)
        yield
        assert self.js(state) == before

    def widget(self, text: str, selector: str) -> int:
        """Select the cell that holds this text, and wait for its widget."""
        number = self.find(text)
        self.select(number)
        self.wait("return !!cell(arguments[0]).node.querySelector(arguments[1])", number, selector)
        return number


def copy_notebooks(folder: Path) -> None:
    folder.mkdir()
    for path in NOTEBOOKS.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        (parameters,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", ())]
        assert 'profile = "auto"' in parameters.source
        parameters.source = parameters.source.replace('"auto"', '"smoke"', 1)
        nbformat.write(notebook, folder / path.name)


def start_server(home: Path) -> subprocess.Popen:
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    environment = {name: value for name, value in os.environ.items() if name != "COURSE_RUNS"}
    environment |= {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(home / "ipython"),
    }
    arguments = [
        *("--no-browser", "--ip=127.0.0.1", "--port=0", f"--ServerApp.root_dir={home / 'work'}"),
        *("--LabApp.news_url=None", "--LabApp.extension_manager=readonly"),
        "--LabApp.expose_app_in_browser=True",
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ]
    with (home / "log").open("w") as log:
        command = [sys.executable, "-m", "jupyterlab", *arguments]
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=home / "work")


def wait_for_server(home: Path, server: subprocess.Popen) -> str:
    """The address of the server, with its token."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        assert server.poll() is None, (home / "log").read_text()
        for file in (home / "runtime").glob(f"jpserver-{server.pid}.json"):
            try:
                running = json.loads(file.read_text())
            except ValueError:  # half written
                continue
            return f"{running['url']}lab?token={running['token']}"
        time.sleep(0.1)
    raise AssertionError(f"no server after {PATIENCE} s: {(home / 'log').read_text()}")
