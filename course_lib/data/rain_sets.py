"""Sets of real rain that the literature reports on, and what a sound copy of each looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layout = Literal["paired", "side by side", "doubled", "pictures"]

YANG = "Yang et al., Deep Joint Rain Detection and Removal from a Single Image, CVPR 2017"
ZHANG = "Zhang et al., Image De-raining Using a Conditional GAN, arXiv:1701.05957"
QIAN = "Qian et al., Attentive GAN for Raindrop Removal from a Single Image, CVPR 2018"
BSDS = "none stated; the backgrounds are BSDS photographs, for research and teaching only"


@dataclass(frozen=True, kw_only=True)
class RainSet:
    """What a sound copy of a set looks like.

    Attributes:
        title: for people.
        layout: ``paired`` (two subfolders), ``side by side`` (left half
            clean, right half rainy), ``doubled`` (no ground truth, each picture twice side by
            side) or ``pictures`` (no ground truth).
        count: fewest and most pairs or pictures that a whole copy holds; copies differ.
        sides: lengths that the short and the long side may have; None if sizes vary.
        licence: the terms, as far as anybody states them.
        citation: the paper that asks to be cited.
        overlaps: names of pairs whose backgrounds are in another set's test part.
    """

    title: str
    layout: Layout
    count: tuple[int, int]
    sides: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    licence: str = "none stated"
    citation: str
    overlaps: tuple[str, ...] = ()


# "set/part" for sets in parts, which lie in subfolders of the parts' names.
SETS: dict[str, RainSet] = {
    "rain100l": RainSet(
        title="Rain100L, light synthetic streaks, test part",
        layout="paired",
        count=(100, 200),  # the authors' second release holds 200
        sides=((320, 321), (480, 481)),
        licence=BSDS,
        citation=YANG,
    ),
    "rain100h": RainSet(
        title="Rain100H, heavy synthetic streaks, test part",
        layout="paired",
        count=(100, 200),
        sides=((320, 321), (480, 481)),
        licence=BSDS,
        citation=YANG,
    ),
    "rain12": RainSet(
        title="Rain12, synthetic streaks",
        layout="paired",
        count=(12, 12),
        citation="Li et al., Rain Streak Removal Using Layer Priors, CVPR 2016",
    ),
    "rain800/train": RainSet(
        title="Rain800, synthetic streaks, training part",
        layout="side by side",
        count=(700, 700),
        licence="none stated; the backgrounds are photographs from BSDS and UCID",
        citation=ZHANG,
        # Measured: their clean halves are backgrounds of Rain100L and Rain100H.
        overlaps=(
            *("12", "13", "52", "81", "150", "166", "181"),
            *("185", "237", "261", "305", "376", "458"),
        ),
    ),
    "rain800/test_syn": RainSet(
        title="Rain800, synthetic streaks, test part",
        layout="side by side",
        count=(100, 100),
        licence="none stated; the backgrounds are photographs from BSDS and UCID",
        citation=ZHANG,
    ),
    "rain800/test_nature": RainSet(
        title="Rain800, real rain without ground truth",
        layout="doubled",
        count=(50, 92),
        licence="none stated; photographs from the web",
        citation=ZHANG,
    ),
    "raindrop/train": RainSet(
        title="Raindrop, real drops on glass, training part",
        layout="paired",
        count=(860, 861),
        sides=((480,), (720,)),
        citation=QIAN,
    ),
    "raindrop/test_a": RainSet(
        title="Raindrop, real drops on glass, test part A (contained in B)",
        layout="paired",
        count=(57, 58),
        sides=((480,), (720,)),
        citation=QIAN,
    ),
    "raindrop/test_b": RainSet(
        title="Raindrop, real drops on glass, test part B",
        layout="paired",
        count=(202, 249),
        sides=((480,), (720,)),
        citation=QIAN,
    ),
    "spa": RainSet(
        title="SPA-Data, real streaks, test part",
        layout="paired",
        count=(1000, 1000),
        sides=((512,), (512,)),
        licence="a License.txt comes with the files: read it",
        citation="Wang et al., Spatial Attentive Single-Image Deraining with a High Quality "
        "Real Rain Dataset, CVPR 2019",
    ),
    "real_rain": RainSet(
        title="Real rain without ground truth",
        layout="pictures",
        count=(147, 147),
        licence="none stated; photographs from the web",
        citation="Wei et al., Semi-supervised Transfer Learning for Image Rain Removal, CVPR 2019",
    ),
}


def parts(name: str) -> list[str]:
    """The names in `SETS` that a name stands for: ``rain800`` has three parts, ``spa`` itself.

    Raises:
        ValueError: no such set.
    """
    found = [known for known in SETS if name in (known, known.split("/")[0])]
    if not found:
        raise ValueError(
            f"no set {name!r}: there are {', '.join(SETS)}. Any other folder is opened directly "
            "with PairedFolder, SideBySideFolder or PictureFolder of course_lib.data.folders"
        )
    return found
