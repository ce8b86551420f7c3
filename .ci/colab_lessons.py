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
from course_lib.authoring.page import WIDGET_VIEW
from course_lib.authoring.rules import Lesson

SHOWN = ("torch", "torchvision", "numpy", "ipython", "ipykernel", "ipywidgets", "traitlets")
KERNEL = "colab"
# As Colab does, the kernel has google.colab loaded before the first cell runs.
LAUNCH = "import google.colab.output, ipykernel.kernelapp as app; app.launch_new_instance()"
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
        content: stands for Colab's folder of that name.
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
        path, cwd = self.folder / f"{name}.ipynb", self.content / name
        cwd.mkdir()  # of its own, so that no run goes on from another's checkpoint
        papermill.execute_notebook(
            notebook,
            str(path),
            parameters={"profile": "smoke"},
            kernel_name=KERNEL,
            cwd=str(cwd),
            progress_bar=False,
            extra_arguments=["--log-level=CRITICAL"],
        )
        return nbformat.read(path, as_version=4)

    def packages(self) -> dict[str, str]:
        """Package → version, of all that is installed."""
        done = self.call("pip", "list", "--format=json")
        return {one["name"]: one["version"] for one in json.loads(done.stdout)}

    def call(
        self, program: str, *words: str, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A program of the environment, run to its end in a folder."""
        command = [str(self.python.with_name(program)), *words]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


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


def printed(notebook: NotebookNode) -> str:
    """What the install cell printed."""
    (cell,) = (one for one in notebook.cells if one.id == INSTALL)
    return "".join(output.get("text", "") for output in cell.outputs).strip()


def without_still(notebook: NotebookNode) -> list[str]:
    """The cells that show a widget and nothing where there are no widgets."""
    shown = [
        (cell.id, o.get("data", {})) for cell in notebook.cells for o in cell.get("outputs", [])
    ]
    return [name for name, data in shown if WIDGET_VIEW in data and "text/html" not in data]


class Verdict:
    """What held, said as it is found, and what did not."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def check(self, good: bool, what: str, but: str = "") -> None:
        """One thing; ``but`` says what is there instead."""
        print(f"✓ {what}" if good else f"✗ {what}: {but}", flush=True)
        if not good:
            self.problems.append(what)

    @contextmanager
    def runs(self, what: str) -> Iterator[None]:
        """Something that must run to its end."""
        start = time.monotonic()
        try:
            yield
        except papermill.PapermillExecutionError as error:
            self.check(False, what, f"{error.ename}: {error.evalue}")
        else:
            self.check(True, f"{what} ({time.monotonic() - start:.0f} s)")


def main(folder: Path) -> int:
    """Run everything; 1 if anything failed."""
    zipfile.ZipFile(folder / "release.zip").extractall(folder)
    root = folder / "release"
    published = release.read(root / "pyproject.toml")
    lessons = source.read_all(root / "solutions", root)
    colab, verdict = Colab(folder), Verdict()

    def student(lesson: Lesson) -> NotebookNode:
        return nbformat.read(root / "notebooks" / f"{lesson.name}.ipynb", as_version=4)

    def instructor(lesson: Lesson) -> NotebookNode:
        path = root / "solutions" / f"{lesson.name}.py"
        return runner.with_footer(builder.build(path, "instructor", root=root))

    before = colab.packages()
    nowhere = (published.archive, "http://127.0.0.1:9/release.zip")
    said = ""
    try:
        colab.run(only_install(student(lessons[0])), "no-network", nowhere)
    except papermill.PapermillExecutionError as error:
        said = error.evalue
    helpful = "couldn't install the course. Run this cell again" in said and "127.0.0.1" in said
    verdict.check(helpful, "without a network the first cell says what to do", said)
    verdict.check(colab.packages() == before, "and leaves everything as it was")

    with served(folder) as address:
        here = (published.archive, f"{address}/release.zip")
        for lesson in lessons:
            with verdict.runs(f"lesson {lesson.number}, student edition"):
                executed = colab.run(student(lesson), f"{lesson.number}-student", here)
                print(f"  {printed(executed)}")
                bare = without_still(executed)
                verdict.check(not bare, "its widgets carry stills", str(bare))
                wrong = runner.unexpected_verdicts(executed, "student")
                verdict.check(not wrong, "its checks recognise stubs", str(wrong))
            with verdict.runs(f"lesson {lesson.number}, instructor edition"):
                executed = colab.run(instructor(lesson), f"{lesson.number}-instructor")
                print(f"  {results.collect(executed).used}")
                wrong = runner.unexpected_verdicts(executed, "instructor")
                verdict.check(not wrong, "its checks pass the answers", str(wrong))

    with verdict.runs("installed once, the first cell needs no network"):
        executed = colab.run(only_install(student(lessons[0])), "drive", nowhere, WITH_DRIVE)
        drive = f"COURSE_RUNS: {colab.content}/drive/MyDrive/{published.name}/runs"
        verdict.check(drive in printed(executed), "with Drive, runs go there", printed(executed))

    after = colab.packages()
    changed = [f"{k} {v} → {after.get(k)}" for k, v in before.items() if after.get(k) != v]
    verdict.check(not changed, f"all {len(before)} packages are as they were", str(changed))
    for name in SHOWN:
        print(f"  {name}: {before[name]} before, {after.get(name)} after")
    print("  added:", *sorted(f"{name} {after[name]}" for name in after.keys() - before.keys()))
    broken = colab.call("pip", "check")
    verdict.check(broken.returncode == 0, "pip finds no broken requirement", broken.stdout)
    doctor = colab.call("course", "doctor")
    verdict.check(doctor.returncode == 0, "the doctor finds all well", doctor.stdout)
    missing = colab.call("course", "run", "--profile", "smoke", folder=root)
    mend = missing.returncode == 2 and 'pip install -e ".[lab]"' in missing.stderr
    verdict.check(mend, "what the lab extra is needed for says so", missing.stderr)

    failed = "; ".join(verdict.problems)
    print(f"VERDICT: {failed}" if failed else "VERDICT: all runs, and Colab keeps what it has")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
