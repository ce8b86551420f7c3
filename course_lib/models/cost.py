"""What a network costs: its multiplications, counted."""

from __future__ import annotations

import torch
from torch import nn


def multiply_adds(model: nn.Module, size: int) -> int:
    """How many multiplications, each with an addition, one picture of size×size costs.

    Those of the layers nn.Conv2d, nn.ConvTranspose2d and nn.Linear count, and of their
    subclasses, wherever they are in the network. Norms, activations, pooling and biases are left
    out, as usual, since they cost a few operations a value and not hundreds. Each value that a
    convolution or a linear layer puts out is a sum of products: as many as one of its filters has
    weights, ``layer.weight[0].numel()``. In a transposed convolution it is each value that comes
    *in* that is multiplied with all the weights of its channel, again
    ``layer.weight[0].numel()``.

    The picture is passed through once, as zeros of 1×3×size×size; a layer that runs twice counts
    twice. A network with a true attribute ``conditional``, as a discriminator may have, gets two
    pictures. Afterwards the network is as it was: running statistics, gradients and the hooks of
    others are those from before, each module is in the mode that it was in, and no hook is added.

    Args:
        model: any network of pictures, on the CPU.
        size: side of the picture, pixels.

    Returns:
        A whole number.

    Example:
        ``nn.Conv2d(3, 8, 5, padding=2)`` on 10×10 pixels: 800 values of 75 products each, 60,000.
    """
    total = 0

    def count(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d | nn.Linear):
            total += output.numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.ConvTranspose2d):
            total += inputs[0].numel() * layer.weight[0].numel()

    modes = [(layer, layer.training) for layer in model.modules()]
    hooks = [layer.register_forward_hook(count) for layer in model.modules()]
    pictures = [torch.zeros(1, 3, size, size)] * (2 if getattr(model, "conditional", False) else 1)
    try:
        with torch.no_grad():
            model.eval()(*pictures)
    finally:
        for hook in hooks:
            hook.remove()
        for layer, mode in modes:
            layer.training = mode
    return total
