from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_lib.data.pair import Pair
from course_lib.data.photos import load_photo
from course_lib.data.rain_statistics import measure, summarise, table_row

GREY = np.random.default_rng(0).integers(60, 160, (60, 80, 1), dtype=np.uint8).repeat(3, axis=2)


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def paired(folder: Path) -> list[Pair]:
    return [
        Pair(rainy=read(rainy), clean=read(folder / "clean" / rainy.name), mask=np.zeros(0))
        for rainy in sorted((folder / "rainy").iterdir())
    ]


def rain800(folder: Path) -> list[Pair]:
    """The first 80 files in the order of their names: 1, 10, 100, …"""
    pictures = [read(path) for path in sorted((folder / "train").iterdir())[:80]]
    halves = [(p[:, p.shape[1] // 2 :][:, : p.shape[1] // 2], p) for p in pictures]
    return [
        Pair(rainy=rainy, clean=p[:, : p.shape[1] // 2], mask=np.zeros(0)) for rainy, p in halves
    ]


# As printed in the project's notes on real rain, before this module was written; but for the
# share affected, where a change of 12 levels exactly was counted as visible at random.
@pytest.mark.parametrize(
    ("name", "row"),
    [
        (
            "rain100l",
            "| rain100l (100) | 25.5 (18.6-33.5) | 13% | 13% / 0% | +33 | 1.64 / 1.11 "
            "| 11° ± 14° | 1.36 |",
        ),
        (
            "rain800",
            "| rain800 (80) | 22.3 (14.2-27.2) | 45% | 42% / 4% | +24 | 1.97 / 1.17 "
            "| 10° ± 12° | 1.48 |",
        ),
        (
            "raindrop_sample",
            "| raindrop_sample (4) | 17.6 (14.7-20.5) | 50% | 34% / 16% | +26 | 0.72 / 0.73 "
            "| none | 0.65 |",
        ),
    ],
)
def test_real_sets_measure_as_the_notes_say(real_data: Path, name: str, row: str) -> None:
    pairs = rain800(real_data / name) if name == "rain800" else paired(real_data / name)
    assert table_row(name, [measure(pair.rainy, pair.clean) for pair in pairs]) == row


def test_spa_measures_as_the_notes_say(real_data: Path) -> None:
    s = summarise([measure(p.rainy, p.clean) for p in paired(real_data / "spa_sample")])
    mean = {key: value["mean"] for key, value in s.items()}
    assert mean["psnr"] == pytest.approx(21.3, abs=0.05)
    assert mean["affected"] == pytest.approx(0.16, abs=0.005)
    assert mean["mean_change"] == pytest.approx(45, abs=0.5)
    assert mean["horizontal_gradient"] == pytest.approx(7.1, abs=0.05)
    assert mean["vertical_gradient"] == pytest.approx(2.0, abs=0.05)
    assert mean["tilt"] == pytest.approx(8, abs=0.5)
    assert mean["high_frequency"] == pytest.approx(5.2, abs=0.05)


def test_a_patch_made_brighter_is_counted_as_such() -> None:
    rainy = GREY.copy()
    rainy[:15] += 40  # a quarter
    rainy[15:21] -= 20  # a tenth
    rainy[21:27] += 11  # not visible
    s = measure(rainy, GREY)
    assert s.affected == pytest.approx(0.35)
    assert s.brighter == pytest.approx(0.25)
    assert s.darker == pytest.approx(0.1)
    assert s.mean_change == pytest.approx((0.25 * 40 - 0.1 * 20) / 0.35)
    mse = 0.25 * 40**2 + 0.1 * 20**2 + 0.1 * 11**2
    assert s.psnr == pytest.approx(10 * np.log10(255**2 / mse))


def test_more_contrast_shows_in_the_ratios() -> None:
    s = measure((GREY // 2).astype(np.uint8), GREY)
    for ratio in (s.horizontal_gradient, s.vertical_gradient, s.high_frequency):
        assert ratio == pytest.approx(0.5, abs=0.01)


def test_upright_lines_raise_the_horizontal_gradient_only() -> None:
    clean = load_photo("chelsea")
    rainy = clean.copy()
    rainy[:, ::8] = 255
    s = measure(rainy, clean)
    assert s.horizontal_gradient > 2
    assert s.vertical_gradient < 1.1


@pytest.mark.parametrize("angle", [-30, 0, 20])
def test_the_tilt_is_that_of_the_lines(angle: float) -> None:
    y, x = np.mgrid[:200, :200]
    across = x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))
    lines = (30 * (1 + np.sin(across / 4))).astype(np.uint8)[..., None]
    clean = np.tile(GREY // 16 + 60, (4, 3, 1))[:200, :200]
    s = measure(clean + lines, clean)
    assert s.tilt == pytest.approx(angle, abs=2)
    assert s.directionality > 0.9


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="equal"):
        measure(GREY, GREY)
    flat = np.full((20, 20, 3), 90, np.uint8)
    with pytest.raises(ValueError, match="flat"):
        measure(flat + np.uint8(40), flat)
    with pytest.raises(ValueError, match="no pairs"):
        summarise([])


def test_the_summary_takes_the_tilt_without_its_sign() -> None:
    y, x = np.mgrid[:100, :100]
    base = np.tile(GREY // 16 + 60, (2, 2, 1))[:100, :100]
    lines = [(30 * (1 + np.sin((x + s * 0.2 * y) / 4))).astype(np.uint8) for s in (1, -1)]
    s = summarise([measure(base + line[..., None], base) for line in lines])
    assert s["tilt"]["mean"] == pytest.approx(np.degrees(np.arctan(0.2)), abs=1)
    assert s["tilt"]["std"] == pytest.approx(s["tilt"]["mean"], abs=0.5)
