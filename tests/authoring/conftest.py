from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

LIBRARY = '''
"""A library of two objects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SCALE = 2.0


def _hidden(x):
    return x


def double(x: NDArray) -> NDArray:
    """Twice x.

    Args:
        x: any shape.
    """
    # Adding is exact.
    return np.add(x, x)  # the same as 2·x


class Mean(np.ndarray):
    """A running mean."""

    start = 0

    def __init__(
        self,
        weight: float = 0.5,
    ) -> None:  # the head ends here
        # A comment before the body.
        self.weight = weight
        self._reset()

    def update(self, x: float) -> Mean | None:
        """Take one more value.

        x: a number.
        """
        self.value = self.weight * x
        return Mean()

    def _reset(self) -> None:
        self.value = self.start
'''

LESSON = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Doubling
#
# About $x + x$.

# %% tags=["parameters"]
profile = "auto"
seed = 0

# %%
import numpy as np
from numpy.typing import NDArray

from course_lib import results
from course_lib.exercises import exercise

results.begin(lesson="00", profile=profile, seed=seed)

# %% exercise="00.1"
from course_lib.fake import double

# %%
ex = exercise("00.1")
ex.check(double)
double = ex.use(double)

# %%
double(np.ones(2))
"""


@pytest.fixture
def library_root(tmp_path: Path) -> Path:
    """A folder with a course_lib/fake.py in it."""
    package = tmp_path / "library" / "course_lib"
    package.mkdir(parents=True)
    (package / "fake.py").write_text(LIBRARY.lstrip())
    return package.parent


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """write(): the good lesson's path; write((old, new), …): the same with replacements."""

    def write(*changes: tuple[str, str], name: str = "00_doubling.py") -> Path:
        text = LESSON
        for old, new in changes:
            assert old in text, f"{old!r} isn't in the lesson"
            text = text.replace(old, new)
        path = tmp_path / "solutions" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write
