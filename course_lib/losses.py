"""The losses of the course, each as its paper gives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.filters import sobel_kernels

Adversarial = Literal["bce", "lsgan", "hinge"]
Reduction = Literal["norm", "mse"]


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """What the discriminator minimises: −log D(x) for real pictures, −log(1 − D(G)) for fakes.

    D = sigmoid(logit) is the probability that a picture is real. Each term is the mean over
    all logits of its batch, and the two means are added (Goodfellow et al. 2014, eq. 1, with
    the sign turned because we minimise).

    Args:
        real_logits: any shape, the discriminator's logits for real pictures.
        fake_logits: any shape, its logits for generated pictures.

    Returns:
        A scalar tensor ≥ 0 on the device of the logits that gradients flow through, finite for
        large logits too.

    Example:
        When all logits are 0, D is ½ everywhere and the loss is 2·log 2 ≈ 1.386.
    """
    real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    fake = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return real + fake


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """What the generator minimises: −log D(G), the non-saturating loss.

    Minimising log(1 − D(G)) instead, as the minimax game is written, gives almost no
    gradient while the discriminator is sure of itself (Goodfellow et al. 2014, §3).

    Args:
        fake_logits: any shape, the discriminator's logits for generated pictures;
            D = sigmoid(logit).

    Returns:
        A scalar tensor ≥ 0 on the device of the logits, the mean over all of them, that
        gradients flow through, finite for large logits too.

    Example:
        When all logits are 0, the loss is log 2 ≈ 0.693.
    """
    return F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))


def pix2pix_loss(
    fake_logits: torch.Tensor, restored: torch.Tensor, clean: torch.Tensor, *, lambda_l1: float
) -> torch.Tensor:
    """What the generator of Pix2Pix minimises: −log D(y, G) + λ·L1 (Isola et al. 2016, eq. 4).

    The first term is the non-saturating `generator_loss`. The second is the mean absolute
    difference between the restored and the clean pictures, over all values, times λ.

    Args:
        fake_logits: any shape, the discriminator's logits for the restored pictures.
        restored: N×3×H×W in [−1, 1], the generator's pictures.
        clean: the truths, of the same shape.
        lambda_l1: λ ≥ 0; 100 in the paper.

    Returns:
        A scalar tensor ≥ 0 on the device of the logits that gradients flow through, finite for
        large logits too. Where restored and clean agree, the gradients of L1 are finite too.

    Example:
        Logits of 0, pictures that are off by 0.1 everywhere and λ = 100 give
        0.693 + 100·0.1 = 10.693.
    """
    return generator_loss(fake_logits) + lambda_l1 * (restored - clean).abs().mean()


def smooth_labels(logits: torch.Tensor, is_real: bool, *, smoothing: float) -> torch.Tensor:
    """Targets for the discriminator that don't ask it to be quite sure.

    Args:
        logits: any shape and any float type, the discriminator's; only their shape, type and
            device count.
        is_real: whether the pictures were photographs; False for generated ones.
        smoothing: by how much the targets stay away from 1 and 0, from 0 to below ½; 0.1 in
            the report.

    Returns:
        A new tensor with one target for each logit, of the shape, type and device of the logits:
        1 − smoothing for real pictures, smoothing for generated ones. Gradients don't flow
        through it.

    Example:
        With a smoothing of 0.1, every real logit gets the target 0.9, every fake one 0.1.
    """
    return torch.full_like(logits, 1 - smoothing if is_real else smoothing)


def flip_labels(
    labels: torch.Tensor, probability: float, generator: torch.Generator
) -> torch.Tensor:
    """Noisy labels: each one is turned round, t → 1 − t, with some probability.

    Args:
        labels: targets in [0, 1], any shape; they stay as they are.
        probability: of each label, on its own, 0 to 1; 0.05 to 0.1 in the report.
        generator: all randomness comes from it, so that the same seed turns the same labels.
            Each call moves it on. It may live on another device than the labels.

    Returns:
        A new tensor like ``labels``.

    Example:
        With probability 1, the labels 0.9, 0.9 and 0.1 become 0.1, 0.1 and 0.9.
    """
    draws = torch.rand(labels.shape, generator=generator, device=generator.device)
    return torch.where(draws.to(labels.device) < probability, 1 - labels, labels)


def contrastive_loss(
    restored: torch.Tensor,
    clean: torch.Tensor,
    rainy: torch.Tensor,
    features: Callable[[torch.Tensor], Sequence[torch.Tensor]],
) -> torch.Tensor:
    """Pull the restored picture towards the clean one and push it away from the rainy one.

    ``features`` gives a list of tensors, the feature maps of one layer each. Of each tensor, near
    is the mean absolute difference between the features of the restored and the clean pictures,
    over all values of the batch, and far that between the restored and the rainy ones. Its loss
    is near / (near + far): 0 at the clean picture, 1 at the rainy one. The result is the mean of
    the tensors' losses, so that each layer counts the same, however many values it has.
    Only the restored picture learns: no gradient flows into clean or rainy.

    The report names this loss as future work and gives no formula. Wu et al. (2021, eq. 3)
    divide near by far, which has no bound where G hands the rainy picture through, as a U-Net
    does at first; ours stays between 0 and 1.

    Args:
        restored, clean, rainy: N×3×H×W in [−1, 1], on any device.
        features: N×3×H×W → a list of tensors of any shapes. Call it for each of the three on
            its own: it takes batches of N, and may hold batch norm. If it is a network, its modes
            and gradients stay as they are.

    Returns:
        A scalar tensor in [0, 1] that gradients flow through to ``restored``. Where all three
        pictures agree it is 0, not 0/0: add a small number, 1e-8, to the denominator.

    Example:
        With the pixels themselves as the only features, a picture exactly between the rainy
        and the clean one has the loss ½.
    """
    clean_maps, rainy_maps = features(clean.detach()), features(rainy.detach())
    losses = []
    for ours, good, bad in zip(features(restored), clean_maps, rainy_maps, strict=True):
        near, far = (ours - good).abs().mean(), (ours - bad).abs().mean()
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def target_loss(
    logits: torch.Tensor, targets: torch.Tensor, kind: Adversarial = "bce"
) -> torch.Tensor:
    """How far the discriminator is from its targets, the mean over all logits.

    Args:
        logits: any shape.
        targets: in [0, 1], of the same shape: 1 real, 0 generated, or smoothed.
        kind: ``"bce"``, the cross-entropy; ``"lsgan"``, the squared distance of logit and
            target (Mao et al. 2017, eq. 9 with a = 0, b = 1, without the ½); ``"hinge"``,
            max(0, 1 ∓ logit) (Lim and Ye 2017), for targets of 0 and 1 only.

    Raises:
        ValueError: no such kind.
    """
    if kind == "bce":
        return F.binary_cross_entropy_with_logits(logits, targets)
    if kind == "lsgan":
        return F.mse_loss(logits, targets)
    if kind == "hinge":
        return F.relu(1 - (2 * targets - 1) * logits).mean()
    raise ValueError(f'kind is "bce", "lsgan" or "hinge", not {kind!r}')


def fooling_loss(fake_logits: torch.Tensor, kind: Adversarial = "bce") -> torch.Tensor:
    """What the generator minimises against a discriminator of that kind, see `target_loss`.

    `generator_loss`, (logit − 1)², or minus the logit; the mean over all logits.

    Raises:
        ValueError: no such kind.
    """
    if kind == "hinge":
        return -fake_logits.mean()
    return target_loss(fake_logits, torch.ones_like(fake_logits), kind)


class SobelGradient(nn.Module):
    """A convolution that nobody trains: pictures → how they change across and downwards.

    Each channel on its own; the border is mirrored, so that height and width stay (Wang et al.,
    *Gradient information guided deraining*, §3.3: a "Sobel convolution layer").

    Args:
        kernels: 2×3×3 floats, `filters.sobel_kernels()` unless given.

    Raises:
        ValueError: other kernels, or pictures in their place.
    """

    kernels: torch.Tensor

    def __init__(self, kernels: np.ndarray | None = None) -> None:
        super().__init__()
        shape = (2, 3, 3) if kernels is None else np.shape(kernels)
        if shape != (2, 3, 3):
            raise ValueError(
                "SobelGradient is made of two kernels, 2×3×3, or of nothing; got "
                f"{'×'.join(map(str, shape)) or 'one number'}. Pictures are given to the layer, "
                "once it is made: SobelGradient()(pictures)"
            )
        both = torch.tensor(sobel_kernels() if kernels is None else np.ascontiguousarray(kernels))
        # 2×1×3×3, as a convolution takes them
        self.register_buffer("kernels", both[:, None], persistent=False)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """N×C×H×W → ∇x and ∇y, each N×C×H×W: eight times the slope a pixel.

        Raises:
            ValueError: not N×C×H×W, or smaller than 2×2, which can't be mirrored.
        """
        if pictures.ndim != 4 or min(pictures.shape[-2:]) < 2:
            raise ValueError(
                "gradients are taken of N×C×H×W, at least 2×2 pixels; got "
                f"{'×'.join(map(str, pictures.shape)) or 'one number'}"
            )
        planes = F.pad(pictures, (1, 1, 1, 1), mode="reflect").flatten(0, 1)[:, None]
        gradients = F.conv2d(planes, self.kernels.to(pictures))  # N·C×2×H×W
        across, down = gradients.unflatten(0, pictures.shape[:2]).unbind(2)
        return across, down


def gradient_loss(
    restored: torch.Tensor, clean: torch.Tensor, *, reduction: Literal["norm", "mse"] = "norm"
) -> torch.Tensor:
    """How far the gradients of the restored pictures are from those of the clean ones.

    ∇x and ∇y are what `SobelGradient` gives: ``across, down = SobelGradient()(pictures)``.

    ``"norm"`` is the paper's L_g as it is printed (Wang et al., eq. 2). For each picture on its
    own take the Euclidean norm of its difference in ∇x: square all values of all colours, add
    them up, take the root. Add the same of ∇y. The loss is the mean over the N pictures.

    ``"mse"`` is the mean squared difference over all values of ∇x, plus that of ∇y.

    Args:
        restored, clean: N×3×H×W in [−1, 1], on any device.
        reduction: ``"norm"`` or ``"mse"``.

    Returns:
        A scalar tensor ≥ 0 that gradients flow through, finite ones where the pictures agree too.

    Raises:
        ValueError: no such reduction.

    Example:
        Restored minus clean is a ramp of 64×64 pixels that gains 0.01 a pixel to the right. Then
        ∇y differs by 0, and ∇x by 0.08; in the first and the last column by 0, where the border
        is mirrored. That leaves 3·64·62 = 11,904 values of 0.08 a picture: the norm is
        √11904 · 0.08 = 8.73. The mean over all 12,288 values is 62/64 · 0.08² = 0.0062.
    """
    across, down = SobelGradient()(restored - clean)
    if reduction == "mse":
        return (across**2).mean() + (down**2).mean()
    if reduction == "norm":
        return (across.flatten(1).norm(dim=1) + down.flatten(1).norm(dim=1)).mean()
    raise ValueError(f'reduction is "norm" or "mse", not {reduction!r}')


def picture_loss(
    restored: torch.Tensor, clean: torch.Tensor, *, reduction: Reduction = "norm"
) -> torch.Tensor:
    """L2 of Wang et al., eq. 1: how far the restored pictures are from the clean ones.

    Args:
        restored, clean: N×3×H×W in [−1, 1].
        reduction: ``"norm"``, as printed: the Euclidean norm ‖d − g‖₂ of each picture's
            difference, the mean over the pictures; ``"mse"``: the mean squared difference.

    Raises:
        ValueError: no such reduction.
    """
    if reduction == "mse":
        return F.mse_loss(restored, clean)
    if reduction == "norm":
        return (restored - clean).flatten(1).norm(dim=1).mean()
    raise ValueError(f'reduction is "norm" or "mse", not {reduction!r}')


def adversarial_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """What the discriminator's verdict adds to what the generator *minimises*.

    The paper prints L_gan = E[log D(G(x))] (Wang et al., eq. 5), and adds β·L_gan to a loss that
    G minimises (eq. 1). Here D = sigmoid(logit) is the probability that a picture is a clean
    one, as in eq. 3. Keep the logarithm of D and the mean, and give them the sign with which a G
    that minimises learns to be taken for clean.

    Args:
        fake_logits: any shape, the discriminator's logits for restored pictures.

    Returns:
        A scalar tensor on the device of the logits, the mean over all of them, that gradients
        flow through, finite for large logits too.

    Example:
        Two restored pictures: D takes the first for clean (logit 5), and sees through the second
        (logit −5). The second must cost the generator more.
    """
    return -F.logsigmoid(fake_logits).mean()
