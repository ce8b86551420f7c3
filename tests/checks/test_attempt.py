import signal
import sys
import time

import numpy as np
import pytest
import torch

from course_lib.checks.attempt import Attempt, describe
from course_lib.checks.result import Wrong
from course_lib.checks.sandbox import Printed
from course_lib.checks.watchdog import TimeLimit


def reference(image, rate=1):
    """The library's."""


def attempt(function):
    return Attempt(function=function, reference=reference, limit=TimeLimit(0.3), printed=Printed())


def diagnosis(function, *args, **kwargs):
    one = attempt(function)
    with one.limit, pytest.raises(Wrong) as wrong:
        one.call(*args, on="a test", **kwargs)
    return str(wrong.value)


def test_error_is_told_with_the_learners_line():
    def answer(image, rate=1):
        total = 1
        return total + torch.ones(2, 3) @ image

    told = diagnosis(answer, torch.ones(5, 2))
    assert told.startswith('On a test, your function raises RuntimeError in the line "return total')
    assert "mat1 and mat2" in told


def test_deepest_line_of_the_learners_file_is_told():
    def helper(image):
        return image.nonsense

    def answer(image, rate=1):
        return sorted([image], key=helper)

    assert 'in the line "return image.nonsense"' in diagnosis(answer, 3)


def test_line_of_a_class_is_told():
    class Answer:
        def __init__(self, image, rate=1):
            self.image = image / 0

    class Narrow:
        def __init__(self, image): ...

    assert 'in the line "self.image = image / 0"' in diagnosis(Answer, 3)
    told = diagnosis(Narrow, 3, 2)
    assert told.startswith("Your class can't be called as the lesson calls it, with (image, rate)")
    assert told.endswith("Keep the first line of its __init__ as it is.")


def test_error_without_source_is_told_too():
    namespace = {}
    exec("def answer(image):\n    return image / 0", namespace)
    told = diagnosis(namespace["answer"], 3)
    assert "ZeroDivisionError: division by zero" in told


def test_unknown_name_asks_for_the_cell_that_defines_it():
    assert "has the cell that defines it been run" in diagnosis(
        lambda image: not_defined_anywhere,  # noqa: F821
        3,
    )


def test_exit_is_caught():
    assert "it calls exit()" in diagnosis(lambda image: sys.exit(3), 3)
    assert "it calls exit()" in diagnosis(lambda image: exit(), 3)


def test_keyboard_interrupt_that_the_answer_raises_is_its_own():
    def answer(image):
        raise KeyboardInterrupt

    assert "your function raises KeyboardInterrupt" in diagnosis(answer, 3)


def test_keyboard_interrupt_of_the_user_goes_through():
    def answer(image):
        signal.raise_signal(signal.SIGINT)

    one = attempt(answer)
    handler = signal.getsignal(signal.SIGINT)
    with one.limit, pytest.raises(KeyboardInterrupt):
        one.call(3, on="a test")
    assert signal.getsignal(signal.SIGINT) is handler


def test_one_long_call_is_no_endless_loop():
    def answer(image):
        time.sleep(4)

    told = diagnosis(answer, 3)
    line = answer.__code__.co_firstlineno + 1
    assert f"one call in line {line} of your code takes" in told
    assert "loop" not in told


class Rude(BaseException):
    def __str__(self):
        raise ValueError


def test_any_other_exception_is_caught_however_rude():
    def answer(image):
        raise Rude

    assert "your function raises Rude" in diagnosis(answer, 3)


def test_endless_recursion_is_told():
    def answer(image):
        return answer(image)

    assert "calls itself without an end" in diagnosis(answer, 3)


def test_endless_loop_is_told():
    def answer(image):
        while True:
            pass

    assert "doesn't come back" in diagnosis(answer, 3)


def test_other_parameters_are_told():
    assert "with (image, rate)" in diagnosis(lambda: 3, 3)
    assert "with (image, rate)" in diagnosis(lambda image: 3, 3, rate=2)


def call(function, *args):
    one = attempt(function)
    with one.limit:
        return one.call(*args, on="a test")


def changes_first_value(image):
    image[0] = 7


@pytest.mark.parametrize("image", [np.zeros(3), torch.zeros(3), [0, 1]])
def test_changed_inputs_are_named(image):
    assert call(changes_first_value, image).changed == ("image",)


def test_changed_part_of_a_tuple_is_named():
    pair = (np.zeros(2), np.zeros(2))
    assert call(lambda image: changes_first_value(image[1]), pair).changed == ("image",)


def test_unchanged_inputs_are_not_named():
    assert call(lambda image, rate: image, np.full(3, np.nan), 2).changed == ()
    assert call(lambda image: image.add_(0) + 1, torch.zeros(3)).changed == ()


@pytest.mark.parametrize(
    ("promised", "raised", "words"),
    [
        (ValueError, ValueError("no"), None),
        (TypeError, TypeError("no"), None),
        (TypeError, ValueError("no"), None),
        (ValueError, TypeError("no"), "raises TypeError"),
        (ValueError, AssertionError(), "raises AssertionError"),
        (ValueError, None, "returns an array of float64 of size 2×3"),
    ],
)
def test_refusal_must_be_the_promised_error(promised, raised, words):
    def answer(image):
        if raised:
            raise raised
        return np.zeros((2, 3))

    one = attempt(answer)
    with one.limit:
        if words is None:
            one.refuses(3, on="a test", promised=promised)
        else:
            with pytest.raises(Wrong, match=words):
                one.refuses(3, on="a test", promised=promised)


@pytest.mark.parametrize("value", [ValueError("no"), ValueError])
def test_returned_error_is_told_from_other_values(value):
    one = attempt(lambda image: value)
    with one.limit, pytest.raises(Wrong, match=r"write `raise ValueError\(\.\.\.\)`"):
        one.refuses(3, on="a test")


def test_none_from_a_method_that_works_in_place_is_told():
    def answer(image):
        image = image.sort()
        return len(image)

    assert "`image.sort` works in place and returns None" in diagnosis(answer, [2, 1])


def test_none_from_elsewhere_is_not_put_down_to_methods_that_work_in_place():
    def answer(image):
        image.sort()
        return len(print())

    assert "in place" not in diagnosis(answer, [2, 1])


class EqualToAll:
    def __eq__(self, other):
        return True

    def __repr__(self):
        raise ValueError

    __hash__ = None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (torch.zeros(2, 3), "a tensor of size 2×3"),
        (torch.tensor(1.5), "a tensor holding the number 1.5"),
        (np.zeros((2, 1), np.uint8), "an array of uint8 of size 2×1"),
        (np.float32(0.5), "the number 0.5"),
        (1 / 3, "the number 0.33333"),
        (True, "the truth value True"),
        ("text", "the text 'text'"),
        ([1, 2], "a list of 2"),
        (EqualToAll(), "an EqualToAll"),
        ((n for n in range(3)), "a generator (is there a `yield` where `return` belongs?)"),
        (len, "a function (are its parentheses missing?)"),
    ],
)
def test_values_are_described_in_words(value, words):
    assert describe(value) == words
