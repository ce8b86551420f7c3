"""Show source code of the library in a lesson."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from course_lib.viz.output import put


def show_source(thing: Callable[..., Any] | type) -> None:
    """Show the source of a function or class, highlighted, with the name of its file.

    Raises:
        TypeError: something without Python source, such as a number or a built-in.
    """
    try:
        lines, first = inspect.getsourcelines(thing)
        path = Path(inspect.getsourcefile(thing) or "")
    except (OSError, TypeError) as error:
        raise TypeError(
            f"{thing!r} has no Python source to show: give a function or class itself, "
            "show_source(train), neither a call, train(…), nor an object"
        ) from error
    source = textwrap.dedent("".join(lines))
    place = f"{_name(path)}, line {max(first, 1)}"
    # xcode: every colour has a contrast ≥ 5.9:1 on the white that the box brings with it.
    formatter = HtmlFormatter(
        style="xcode",
        noclasses=True,
        cssstyles="background:#fff;color:#000;overflow-x:auto;padding:0.6em;border:1px solid #ccc",
        prestyles="margin:0;background:#fff;color:#000;line-height:1.35",
        # No <code> inside: JupyterLab gives that the theme's own background, dark on dark ones.
        wrapcode=False,
    )
    code = highlight(source, PythonLexer(), formatter)
    put(
        f'<div role="region" tabindex="0" aria-label="Source of {escape(thing.__name__)}">'
        f"<p><small>{escape(place)}</small></p>{code}</div>",
        text=f"# {place}\n{source}",
    )


def _name(path: Path) -> str:
    """Return a file's path from the package on, or else its name."""
    parts = path.parts
    if "course_lib" in parts:
        return "/".join(parts[len(parts) - 1 - parts[::-1].index("course_lib") :])
    return "this notebook" if path.suffix != ".py" or "ipykernel" in str(path) else path.name
