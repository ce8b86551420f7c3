import builtins
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.checks.function import Case, Function
from course_lib.checks.learner import Exercise
from course_lib.checks.task import Header, Task
from course_lib.exercises import exercise, exercise_ids, lessons


def double(image: np.ndarray) -> np.ndarray:
    """Twice the image."""
    return 2 * image


def twice(image: torch.Tensor) -> torch.Tensor:
    """Twice the image."""
    return 2 * image


EXAMINE = Function(
    example=Case(args=(np.ones(2),)),
    cases=lambda rng: [Case(on="a picture", args=(rng.random((2, 3)),))],
    meaning="H×W",
)


@pytest.fixture
def ex():
    return Exercise(
        Task(
            header=Header(id="99.1", title="Twice", difficulty=2, minutes=5, needed_for="this"),
            reference=double,
            hints=("Look.", "Think `twice`.", "Almost the code:\n    return 2 * ..."),
            examine=EXAMINE,
            lesson_size=lambda rng: (rng.random((300, 300)),),
            valid=(),
        )
    )


def right(image):
    return image + image


def wrong(image):
    return 3 * image


def stub(image):
    """Twice the image."""
    ...  # your code goes here


def slow(image):
    result = np.empty_like(image)
    for index in np.ndindex(image.shape):
        result[index] = 2 * image[index]
    return result


def test_statuses(ex):
    assert ex.run(right).status == "passed"
    assert ex.run(wrong).status == "wrong"
    assert ex.run(stub).status == "not attempted"
    assert ex.run(double).status == "library"


def test_right_but_slow_answer_passes_and_the_library_is_used(ex, capsys):
    result = ex.run(slow)
    assert (result.status, result.replaced) == ("passed", True)
    assert "times as long as the library's" in result.diagnosis
    assert ex.use(slow) is double
    assert "is right, but the lesson uses the library's" in capsys.readouterr().out


def test_an_answer_that_needs_another_memory_format_passes_with_a_note(ex):
    def of_rows(image):
        return 2 * image.view(len(image), -1).view(image.shape)

    sizes = {"lesson_size": lambda rng: (torch.ones(2, 3, 4, 5),), "reference": twice}
    case = Case(args=(torch.ones(2, 3, 4, 5),))
    examine = Function(example=case, cases=lambda rng: [], meaning="N×C×H×W")
    result = Exercise(replace(ex.task, examine=examine, **sizes)).run(of_rows)
    assert (result.status, result.replaced) == ("passed", True)
    assert "memory format is channels_last" in result.diagnosis
    assert "Use .reshape(...) instead" in result.diagnosis


@pytest.mark.parametrize("answer", [None, 3, np.zeros(3), "text", right(np.ones(2))])
def test_result_instead_of_the_function_is_told(ex, answer):
    result = ex.run(answer)
    assert result.status == "wrong"
    assert "pass the function itself, `double`" in result.diagnosis


def test_use_gives_the_learners_function_only_if_it_passes(ex, capsys):
    assert ex.use(right) is right
    assert ex.use(wrong) is double
    assert ex.use(stub) is double
    assert ex.use(double) is double
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == ["99.1"] * 4
    assert told[0] == "99.1: from here on the lesson uses your double."
    assert "isn't right yet: the lesson uses the library's" in told[1]


def test_use_remembers_the_verdict_for_the_object(ex, monkeypatch):
    ex.run(right)
    monkeypatch.setattr(Exercise, "_verdict", None)
    assert ex.use(right) is right


def test_verdict_of_another_object_is_not_used(ex):
    ex.run(right)

    def again(image):
        return 3 * image

    assert ex.use(again) is double


def test_check_again_after_a_change_replaces_the_verdict(ex):
    factor = [2]

    def answer(image):
        return factor[0] * image

    assert ex.run(answer).status == "passed"
    factor[0] = 3
    assert ex.run(answer).status == "wrong"
    assert ex.use(answer) is double


def test_hints_unfold_one_by_one(ex, capsys):
    shown = []
    for _ in range(4):
        ex.hint()
        shown.append(capsys.readouterr().out)
    assert [text.count("? Hint") for text in shown] == [1, 2, 3, 3]
    assert "return 2 * ..." not in shown[1]
    assert "return 2 * ..." in shown[2]


def test_solution_is_the_references_source(ex, capsys):
    ex.solution()
    assert "return 2 * image" in capsys.readouterr().out


def test_check_prints_the_verdict_in_words(ex, capsys):
    for answer, words in (
        (right, "✓ Passed: exercise 99.1, double"),
        (wrong, "✗ Not right yet: exercise 99.1, double\nYour values are 1.5 times"),
        (stub, "○ Not attempted"),
        (double, "≡ The library's own"),
    ):
        ex.check(answer)
        assert capsys.readouterr().out.startswith(words)


def test_what_the_answer_prints_is_shown_with_the_verdict(ex, capsys):
    def chatty(image):
        print("shape", image.shape)
        return 2 * image

    ex.check(chatty)
    told = capsys.readouterr().out
    assert told.startswith("✓ Passed")
    assert "It printed:\nshape (2, 3)" in told


def test_same_seed_gives_the_same_diagnosis(ex):
    def answer(image):
        return image**2

    assert ex.run(answer, seed=5) == ex.run(answer, seed=5)
    assert ex.run(answer, seed=5) != ex.run(answer, seed=6)


def test_check_works_in_another_thread(ex):
    def endless(image):
        while True:
            pass

    results = []
    thread = threading.Thread(target=lambda: results.extend(map(ex.run, (right, wrong, endless))))
    thread.start()
    thread.join()
    assert [result.status for result in results] == ["passed", "wrong", "wrong"]
    assert "doesn't come back" in results[2].diagnosis


def test_answer_that_fails_at_lesson_size_only_is_wrong(ex):
    def small_only(image):
        if image.size > 1000:
            raise MemoryError("too large")
        return 2 * image

    result = ex.run(small_only)
    assert result.status == "wrong"
    assert "On inputs of the lesson's size, your function raises MemoryError" in result.diagnosis


def test_arguments_given_by_name_are_given_at_lesson_size_too(ex):
    def times(image, *, factor):
        return factor * image

    task = replace(
        ex.task,
        reference=times,
        examine=lambda attempt, rng: None,
        lesson_keywords={"factor": 3},
    )
    assert Exercise(task).run(lambda image, *, factor: image * factor).status == "passed"


def test_function_overwritten_by_a_right_answer_comes_back(ex):
    def answer(image):
        np.random.seed = 0
        return 2 * image

    before = np.random.seed
    assert ex.run(answer).status == "passed"
    assert np.random.seed is before


class Everything:
    """Equal to all, of any shape, refuses to be printed."""

    shape = (2, 3)
    dtype = np.dtype(float)

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        raise MemoryError

    def __repr__(self):
        raise SystemExit

    __hash__ = None


class Claims(np.ndarray):
    """An array that says it is equal to any other."""

    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(self.shape)


def no_threads_end(image):
    threading.Thread(target=time.sleep, args=(0.2,), daemon=True).start()
    return image


def patches_numpy(image):
    np.allclose = lambda *args, **kwargs: True
    np.multiply = None
    builtins.abs = lambda value: 0
    return image


def switches(image):
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    return image


def yields(image):
    yield 2 * image


async def waits(image):
    return 2 * image


def leaves_rudely(image):
    raise GeneratorExit


def closes_streams(image):
    import sys

    sys.stdout.close()
    sys.stdout = None
    return image


@pytest.mark.parametrize(
    "answer",
    [
        lambda image: Everything(),
        lambda image: image.view(Claims),
        lambda image: float("nan") * image,
        lambda image: [[2 * value for value in row] for row in image],
        lambda image: image.T,
        lambda image: (2 * image).astype(object),
        lambda image: np.ma.masked_all(image.shape),
        lambda image: Everything,
        lambda image: type("Odd", (), {"__getattribute__": lambda *args: 1 / 0})(),
        lambda: 3,
        no_threads_end,
        patches_numpy,
        switches,
        yields,
        waits,
        leaves_rudely,
        closes_streams,
        np.empty_like,
        print,
        Everything,
    ],
)
def test_strange_answers_are_wrong_and_leave_no_trace(ex, answer, capsys):
    before = np.allclose, builtins.abs, torch.get_default_dtype(), torch.is_grad_enabled()
    result = ex.run(answer)
    assert result.status == "wrong"
    assert result.diagnosis
    assert before == (
        np.allclose, builtins.abs, torch.get_default_dtype(), torch.is_grad_enabled()
    )  # fmt: skip
    print("still here")
    assert capsys.readouterr().out == "still here\n"


def test_exercise_is_always_the_same_object():
    assert exercise("01.3") is exercise("01.3")
    assert repr(exercise("01.3")) == "Exercise 01.3 · One step of the discriminator"


@pytest.mark.parametrize("wrong_id", ["01.9", "77.1", "1.3", "", "psnr"])
def test_unknown_exercise_names_those_that_there_are(wrong_id):
    with pytest.raises(ValueError, match=r"no exercise .* there are 0[01]\.1, "):
        exercise(wrong_id)


def test_exercises_are_numbered_from_one_in_each_lesson():
    for lesson in lessons():
        own = [one for one in exercise_ids() if one.startswith(f"{lesson}.")]
        assert own == [f"{lesson}.{number}" for number in range(1, len(own) + 1)]


def test_markdown_header_tells_what_a_learner_needs():
    header = exercise("01.3").markdown_header()
    assert header.startswith("### Exercise 01.3 · One step of the discriminator\n\n")
    assert "Difficulty ●●●○○ (3 of 5, some thought) · about 15 minutes · needed for" in header
