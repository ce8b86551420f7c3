"""Pictures side by side, without resampling."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from course_lib.viz.output import show
from course_lib.viz.sheet import LETTER, LINE, ORANGE, Sheet, picture_uint8, text_width
from course_lib.viz.style import DPI, WIDTH

SHEET = int(WIDTH * DPI)  # pixels across a full-width figure
GAP = 24


def picture_grid(
    pictures: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    columns: int | None = None,
    zoom: tuple[int, int, int] | None = None,
    masks: Sequence[np.ndarray | None] | None = None,
    alt: str,
) -> None:
    """Show up to six pictures on one scale, with titles and, if asked, one spot enlarged.

    Small pictures are enlarged by a whole number, every pixel a sharp square; large ones
    keep their pixels.

    Args:
        pictures: each H×W×3 or, for grey maps, H×W; uint8, bool, or floats in [0, 1]. Sizes
            may differ unless ``zoom`` or a comparison asks otherwise.
        titles: one per picture, such as ``"restored\\n27.3 dB"``; ``\\n`` starts a new line.
        columns: number of pictures side by side; at most three if it is None.
        zoom: (y, x, side) of a square of pixels that is framed in every picture and shown
            enlarged below it; the pictures then share one size.
        masks: for each picture None or a bool H×W mask, which is laid over it in orange.
        alt: what the figure shows, for readers who can't see it; see `show`.

    Raises:
        ValueError: no pictures or more than six, titles or masks of another number or size,
            a zoom outside the pictures, pictures too large to be read beside each other.
        TypeError, ValueError: pixels of another type or range.
    """
    figure, width = _grid_figure(pictures, titles, columns=columns, zoom=zoom, masks=masks)
    show(figure, alt=alt, width=width)


def contact_sheet(
    rows: Mapping[str, Sequence[np.ndarray]], *, titles: Sequence[str] = (), alt: str
) -> None:
    """Show many small pictures of one size in labelled rows, such as samples.

    Args:
        rows: label → pictures, for example ``{"rainy": crops, "restored": outputs}``; each
            row has the same number, and pictures in one column belong together.
        titles: one per column, above it; or none.
        alt: what the figure shows, for readers who can't see it; see `show`.

    Raises:
        ValueError: rows or titles of different lengths, pictures of different sizes, or more
            than fit on a sheet.
        TypeError, ValueError: pixels of another type or range.
    """
    figure, width = sheet_figure(rows, titles)
    show(figure, alt=alt, width=width)


def _grid_figure(
    pictures: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    columns: int | None,
    zoom: tuple[int, int, int] | None,
    masks: Sequence[np.ndarray | None] | None,
) -> tuple[Figure, int]:
    count = len(pictures)
    if not 1 <= count <= 6:
        raise ValueError(
            f"a picture grid has 1 to 6 pictures, not {count}; contact_sheet shows many small ones"
        )
    for name, given in (("titles", titles), ("masks", masks)):
        if given is not None and len(given) != count:
            raise ValueError(f"{count} pictures and {len(given)} {name}: give one a picture")
    shown = [picture_uint8(p, what=f"picture {n} of the grid") for n, p in enumerate(pictures)]
    if masks is not None:
        shown = [p if m is None else _tinted(p, m) for p, m in zip(shown, masks, strict=True)]
    if zoom is not None:
        _check_zoom(zoom, [p.shape[:2] for p in shown])

    columns = min(columns or (2 if count == 4 else 3), count)
    tallest = max(p.shape[0] for p in shown)
    widest = max(p.shape[1] for p in shown)
    scale = _scale(widest, (SHEET - GAP * (columns - 1)) // columns, tallest)
    cell = max(widest * scale, 16 * LETTER)  # room for a short title over a narrow picture
    width = columns * cell + (columns - 1) * GAP
    if width > 2 * SHEET:
        raise ValueError(
            f"{columns} pictures of {widest} pixels beside each other are {width} pixels wide and "
            f"would be shrunk until the titles can't be read; give columns={columns - 1 or 1}, or "
            "crop them and show the telling part"
        )
    room = min(cell, max(tallest * scale, 500))  # the spot doesn't outgrow the picture
    enlarged = _scale(zoom[2], room, 0) * zoom[2] if zoom else 0
    wrapped = [_wrap(title, cell) for title in titles]
    title_height = LINE * max(title.count("\n") + 1 for title in wrapped)
    row_height = title_height + tallest * scale + (enlarged + 16 if zoom else 0) + GAP

    sheet = Sheet(height=row_height * -(-count // columns), width=width)
    for n, (picture, title) in enumerate(zip(shown, wrapped, strict=True)):
        left = n % columns * (cell + GAP)
        base = n // columns * row_height + title_height
        sheet.text(title, left=left, bottom=base)
        sheet.paste(picture, left=left, top=base, scale=scale)
        if zoom is not None:
            y, x, side = zoom
            sheet.frame(
                top=base + y * scale, left=left + x * scale, height=side * scale, width=side * scale
            )
            spot = picture[y : y + side, x : x + side]
            below = base + tallest * scale + 16
            sheet.paste(spot, left=left, top=below, scale=enlarged // side)
    return sheet.figure(), _css_width(sheet.width, scale)


def sheet_figure(
    rows: Mapping[str, Sequence[np.ndarray]], titles: Sequence[str] = ()
) -> tuple[Figure, int]:
    """Return the figure of `contact_sheet`, and its width in CSS pixels."""
    counts = {label: len(pictures) for label, pictures in rows.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(
            f"every row of a contact sheet has the same number of pictures, got {counts}"
        )
    columns = next(iter(counts.values()))
    if titles and len(titles) != columns:
        raise ValueError(f"{columns} columns and {len(titles)} titles: give one a column")
    shown = {
        label: [picture_uint8(p, what=f"picture {n} of row {label!r}") for n, p in enumerate(row)]
        for label, row in rows.items()
    }
    sizes = {p.shape[:2] for row in shown.values() for p in row}
    if len(sizes) != 1:
        raise ValueError(
            f"the pictures of a contact sheet share one size, these are {_sizes(sizes)} "
            "(height×width): crop them alike"
        )
    height, width = sizes.pop()

    labels = {label: _wrap(label, 14 * LETTER) for label in shown}
    margin = max(text_width(label) for label in labels.values()) + GAP
    gap = GAP // 2
    room = (SHEET - margin - gap * (columns - 1)) // columns
    if width > 2 * room:
        raise ValueError(
            f"{columns} pictures of {width} pixels don't fit beside each other on a sheet: show "
            f"{max(1, (SHEET - margin) // (width + gap))} a row, or smaller crops"
        )
    scale = _scale(width, room, height)
    cell = width * scale
    wrapped = [_wrap(title, cell) for title in titles]
    top = LINE * max((title.count("\n") + 1 for title in wrapped), default=0)
    sheet = Sheet(
        height=top + len(shown) * (height * scale + gap) - gap,
        width=margin + columns * (cell + gap) - gap,
    )
    for n, title in enumerate(wrapped):
        sheet.text(title, left=margin + n * (cell + gap), bottom=top)
    for n, (label, row) in enumerate(shown.items()):
        y = top + n * (height * scale + gap)
        lines = labels[label].count("\n") + 1
        sheet.text(labels[label], left=0, bottom=y + (height * scale + lines * LINE) // 2)
        for m, picture in enumerate(row):
            sheet.paste(picture, left=margin + m * (cell + gap), top=y, scale=scale)
    return sheet.figure(), _css_width(sheet.width, scale)


def _scale(width: int, room: int, height: int) -> int:
    """Return the whole number by which a picture is enlarged to fill its room."""
    return max(1, min(room // width, 1200 // max(height, 1)))


def _css_width(width: int, scale: int) -> int:
    """Return the width in CSS pixels: half of the figure's pixels if pictures were enlarged."""
    return width // 2 if scale > 1 else min(width, SHEET // 2)


def _tinted(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    if np.shape(mask) != picture.shape[:2]:
        raise ValueError(
            f"a mask of {_sizes([np.shape(mask)])} lies over a picture of "
            f"{_sizes([picture.shape[:2]])} (height×width): crop them alike"
        )
    tinted = ((picture.astype(np.uint16) + ORANGE) // 2).astype(np.uint8)
    return np.where(np.asarray(mask, bool)[..., None], tinted, picture)


def _check_zoom(zoom: tuple[int, int, int], sizes: Sequence[tuple[int, ...]]) -> None:
    if len(set(sizes)) != 1:
        raise ValueError(
            f"a zoom shows the same spot of pictures of one size, these are {_sizes(sizes)} "
            "(height×width): crop them alike"
        )
    (height, width), (y, x, side) = sizes[0], zoom
    if not (y >= 0 and x >= 0 and side >= 1 and y + side <= height and x + side <= width):
        raise ValueError(
            f"zoom={zoom} is (y, x, side) and reaches outside a picture of {height}×{width} pixels"
        )


def _wrap(text: str, width: int) -> str:
    return "\n".join(
        part for line in text.split("\n") for part in textwrap.wrap(line, width // LETTER) or [""]
    )


def _sizes(sizes: Sequence[tuple[int, ...]] | set[tuple[int, ...]]) -> str:
    return ", ".join("×".join(map(str, size)) for size in sorted(set(sizes)))
