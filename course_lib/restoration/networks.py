"""Networks that restore photographs: those that come with the course, and files of your own.

A file holds the weights in half precision, and in its header how the network is built, what it is
for, how it was trained and what was measured. Nothing in a file is ever run.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.files import read_whole
from course_lib.models.classifier import RainClassifier
from course_lib.models.graspp import RASPP
from course_lib.models.mirrored import Mirrored
from course_lib.models.pix2pix import UNetGenerator
from course_lib.models.released import RELEASED
from course_lib.models.residual_unet import ResidualUNet
from course_lib.models.tiles import restore_at, smallest_tile
from course_lib.tensor_files import BadCheckpoint, read_tensors, write_tensors

FOLDER = Path(__file__).parent.parent / "assets" / "restorers"
LIMIT = 200_000_000  # bytes of a file
SUFFIX = ".safetensors"
TILE = 768  # pixels
CLASSIFIER = "rain_kind"  # tells the kinds of rain apart; no network that restores
# Of a network from a file, so that none fills the memory or takes minutes to build.
LARGEST_NUMBER, LARGEST_SUM, LARGEST_MULTIPLE, LONGEST_LIST, DEEPEST = 4096, 20_000, 512, 64, 16
KINDS: Mapping[str, Callable[..., nn.Module]] = {
    "ResidualUNet": ResidualUNet,
    "RASPP": RASPP,
    "UNetGenerator": UNetGenerator,
    "RainClassifier": RainClassifier,
}
STATED: Mapping[str, type] = {"title": str, "removes": str, "network": dict}  # in every header
OPTIONAL: Mapping[str, type] = {
    **dict.fromkeys(("parameters", "trained_on", "limits", "licence"), str),
    **dict.fromkeys(("training", "measured"), dict),
    "photographs": list,
    "works_at": int,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Restorer:
    """A network with its weights, ready to restore photographs.

    Attributes:
        name: what `course restore --model` calls it, or its file.
        about: header of the file: ``title``, what it ``removes``, ``network`` (kind and
            settings), and for the course's own networks training, photographs and measurements.
        network: in eval mode, on the device that was asked for.
        digest: SHA-256 of the file.
    """

    name: str
    about: Mapping[str, Any]
    network: nn.Module
    digest: str

    def restore(
        self,
        picture: np.ndarray,
        *,
        tile: int | None = TILE,
        progress: Callable[[float], None] | None = None,
    ) -> np.ndarray:
        """Restore one picture, uint8 or floats in [0, 1], H×W×3; see `restore_picture`.

        The network sees it twice, see `Mirrored`. Tiles too small for it are made larger. If the
        header names a number of pixels, ``works_at``, larger pictures are restored by way of a
        copy of that size; see `restore_at`.

        Raises:
            ValueError: its values aren't finite; else as `restore_picture`.
        """
        picture = np.asarray(picture)
        network = Mirrored(self.network)
        handle = network.register_forward_hook(self._require_finite)
        if tile is not None:
            tile = max(tile, smallest_tile(None, network.multiple))
        try:
            pixels = self.about.get("works_at") or picture.size
            return restore_at(network, picture, pixels, tile=tile, progress=progress)
        finally:
            handle.remove()

    def _require_finite(self, network: nn.Module, shown: Any, restored: torch.Tensor) -> None:
        if not restored.isfinite().all():
            raise ValueError(
                f"the network {self.name} gives values that aren't finite: take another one, or "
                "train it again"
            )


def names(folder: Path = FOLDER) -> list[str]:
    """Return the names of the networks that come with the course and restore photographs."""
    found = {path.stem for path in folder.glob(f"*{SUFFIX}")}
    return sorted(found - {CLASSIFIER})


def load_network(name: str | Path, *, device: str = "cpu", folder: Path = FOLDER) -> Restorer:
    """Load a network by its name, or from a file.

    Args:
        name: one of `names`, or the path of a file that `save_network` wrote.
        device: on which it computes.
        folder: where the course's own networks lie.

    Raises:
        ValueError: there is no such network; the file is damaged, wasn't written by
            `save_network`, or its weights don't fit the network that it names.
    """
    path = find(name, folder)
    about, tensors = _read(path)
    with torch.device("meta"):  # nothing of the size that a header states is allocated yet
        bare = build(about["network"], path, most=len(tensors))
    if (multiple := getattr(bare, "multiple", 1)) > LARGEST_MULTIPLE:
        raise ValueError(
            f"{path} names a network that enlarges each picture to a multiple of {multiple} "
            f"pixels; at most {LARGEST_MULTIPLE} are allowed: give it fewer levels"
        )
    expected = bare.state_dict()
    sizes = [{key: one.shape for key, one in state.items()} for state in (expected, tensors)]
    if sizes[0] != sizes[1]:
        raise ValueError(f"{path} doesn't hold the weights of its network, {about['network']}")
    for key, one in tensors.items():
        if one.dtype not in (expected[key].dtype, torch.float16, torch.bfloat16, torch.float64):
            raise ValueError(
                f"{path} holds {key} as {one.dtype}, and weights are {expected[key].dtype} or half "
                "of it: save the network again with save_network"
            )
        tensors[key] = one.to(expected[key].dtype)
        if not tensors[key].isfinite().all():
            raise ValueError(f"{path} holds weights that aren't finite: train the network again")
    network = build(about["network"], path)
    network.load_state_dict(tensors)
    digest = hashlib.sha256(read_whole(path, LIMIT)).hexdigest()
    return Restorer(name=str(name), about=about, network=network.to(device).eval(), digest=digest)


def read_about(name: str | Path, folder: Path = FOLDER) -> dict[str, Any]:
    """Return the header of a network's file; arguments and errors are those of `load_network`."""
    return _read(find(name, folder))[0]


def find(name: str | Path, folder: Path = FOLDER) -> Path:
    """Return the path of a network's file.

    Raises:
        ValueError: there is none of this name.
    """
    if (path := Path(name)).suffix == SUFFIX:
        if not path.is_file():
            raise ValueError(f"there is no file {path}")
        return path
    if str(name) in RELEASED:
        raise ValueError(f"{name} enlarges photographs and removes no rain: choose --model auto")
    if str(name) not in (*names(folder), CLASSIFIER):
        raise ValueError(
            f"there is no network {str(name)!r}: there are {', '.join(names(folder)) or 'none'}; "
            f"a file of your own ends with {SUFFIX}"
        )
    return folder / f"{name}{SUFFIX}"


def build(how: Any, path: Path, *, most: int | None = None) -> nn.Module:
    """Build a fresh network as a header describes it: ``{"kind": "RASPP", "width": 24}``.

    Args:
        how: the header's ``network``.
        path: for messages.
        most: number of tensors that the file holds, which bounds the number of blocks.

    Raises:
        ValueError: the file names no known network, or settings that it doesn't have.
    """
    kind = how.get("kind") if isinstance(how, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(
            f"{path} names the network {how!r}; known are {', '.join(KINDS)}: update the course"
        )
    settings = {key: value for key, value in how.items() if key != "kind"}
    lists = [value if isinstance(value, list) else [value] for value in settings.values()]
    numbers = [one for some in lists for one in some if isinstance(one, int | float)]
    said = textwrap.shorten(str(how), 200, placeholder=" …")
    depth = settings.get("depth", 0)
    if (
        any(not 0 <= one <= LARGEST_NUMBER for one in numbers)
        or sum(numbers) > LARGEST_SUM
        or max(map(len, lists), default=0) > LONGEST_LIST
        or (isinstance(depth, int) and depth > DEEPEST)
    ):
        raise ValueError(f"{path} names a network of impossible size: {said}")
    blocks = settings.get("blocks")
    counts = [one for one in (blocks if isinstance(blocks, list) else [blocks]) if one in numbers]
    if most is not None and sum(counts) > most:
        raise ValueError(f"{path} names a network of more blocks than it holds weights: {said}")
    try:
        return KINDS[kind](**settings)
    except Exception as error:  # settings of any kind may be in a header
        raise ValueError(f"{path} names a network that can't be built, {said}: {error}") from None


def save_network(path: Path, network: nn.Module, about: Mapping[str, Any]) -> None:
    """Write a network in half precision.

    Args:
        path: whose suffix is ``.safetensors``, in a folder that exists.
        network: built as ``about["network"]`` says; its weights are rounded here, so measure
            it after `course_lib.results.weights.round_to_half`.
        about: see `Restorer`.

    Raises:
        ValueError: another suffix, a key of `STATED` is missing, a weight that half precision
            can't hold.
        OSError: a full disk, or a folder that can't be written.
    """
    if path.suffix != SUFFIX:
        raise ValueError(f"the file of a network ends with {SUFFIX}; this is {path}")
    if missing := [key for key in STATED if key not in about]:
        raise ValueError(f"a network's header states its {', '.join(missing)}")
    tensors = {}
    for key, tensor in network.state_dict().items():
        tensors[key] = tensor.half() if tensor.is_floating_point() else tensor
        if not tensors[key].isfinite().all():
            raise ValueError(f"{key} isn't finite in half precision, which ends at ±65504")
    write_tensors(path, tensors, dict(about))


def _read(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    try:
        tensors, about = read_tensors(path, limit=LIMIT)
    except BadCheckpoint as error:
        raise ValueError(
            f"{error}; the file of a network is written by data_scripts/train_restorer.py or "
            "save_network"
        ) from None
    wrong = isinstance(about, dict) and [
        key
        for key, kind in {**STATED, **OPTIONAL}.items()
        if (key in STATED or key in about) and not isinstance(about.get(key), kind)
    ]
    if not wrong and isinstance(about, dict) and about.get("works_at", 1) < 1:
        wrong = ["works_at"]
    if wrong or not isinstance(about, dict):
        raise ValueError(
            f"{path} is no network for photographs: its header lacks "
            f"{', '.join(wrong or STATED)}, or has something else in these places"
        )
    return about, tensors
