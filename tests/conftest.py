"""Fixtures that tests in several folders use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

# The networks of the tests are small: a second thread gains nothing, and costs much as soon
# as another program, such as a second test worker, wants its core.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real rain sets: rain100l/, rain800/, raindrop_sample/, spa_sample/."""
    folder = os.environ.get("COURSE_TEST_DATA")
    if not folder:
        pytest.skip("COURSE_TEST_DATA is not set; it names a folder with real rain sets")
    return Path(folder)
