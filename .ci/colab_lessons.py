"""Runs lessons in the environment that `.ci/colab_like` made; says what failed, status 1 if any.

    .venv/bin/python .ci/colab_lessons.py FOLDER

FOLDER holds the environment, `colab/`, and the release, `release.zip`. Notebooks run with that
environment's kernel, driven by papermill from this one.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import papermill
from nbformat import NotebookNode

from course_lib import results
from course_lib.authoring import builder, release, runner, source
from course_lib.authoring.builder import Edition

LESSONS = ("00", "01")
SHOWN = ("torch", "torchvision", "numpy", "ipython", "ipykernel", "ipywidgets", "traitlets")
KERNEL = "colab"
# As Colab does, the kernel has google.colab loaded before the first cell runs.
LAUNCH = "import google.colab; from ipykernel import kernelapp; kernelapp.launch_new_instance()"
INSTALL = "colab-install"
WITH_DRIVE = ("keep_on_drive = False", "keep_on_drive = True")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and keeps still about it."""

    def log_message(self, *args: object) -> None:
        """Nobody wants to read of each request."""


class Colab:
    """The environment, and notebooks that run in it.

    Attributes:
        folder: where all of it lies.
        content: the kernel's working folder, as `/content` is on Colab.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "colab" / "bin" / "python"
        self.content = folder / "content"
        self.content.mkdir()
        kernel = folder / "jupyter" / "kernels" / KERNEL
        kernel.mkdir(parents=True)
        argv = [str(self.python), "-c", LAUNCH, "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": "Colab", "language": "python"}
        (kernel / "kernel.json").write_text(json.dumps(spec))
        os.environ["JUPYTER_PATH"] = str(folder / "jupyter")
        os.environ.pop("PYTHONPATH", None)  # the kernel must find the installed course alone
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else the kernel warns of its debugger

    def run(self, notebook: NotebookNode, name: str, *changes: tuple[str, str]) -> NotebookNode:
        """The notebook executed, after changes to its install cell."""
        for cell in notebook.cells:
            if cell.id == INSTALL:
                for old, new in (("/content", str(self.content)), *changes):
                    if old not in cell.source:
                        raise ValueError(f"{old!r} isn't in the install cell")
                    cell.source = cell.source.replace(old, new)
        path = self.folder / f"{name}.ipynb"
        papermill.execute_notebook(
            notebook,
            str(path),
            parameters={"profile": "smoke"},
            kernel_name=KERNEL,
            cwd=str(self.content),
            progress_bar=False,
            extra_arguments=["--log-level=CRITICAL"],
        )
        return nbformat.read(path, as_version=4)

    def packages(self) -> dict[str, str]:
        """Package → version, of all that is installed."""
        done = self.call("pip", "list", "--format=json")
        return {one["name"]: one["version"] for one in json.loads(done.stdout)}

    def call(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A program of the environment, run to its end."""
        path = self.python.with_name(program)
        return subprocess.run([str(path), *words], capture_output=True, text=True, check=False)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server on this machine that has a folder's files."""
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def only_install(notebook: NotebookNode) -> NotebookNode:
    """The notebook with its install cell only, which then also tells where runs go."""
    (cell,) = (one for one in notebook.cells if one.id == INSTALL)
    cell.source += '\nprint("COURSE_RUNS:", os.environ.get("COURSE_RUNS"))'
    parameters = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", ()))
    return nbformat.v4.new_notebook(cells=[cell, parameters], metadata=notebook.metadata)


def said(notebook: NotebookNode) -> str:
    """What the install cell printed."""
    (cell,) = (one for one in notebook.cells if one.id == INSTALL)
    return "".join(output.get("text", "") for output in cell.outputs)


def main(folder: Path) -> int:
    """Run everything; 1 if anything failed."""
    zipfile.ZipFile(folder / "release.zip").extractall(folder)
    root = folder / "release"
    published = release.read(root / "pyproject.toml")
    lessons = runner.select(source.read_all(root / "solutions", root), LESSONS)
    colab = Colab(folder)
    problems: list[str] = []

    def check(good: bool, what: str) -> None:
        print(f"{'✓' if good else '✗'} {what}", flush=True)
        if not good:
            problems.append(what)

    def student(name: str) -> NotebookNode:
        return nbformat.read(root / "notebooks" / f"{name}.ipynb", as_version=4)

    before = colab.packages()
    first = lessons[0].name
    try:
        colab.run(
            only_install(student(first)),
            "no-network",
            (published.archive, "http://127.0.0.1:9/release.zip"),
        )
        check(False, "without a network, the first cell fails")
    except papermill.PapermillExecutionError as error:
        check(
            "couldn't install the course. Run this cell again" in error.evalue
            and "127.0.0.1" in error.evalue,
            "without a network, the first cell says what to do",
        )
    check(colab.packages() == before, "and leaves everything as it was")

    with served(folder) as address:
        here = (published.archive, f"{address}/release.zip")
        for lesson in lessons:
            start = time.monotonic()
            executed = colab.run(student(lesson.name), f"{lesson.number}-student", here)
            wrong = runner.unexpected_verdicts(executed, "student")
            check(not wrong, f"lesson {lesson.number}, student edition: {_took(start)} {wrong}")
            print(f"  {said(executed).strip()}")
            start = time.monotonic()
            edition: Edition = "instructor"
            notebook = builder.build(root / "solutions" / f"{lesson.name}.py", edition, root=root)
            executed = colab.run(runner.with_footer(notebook), f"{lesson.number}-instructor")
            used = results.collect(executed).used
            wrong = runner.unexpected_verdicts(executed, edition)
            check(not wrong, f"lesson {lesson.number}, instructor edition: {_took(start)} {wrong}")
            print(f"  {used}")
    start = time.monotonic()
    # Its server is gone: installed once, the cell needs no network.
    executed = colab.run(only_install(student(first)), "drive", here, WITH_DRIVE)
    runs = colab.content / "drive" / "MyDrive" / published.name / "runs"
    check(f"COURSE_RUNS: {runs}" in said(executed), f"with Drive, runs go to {runs}")
    check(time.monotonic() - start < 30, f"installed once, it doesn't install again {_took(start)}")

    after = colab.packages()
    changed = [f"{k} {v} → {after.get(k)}" for k, v in before.items() if after.get(k) != v]
    check(not changed, f"all {len(before)} packages that were there are as they were {changed}")
    added = sorted(f"{name} {after[name]}" for name in after.keys() - before.keys())
    print(f"  added: {', '.join(added)}")
    for name in SHOWN:
        print(f"  {name}: {before[name]} before, {after.get(name)} after")
    broken = colab.call("pip", "check")
    check(broken.returncode == 0, f"pip check: {broken.stdout.strip()}")
    doctor = colab.call("course", "doctor")
    print(doctor.stdout + doctor.stderr)
    print("VERDICT: " + ("; ".join(problems) if problems else "Colab keeps what it has; all runs"))
    return int(bool(problems))


def _took(start: float) -> str:
    return f"({time.monotonic() - start:.0f} s)"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
