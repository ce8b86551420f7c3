"""The photographs that come with the course's packages, and how they are split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from course_lib.data.pictures import read_picture


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photograph from an installed package, with its author and licence.

    Attributes:
        title: what it shows.
        credit: who took it.
        licence: under which terms it may be used, and who says so.
        source: where the package's authors found it.
        package, file: the package that holds it, and where inside.
    """

    title: str
    credit: str
    licence: str
    source: str
    package: str
    file: str


# Credits and licences are the packages' own notes (skimage/data/_fetchers.py,
# sklearn/datasets/images/README.txt, the comment inside grace_hopper.jpg), except where said.
PHOTOS: dict[str, Photo] = {
    "astronaut": Photo(
        title="Eileen Collins, astronaut",
        credit="NASA",
        licence="public domain",
        source="https://flic.kr/p/r9qvLn",
        package="skimage",
        file="data/astronaut.png",
    ),
    "chelsea": Photo(
        title="Chelsea the cat",
        credit="Stefan van der Walt",
        licence="CC0",
        source="scikit-image",
        package="skimage",
        file="data/chelsea.png",
    ),
    "coffee": Photo(
        title="A cup of coffee",
        credit="Rachel Michetti, courtesy of Pikolo Espresso Bar",
        licence="CC0",
        source="scikit-image",
        package="skimage",
        file="data/coffee.png",
    ),
    "rocket": Photo(
        title="Falcon 9 on its launch pad",
        credit="SpaceX",
        # The photograph's own page says something else, see scikit-image's issue 5095.
        licence="public domain according to scikit-image; its page on Flickr says CC BY-NC 2.0",
        source="https://www.flickr.com/photos/spacexphotos/16511594820/",
        package="skimage",
        file="data/rocket.jpg",
    ),
    # One eye of a stereo pair. The other eye is the same scene, not a ninth photograph.
    "motorcycle": Photo(
        title="A motorcycle in a garage",
        credit="D. Scharstein, H. Hirschmüller, Y. Kitajima, G. Krathwohl, N. Nešić, X. Wang "
        "and P. Westling (GCPR 2014)",
        licence="none stated; the Middlebury 2014 stereo set asks to cite the paper",
        source="https://vision.middlebury.edu/stereo/data/scenes2014/",
        package="skimage",
        file="data/motorcycle_left.png",
    ),
    "china": Photo(
        title="A pagoda in China",
        credit="danielbuechele",
        licence="CC BY 2.0",
        source="https://www.flickr.com/photos/danielbuechele/6061409035/",
        package="sklearn",
        file="datasets/images/china.jpg",
    ),
    # scikit-learn's attribution repeats the name of china's author, while both of its links,
    # and the picture's own IPTC record, name vultilion.
    "flower": Photo(
        title="A dahlia",
        credit="vultilion",
        licence="CC BY 2.0",
        source="https://www.flickr.com/photos/vultilion/6056698931/",
        package="sklearn",
        file="datasets/images/flower.jpg",
    ),
    # Matplotlib names the page only; photographer and licence stand there.
    "hopper": Photo(
        title="Grace Hopper, computer scientist",
        credit="James S. Davis, U.S. Navy",
        licence="public domain",
        source="https://commons.wikimedia.org/wiki/File:Grace_Hopper.jpg",
        package="matplotlib",
        file="mpl-data/sample_data/grace_hopper.jpg",
    ),
}


class Split(NamedTuple):
    """Names of the photographs in each part."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


@cache
def load_photo(name: str) -> np.ndarray:
    """A photograph that came with the course's packages; nothing is downloaded.

    Args:
        name: one of `PHOTOS`.

    Returns:
        uint8 H×W×3, 300 to 600 pixels high. It is shared by all callers and therefore
        read-only: take a ``.copy()`` to change it.

    Raises:
        ValueError: no such photograph.
        FileNotFoundError: the package isn't installed, or lacks the file.
    """
    if name not in PHOTOS:
        raise ValueError(f"no photograph {name!r}: there are {', '.join(PHOTOS)}")
    photo = PHOTOS[name]
    # Importing scikit-learn, only to learn where it lies, would take a second.
    spec = find_spec(photo.package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            f"the photograph {name!r} comes with the package {photo.package}, which is not "
            "installed; install the course's requirements again"
        )
    pixels = read_picture(Path(spec.submodule_search_locations[0]) / photo.file)
    pixels.flags.writeable = False
    return pixels


def shrink(photo: np.ndarray, factor: int) -> np.ndarray:
    """A photograph of 1/``factor`` the size, each pixel the mean of factor×factor.

    So a crop of 64 pixels, all that a CPU can train on in minutes, still shows a scene and not
    a single petal.

    Args:
        photo: uint8 H×W×3.
        factor: a whole number ≥ 1. Where it doesn't divide the size, the last pixels are the
            means of what is left over.
    """
    return np.asarray(Image.fromarray(photo).reduce(factor))


def photo_credits() -> list[dict[str, str]]:
    """One row a photograph: name, size, title, credit, licence, source."""
    rows = []
    for name, photo in PHOTOS.items():
        height, width = load_photo(name).shape[:2]
        row = {"name": name, "size": f"{width}×{height}", "title": photo.title}
        rows.append(
            row | {"credit": photo.credit, "licence": photo.licence, "source": photo.source}
        )
    return rows


def photo_split(seed: int) -> Split:
    """Five photographs to train on, one to validate, two to test; the seed rotates them.

    Four consecutive seeds from a multiple of 4 test each of the eight photographs once, so
    that a spread over seeds is a spread over scenes. Seven such rounds pair them differently,
    so that 28 seeds test 28 different pairs.

    Args:
        seed: ≥ 0, that of the run.
    """
    tournament, match = divmod(seed, 28)
    round_, turn = divmod(match, 4)
    names = list(PHOTOS)
    dealt = split_by_photo(names, (1 / 8,) * 8, np.random.default_rng(tournament))
    *circle, fixed = (names[part[0]] for part in dealt)
    # As chess tournaments do it: one player stays, the others move round a table of seven.
    pairs = [(circle[round_], fixed)]
    pairs += [(circle[(round_ + i) % 7], circle[round_ - i]) for i in (1, 2, 3)]
    test, validation = pairs[turn], pairs[(turn + 1) % 4][:1]
    train = tuple(name for name in names if name not in test + validation)
    return Split(train, validation, test)


def split_by_photo(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> list[list[int]]:
    """Split pictures into parts so that no photograph is in two of them.

    Many pictures can come from one photograph: other crops, other rain. If some of them
    train a network and others test it, the test measures memory. So whole photographs are
    shuffled and dealt out, and each picture follows its photograph.

    Args:
        names: for each picture, the name of the photograph it was made from; names repeat.
        fractions: the share of the *photographs* that goes to each part; they sum to 1, but
            for the rounding of floats.
        rng: decides which photograph goes where. The same seed gives the same split.

    Returns:
        One list a fraction, in that order, each with the indices into ``names`` of its
        pictures, ascending. A part's number of photographs differs from its share of all
        photographs by one at most.

    Raises:
        ValueError: the fractions don't sum to 1.

    Example:
        For names ``["cat", "cat", "sea", "sky"]`` and fractions (2/3, 1/3), one possible
        result is ``[[0, 1, 3], [2]]``: cat and sky in the first part, sea in the second.
    """
    if not np.isclose(sum(fractions), 1):
        raise ValueError(f"the fractions {list(fractions)} sum to {sum(fractions)}, not to 1")
    photos = rng.permutation(sorted(set(names)))
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    parts = [set(part) for part in np.split(photos, cuts)]
    return [[i for i, name in enumerate(names) if name in part] for part in parts]
