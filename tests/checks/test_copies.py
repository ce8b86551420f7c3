"""Copies of networks are what copy.deepcopy gives."""

import copy

import pytest
import torch
from torch import nn

from course_lib.checks.copies import copied, twin_of
from course_lib.exercises import exercise
from course_lib.training.steps import discriminator_step


class Odd(nn.Module):
    """A tied layer, a list of layers outside `_modules`, a buffer, a hook, an empty Sequential."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(3, 3, 3, padding=1)
        self.again = self.one
        self.tied = nn.Conv2d(3, 3, 3, padding=1)
        self.tied.weight = self.one.weight
        self.kept = [self.one, {"norm": 2}]
        self.empty = nn.Sequential()
        self.norm = nn.BatchNorm2d(3)
        self.register_forward_hook(lambda module, given, out: out + 1)

    def forward(self, x):
        return self.norm(self.tied(self.again(x)))


@pytest.mark.parametrize(
    "network", [Odd(), nn.LSTM(2, 3), nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))]
)
def test_a_twin_is_a_deep_copy(network):
    twin, other = twin_of(network, {}), copy.deepcopy(network)
    assert type(twin) is type(other)
    assert [name for name, _ in twin.named_modules()] == [name for name, _ in other.named_modules()]
    pairs = zip(twin.state_dict().items(), network.state_dict().items(), strict=True)
    for (name, mine), (theirs_name, theirs) in pairs:
        assert name == theirs_name
        assert torch.equal(mine, theirs)
        assert not mine.numel() or mine.data_ptr() != theirs.data_ptr()


def test_ties_hooks_and_gradients_stay():
    network = Odd().eval()
    x = torch.randn(1, 3, 4, 4)
    network(x).sum().backward()
    twin = copied(network)
    assert twin.again is twin.one is twin.kept[0] is not network.one
    assert twin.tied.weight is twin.one.weight
    assert twin.empty is not network.empty
    assert not twin.training
    assert torch.equal(twin(x), network(x))
    assert torch.equal(twin.one.weight.grad, network.one.weight.grad)
    twin.register_forward_hook(lambda module, given, out: out * 0)
    assert network(x).abs().sum() > 0


def test_hooks_that_an_answer_leaves_spoil_no_later_verdict():
    def leaves_a_hook(generator, discriminator, batch, optimizer):
        torch.nn.modules.module.register_module_forward_hook(lambda module, given, out: out * 0.5)
        return discriminator_step(generator, discriminator, batch, optimizer)

    def right(generator, discriminator, batch, optimizer):
        return discriminator_step(generator, discriminator, batch, optimizer)

    assert exercise("01.3").run(leaves_a_hook, seed=8).status == "wrong"
    assert exercise("01.3").run(right, seed=8).status == "passed"
