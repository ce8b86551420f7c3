"""The zoo, and what exercises declare for it. `make zoo` tours it, and fails CI if a check errs."""

from dataclasses import replace

import pytest
import torch

from course_lib.authoring import zoo
from course_lib.authoring.zoo import Entry, entries, hunt, judge, run_zoo
from course_lib.checks.expect import scalar_tensor
from course_lib.checks.mutants import make_mutants
from course_lib.exercises import exercise, exercise_ids


def right(*args, **kwargs):
    return exercise("01.2").task.reference(*args, **kwargs)


def wrong(fake_logits):
    return -exercise("01.2").task.reference(fake_logits)


@pytest.mark.parametrize(
    ("kind", "answer", "expected", "ok"),
    [
        ("valid", right, "", True),
        ("valid", wrong, "", False),
        ("wrong", right, "", False),
        ("wrong", wrong, "", True),
        ("wrong", wrong, "words that no diagnosis has", False),
    ],
)
def test_a_check_must_pass_what_is_right_and_diagnose_what_is_wrong(kind, answer, expected, ok):
    entry = Entry(exercise="01.2", kind=kind, name="one", answer=answer, expected=expected)
    assert judge(entry, seed=0).ok == ok


@pytest.mark.parametrize(("err_at", "draws"), [(None, 10), (5, 2)])
def test_the_reference_is_judged_with_many_draws_until_the_check_errs(monkeypatch, err_at, draws):
    judged = {}

    def count(entry, *, seed):
        judged.setdefault(entry.name, []).append(seed)
        return replace(once, name=entry.name, ok=seed != err_at)

    once = judge(Entry(exercise="01.2", kind="valid", name="one", answer=right), seed=0)
    monkeypatch.setattr(zoo, "judge", count)
    toured = run_zoo(["00.1"], seed=4, mutants=False)
    assert toured.hunts == ()
    assert toured.ok == (err_at is None)
    assert [record.name for record in toured.records] == [one.name for one in entries(["00.1"])]
    assert judged.pop("the reference") == list(range(4, 4 + draws))
    assert all(seeds == [4] for seeds in judged.values())


def test_several_processes_find_what_one_finds():
    def told(toured):
        return [replace(record, milliseconds=0) for record in toured.records], toured.hunts

    assert told(run_zoo(["02.2"], seed=0, jobs=2)) == told(run_zoo(["02.2"], seed=0))


def test_the_whole_zoo_has_the_references_of_all_exercises():
    references = [one.exercise for one in entries() if one.name == "the reference"]
    assert references == exercise_ids()


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
    assert task.equivalent.keys() <= labels
    assert all(task.equivalent.values())


def test_check_that_got_weaker_has_survivors():
    task = exercise("01.2").task

    def examine(attempt, rng):
        scalar_tensor(attempt.call(torch.zeros(2, 1), on="two logits"))

    weaker = replace(task, examine=examine)
    survivors = [mutant.label for mutant in hunt(weaker, seeds=(0,)).survivors]
    assert "line 1: torch.ones_like(fake_logits) → torch.zeros_like(fake_logits)" in survivors


@pytest.mark.slow
@pytest.mark.parametrize("exercise_id", exercise_ids())
@pytest.mark.parametrize("spoil", [lambda value: value * -1.3, lambda value: value * 0 + 0.4])
def test_no_check_stumbles_over_an_answer_that_is_wrong_from_some_call_on(exercise_id, spoil):
    ex = exercise(exercise_id)
    for right in (0, 1, 2, 3, 5, 8, 13, 21):
        calls = []

        def answer(*args, calls=calls, right=right, **kwargs):
            value = ex.task.reference(*args, **kwargs)
            calls.append(1)
            numbers = not isinstance(value, list)
            return spoil(value) if numbers and len(calls) > right else value

        assert "can't work with" not in ex.run(answer, seed=0).diagnosis
        if len(calls) <= right:
            break


@pytest.mark.parametrize("exercise_id", exercise_ids())
def test_hints_unfold_towards_the_code(exercise_id):
    hints = exercise(exercise_id).task.hints
    assert len(hints) == len(set(hints)) == 3
    assert hints[-1].startswith("Almost the code:\n    ")
