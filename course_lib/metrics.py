"""Metrics of restored pictures, and of the ways in which a generator fails.

Pictures are H×W×3, uint8 or floats in [0, 1]; each function scores one picture, because
tables average scores over pictures, never squared errors.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_lib.filters import gaussian_window, high_pass, local_mean
from course_lib.ranges import same_pictures, to_unit

if TYPE_CHECKING:
    import torch
    from torch import nn

# The weights that LPIPS was published with: torchvision's AlexNet, which torch's cache keeps under
# this name, and the linear layers that torchmetrics ships.
ALEXNET = "alexnet-owt-7be5be79.pth"
ALEXNET_SHA256 = "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"
_ALEXNET_URL = f"https://download.pytorch.org/models/{ALEXNET}"
_LINEAR_SHA256 = "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"


def rgb_to_y(image: np.ndarray) -> np.ndarray:
    """The luma that deraining papers score: Y = (16 + 65.481·R + 128.553·G + 24.966·B) / 255.

    This is MATLAB's rgb2ycbcr (ITU-R BT.601, studio range): black is 16/255, not 0, and white
    is 235/255, not 1.

    Args:
        image: …×3, red, green and blue as floats in [0, 1].

    Returns:
        Y, the shape of ``image`` without its last axis, floats in [16/255, 235/255].

    Example:
        A pure green pixel (0, 1, 0) has Y = (16 + 128.553) / 255 ≈ 0.567.
    """
    return (16 + image @ np.array([65.481, 128.553, 24.966])) / 255


def psnr(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    """Peak signal-to-noise ratio in decibels: −10·log₁₀ of the mean squared error.

    Args:
        restored: H×W×3, uint8 or floats in [0, 1].
        clean: the truth, of the same size.
        channel: ``"rgb"`` takes the mean over pixels and colours; ``"y_matlab"`` compares
            the lumas of `rgb_to_y` only. The peak is 1 in both.

    Returns:
        The PSNR of this one picture; infinite when the two are equal.

    Raises:
        ValueError: not two H×W×3 of one size, floats outside [0, 1], an unknown ``channel``.
        TypeError: neither uint8 nor float.

    Example:
        If every value is off by 0.1, the mean squared error is 0.01 and the PSNR 20 dB.
    """
    restored, clean = same_pictures(restored, clean)
    if channel not in ("rgb", "y_matlab"):
        raise ValueError(f'channel is "rgb" or "y_matlab", not {channel!r}')
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    mean_squared_error = np.mean((restored - clean) ** 2)
    if mean_squared_error == 0:
        return float("inf")
    return float(-10 * np.log10(mean_squared_error))


def ssim(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    """Structural similarity (Wang et al. 2004) in the convention of the deraining papers.

    An 11×11 Gaussian window of σ = 1.5, only where it lies wholly inside the picture,
    population variances, K1 = 0.01 and K2 = 0.03 for a peak of 1. Colours are scored one by
    one and averaged. Equal to scikit-image's ``structural_similarity`` with
    ``gaussian_weights=True, sigma=1.5, use_sample_covariance=False``.

    Args, raises: as `psnr`; besides, a picture needs at least 11×11 pixels.

    Returns:
        The SSIM of this one picture, at most 1.
    """
    restored, clean = same_pictures(restored, clean)
    if channel not in ("rgb", "y_matlab"):
        raise ValueError(f'channel is "rgb" or "y_matlab", not {channel!r}')
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored)[..., None], rgb_to_y(clean)[..., None]
    planes = zip(np.moveaxis(restored, -1, 0), np.moveaxis(clean, -1, 0), strict=True)
    return float(np.mean([_ssim_plane(x, y) for x, y in planes]))


def _ssim_plane(x: np.ndarray, y: np.ndarray) -> float:
    window = gaussian_window(11, 1.5)
    mean_x, mean_y = local_mean(x, window), local_mean(y, window)
    variance_x = local_mean(x * x, window) - mean_x**2
    variance_y = local_mean(y * y, window) - mean_y**2
    covariance = local_mean(x * y, window) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return float(np.mean(luminance * structure))


def lpips(restored: np.ndarray, clean: np.ndarray, *, download: bool = False) -> float | None:
    """Learned perceptual distance (Zhang et al. 2018, AlexNet): 0 for equal pictures.

    The distance is measured in the features of a network trained on ImageNet, whose weights
    (233 MB) no package ships. Without them the answer is None, which tables show as "n/a":
    the same formula on random weights would be another number under the same name.

    Args:
        restored: H×W×3, uint8 or floats in [0, 1], at least 64×64.
        clean: the truth, of the same size.
        download: fetch the weights once if they aren't in torch's cache.

    Raises:
        ValueError: not two H×W×3 of one size, smaller than 64×64, or floats outside [0, 1]; a
            file in torch's cache has the weights' name and other content.
        TypeError: neither uint8 nor float.
    """
    restored, clean = same_pictures(restored, clean)
    if min(clean.shape[:2]) < 64:
        height, width = clean.shape[:2]
        raise ValueError(
            f"LPIPS needs pictures of at least 64×64, these are {height}×{width}; "
            "compare larger crops"
        )

    import torch

    backbone = Path(torch.hub.get_dir()) / "checkpoints" / ALEXNET
    if not backbone.is_file():
        if not download:
            return None
        backbone.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(_ALEXNET_URL, str(backbone), hash_prefix=ALEXNET_SHA256)
    x, y = (
        torch.from_numpy(picture).float().permute(2, 0, 1)[None] for picture in (restored, clean)
    )
    with torch.no_grad():
        return float(_lpips_network(backbone)(x, y, normalize=True))


@cache
def _lpips_network(backbone: Path) -> nn.Module:
    """TorchMetrics' network of LPIPS, with weights that we load: its own loader would unpickle."""
    import torch
    from torchmetrics.functional.image import lpips as published

    mend = "delete it, and fetch it again with lpips(…, download=True)"
    alexnet = _read_weights(backbone, ALEXNET_SHA256, mend)
    with torch.random.fork_rng(devices=()):  # it draws weights, which are replaced at once
        network = published._NoTrainLpips(net="alex", pretrained=False, pnet_rand=True)
    # Its backbone is AlexNet's convolutions, cut in slices: slice2.3.bias is features.3.bias.
    slices = network.net.state_dict()
    network.net.load_state_dict(
        {name: alexnet[f"features.{name.partition('.')[2]}"] for name in slices}
    )
    linear = Path(published.__file__).parent / "lpips_models" / "alex.pth"
    weights = _read_weights(linear, _LINEAR_SHA256, "install torchmetrics again")
    network.load_state_dict(weights, strict=False)  # the file has the linear layers only
    return network


def _read_weights(path: Path, sha256: str, mend: str) -> dict[str, torch.Tensor]:
    """Tensors of a published file: nothing is read from another one, and nothing is unpickled."""
    import torch

    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise ValueError(
                f"{path} isn't the published file: its SHA-256 is {found}, and should be {sha256}; "
                f"{mend}"
            )
        file.seek(0)
        weights: dict[str, torch.Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return weights


def high_frequency_energy(picture: np.ndarray) -> float:
    """Mean square of a picture's fine detail: its luma less a Gaussian blur of 1.5 pixels.

    A restored picture that has less of it than the clean one is blurred; one that has more
    carries leftover rain or artifacts. Compare on the same crop: the number depends on the
    scene.

    Args:
        picture: H×W×3, uint8 or floats in [0, 1].
    """
    return float(np.mean(high_pass(rgb_to_y(to_unit(picture)), sigma=1.5) ** 2))


def output_diversity(outputs: torch.Tensor) -> torch.Tensor:
    """How different a generator's outputs for different inputs are: 0 when it has collapsed.

    The mean absolute difference between two outputs (over channels and pixels), averaged
    over all pairs of two *different* outputs.

    Args:
        outputs: N×3×H×W, N ≥ 2, any range, on any device.

    Returns:
        A scalar ≥ 0, a tensor or a number, in the units of ``outputs``.

    Raises:
        ValueError: fewer than two outputs.

    Example:
        Three flat pictures of value 0, 0 and 1 have the pair distances 0, 1 and 1,
        so their diversity is 2/3.
    """
    n = len(outputs)
    if n < 2:
        raise ValueError(f"diversity compares outputs with each other; got {n}, needs at least 2")
    distances = (outputs[:, None] - outputs[None]).abs().flatten(2).mean(2)  # N×N, diagonal 0
    return distances.sum() / (n * (n - 1))


def discriminator_accuracy(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> float:
    """How often the discriminator is right: the mean of its shares for real and for generated.

    It is right where a real picture's logit is above 0, D > ½, and a generated one's below 0; a
    logit of exactly 0 is right for neither. Each logit counts on its own: a PatchGAN gives many
    for one picture. Both kinds count half, however many logits there are of each, so that a D
    that calls everything real scores ½. The labels are the true ones: neither smoothed nor
    flipped.

    Args:
        real_logits: any shape, for real pictures, on any device; infinite ones count as well.
        fake_logits: any shape, for generated pictures, on the same device.

    Returns:
        A number from 0 to 1; ½ is guessing.

    Example:
        Real logits 2, 1, −1 and 3 (¾ right) and fake logits −1 and 1 (½ right) give 0.625.
    """
    real = (real_logits > 0).float().mean()
    fake = (fake_logits < 0).float().mean()
    return float((real + fake) / 2)
