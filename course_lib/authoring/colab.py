"""Cells and metadata of a student notebook for Google Colab: badge, GPU, installation.

The installing cell runs before the course is installed, so it holds all that it needs.
"""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode

from course_lib.authoring.release import Release
from course_lib.authoring.rules import Lesson

TAG = "colab"
METADATA = {
    "accelerator": "GPU",
    "colab": {"gpuType": "T4", "provenance": [], "toc_visible": True},
}
# Colab shows lines with an @ as a form, JupyterLab a bar that unfolds.
_FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": [TAG]}
_NOTE = (
    "In Google Colab, run the next cell first: it installs the course. Elsewhere it does nothing."
)
_INSTALL = """\
# @title Install the course (in Google Colab; elsewhere this cell does nothing)
# @markdown Your runs end with this machine, unless you keep them on your Google Drive:
keep_on_drive = False  # @param {type:"boolean"}

import os, subprocess, sys
from importlib.metadata import distributions, version

if "google.colab" in sys.modules:
    if keep_on_drive:
        from google.colab import drive
        drive.mount("/content/drive")  # If it fails: run this cell again, or take the tick away.
        os.environ["COURSE_RUNS"] = "/content/drive/MyDrive/NAME/runs"
    if not any(d.version == "VERSION" for d in distributions(name="NAME")):
        # pip must leave alone what Colab has: its torch, its kernel, everything.
        has = {d.name for d in distributions() if d.name not in (None, "NAME")}
        with open("/tmp/colab-has.txt", "w") as file:
            file.writelines(f"{name}=={version(name)}\\n" for name in sorted(has))
        address = "NAME @ ARCHIVE"
        pip = [sys.executable, "-m", "pip", "install", "-c", file.name, address]
        done = subprocess.run(pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            said = [line for line in done.stdout.splitlines() if "WARNING" not in line][-8:]
            raise RuntimeError("pip couldn't install the course. Run this cell again; if it fails "
                "again, first choose Runtime, Disconnect and delete runtime.\\n" + "\\n".join(said))
    print("Course VERSION is here; runs go to", os.environ.get("COURSE_RUNS", "this machine"))
"""


def cells(lesson: Lesson, release: Release) -> list[NotebookNode]:
    """Return the badge and the cell that installs a release, for below the lesson's title."""
    code = _INSTALL.rstrip("\n")
    for word, value in (
        ("NAME", release.name),
        ("VERSION", release.version),
        ("ARCHIVE", release.archive),
    ):
        code = code.replace(word, value)
    badge = f"{release.badge(lesson)}\n\n{_NOTE}"
    return [
        nbformat.v4.new_markdown_cell(badge, id="colab-badge", metadata={"tags": [TAG]}),
        nbformat.v4.new_code_cell(code, id="colab-install", metadata=_FOLDED),
    ]
