"""Every wrong answer gets its diagnosis, every valid alternative passes, whatever is drawn.

The mutants take a minute and have their own gate, `make zoo`.
"""

from dataclasses import replace

import pytest
import torch

from course_lib.authoring.zoo import Entry, entries, hunt, judge
from course_lib.checks.expect import scalar_tensor
from course_lib.checks.mutants import make_mutants
from course_lib.exercises import exercise, exercise_ids

SEEDS = (0, 1, 2)
ENTRIES = list(entries())


def name(entry: Entry) -> str:
    return f"{entry.exercise}-{entry.kind}-{entry.name}"


@pytest.mark.parametrize("entry", ENTRIES, ids=name)
def test_check_does_as_it_must(entry):
    endless = "doesn't come back" in entry.expected
    for seed in SEEDS[:1] if endless else SEEDS:
        record = judge(entry, seed=seed)
        assert record.ok, f"{record.status}: {record.diagnosis} (expected {entry.expected!r})"


@pytest.mark.parametrize("exercise_id", exercise_ids())
def test_reference_passes_fifty_times(exercise_id):
    ex = exercise(exercise_id)
    reference = ex.task.reference

    def the_same(*args, **kwargs):
        return reference(*args, **kwargs)

    for seed in range(50):
        result = ex.run(the_same, seed=seed)
        assert result.status == "passed", result.diagnosis


@pytest.mark.parametrize("exercise_id", exercise_ids())
def test_exercise_declares_enough(exercise_id):
    task = exercise(exercise_id).task
    wrong, valid = list(task.wrong_answers()), list(task.valid_answers())
    assert len(wrong) >= 6
    assert len(valid) >= 2
    assert all(words for *_, words in wrong)
    names = [name for name, *_ in (*wrong, *valid)]
    assert len(set(names)) == len(names)
    assert 1 <= task.header.difficulty <= 5
    assert exercise_id == task.header.id


@pytest.mark.parametrize("exercise_id", exercise_ids())
def test_mutants_declared_equivalent_exist(exercise_id):
    task = exercise(exercise_id).task
    labels = {mutant.label for mutant in make_mutants(task.reference)}
    assert task.may_pass.keys() <= labels
    assert all(task.may_pass.values())


def test_check_that_got_weaker_has_survivors():
    task = exercise("01.2").task

    def examine(attempt, rng):
        scalar_tensor(attempt.call(torch.zeros(2, 1), on="two logits"))

    weaker = replace(task, examine=examine)
    survivors = [mutant.label for mutant in hunt(weaker, seeds=(0,)).survivors]
    assert "line 1: torch.ones_like(fake_logits) → torch.zeros_like(fake_logits)" in survivors


@pytest.mark.parametrize("exercise_id", exercise_ids())
@pytest.mark.parametrize("spoil", [lambda value: value * -1.3, lambda value: value * 0 + 0.4])
def test_no_check_stumbles_over_an_answer_that_is_wrong_from_some_call_on(exercise_id, spoil):
    ex = exercise(exercise_id)
    for right in range(30):
        calls = []

        def answer(*args, calls=calls, right=right, **kwargs):
            value = ex.task.reference(*args, **kwargs)
            calls.append(1)
            numbers = not isinstance(value, list)
            return spoil(value) if numbers and len(calls) > right else value

        assert "can't work with" not in ex.run(answer, seed=right).diagnosis
        if len(calls) <= right:
            break


@pytest.mark.parametrize("exercise_id", exercise_ids())
def test_hints_unfold_towards_the_code(exercise_id):
    hints = exercise(exercise_id).task.hints
    assert len(hints) == len(set(hints)) == 3
    assert hints[-1].startswith("Almost the code:\n    ")
