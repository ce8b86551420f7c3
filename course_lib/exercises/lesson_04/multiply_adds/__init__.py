"""Exercise 04.5: what a network costs."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from course_lib.checks.attempt import Attempt, Call
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_04.multiply_adds import zoo
from course_lib.exercises.lesson_04.multiply_adds.networks import cases
from course_lib.exercises.lesson_04.multiply_adds.zoo import COUNTED, calls, right, walk
from course_lib.models.cost import multiply_adds
from course_lib.models.graspp import RainDiscriminator

PRODUCTS = (
    "A filter is laid at many positions, and multiplies at each: go by what comes out of the layers"
)
FULL_SIZE = (
    "You multiply a layer's weights by the pixels of the picture. Layers put out pictures of other "
    "sizes: a hook sees which"
)
SPREAD = "np.prod([r * (k - 1) + 1 for r, k in zip(one.dilation, one.kernel_size)])"


def _of(kind: str, rule: str, says: str) -> Slip:
    """Another rule for layers of one kind: of the layer `one`, what it got and what it gave."""
    return Slip(
        "return walk(model, size, lambda one, given, out: "
        f"{rule} if isinstance(one, {kind}) else right(one, given, out))",
        says=says,
    )


def _all(rule: str, says: str) -> Slip:
    return Slip(
        "return walk(model, size, lambda one, given, out: "
        f"{rule} if isinstance(one, COUNTED) else 0)",
        says=says,
    )


CONV, TRANSPOSED, LINEAR = "nn.Conv2d", "nn.ConvTranspose2d", "nn.Linear"
NORMS, POOLS = "nn.BatchNorm2d", "(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)"
ACTIVATIONS = "(nn.ReLU, nn.LeakyReLU, nn.Tanh)"
OUT, FILTER = "out.numel()", "one.weight[0].numel()"
BIAS = "(0 if one.bias is None else out.numel())"

# Rules for layers of one kind: of the layer `one`, what it got and what it gave.
OF_CONVOLUTIONS = {
    "given.shape[2] * given.shape[3] * one.weight.numel()": "Your convolutions multiply at every "
    "position of what comes in. A stride leaves positions out: count the values that come out.",
    "size**2 * one.weight.numel()": "Your convolutions all multiply at as many positions as the "
    "picture has pixels, whatever size comes out of them.",
    f"given.numel() * {FILTER}": "Your convolutions multiply every value that comes in with a "
    "whole filter. That holds for transposed ones; here it is every value that comes out.",
    f"{OUT} * one.in_channels * np.prod(one.kernel_size)": "Your convolutions forget groups: a "
    "filter sees only in_channels / groups of the channels.",
    f"{OUT} * one.in_channels * one.kernel_size[0] ** 2": "Your convolutions forget groups, and "
    "take one side of the kernel squared: layer.weight[0].numel() knows both.",
    f"{OUT} * one.in_channels // one.groups * one.kernel_size[0] ** 2": "Your convolutions take "
    "one side of the kernel squared; a kernel may be 1×5.",
    f"{OUT} * one.in_channels // one.groups * one.kernel_size[1] ** 2": "Your convolutions take "
    "the kernel's width squared; a kernel may be 1×5.",
    f"{OUT} * one.in_channels // one.groups * 9": "Your convolutions take every kernel for 3×3.",
    f"{OUT} * one.in_channels // one.groups * one.kernel_size[0]": "Your convolutions take one "
    "side of the kernel only; a filter has height times width.",
    f"{OUT} * one.weight[0, 0].numel()": "Your convolutions forget the channels that come in: a "
    "filter spans them all, or those of its group.",
    f"out[0, 0].numel() * {FILTER}": "Your convolutions forget the channels that come out: there "
    "is one filter for each.",
    f"{OUT} * one.weight.shape[1]": "Your convolutions forget the kernel: a filter has kernel "
    "height times kernel width weights for each channel that comes in.",
    f"{OUT} * one.weight.shape[1] * {SPREAD}": "Your convolutions count the gaps between the "
    "weights that dilation makes; nothing is multiplied there.",
    "one.weight.numel()": "Your convolutions count each weight once. A filter is laid at many "
    "positions, and multiplies at each: take the number of values that come out.",
    "out.shape[-1] * one.weight.numel()": "Your convolutions take one side of what comes out, "
    "where height times width counts.",
    f"{OUT} * {FILTER} + {BIAS}": "Your convolutions count the bias too; the docstring leaves it "
    "out.",
    "0": "Convolutions are left out, which count most.",
}

OF_TRANSPOSED = {
    f"{OUT} * one.weight[:, 0].numel() // one.groups": "Your transposed convolutions are counted "
    "as convolutions are, by what comes out; there it is every value that comes in that is "
    "multiplied.",
    f"{OUT} * one.weight[:, 0].numel()": "Your transposed convolutions are counted as "
    "convolutions are, by what comes out, and groups are forgotten; it is given.numel() * "
    "layer.weight[0].numel().",
    "given.numel() * one.out_channels * np.prod(one.kernel_size)": "Your transposed convolutions "
    "forget groups.",
    "given.numel() * one.weight[0, 0].numel()": "Your transposed convolutions forget the channels "
    "that come out.",
    "given.numel() * one.weight[:, 0].numel()": "Your transposed convolutions take the channels "
    "that come in, as `layer.weight[:, 0]` does. Every value that comes in is multiplied for the "
    "channels that come out: layer.weight[0].",
    "one.weight.numel()": "Your transposed convolutions count each weight once, though a filter "
    "is used at many positions.",
    f"given.numel() * {FILTER} + {BIAS}": "Your transposed convolutions count the bias too; the "
    "docstring leaves it out.",
    "0": "Transposed convolutions are left out: nn.ConvTranspose2d is no nn.Conv2d.",
}

OF_LINEAR = {
    "one.weight.numel()": "A linear layer counts once for you, however often it is applied. At "
    "every pixel it multiplies anew: take the number of values that come out.",
    f"given.numel() * {FILTER}": "Your linear layers multiply every value that comes in with a "
    "whole filter. That holds for transposed convolutions; here it is every value that comes out.",
    OUT: "Your linear layers count a product for each value that comes out; each is a sum over "
    "all values that come in.",
    f"{OUT} * {FILTER} + {BIAS}": "Your linear layers count the bias too; the docstring leaves it "
    "out.",
    "0": "Linear layers are left out.",
}

OF_ALL = {
    "one.weight.numel()": "You count each weight once, in each call of its layer. A filter is "
    "laid at many positions, and multiplies at each: go by what comes out of the layers.",
    "size**2 * one.weight.numel()": "You multiply a layer's weights by the pixels of the picture. "
    "Layers put out pictures of other sizes: a hook sees which.",
    "given.numel() * out.numel()": "You multiply every value that comes into a layer with every "
    "value that comes out. A filter meets only the values below it: layer.weight[0].numel() "
    "products for each value.",
    f"right(one, given, out) + {BIAS}": "You count biases too; the docstring leaves them out.",
    f"2 * right(one, given, out) + {BIAS}": "You count multiplications and additions apart, and "
    "the bias too, as FLOPs do. The docstring counts a multiplication with its addition once, and "
    "leaves the bias out.",
    "2 * right(one, given, out)": "Your totals are twice as large. Do you count multiplications "
    "and additions apart, as FLOPs do, or pass two pictures through?",
    f"{OUT} * {FILTER}": "Your transposed convolutions multiply for every value that comes out; "
    "there it is every value that comes in.",
    f"given.numel() * {FILTER}": "All your layers multiply every value that comes in. That holds "
    "for transposed convolutions; in convolutions and linear layers it is every value that comes "
    "out.",
    "0": "Your total stays 0, whatever the network. Do the hooks hang on the layers before the "
    "picture passes through, and does the hook add to the total of your function (`nonlocal "
    "total`)?",
}

# Which layers, which calls, which picture.
BODIES = {
    "return sum(one.numel() for one in model.parameters())": "You count the network's parameters, "
    "which is what it stores. A filter is laid at many positions, and multiplies at each: go by "
    "what comes out of the layers.",
    "return sum(one.numel() for one in model.parameters() if one.requires_grad)": "You count the "
    "parameters that learn, which is what training changes. A filter is laid at many positions, "
    "and multiplies at each: go by what comes out of the layers",
    "return size**2 * sum(one.numel() for one in model.parameters())": "You multiply the number "
    "of parameters by the pixels of the picture. Layers put out pictures of other sizes, a linear "
    "layer none, and biases and norms don't count: a hook sees what comes out of each layer.",
    "return sum(one.weight.numel() for one in model.modules() if isinstance(one, COUNTED))": ""
    "You count each weight once. A filter is laid at many positions, and multiplies at each: go "
    "by what comes out of the layers.",
    "return walk(model, size, right, list(model.children()))": "Only the network's own children "
    "count for you, not the layers inside them: model.modules() has all, at any depth.",
    "return walk(model, size, right, list(model.modules())[1:])": "A network that is a layer "
    "itself doesn't count for you: model.modules() has the network too.",
    "return walk(model, size, right, [one for o in model.modules() for one in o.modules()])": ""
    "A layer counts again for every container around it: model.modules() alone has all layers, at "
    "any depth.",
    "return sum({id(one[0]): right(*one) for one in reversed(calls(model, size))}.values())": ""
    "Of a layer that runs twice, only the first call counts for you. A hook is called each time: "
    "add up.",
    "return sum({id(one[0]): right(*one) for one in calls(model, size)}.values())": ""
    "Of a layer that runs twice, only the last call counts for you. A hook is called each time: "
    "add up.",
    "return [right(*one) for one in calls(model, size) if isinstance(one[0], COUNTED)][-1]": ""
    "Only the last layer counts: is `total = …` where `total += …` belongs?",
    "return [right(*one) for one in calls(model, size) if isinstance(one[0], COUNTED)][0]": ""
    "Only the first layer counts: is the `return` inside the loop?",
    "return walk(model, size, right) // size**2": "You divide by the number of pixels; the "
    "docstring asks for the whole picture.",
    "return walk(model, size, right) * size**2": "You multiply by the number of pixels again, "
    "though what comes out of a layer has them all.",
}

SLIPS = (
    # Those of one kind of layers come first, since they may explain a group of cases alone.
    *(_of(CONV, rule, says) for rule, says in OF_CONVOLUTIONS.items()),
    *(_of(TRANSPOSED, rule, says) for rule, says in OF_TRANSPOSED.items()),
    *(_of(LINEAR, rule, says) for rule, says in OF_LINEAR.items()),
    *(_all(rule, says) for rule, says in OF_ALL.items()),
    *(Slip(body, says=says) for body, says in BODIES.items()),
    _of(
        f"({LINEAR}, {TRANSPOSED})",
        "0",
        "Transposed convolutions are left out: nn.ConvTranspose2d is no nn.Conv2d. Linear layers "
        "are left out too.",
    ),
    *(
        _of(kinds, rule, f"{name} for you, {words}; the docstring leaves them out.")
        for kinds, name in (
            (NORMS, "Norms count"),
            (ACTIVATIONS, "Activations count"),
            (f"({NORMS}, *{ACTIVATIONS})", "Norms and activations count"),
            (POOLS, "Pooling layers count"),
            ("nn.MaxPool2d", "Max-pooling layers count"),
        )
        for rule, words in (
            (OUT, "with one product for each value that comes out"),
            ("2 * out.numel()", "with two products for each value that comes out"),
            ("given.numel()", "with one product for each value that comes in"),
        )
        if rule == OUT or kinds in ((NORMS,) if "2" in rule else (POOLS, "nn.MaxPool2d"))
    ),
    Slip(
        "return walk(model, size, lambda one, given, out: "
        "out.numel() * one.weight[0].numel() if hasattr(one, 'weight') else 0)",
        says="Your transposed convolutions multiply for every value that comes out; there it is "
        "every value that comes in. Norms count for you too, since they have weights; the "
        "docstring leaves them out.",
    ),
    Slip(
        "return size**2 * sum(one.weight.numel() for one in model.modules() "
        "if isinstance(one, COUNTED))",
        says=f"{FULL_SIZE}, and how often.",
    ),
    Slip(
        "return size**2 * sum(one.weight.numel() for one in model.modules() "
        "if isinstance(one, nn.Conv2d))",
        says=f"{FULL_SIZE}, and how often. Transposed convolutions and linear layers count too.",
    ),
    Slip(
        "named = model.named_modules(remove_duplicate=False)\n"
        "return walk(model, size, right, [one for _, one in named])",
        says="A layer that is known under two names counts twice for you, though it runs once: "
        "model.modules() has each layer once.",
    ),
    Slip(
        "return walk(model, size, lambda one, given, out: right(one, given, out) "
        "if type(one) in (nn.Conv2d, nn.Linear, nn.ConvTranspose2d) else 0)",
        says="Subclasses of the layers don't count for you, since you compare types or their "
        "names: isinstance(layer, nn.Conv2d) knows subclasses too.",
    ),
    *(
        Slip(
            f"return walk(model, {side}, right)",
            says=f"Your picture has {side}×{side} pixels, whatever `size` says.",
        )
        for side in (32, 64)
    ),
    Slip("total = 0 → total = 0.0", gets="an int is expected"),
    Slip(
        "            hook.remove() → ",
        "for hook in hooks: → for _ in hooks: pass",
        gets="a hook of",
    ),
    Slip("            layer.training = mode → ", "for layer, mode in modes: → ", gets="eval mode"),
    Slip("model.eval()(*pictures) → model(*pictures)", gets="averages"),
    Slip("nonlocal total → total = 0", gets="Your total stays 0"),
    Slip("        nonlocal total → ", gets="`nonlocal`, and its name"),
    Slip('getattr(model, "conditional", False) → False', gets="takes two pictures, got 1"),
    Slip('getattr(model, "conditional", False) → hasattr(model, "conditional")', gets="got 2"),
    Slip('getattr(model, "conditional", False) → model.conditional', gets="Not every network has"),
    Slip("inputs[0].numel() → inputs.numel()", gets="inputs[0] is the first tensor"),
    Slip("return total → return torch.tensor(total)", gets="a Python int is expected"),
)


def look(call: Call, case: Case) -> None:
    """A Python int, or a numpy one."""
    value = call.value
    if isinstance(value, torch.Tensor) and value.ndim == 0:
        raise Wrong(
            "Your function returns a tensor; a Python int is expected, as numel() gives it: "
            ".item() makes one of a tensor."
        )
    if isinstance(value, float | np.floating):
        raise Wrong(
            f"On {case.words}, your function returns {value:g} as a float. Multiplications are "
            "counted: an int is expected. Divide whole numbers with //, and start from 0."
        )


def explain(error: BaseException, case: Case) -> str:
    """What the message of an error doesn't say."""
    message = str(error)
    if "must be Tensor, not" in message or "has no attribute 'dim'" in message:
        return (
            ". What a hook returns takes the place of what the layer put out, if it isn't None: "
            "let your hook return nothing."
        )
    if "'tuple' object has no attribute" in message:
        return ". A hook gets what goes in as a tuple, `inputs`: inputs[0] is the first tensor."
    if "this network's `conditional`" in message:
        return '. Ask for the attribute: getattr(model, "conditional", False).'
    if "has no attribute 'conditional'" in message:
        return '. Not every network has it: getattr(model, "conditional", False).'
    if "Expected more than 1 value per channel" in message:
        return ". In train mode a batch norm wants more than one value: switch to eval mode."
    if isinstance(error, UnboundLocalError):
        return (
            ". A hook that adds to a variable of the function around it has to declare it first: "
            "`nonlocal`, and its name."
        )
    return ""


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
        explain=explain,
        then=large,
    ),
    lesson_size=lambda rng: (RainDiscriminator(base_channels=32), 64),
    slips=SLIPS,
    names={"walk": walk, "right": right, "calls": calls, "COUNTED": COUNTED},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
