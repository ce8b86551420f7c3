"""Measurements: of the running notebook, tables of many runs, recordings, pretrained weights.

Every lesson uses `Measured` and the names of `notebook`, so they can be imported from here.
"""

from course_lib.results.measured import Measured
from course_lib.results.notebook import (
    MIMETYPE,
    Collected,
    Finished,
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
