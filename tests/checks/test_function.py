import numpy as np
import pytest
import torch

from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import where
from course_lib.checks.function import Case, Function, Refusal
from course_lib.checks.result import Wrong
from course_lib.checks.sandbox import sandbox
from course_lib.checks.watchdog import TimeLimit


def scaled(x: torch.Tensor, factor: float = 2.0) -> torch.Tensor:
    """Twice the values, squared where they are negative."""
    if factor <= 0:
        raise ValueError("factor is positive")
    return factor * torch.where(x < 0, x**2, x)


def cases(rng):
    for n in (5, 3):
        yield Case(args=(torch.from_numpy(rng.normal(size=n)).float().requires_grad_(),))
    yield Case(args=(torch.zeros(0, requires_grad=True),), on="nothing")


EXAMPLE = Case(args=(torch.tensor([1.0, -3.0], requires_grad=True),), on="the example")


def diagnosis(answer, example=EXAMPLE, **known):
    examine = Function(
        example=example,
        cases=cases,
        rare=lambda rng: [Case(args=(torch.full((4,), 1e4),), on="large numbers")],
        refusals=lambda rng: [Refusal(args=(torch.ones(2), -1.0), on="a negative factor")],
    )
    with sandbox(0) as printed, TimeLimit(2) as limit:
        attempt = Attempt(
            function=answer, reference=scaled, limit=limit, known=known, printed=printed
        )
        try:
            examine(attempt, np.random.default_rng(0))
        except Wrong as wrong:
            return str(wrong)
    return ""


def right(x, factor=2.0):
    if factor <= 0:
        raise ValueError
    return torch.where(x < 0, factor * x * x, factor * x)


def test_a_right_answer_in_another_style_passes():
    assert diagnosis(right) == ""


def test_a_diagnosis_that_explains_every_value_is_given():
    def doubled(x, factor=2.0):
        return factor * x

    assert diagnosis(lambda x, factor=2.0: x + x, **{"The square is missing.": doubled}) == (
        "The square is missing."
    )


def test_a_diagnosis_that_explains_only_the_wrong_values_is_not_given():
    def cubed(x, factor=2.0):
        return torch.where(x < 0, x, x**9)

    told = diagnosis(lambda x, factor=2.0: torch.where(x < 0, x, 2 * x), **{"Untrue.": cubed})
    assert "Untrue" not in told
    assert told.startswith("On the example ([1.0, -3.0]): 50% of the values differ; at [1]")


def test_the_smallest_input_with_another_value_is_shown():
    told = diagnosis(lambda x, factor=2.0: right(x) + x**3 * (x < 0))
    assert "([1.0, -3.0])" in told
    assert "your function gives -9, and the docstring's formula 18" in told


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda value, x: None, "returns None"),
        (lambda value, x: value.detach().numpy(), "a tensor is expected"),
        (lambda value, x: value[:, None], "the result is as the docstring says"),
        (lambda value, x: value.double(), "a tensor of torch.float64"),
        (lambda value, x: value.detach(), "no gradient flows"),
        (lambda value, x: value / torch.where(value == 2, 0.0, 1.0), "infinity"),
        (lambda value, x: value + (x - x.detach()), "gradient with respect to `x` isn't"),
        (lambda value, x: value + torch.rand(()), "draws random numbers, or keeps something"),
        (lambda value, x: value * torch.ones(value.shape), "With tensors on the GPU"),
        (lambda value, x: torch.tensor(value.detach().numpy(), requires_grad=True), "no gradient"),
    ],
)
def test_what_is_wrong_besides_values_is_told(spoil, words):
    assert words in diagnosis(lambda x, factor=2.0: spoil(right(x, factor), x))


def test_a_known_mistake_is_named_where_it_gives_infinity_too():
    def inverted(x, factor=2.0):
        return factor / x

    assert diagnosis(lambda x, factor=2.0: factor * x**-1, **{"Divided.": inverted}) == "Divided."
    zero = Case(args=(torch.zeros(1),), on="a zero")
    assert diagnosis(lambda x, factor=2.0: factor / x, zero, **{"Divided.": inverted}) == "Divided."


def test_digits_are_shown_until_the_values_differ():
    told = diagnosis(lambda x, factor=2.0: right(x) * torch.where(x == 1, 1.0002, 1))
    assert "2.0004" in told


def test_an_argument_without_gradients_is_named_though_another_case_asks_for_it_alone():
    def product(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Both."""
        return (x * y).sum()

    two = torch.tensor([1.0, 2.0], requires_grad=True)
    case = Case(args=(two, two.detach()), on="one")
    both = Case(args=(torch.ones(5, requires_grad=True), torch.ones(5, requires_grad=True)))
    with sandbox(0) as printed, TimeLimit(2) as limit:
        attempt = Attempt(
            function=lambda x, y: product(x.detach(), y),
            reference=product,
            limit=limit,
            printed=printed,
        )
        with pytest.raises(Wrong, match="no gradient reaches `x`"):
            Function(example=case, cases=lambda rng: [both])(attempt, np.random.default_rng(0))


def test_a_function_that_ends_with_a_float_is_tried_on_a_gpu():
    def share(x: torch.Tensor) -> float:
        """Of positive values."""
        return float((x > 0).float().mean())

    def told(answer):
        case = Case(args=(torch.tensor([1.0, -1.0]),), on="two")
        with sandbox(0) as printed, TimeLimit(2) as limit:
            attempt = Attempt(function=answer, reference=share, limit=limit, printed=printed)
            try:
                Function(example=case, cases=lambda rng: ())(attempt, np.random.default_rng(0))
            except Wrong as wrong:
                return str(wrong)
        return ""

    assert told(lambda x: (x > 0).sum().item() / x.numel()) == ""
    assert told(lambda x: float(np.mean(x.detach().cpu().numpy() > 0))) == ""
    assert "numpy can't read" in told(lambda x: float(np.mean(x.numpy() > 0)))
    assert "on the CPU" in told(lambda x: float((x > torch.zeros(2)).float().mean()))


def test_memory_between_calls_is_found():
    seen = []

    def counts(x, factor=2.0):
        seen.append(1)
        return right(x, factor) * (1 if len(seen) < 5 else 3)

    assert "keeps something from earlier calls" in diagnosis(counts)


def test_one_array_for_the_results_of_all_calls_is_found():
    kept = torch.zeros(9)

    def into_one(x, factor=2.0):
        kept[: len(x)] = right(x, factor).detach()
        return kept[: len(x)]

    assert "each call writes into the same array" in diagnosis(into_one)


def test_a_rare_case_hides_nothing_that_other_cases_show():
    def small_numbers(x, factor=2.0):
        if (x > 1e3).any():
            raise OverflowError("too large")
        return right(x, factor)

    assert "your function raises OverflowError" in diagnosis(small_numbers)
    assert "large" not in diagnosis(lambda x, factor=2.0: 3 * small_numbers(x, factor))


def test_the_input_itself_is_no_result():
    def zeros_come_back(x, factor=2.0):
        return x if x.shape == (1,) else right(x, factor)

    zero = Case(args=(torch.zeros(1),), on="a zero")
    assert "returns its input itself" in diagnosis(zeros_come_back, zero)


def test_an_error_that_is_promised_is_asked_for():
    assert "the docstring promises a ValueError" in diagnosis(lambda x, factor=2.0: right(x))


def test_networks_stay_as_they_were():
    def outputs(network: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        """What a network gives."""
        with torch.no_grad():
            return network(x)

    def examine(answer):
        network = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.BatchNorm2d(1)).eval()
        network[0].register_forward_hook(lambda *_: None)
        network[0].bias.grad = torch.ones(1)
        case = Case(args=(network, torch.ones(2, 1, 2, 2)), on="a network")
        with sandbox(0) as printed, TimeLimit(2) as limit:
            attempt = Attempt(function=answer, reference=outputs, limit=limit, printed=printed)
            with pytest.raises(Wrong) as wrong:
                Function(example=case, cases=lambda rng: ())(attempt, np.random.default_rng(0))
        return str(wrong.value)

    def left(change, network, x):
        value = outputs(network, x)
        change(network)
        return value

    for change, words in (
        (lambda network: network.train(), "in train mode"),
        (lambda network: network.requires_grad_(False), "requires_grad switched off"),
        (lambda network: network[0]._forward_hooks.clear(), "without its hooks"),
        (lambda network: network.zero_grad(), "without the gradients it had"),
        (lambda network: network.register_forward_hook(print), "with a hook of yours"),
        (lambda network: network.train()(torch.ones(3, 1, 1, 1)).sum().backward(), "mode"),
        (lambda network: network(torch.ones(3, 1, 1, 1)).sum().backward(), "other gradients"),
        (lambda network: network[1].running_mean.add_(1), "other batch-norm averages"),
        (lambda network: network[0].weight.data.zero_(), "other weights"),
    ):
        assert words in examine(lambda network, x, change=change: left(change, network, x))


def test_a_wrong_formula_is_named_although_its_gradient_is_cut_off_too():
    def doubled(x, factor=2.0):
        return factor * x

    known = {"The square is missing.": doubled}
    assert diagnosis(lambda x, factor=2.0: 2 * x.detach(), **known) == "The square is missing."


def test_a_gradient_where_there_should_be_none_is_told():
    def difference(x, target):
        return x - target.detach()

    pair = tuple(torch.tensor([1.0, number], requires_grad=True) for number in (2.0, 3.0))
    examine = Function(example=Case(args=pair), cases=lambda rng: ())
    with sandbox(0) as printed, TimeLimit(2) as limit:
        attempt = Attempt(
            function=lambda x, target: x - target,
            reference=difference,
            limit=limit,
            known={},
            printed=printed,
        )
        with pytest.raises(Wrong, match="a gradient flows into `target`"):
            examine(attempt, np.random.default_rng(0))


def test_of_several_results_the_wrong_one_is_shown():
    right = np.zeros(3), np.array([1.0, 2.0])
    told = where((np.zeros(3), np.array([1.0, 5.0])), right)
    assert told.startswith("of what is returned, part 2 is wrong: 50% of the values differ; at [1]")
