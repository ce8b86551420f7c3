"""Lessons that work on Real-ESRGAN, on a machine without its weights."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
LESSONS = sorted(
    path
    for path in (ROOT / "notebooks").glob("*.ipynb")
    if "desra.twins_at_hand(" in path.read_text(encoding="utf-8")
)


@pytest.mark.slow
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_it_says_so_and_trains_small_networks(path: Path, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "empty"))
    notebook = nbformat.read(path, as_version=4)
    [parameters] = [one for one in notebook.cells if "parameters" in one.metadata.get("tags", ())]
    parameters.source = 'profile = "smoke"\nseed = 0'
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}})
    client.execute()
    said = "".join(
        output.get("text", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    assert "weights aren't here, so two small networks are trained" in said
    assert "This lesson works on a small GAN." in said


def test_there_is_such_a_lesson() -> None:
    assert LESSONS
