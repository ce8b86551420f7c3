import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.checks.devices import works_on_gpu
from course_lib.checks.result import Wrong
from course_lib.checks.watchdog import TimedOut, TimeLimit


def reference(x, y):
    return x + y


def told(function, reference=reference):
    pictures = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 4, 5)
    with TimeLimit(5) as limit:
        try:
            works_on_gpu(function, reference, pictures, {}, limit)
        except Wrong as wrong:
            return str(wrong)
    return ""


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x + y + torch.zeros_like(x),
        lambda x, y: x + y * torch.ones(x.shape, device=x.device),
        lambda x, y: x + y * torch.ones(3).to(x)[:, None, None].mean(),
        lambda x, y: x + y + torch.tensor(0.0),  # a number may come from anywhere
        lambda x, y: (x.cpu() + torch.zeros(5)).to(x.device) + y,
        lambda x, y: nn.Conv2d(3, 3, 1, device=x.device)(x) + y,
        lambda x, y: x + y if x.sum() > 0 else y + x,  # what a fake tensor can't tell passes
        lambda x, y: torch.from_numpy(x.cpu().numpy()).to(x) + y,
    ],
)
def test_what_a_gpu_can_compute_passes(function):
    assert told(function) == ""


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x + y * torch.ones(x.shape),
        lambda x, y: F.conv2d(x, torch.ones(3, 3, 1, 1)) + y,
        lambda x, y: F.conv_transpose2d(x, weight=torch.ones(3, 3, 1, 1)) + y,
        lambda x, y: nn.BatchNorm2d(3)(x) + y,
        lambda x, y: nn.Linear(5, 5)(x) + y,
        lambda x, y: F.mse_loss(x, torch.zeros(x.shape)) + x + y,
        lambda x, y: torch.cat([x, torch.zeros(x.shape)]) + y,
        lambda x, y: torch.where(torch.ones(x.shape) > 0, x, y),
    ],
)
def test_two_devices_are_told(function):
    assert "makes a tensor on the CPU and computes with both" in told(function)


def test_numpy_and_a_result_on_the_cpu_are_told():
    assert "numpy can't read them there" in told(lambda x, y: x + torch.tensor(y.numpy()))
    assert "returns a tensor on the CPU" in told(lambda x, y: (x + y).cpu())
    assert "returns a tensor on the CPU" in told(lambda x, y: torch.zeros(x.shape))


def test_networks_move_too():
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))

    def call(network, x):
        return network(x)

    def mixes(network, x):
        return network(x + torch.zeros(x.shape))

    x = torch.rand(2, 3, 4, 5)
    with TimeLimit(5) as limit:
        works_on_gpu(call, call, (network, x), {}, limit)
        with pytest.raises(Wrong, match="makes a tensor on the CPU"):
            works_on_gpu(mixes, call, (network, x), {}, limit)
    assert not next(network.parameters()).is_cuda


def noisy(x, generator):
    return x + torch.rand(x.shape, generator=generator, device=generator.device).to(x.device)


def told_of_draws(function, tensors, generators):
    args = torch.rand(2, 3), torch.Generator()
    with TimeLimit(5) as limit:
        try:
            works_on_gpu(function, noisy, args, {}, limit, tensors=tensors, generators=generators)
        except Wrong as wrong:
            return str(wrong)
    return ""


@pytest.mark.parametrize("generators", ["cpu", "cuda"])
@pytest.mark.parametrize("tensors", ["cpu", "cuda"])
@pytest.mark.parametrize(
    "function",
    [
        noisy,
        lambda x, g: x + torch.empty(x.shape, device=g.device).uniform_(generator=g).to(x.device),
        lambda x, g: x + torch.bernoulli(torch.ones(x.shape, device=g.device), generator=g).to(x),
        lambda x, g: x + torch.randperm(x.shape[1], generator=g, device=g.device).to(x.device),
    ],
)
def test_draws_on_the_generators_device_pass(function, tensors, generators):
    assert told_of_draws(function, tensors, generators) == ""


@pytest.mark.parametrize(
    ("function", "tensors", "generators", "words"),
    [
        (
            lambda x, g: x + torch.rand(x.shape, generator=g, device=x.device),
            "cuda",
            "cpu",
            "With tensors on the GPU and a generator on the CPU, your function fails: a generator "
            "on the CPU can't draw numbers on the GPU",
        ),
        (
            lambda x, g: x + torch.rand(x.shape, generator=g).to(x),
            "cpu",
            "cuda",
            "a generator on the GPU can't draw numbers on the CPU",
        ),
        (
            lambda x, g: x + x.clone().uniform_(generator=g),
            "cuda",
            "cpu",
            "a generator on the CPU can't draw",
        ),
        (
            lambda x, g: x + torch.rand(x.shape, generator=g, device=g.device),
            "cpu",
            "cuda",
            "computes with a tensor on the CPU and one on the GPU",
        ),
        (
            lambda x, g: torch.rand(x.shape, generator=g, device=g.device),
            "cpu",
            "cuda",
            "returns a tensor on the GPU",
        ),
    ],
)
def test_draws_on_another_device_are_told(function, tensors, generators, words):
    assert words in told_of_draws(function, tensors, generators)


def test_on_a_fake_gpu_only_a_function_of_torchs_ends_a_slow_answer():
    """Another thread's exception inside torch's dispatch would end the process."""
    raised = []

    def slow(x):
        try:
            while True:
                x = x.norm() + x
        except BaseException as error:
            raised.append(type(error))
            raise

    with TimeLimit(0.05) as limit:
        works_on_gpu(slow, torch.relu, (torch.ones(3),), {}, limit)
    assert raised == [TimedOut]
