"""Exercise 04.5: what a network costs."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from course_lib.checks.attempt import Attempt, Call
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import mends, slips_that_get
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_04.multiply_adds import zoo
from course_lib.exercises.lesson_04.multiply_adds.networks import cases
from course_lib.exercises.lesson_04.multiply_adds.zoo import COUNTED, calls, right, walk
from course_lib.models.cost import multiply_adds
from course_lib.models.graspp import RainDiscriminator

CONV, TRANSPOSED, LINEAR = "nn.Conv2d", "nn.ConvTranspose2d", "nn.Linear"
NORMS, POOLS = "nn.BatchNorm2d", "(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)"
ACTIVATIONS = "(nn.ReLU, nn.LeakyReLU, nn.Tanh)"

# Parts of rules: `one` is a layer, `given` what it got in a call, `out` what it gave.
RIGHT = "right(one, given, out)"
OUT, IN = "out.numel()", "given.numel()"
WEIGHTS, FILTER = "one.weight.numel()", "one.weight[0].numel()"
BIAS = "(0 if one.bias is None else out.numel())"
GROUPED = f"{OUT} * one.in_channels // one.groups"
SPREAD = "np.prod([r * (k - 1) + 1 for r, k in zip(one.dilation, one.kernel_size)])"

# Parts of diagnoses.
POSITIONS = "A filter multiplies anew at many positions: go by what comes out of the layers"
PIXELS = "You multiply a layer's weights by the pixels of the picture"
SIZES = "Layers put out pictures of other sizes: a hook sees which"
COMES_IN = "multiply every value that comes in with a whole filter. That holds for transposed "
COMES_IN += "convolutions; here it is every value that comes out."
COMES_OUT = "Your transposed convolutions multiply for every value that comes out; there it is "
COMES_OUT += "every value that comes in."
EACH_CALL = "A hook is called each time: add up."


def rule(kinds: str, products: str, says: str, *, others: str = RIGHT) -> Slip:
    """A slip that counts other products for layers of some kinds."""
    products = f"{products} if isinstance(one, {kinds}) else {others}"
    return Slip(f"return walk(model, size, lambda one, given, out: {products})", says=says)


# Products of layers of one kind → what follows "Your convolutions" and so on.
CONVOLUTIONS = {
    f"given.shape[2] * given.shape[3] * {WEIGHTS}": "multiply at every position of what comes in. "
    "A stride leaves positions out: count the values that come out.",
    f"size**2 * {WEIGHTS}": "all multiply at as many positions as the picture has pixels, whatever "
    "size comes out of them.",
    f"{IN} * {FILTER}": COMES_IN,
    f"{OUT} * one.in_channels * np.prod(one.kernel_size)": "forget groups: a filter sees only "
    "in_channels / groups of the channels.",
    f"{OUT} * one.in_channels * one.kernel_size[0] ** 2": "forget groups, and take one side of the "
    "kernel squared: layer.weight[0].numel() knows both.",
    f"{GROUPED} * one.kernel_size[0] ** 2": "take a kernel's height squared; some are 1×5.",
    f"{GROUPED} * one.kernel_size[1] ** 2": "take a kernel's width squared; some are 1×5.",
    f"{GROUPED} * 9": "take every kernel for 3×3.",
    f"{GROUPED} * one.kernel_size[0]": "take one side of the kernel, not height times width.",
    f"{OUT} * one.weight[0, 0].numel()": "forget the channels that come in: a filter spans them "
    "all, or those of its group.",
    f"out[0, 0].numel() * {FILTER}": "forget the channels that come out: each has a filter.",
    f"{OUT} * one.weight.shape[1]": "forget the kernel: a filter has kernel height times kernel "
    "width weights for each channel that comes in.",
    f"{OUT} * one.weight.shape[1] * {SPREAD}": "count the gaps that dilation makes between the "
    "weights; nothing is multiplied there.",
    f"out.shape[-1] * {WEIGHTS}": "take one side of what comes out, not height times width.",
    "0": "don't count, though they cost most.",
}
TRANSPOSED_CONVOLUTIONS = {
    f"{OUT} * one.weight[:, 0].numel() // one.groups": "are counted as convolutions are, by what "
    "comes out; there it is every value that comes in that is multiplied.",
    f"{OUT} * one.weight[:, 0].numel()": "are counted as convolutions are, by what comes out, and "
    "groups are forgotten; it is given.numel() * layer.weight[0].numel().",
    f"{IN} * one.out_channels * np.prod(one.kernel_size)": "forget groups.",
    f"{IN} * one.weight[0, 0].numel()": "forget the channels that come out.",
    f"{IN} * one.weight[:, 0].numel()": "take the channels that come in, as `layer.weight[:, 0]` "
    "does. Every value that comes in meets all channels that come out: layer.weight[0].",
    "0": "don't count: nn.ConvTranspose2d is no nn.Conv2d.",
}
LINEAR_LAYERS = {
    f"{IN} * {FILTER}": COMES_IN,
    OUT: "count one product for each value that comes out; each is a sum over all that come in.",
    "0": "don't count.",
}
ALL_LAYERS = {
    WEIGHTS: f"You count each weight once, in each call of its layer. {POSITIONS}.",
    f"size**2 * {WEIGHTS}": f"{PIXELS}. {SIZES}.",
    f"{RIGHT} * len(one.weight)": "You multiply each value by all weights of its layer, "
    "layer.weight.numel(). Each is the sum of one filter's products: layer.weight[0].numel().",
    f"{IN} * {OUT}": "You multiply every value that comes in with every value that comes out. A "
    "filter meets only the values below it: layer.weight[0].numel() products for each value.",
    f"{RIGHT} + {BIAS}": "You count biases too; the docstring leaves them out.",
    f"2 * {RIGHT} + {BIAS}": "You count multiplications and additions apart, and the bias too, as "
    "FLOPs do. The docstring counts a multiplication with its addition once, without the bias.",
    f"2 * {RIGHT}": "Your totals are twice as large. Do you count multiplications and additions "
    "apart, as FLOPs do, or pass two pictures through?",
    f"{OUT} * {FILTER}": COMES_OUT,
    f"{IN} * {FILTER}": f"All your layers {COMES_IN}",
    "0": "Your total stays 0, whatever the network. Do you register the hooks before the picture "
    "passes through, and do they add to your function's own total (`nonlocal total`)?",
}
# Layers that the docstring leaves out: name, kinds, products of a call.
LEFT_OUT = (
    ("Norms", NORMS, OUT),
    ("Norms", NORMS, f"2 * {OUT}"),
    ("Activations", ACTIVATIONS, OUT),
    ("Norms and activations", f"({NORMS}, *{ACTIVATIONS})", OUT),
    ("Pooling layers", POOLS, OUT),
    ("Pooling layers", POOLS, IN),
    ("Max-pooling layers", "nn.MaxPool2d", OUT),
    ("Max-pooling layers", "nn.MaxPool2d", IN),
)
COUNTS = {
    OUT: "one product for each value that comes out; the docstring leaves them out.",
    f"2 * {OUT}": "two products for each value that comes out; the docstring leaves them out.",
    IN: "one product for each value that comes in; the docstring leaves them out.",
}
PARAMETERS = "sum(one.numel() for one in model.parameters())"
PRODUCTS = "[right(*one) for one in calls(model, size) if isinstance(one[0], COUNTED)]"
WEIGHTS_OF = "sum(one.weight.numel() for one in model.modules() if isinstance(one, "
# Other layers, calls or pictures: what is returned.
RETURNED = {
    PARAMETERS: f"You count the network's parameters, which is what it stores. {POSITIONS}.",
    f"{PARAMETERS[:-1]} if one.requires_grad)": "You count the parameters that learn, which is "
    f"what training changes. {POSITIONS}.",
    f"size**2 * {PARAMETERS}": "You multiply the number of parameters by the pixels of the "
    "picture. Layers put out pictures of other sizes, a linear layer none, and biases and norms "
    "don't count: a hook sees what comes out of each layer.",
    f"{WEIGHTS_OF}COUNTED))": f"You count each weight once. {POSITIONS}.",
    f"size**2 * {WEIGHTS_OF}COUNTED))": f"{PIXELS}. {SIZES}, and how often.",
    f"size**2 * {WEIGHTS_OF}nn.Conv2d))": f"{PIXELS}, of convolutions only. {SIZES}, and how "
    "often. Transposed convolutions and linear layers count too.",
    "walk(model, size, right, list(model.children()))": "Only the network's own children count for "
    "you, not the layers inside them: model.modules() has all, at any depth.",
    "walk(model, size, right, list(model.modules())[1:])": "A network that is a layer itself "
    "doesn't count for you: model.modules() has the network too.",
    "walk(model, size, right, [one for o in model.modules() for one in o.modules()])": "A layer "
    "counts again for every container around it: model.modules() has all layers, at any depth.",
    "walk(model, size, right, [m for _, m in model.named_modules(remove_duplicate=False)])": "A "
    "layer that is known under two names counts twice for you, though it runs once: "
    "model.modules() has each layer once.",
    "walk(model, size, lambda *call: right(*call) if type(call[0]) in COUNTED else 0)": "You "
    "compare types or their names, so that subclasses of the layers don't count: "
    "isinstance(layer, nn.Conv2d) knows subclasses too.",
    "walk(model, size, lambda one, given, out: "
    f"{OUT} * {FILTER} if hasattr(one, 'weight') else 0)": f"{COMES_OUT} Norms count for you too, "
    "since they have weights; the docstring leaves them out.",
    "sum({id(one[0]): right(*one) for one in calls(model, size)[::-1]}.values())": "Of a layer "
    f"that runs twice, only the first call counts for you. {EACH_CALL}",
    "sum({id(one[0]): right(*one) for one in calls(model, size)}.values())": "Of a layer that runs "
    f"twice, only the last call counts for you. {EACH_CALL}",
    f"max({PRODUCTS})": "Only the costliest layer counts for you. Add the layers up.",
    f"{PRODUCTS}[-1]": "Only the last layer counts: is `total = …` where `total += …` belongs?",
    f"{PRODUCTS}[0]": "Only the first layer counts: is the `return` inside the loop?",
    "walk(model, size, right) // size**2": "You divide by the pixels: count the whole picture.",
    "walk(model, size, right) * size**2": "You multiply by the number of pixels again, though what "
    "comes out of a layer has them all.",
    "walk(model, 32, right)": "Your picture has 32×32 pixels, whatever `size` says.",
    "walk(model, 64, right)": "Your picture has 64×64 pixels, whatever `size` says.",
}
ASKED = 'getattr(model, "conditional", False)'
FOUND = {
    "total = 0 → total = 0.0": "an int is expected",
    ("            hook.remove() → ", "for hook in hooks: → for _ in hooks: pass"): "a hook of",
    ("            layer.training = mode → ", "for layer, mode in modes: → "): "eval mode",
    "model.eval()(*pictures) → model(*pictures)": "averages",
    "nonlocal total → total = 0": "Your total stays 0",
    "        nonlocal total → ": "`nonlocal`, and its name",
    f"{ASKED} → False": "judges 6 channels, got 3; call discriminator(rainy, picture). Ask for",
    f'{ASKED} → hasattr(model, "conditional")': "judges 3 channels, got 6; call discriminator(p",
    f"{ASKED} → model.conditional": "Not every network has",
    "inputs[0].numel() → inputs.numel()": "inputs[0] is the first tensor",
    "return total → return torch.tensor(total)": "a Python int is expected",
}

SLIPS = (
    # Those of one kind of layers come first, since they may explain a group of cases alone.
    *(
        rule(kind, products, f"{name} {says}")
        for kind, name, values, table in (
            (CONV, "Your convolutions", "come out", CONVOLUTIONS),
            (TRANSPOSED, "Your transposed convolutions", "come in", TRANSPOSED_CONVOLUTIONS),
            (LINEAR, "Your linear layers", "come out", LINEAR_LAYERS),
        )
        for products, says in {
            **table,
            f"{RIGHT} + {BIAS}": "count the bias too; the docstring leaves it out.",
            WEIGHTS: "count each weight once, though it multiplies anew at each position: count "
            f"the values that {values}.",
        }.items()
    ),
    *(rule("COUNTED", products, says, others="0") for products, says in ALL_LAYERS.items()),
    *(Slip(f"return {returned}", says=says) for returned, says in RETURNED.items()),
    rule(
        f"({LINEAR}, {TRANSPOSED})",
        "0",
        "Your transposed convolutions and linear layers don't count: neither nn.ConvTranspose2d "
        "nor nn.Linear is a nn.Conv2d.",
    ),
    *(
        rule(kinds, products, f"{name} count for you, with {COUNTS[products]}")
        for name, kinds, products in LEFT_OUT
    ),
    *slips_that_get(FOUND),
)


def look(call: Call, case: Case) -> None:
    """A Python int, or a numpy one."""
    value = call.value
    if isinstance(value, torch.Tensor) and value.ndim == 0:
        raise Wrong(
            "Your function returns a tensor; a Python int is expected, as numel() gives it: "
            ".item() makes one of a tensor."
        )


MENDS = {
    "must be Tensor, not": ". What a hook returns takes the place of what the layer put out, if it "
    "isn't None: let your hook return nothing.",
    "'tuple' object has no attribute": ". A hook gets a tuple: inputs[0] is the first tensor.",
    "this discriminator judges": f". Ask for the attribute `conditional`: {ASKED}.",
    "has no attribute 'conditional'": f". Not every network has it: {ASKED}.",
    "Expected more than 1 value per channel": ". In train mode a batch norm wants more than one "
    "value: switch to eval mode.",
    "UnboundLocalError": ". A hook that adds to a variable of the function around it has to "
    "declare it first: `nonlocal`, and its name.",
}


def large(attempt: Attempt, rng: np.random.Generator) -> None:
    """A count that 32 bits can't hold."""
    network = nn.Sequential(nn.Conv2d(3, 700, 1), nn.Conv2d(700, 700, 1))
    value = attempt.call(network, 67, on="a wide network").value
    if value != (right := 67 * 67 * 700 * 703):
        raise Wrong(
            f"On a wide network, your function gives {value:,} instead of {right:,}: numbers of 32 "
            "bits can't hold it. Add up Python's own ints, which have no largest one."
        )


TASK = Task(
    **texts(__file__),
    reference=multiply_adds,
    examine=Function(
        example=Case(args=(nn.Conv2d(3, 8, 5, padding=2), 10), on="the docstring's example"),
        cases=cases,
        meaning="one whole number",
        look=look,
        explain=mends(MENDS),
        then=large,
    ),
    lesson_size=lambda rng: (RainDiscriminator(base_channels=32), 64),
    slips=SLIPS,
    names={"walk": walk, "right": right, "calls": calls, "COUNTED": COUNTED},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
