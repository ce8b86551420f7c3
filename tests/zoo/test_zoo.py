"""Every wrong answer gets its diagnosis, every valid alternative passes, whatever is drawn."""

import pytest

from course_lib.checks import exercise, exercise_ids
from course_lib.checks.zoo import Entry, entries, judge

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
    assert len(task.wrong) >= 6
    assert len(task.valid) >= 2
    assert all(wrong.diagnosis for wrong in task.wrong)
    answers = [wrong.answer for wrong in task.wrong] + list(task.valid)
    assert len({answer.__name__ for answer in answers}) == len(answers)
    assert 1 <= task.header.difficulty <= 5
    assert exercise_id == task.header.id


@pytest.mark.parametrize("exercise_id", exercise_ids())
def test_hints_unfold_towards_the_code(exercise_id):
    hints = exercise(exercise_id).task.hints
    assert len(hints) == len(set(hints)) == 3
    assert hints[-1].startswith("Almost the code:\n    ")
