from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from course_lib.data.photos import load_photo
from course_lib.metrics import high_frequency_energy, psnr
from course_lib.restoration.derainer_twins import derainer_twins
from course_lib.restoration.networks import load_network
from course_lib.systems.trained_twins import DERAINER
from course_lib.systems.twins import enlarged, unit_tensor

SHORT = replace(DERAINER, crops=40, size=64, batch_size=4, mse_steps=60, gan_steps=150)
PHOTOS = {name: load_photo(name) for name in ("coffee", "china")}
UNSEEN = load_photo("astronaut")[:192, 85:277]


def test_the_twins_begin_as_the_network_of_course_restore() -> None:
    still = replace(SHORT, mse_steps=1, gan_steps=1, mse_rate=0.0, gan_rate=0.0, crops=4)
    twins = derainer_twins(PHOTOS, still)
    tensor = unit_tensor([UNSEEN])
    expected = (load_network("streaks").network(2 * tensor - 1) + 1) / 2
    for network in (twins.pair.gan, twins.pair.mse):
        np.testing.assert_allclose(network(tensor).detach(), expected.detach(), atol=1e-5)


@pytest.mark.slow
def test_the_twins_differ_as_twins_do() -> None:
    """On held-out pictures the MSE twin has the higher PSNR and less fine detail."""
    twins = derainer_twins(PHOTOS, SHORT, seed=1)
    rainy = [twins.mild(UNSEEN, np.random.default_rng(n)) for n in range(6)]
    gan, mse = (enlarged(one, unit_tensor(rainy)) for one in (twins.pair.gan, twins.pair.mse))
    scores = [np.mean([psnr(one, UNSEEN) for one in found]) for found in (rainy, gan, mse)]
    assert scores[2] > scores[1]
    assert scores[2] > scores[0] + 0.5
    detail = [np.mean([high_frequency_energy(one) for one in found]) for found in (gan, mse)]
    assert detail[0] > 1.2 * detail[1]
