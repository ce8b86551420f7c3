"""One page that compares photographs with their restored copies, each under a slider."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import course_lib
from course_lib.authoring import page
from course_lib.data.pictures import BadPicture, read_picture
from course_lib.files import write_new
from course_lib.restoration.jobs import JobOutcome
from course_lib.restoration.register import CannotWrite, unwritable
from course_lib.text import words

LARGEST = 1000  # pixels, longer side of a preview
QUALITY = 88  # of its JPEG


def write_comparison(outcomes: Sequence[JobOutcome], folder: Path) -> tuple[Path, list[str]]:
    """Write the page; it needs no other file and no network.

    Args:
        outcomes: of jobs that didn't fail, whose files exist.
        folder: for the page, which is called ``compare.html``, or ``compare_2.html`` and so on
            where there is one.

    Returns:
        The page's path, and for each pair that can't be read any more, why.

    Raises:
        CannotWrite: a full disk, or a folder that can't be written.
    """
    pictures, left_out = [], []
    for one in outcomes:
        try:
            before, after = (preview(read_picture(file)) for file in (one.job.photo, one.job.out))
        except (OSError, BadPicture) as error:
            left_out.append(words(error))
            continue
        pictures.append(
            {
                "name": str(one.job.photo),
                "out": str(one.job.out),
                "network": one.network,
                "why": one.why,
                "before": before[0],
                "after": after[0],
                "width": before[1][0],
                "height": before[1][1],
            }
        )
    viz = Path(course_lib.__file__).parent / "viz"
    html = (
        page.templates()
        .get_template("compare.html")
        .render(
            pictures=pictures,
            css=(viz / "before_after.css").read_text(encoding="utf-8"),
            js=(viz / "before_after.js").read_text(encoding="utf-8"),
        )
    )
    content = html.encode(errors="replace")  # a name of a file may be no text
    for n in itertools.count(1):
        path = folder / (f"compare_{n}.html" if n > 1 else "compare.html")
        try:
            write_new(path, content)
            break
        except FileExistsError:
            continue
        except OSError as error:
            raise CannotWrite(unwritable(folder, error)) from None
    return path, left_out


def preview(picture: np.ndarray) -> tuple[str, list[int]]:
    """Return a data URL of a picture, made small, and the width and height of the preview."""
    image = Image.fromarray(picture)
    image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode(), list(image.size)
