"""Show figures, always with an alternative text for readers who can't see them."""

from __future__ import annotations

import base64
import io
import re
import sys
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
from IPython.core.getipython import get_ipython
from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

_FILE_NAME = re.compile(r"\.(png|jpe?g|gif|svg|webp|bmp|tiff?)$", re.IGNORECASE)


def show(figure: Figure, *, alt: str, width: int | None = None) -> None:
    """Show a figure with its alternative text, and close it.

    In a notebook the figure is an ``<img>`` with that text, at most as wide as the page;
    elsewhere, where nobody would see a figure, the text is printed.

    Args:
        figure: made with `panels` or pyplot.
        alt: one or more sentences that would let someone who can't see the figure follow
            the argument: what it shows, and what is to be seen in it.
        width: of the shown figure in CSS pixels; without it half of the figure's own pixels,
            which is sharp on dense screens too.

    Raises:
        ValueError: ``alt`` isn't a sentence.
    """
    alt = checked_alt(alt)
    png = figure_png(figure)
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(figure)
    put(image_html(png, alt=alt, width=width or png_size(png)[0] // 2), text=alt)


def put(html: str, *, text: str, extra: Mapping[str, object] | None = None) -> None:
    """Display HTML in a notebook, or the text where HTML can't be shown.

    Args:
        html: what a notebook shows.
        text: the same for a terminal.
        extra: further mimetypes of the same output, for programs that read the notebook.
    """
    if get_ipython() is None:
        print(text)
    else:
        display({"text/html": html, "text/plain": text, **(extra or {})}, raw=True)


def checked_alt(alt: str) -> str:
    """Return the alternative text on one line.

    Raises:
        TypeError: not a string.
        ValueError: too short to say anything, or a file's name.
    """
    if not isinstance(alt, str):
        raise TypeError(f"alt is a text, this one is a {type(alt).__name__}")
    alt = " ".join(alt.split())
    if _FILE_NAME.search(alt) or len(alt) < 25 or len(alt.split()) < 5:
        raise ValueError(
            f"alt is {alt!r}; write at least one sentence that says what the figure shows, for "
            'example "PSNR over steps: it climbs from 24 dB to 27 dB and then stays level."'
        )
    return alt


def figure_png(figure: Figure, *, fast: bool = False) -> bytes:
    """Return a figure as a PNG file; ``fast`` halves the resolution and the time."""
    dpi = figure.dpi
    figure.set_dpi(dpi / 2 if fast else dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # once; savefig would lay the figure out twice
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    figure.set_dpi(dpi)
    return png_file(pixels, compress_level=1 if fast else 6)


def png_file(picture: np.ndarray, *, compress_level: int = 6) -> bytes:
    """Return a uint8 picture as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="png", compress_level=compress_level)
    return buffer.getvalue()


def image_html(png: bytes, *, alt: str, width: int, pixelated: bool = False) -> str:
    """Return an ``<img>`` that holds the picture and the text, and fits the page.

    Args:
        png: a PNG file.
        alt: the alternative text; it is escaped here.
        width: CSS pixels, where the page has room for them.
        pixelated: show enlarged pixels as squares rather than smoothed.
    """
    style = "max-width:100%;height:auto" + (";image-rendering:pixelated" if pixelated else "")
    # decoding="sync": a picture that is replaced while a slider moves would flicker otherwise.
    return (
        f'<img alt="{escape(alt)}" width="{width}" style="{style}" decoding="sync" '
        f'src="{data_url(png)}">'
    )


def data_url(png: bytes) -> str:
    """Return a PNG file as a data URL, which needs no network."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def png_size(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG file, from its header."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def with_still(
    widget: tuple[dict, dict] | Mapping[str, Any] | None, still: str, alt: str
) -> tuple[dict, dict]:
    """Add the still and the text, for pages without widgets, to a widget's mimebundle."""
    data, metadata = widget if isinstance(widget, tuple) else (widget or {}, {})
    return {**data, "text/html": still, "text/plain": alt}, metadata
