"""Pages that compare photographs with their restored copies, each under a slider."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

import course_lib
from course_lib.authoring import page
from course_lib.data.pictures import BadPicture, read_picture
from course_lib.files import TooLarge, read_whole, write_new
from course_lib.restoration.jobs import JobOutcome
from course_lib.restoration.register import CannotWrite, unwritable
from course_lib.text import words

LARGEST = 1000  # pixels, longer side of a preview
QUALITY = 88  # of its JPEG
PER_PAGE = 100  # pictures; a page of that many has about 40 MB


def write_comparison(outcomes: Sequence[JobOutcome], folder: Path) -> tuple[list[Path], list[str]]:
    """Write the pages; they need no other file and no network.

    Args:
        outcomes: of jobs that didn't fail, whose files exist.
        folder: for the pages, one for each `PER_PAGE` pictures. They are called ``compare.html``,
            ``compare_2.html`` and so on; no file is written over, and a page that is there already
            is not written again.

    Returns:
        The pages' paths, and for each pair that can't be read any more, why.

    Raises:
        CannotWrite: a full disk, or a folder that can't be written.
    """
    pages, left_out = [], []
    for begin in range(0, len(outcomes), PER_PAGE):
        pictures = []
        for one in outcomes[begin : begin + PER_PAGE]:
            try:
                pictures.append(_compared(one))
            except (OSError, BadPicture) as error:
                left_out.append(words(error))
        pages.append(_write_page(pictures, folder))
    return pages, left_out


def _compared(outcome: JobOutcome) -> dict[str, object]:
    """What a page shows of one photograph."""
    files = outcome.job.photo, outcome.job.out
    (before, (width, height)), (after, _) = (preview(read_picture(file)) for file in files)
    return {
        "name": str(outcome.job.photo),
        "out": str(outcome.job.out),
        "network": outcome.network,
        "why": outcome.why,
        "before": before,
        "after": after,
        "width": width,
        "height": height,
    }


def _write_page(pictures: Sequence[Mapping[str, object]], folder: Path) -> Path:
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
    n = 1
    while True:
        path = folder / (f"compare_{n}.html" if n > 1 else "compare.html")
        try:
            write_new(path, content)
            return path
        except FileExistsError:
            with suppress(OSError, TooLarge):  # a file that can't be read is another's
                if path.is_file() and read_whole(path, len(content)) == content:
                    return path
            n += 1
        except OSError as error:
            raise CannotWrite(unwritable(folder, error)) from None


def preview(picture: np.ndarray) -> tuple[str, list[int]]:
    """Return a data URL of a picture, made small, and the width and height of the preview."""
    image = Image.fromarray(picture)
    image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode(), list(image.size)
