"""Accessible tables: captions, headers, aligned numbers, no overflow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from course_lib.results import Measured, bundle
from course_lib.viz.output import put

if TYPE_CHECKING:
    import pandas as pd


def table(
    rows: Sequence[Mapping[str, Any]] | pd.DataFrame, *, caption: str, decimals: int = 2
) -> None:
    """Show rows as a table; the first column names them.

    Args:
        rows: each a mapping from column to a text or number, all with the same columns; or a
            data frame, whose index isn't shown. None and NaN are shown as "n/a".
        caption: what the table shows.
        decimals: of numbers that aren't whole.

    Raises:
        ValueError: no rows, rows with different columns, or no caption.
    """
    records, caption = _checked(rows, caption)
    cells = [{k: _cell(v, decimals) for k, v in record.items()} for record in records]
    numbers = {k for k in records[0] if all(_is_number(record[k]) for record in records)}
    put(_html(cells, numbers, caption), text=_text(cells, numbers, caption))


def results_table(measured: Sequence[Measured], *, caption: str, provenance: str = "") -> None:
    """Show measured values next to a paper's claims, and record them for `course run`.

    Where there are spreads, a line below the table says what ± means. The output also carries
    the records under `results.MIMETYPE`, from which the report of a whole run is made.

    Args:
        measured: one record a row.
        caption: what the table shows.
        provenance: where the numbers come from, such as the profile, the seed and the machine.

    Raises:
        ValueError: no records, or no caption.
    """
    rows = [
        {
            "what": record.name,
            "measured": record.text(),
            "claimed": record.claim_text(),
            "claimed in": record.source,
        }
        for record in measured
    ]
    rows, caption = _checked(rows, caption)
    if not any(row["claimed"] or row["claimed in"] for row in rows):
        rows = [{"what": row["what"], "measured": row["measured"]} for row in rows]
    numbers = {"measured", "claimed"}
    html, text = _html(rows, numbers, caption), _text(rows, numbers, caption)
    spread = "± is one standard deviation." if any(r.spread is not None for r in measured) else ""
    if below := f"{spread} {provenance}".strip():
        html, text = f"{html}<p><small>{escape(below)}</small></p>", f"{text}\n{below}"
    put(html, text=text, extra=bundle(measured))


def _checked(rows: Any, caption: str) -> tuple[list[dict[str, Any]], str]:
    records = rows.to_dict("records") if hasattr(rows, "to_dict") else [dict(row) for row in rows]
    if not caption.strip():
        raise ValueError("a table needs a caption that says what it shows")
    if not records:
        raise ValueError(f"the table {caption!r} has no rows")
    for n, record in enumerate(records):
        if list(record) != list(records[0]):
            raise ValueError(
                f"row {n} of the table {caption!r} has the columns {list(record)}, "
                f"row 0 has {list(records[0])}"
            )
    return records, caption.strip()


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, Real) and not isinstance(value, bool))


def _cell(value: Any, decimals: int) -> str:
    if value is None or (isinstance(value, Real) and math.isnan(value)):
        return "n/a"
    if isinstance(value, Integral) or not isinstance(value, Real):
        return str(value)
    return f"{float(value):.{decimals}f}".replace("-", "−").replace("inf", "∞")


def _html(rows: Sequence[Mapping[str, str]], numbers: set[str], caption: str) -> str:
    def cells(row: Mapping[str, str]) -> str:
        first, *others = row
        head = f'<th scope="row" style="text-align:left">{escape(row[first])}</th>'
        return head + "".join(f"<td {style(k)}>{escape(row[k])}</td>" for k in others)

    def style(column: str) -> str:
        if column in numbers:
            return 'style="text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap"'
        return 'style="text-align:left"'

    head = "".join(f'<th scope="col" {style(column)}>{escape(column)}</th>' for column in rows[0])
    body = "".join(f"<tr>{cells(row)}</tr>" for row in rows)
    # A wide table scrolls inside its own box, which the keyboard reaches too.
    return (
        f'<div role="region" tabindex="0" aria-label="{escape(caption)}" style="overflow-x:auto">'
        f'<table><caption style="text-align:left">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _text(rows: Sequence[Mapping[str, str]], numbers: set[str], caption: str) -> str:
    lines = [dict(zip(rows[0], rows[0], strict=True)), *rows]
    widths = {column: max(len(line[column]) for line in lines) for column in rows[0]}
    printed = [
        "  ".join(
            line[k].rjust(width) if k in numbers else line[k].ljust(width)
            for k, width in widths.items()
        ).rstrip()
        for line in lines
    ]
    return "\n".join([caption, *printed])
