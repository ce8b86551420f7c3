import ast
import inspect
import linecache
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.authoring import zoo
from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import number
from course_lib.checks.function import Case, Function
from course_lib.checks.learner import Exercise
from course_lib.checks.mutants import make_mutants
from course_lib.checks.task import Header, Task

OFFSET = 3


def scaled(image: np.ndarray, factor: float = 2.5) -> np.ndarray:
    """Scale and shift: 5 * image - 7."""
    return factor * image - OFFSET


def guarded(n: int) -> int:
    """Half of n, rounded down."""
    if n < 0 and not n == -1:
        raise ValueError(f"n is {n - 1}, but must not be below {0 + 1}")
    return n // 2


def reduced(pictures: torch.Tensor) -> torch.Tensor:
    """The brightest of the means."""
    means = pictures.flatten(1).mean(1)
    return torch.clamp(means.max(), min=0, max=10)


def stepped(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> float:
    """One step."""
    with torch.no_grad():
        total = 0.0
    optimizer.step()
    total += loss.item()
    return total


def sliced(row: list, i: int) -> list:
    """Some of the row, and the entry after i."""
    return [value for value in row[1:i] if value] + [row[i], True]


class Counter:
    """Counts."""

    def __init__(self, start: int = 1) -> None:
        """Begin."""
        self.count = start

    def up(self) -> int:
        """The next number."""
        self.count += OFFSET
        return self.count


def tallied(values: list) -> int:
    """How many there are, counted by another function."""
    total = 0

    def count() -> None:
        nonlocal total
        total += 1

    for _ in values:
        count()
    return total


def source(mutant):
    """As linecache knows it, from which errors quote lines."""
    made = mutant.answer
    functions = vars(made).values() if inspect.isclass(made) else [made]
    function = next(filter(inspect.isfunction, functions))
    return "".join(linecache.getlines(function.__code__.co_filename))


def labels(reference):
    return [mutant.label for mutant in make_mutants(reference)]


def answer(reference, label):
    [found] = [mutant.answer for mutant in make_mutants(reference) if mutant.label == label]
    return found


@pytest.mark.parametrize(
    ("reference", "label"),
    [
        (scaled, "line 1: factor * image - OFFSET → factor * image + OFFSET"),
        (scaled, "line 1: factor * image - OFFSET → OFFSET - factor * image"),
        (scaled, "line 1: factor * image - OFFSET → factor * image"),
        (scaled, "line 1: factor * image → image"),
        (scaled, "line 1: factor * image → factor / image"),
        (scaled, "line 1: without `return factor * image - OFFSET`"),
        (scaled, "signature: 2.5 → 3.5"),
        (scaled, "signature: 2.5 → 0"),
        (scaled, "signature: 2.5 → -2.5"),
        (guarded, "line 1: without `if n < 0 and (not n == -1):`"),
        (guarded, "line 1: n < 0 → n <= 0"),
        (guarded, "line 1: n < 0 → n < 1"),
        (guarded, "line 1: n < 0 and (not n == -1) → n < 0 or not n == -1"),
        (guarded, "line 1: n < 0 and (not n == -1) → not n == -1"),
        (guarded, "line 1: n < 0 and (not n == -1) → not (n < 0 and (not n == -1))"),
        (guarded, "line 1: not n == -1 → n == -1"),
        (guarded, "line 1: -1 → 1"),
        (guarded, "line 2: raise ValueError → raise RuntimeError"),
        (guarded, "line 3: n // 2 → n / 2"),
        (reduced, "line 1: pictures.flatten(1).mean(1) → pictures.flatten(1).sum(1)"),
        (reduced, "line 1: pictures.flatten(1).mean(1) → pictures.flatten(1).mean(2)"),
        (reduced, "line 1: pictures.flatten(1).mean(1) → pictures.flatten(1).mean()"),
        (reduced, "line 1: pictures.flatten(1).mean(1) → "
                  "pictures.flatten(1).mean(1, keepdims=True)"),
        (reduced, "line 1: pictures.flatten(1).mean(1) → pictures.flatten(1)"),
        (reduced, "line 1: pictures.flatten(1) → pictures"),
        (reduced, "line 2: torch.clamp(means.max(), min=0, max=10) → means.max()"),
        (reduced, "line 2: torch.clamp(means.max(), min=0, max=10) → "
                  "torch.clamp(means.max(), min=10, max=0)"),
        (reduced, "line 2: without `max=10`"),
        (reduced, "line 2: max=10 → max=20"),
        (reduced, "line 2: means.max() → means.min()"),
        (reduced, "line 2: means.max() → means.max(axis=0)"),
        (reduced, "line 2: means → pictures"),
        (stepped, "line 1: without `with torch.no_grad():`"),
        (stepped, "line 1: without `with torch.no_grad():`, its body kept"),
        (stepped, "line 3: without `optimizer.step()`"),
        (stepped, "line 3: `optimizer.step()` twice"),
        (stepped, "line 3: `optimizer.step()` after the next statement"),
        (stepped, "line 4: total += loss.item() → total -= loss.item()"),
        (stepped, "line 4: total += loss.item() → total = loss.item()"),
        (stepped, "line 4: loss.item() → loss"),
        (sliced, "line 1: row[1:i] → row[:i]"),
        (sliced, "line 1: row[1:i] → row[1:]"),
        (sliced, "line 1: row[1:i] → row[1:i + 1]"),
        (sliced, "line 1: without `if value`"),
        (sliced, "line 1: row[i] → row[i + 1]"),
        (sliced, "line 1: [row[i], True] → [True, row[i]]"),
        (sliced, "line 1: [row[i], True] → [row[i], False]"),
        (Counter, "line 3: without `self.count = start`"),
        (Counter, "line 7: self.count += OFFSET → self.count -= OFFSET"),
    ],
)  # fmt: skip
def test_mutant_of_this_kind_is_made(reference, label):
    assert label in labels(reference)


def test_mutant_that_python_cannot_read_is_left_out():
    assert "line 1: without `total = 0`" not in labels(tallied)
    assert "line 4: without `nonlocal total`" in labels(tallied)


@pytest.mark.parametrize("reference", [scaled, guarded, reduced, stepped, sliced, Counter])
def test_labels_are_unique_and_stay(reference):
    assert len(labels(reference)) == len(set(labels(reference)))
    assert labels(reference) == labels(reference)


@pytest.mark.parametrize("reference", [scaled, guarded, reduced, stepped, sliced, Counter])
def test_every_source_differs_from_the_reference_and_from_the_others(reference):
    sources = [source(mutant) for mutant in make_mutants(reference)]
    assert len(sources) == len(set(sources)) > 10
    assert ast.unparse(ast.parse(inspect.getsource(reference))) not in sources


def test_docstring_annotations_and_error_messages_stay():
    for mutant in make_mutants(scaled):
        assert "Scale and shift: 5 * image - 7." in source(mutant)
        assert "image: np.ndarray, factor: float" in source(mutant)
        assert "-> np.ndarray" in source(mutant)
    for mutant in make_mutants(guarded):
        if "raise" in source(mutant):
            assert "{n - 1}, but must not be below {0 + 1}" in source(mutant)


def test_mutant_runs_in_its_references_module():
    assert answer(scaled, "line 1: factor * image → image")(10) == 10 - OFFSET
    assert answer(scaled, "signature: 2.5 → 0")(10) == -OFFSET
    assert math.isclose(answer(guarded, "line 3: n // 2 → n / 2")(3), 1.5)


def test_mutant_of_a_class_is_a_class():
    mutated = answer(Counter, "line 7: self.count += OFFSET → self.count -= OFFSET")
    assert mutated(5).up() == 5 - OFFSET
    assert Counter(5).up() == 5 + OFFSET


def test_changed_line_is_told():
    [mutant] = [one for one in make_mutants(guarded) if one.label == "line 3: n // 2 → n / 2"]
    assert mutant.line == "return n / 2"


def halved(number: float) -> float:
    """Half of a number ≥ 0."""
    return abs(number) / 2


def task(examine, equivalent=()):
    return Task(
        header=Header(id="99.1", title="Half", difficulty=1, minutes=1, needed_for="this"),
        reference=halved,
        hints=("", "", ""),
        examine=examine,
        lesson_size=lambda rng: (rng.random(),),
        valid=(),
        equivalent=dict.fromkeys(equivalent, "it is"),
    )


STRICT = Function(
    example=Case(args=(2.0,)),
    cases=lambda rng: [Case(args=(rng.uniform(2, 3),)) for _ in range(2)],
)


def strict(attempt: Attempt, rng: np.random.Generator) -> None:
    STRICT(attempt, rng)


def lax(attempt: Attempt, rng: np.random.Generator) -> None:
    number(attempt.call(2.0, on="a number"))


def sees_every_second_time(attempt: Attempt, rng: np.random.Generator) -> None:
    (strict if rng.random() < 0.5 else lax)(attempt, rng)


ABS = "line 1: abs(number) → number"


def test_mutant_that_passes_survives():
    hunt = zoo.hunt(task(strict))
    assert [mutant.label for mutant in hunt.survivors] == [ABS]
    assert [mutant.line for mutant in hunt.survivors] == ["return number / 2"]
    assert (hunt.made, hunt.killed, hunt.justified) == (len(labels(halved)), hunt.made - 1, 0)
    assert not hunt.ok


def test_mutant_declared_equivalent_is_justified():
    hunt = zoo.hunt(task(strict, [ABS]))
    assert (hunt.survivors, hunt.stale, hunt.justified, hunt.ok) == ((), (), 1, True)


@pytest.mark.parametrize("label", ["line 1: abs(number) / 2 → abs(number) * 2", "line 9: a → b"])
def test_justification_of_no_passing_mutant_is_stale(label):
    hunt = zoo.hunt(task(strict, [ABS, label]))
    assert (hunt.survivors, hunt.stale, hunt.ok) == ((), (label,), False)


def test_mutant_must_be_found_out_with_every_seed():
    always = {mutant.label for mutant in zoo.hunt(task(lax)).survivors}
    at_times = {mutant.label for mutant in zoo.hunt(task(sees_every_second_time)).survivors}
    assert len(at_times) > 1
    assert at_times == always


def counted(number: float) -> float:
    """The number."""
    n = 10
    while n > 0:
        n -= 1
    return number


def test_endless_mutant_is_killed():
    ex = Exercise(replace(task(lax), reference=counted))
    result = ex.run(answer(counted, "line 3: without `n -= 1`"), seed=0)
    assert result.status == "wrong"
    assert "doesn't come back" in result.diagnosis


def test_error_in_a_mutant_quotes_its_line():
    ex = Exercise(task(lax))
    result = ex.run(answer(halved, "line 1: abs(number) / 2 → abs(number) / 0"), seed=0)
    assert 'ZeroDivisionError in the line "return abs(number) / 0"' in result.diagnosis
