"""DeSRA's detection at 1024×1024 against its plain formulation, and RRDBNet's memory formats.

The plain formulation follows the authors' code in float64: a two-dimensional Gaussian window for
each colour, and a loop over all regions that drops the small ones. Both give the same mask. The
last line says how much of the machine's matrix rate RRDBNet reaches.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from scipy import ndimage

from course_lib.artifacts.mask import detect
from course_lib.artifacts.texture import TINY, WINDOW, C, window_weights
from course_lib.data.photos import load_photo
from course_lib.models.sr import RRDBNet

REPEATS = 3
MIN_AREA = 400
SIDE = 64  # of RRDBNet's input, pixels
MATRIX = 1536  # side of the matrices that show the machine's rate


def plain_detection(gan: np.ndarray, mse: np.ndarray) -> np.ndarray:
    """The official preset, written down as it is defined."""
    window = np.outer(*[window_weights(WINDOW, "gaussian")] * 2)
    edge = WINDOW // 2
    maps = []
    for colour in range(3):
        deviations = []
        for picture in (gan, mse):
            levels = picture[..., colour].astype(np.float64)
            mean, square = (ndimage.correlate(one, window) for one in (levels, levels**2))
            deviations.append(np.sqrt(np.maximum(square - mean**2, 0) + TINY))
        x, y = deviations
        maps.append((2 * x * y + C) / (x**2 + y**2 - 2 * TINY + C))
    distance = np.mean(maps, axis=0)[edge:-edge, edge:-edge]
    mask = ndimage.binary_erosion(distance < 0.7, np.ones((5, 5)), border_value=1)
    mask = ndimage.binary_dilation(mask, np.ones((5, 5)), iterations=3)
    mask = ndimage.binary_fill_holes(mask, np.ones((3, 3)))
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    for region in range(1, count + 1):
        if (labels == region).sum() <= MIN_AREA:
            mask[labels == region] = False
    return np.pad(mask, edge)


def fastest(function: Callable[[], object]) -> float:
    """Seconds of the fastest of some calls."""
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def twins() -> tuple[np.ndarray, np.ndarray]:
    """Four photographs in one picture of 1024×1024, and the same, blurred."""
    parts = []
    for name in ("china", "motorcycle", "flower", "coffee"):
        photo = load_photo(name)[:400, :512]
        parts.append(np.pad(photo, ((0, 112), (0, 512 - photo.shape[1]), (0, 0)), mode="reflect"))
    gan = np.vstack([np.hstack(parts[:2]), np.hstack(parts[2:])])
    mse = ndimage.gaussian_filter(gan.astype(np.float64), (1.5, 1.5, 0))
    return gan, np.rint(mse).astype(np.uint8)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    gan, mse = twins()
    ours, theirs = detect(gan, mse, min_area=MIN_AREA), plain_detection(gan, mse)
    print(f"1024×1024×3: {ours.mean():.1%} masked; same mask: {(ours == theirs).all()}")
    fast = fastest(lambda: detect(gan, mse, min_area=MIN_AREA))
    slow = fastest(lambda: plain_detection(gan, mse))
    print(f"plain / library: {slow / fast:.1f} (library {fast:.2f} s)")

    torch.manual_seed(0)
    network, low = RRDBNet().eval(), torch.rand(1, 3, SIDE, SIDE)
    operations = 2 * SIDE**2 * multiply_adds(network)
    with torch.no_grad():
        seconds = {"plain": fastest(lambda: network(low))}
        torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
        last = low.contiguous(memory_format=torch.channels_last)
        seconds["channels last"] = fastest(lambda: network(last))
    square = torch.rand(MATRIX, MATRIX)
    rate = 2 * MATRIX**3 / fastest(lambda: square @ square)
    print(f"RRDBNet, plain / channels last: {seconds['plain'] / seconds['channels last']:.2f}")
    for name, one in seconds.items():
        print(f"share of the matrix rate, {name}: {operations / one / rate:.0%}")


def multiply_adds(network: RRDBNet) -> float:
    """Of one pixel of the input; the convolutions after the enlargements count four times each."""
    enlarged = {"conv_up1": 4, "conv_up2": 16, "conv_hr": 16, "conv_last": 16}
    return sum(
        module.weight.numel() * enlarged.get(name, 1)
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Conv2d)
    )


if __name__ == "__main__":
    main()
