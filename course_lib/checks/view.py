"""Show verdicts and hints: as a box in a notebook, as plain text everywhere else.

Word, sign and colour all show the status. The boxes set their own background and text colour, so
they look alike on light and dark pages.
"""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass

from course_lib.checks.result import Result, Status
from course_lib.checks.task import Header


@dataclass(frozen=True, kw_only=True)
class _Look:
    sign: str
    word: str
    edge: str
    paper: str


INK = "#1b1f24"
CODE = f"font-family:monospace;color:{INK};background:transparent;padding:0"
LOOKS: dict[Status, _Look] = {
    "passed": _Look(sign="✓", word="Passed", edge="#14694a", paper="#e9f6f0"),
    "not attempted": _Look(sign="○", word="Not attempted", edge="#555c68", paper="#f1f2f4"),
    "wrong": _Look(sign="✗", word="Not right yet", edge="#9c4512", paper="#fdf1e8"),
    "library": _Look(sign="≡", word="The library's own", edge="#285f94", paper="#ebf3fb"),
}
HINT = _Look(sign="?", word="Hint", edge="#755c00", paper="#fdf8e4")


def show_verdict(header: Header, name: str, result: Result) -> None:
    """Show the verdict on the learner's function ``name``."""
    look = LOOKS[result.status]
    parts = [result.diagnosis] if result.diagnosis else []
    if result.status == "wrong":
        parts.append(
            f'For a hint: `exercise("{header.id}").hint()`. '
            f"To repeat this check: `ex.check({name}, seed={result.seed})`."
        )
    text = f"{look.sign} {look.word}: exercise {header.id}, {name}"
    page = _heading(look, f"exercise {header.id}, `{name}`")
    page += "".join(f"<div>{_inline(part)}</div>" for part in parts)
    if result.printed:
        parts.append("It printed:\n" + result.printed.rstrip())
        page += (
            "<details><summary>What it printed</summary>"
            f"<pre style='margin:0.3em 0;white-space:pre-wrap;{CODE}'>"
            f"{html.escape(result.printed)}</pre></details>"
        )
    _show("\n".join([text, *parts]), _box(look, page))


def show_choice(header: Header, name: str, result: Result) -> None:
    """Show in one line whose function the lesson uses from here on."""
    if result.status == "library":
        reason = f"the lesson uses the library's {name}."
    elif result.status == "passed" and result.replaced:
        reason = f"your {name} is right, but the lesson uses the library's: see the note above."
    elif result.status == "passed":
        reason = f"from here on the lesson uses your {name}."
    elif result.status == "wrong":
        reason = f"your {name} isn't right yet: the lesson uses the library's until it passes."
    else:
        reason = f"the lesson uses the library's {name} until you have written yours."
    text = f"{header.id}: {reason}"
    _show(text, f"<div style='font-size:0.9em'>{html.escape(text)}</div>")


def show_hints(header: Header, hints: tuple[str, ...], shown: int) -> None:
    """Show the first ``shown`` hints."""
    lines, page = [], ""
    for number, hint in enumerate(hints[:shown], 1):
        heading = f"exercise {header.id}, {number} of {len(hints)}"
        lines += [f"{HINT.sign} {HINT.word}: {heading}", hint]
        page += _heading(HINT, heading) + f"<div style='margin-bottom:0.4em'>{_block(hint)}</div>"
    _show("\n".join(lines), _box(HINT, page))


def show_code(source: str) -> None:
    """Show Python source with its syntax in colour."""
    if not _in_notebook():
        print(source)
        return
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    style = f"{CODE};background:#f8f8f8;padding:0.6em;line-height:1.35;overflow-x:auto"
    formatter = HtmlFormatter(noclasses=True, nobackground=True, prestyles=style)
    _show(source, highlight(source, PythonLexer(), formatter))


def _heading(look: _Look, rest: str) -> str:
    return (
        f"<div><strong style='color:{look.edge}'><span aria-hidden='true'>{look.sign} </span>"
        f"{look.word}</strong> · {_inline(rest)}</div>"
    )


def _box(look: _Look, page: str) -> str:
    return (
        f"<div role='status' style='border-left:5px solid {look.edge};background:{look.paper};"
        f"color:{INK};padding:0.5em 0.9em;margin:0.3em 0;max-width:46em;line-height:1.45'>"
        f"{page}</div>"
    )


def _inline(text: str) -> str:
    """Escape a text, and turn its parts between backticks into code."""
    code = rf"<code style='{CODE}'>\1</code>"
    return re.sub("`([^`]+)`", code, html.escape(text))


def _block(text: str) -> str:
    """Format a text as `_inline` does, with indented lines as a block of code."""
    prose = [line for line in text.splitlines() if not line.startswith("    ")]
    code = [line.removeprefix("    ") for line in text.splitlines() if line.startswith("    ")]
    page = _inline(" ".join(prose))
    if code:
        page += f"<pre style='margin:0.3em 0;{CODE}'>" + html.escape("\n".join(code)) + "</pre>"
    return page


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def _show(text: str, page: str) -> None:
    if not _in_notebook():
        print(text)
        return
    from IPython.display import display

    display({"text/html": page, "text/plain": text}, raw=True)
