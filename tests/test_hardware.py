"""What is measured of the machine."""

from __future__ import annotations

import time

import torch

from course_lib import hardware


def test_the_shortest_of_several_tries_counts_and_the_first_does_not() -> None:
    waits = iter([0.0, 0.2, 0.02, 0.2])
    assert 0.02 <= hardware.shortest(lambda: time.sleep(next(waits)), repeats=3) < 0.1
    assert not list(waits)


def test_the_matrix_rate_is_that_of_a_product() -> None:
    matrix = torch.rand(256, 256)
    here = 256**3 / hardware.shortest(lambda: matrix @ matrix, 10)
    assert hardware.matrix_rate(256) > here / 4  # other programs slow either down
