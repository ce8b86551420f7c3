"""Read a registered set and say what of it isn't sound; exit status 1 unless all of it is."""

from __future__ import annotations

from typing import Annotated

import typer

from course_lib.data.registry import verify


def main(name: Annotated[str, typer.Argument(help="of a set, such as rain100l")]) -> None:
    """Read a registered set and say what of it isn't sound; exit status 1 unless all of it is."""
    try:
        reports = verify(name)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    for report in reports:
        verdict = "sound" if report.sound else "not sound"
        print(f"{report.name}: {report.count} in {report.path}, {verdict}")
        for bad in report.bad:
            print(f"  {bad.path}: {bad.reason}")
        for remark in report.remarks:
            print(f"  {remark}")
    raise typer.Exit(not all(report.sound for report in reports))


if __name__ == "__main__":
    typer.run(main)
