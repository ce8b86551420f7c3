"""What the course measured: in the notebook that runs, in tables of many runs, in recorded runs.

`notebook` is what every lesson uses, so its names are here too.
"""

from course_lib.results.notebook import (
    MIMETYPE,
    Collected,
    Finished,
    Measured,
    Started,
    begin,
    bundle,
    collect,
    finish,
)

__all__ = [
    "MIMETYPE",
    "Collected",
    "Finished",
    "Measured",
    "Started",
    "begin",
    "bundle",
    "collect",
    "finish",
]
