"""Write docs/photographs.md, the table of the embedded photographs, from PHOTOS."""

from __future__ import annotations

from pathlib import Path

from course_lib.data.photos import photo_credits
from course_lib.files import write_whole

PAGE = Path(__file__).parents[1] / "docs" / "photographs.md"


def page() -> str:
    rows = photo_credits()
    lines = [
        "# The embedded photographs",
        "",
        "They come inside scikit-image, scikit-learn and Matplotlib, so the course needs no "
        "download. This page is written by `python data_scripts/photographs.py`.",
        "",
        "| " + " | ".join(rows[0]) + " |",
        "|" + "---|" * len(rows[0]),
    ]
    lines += ["| " + " | ".join(row.values()) + " |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_whole(PAGE, page().encode())
