import numpy as np
import torch

from course_lib.checks.static_analysis import arrays_from_outside, result_of_working_in_place

alpha = np.ones(3)
weights = torch.ones(3)
rate = 0.5


def test_arrays_of_the_notebook_are_found_also_inside_comprehensions_and_functions():
    def answer(image):
        def inner():
            return weights

        return [alpha for _ in image], inner

    assert arrays_from_outside(answer) == {"alpha", "weights"}


def test_attributes_locals_numbers_and_modules_of_the_same_name_are_no_arrays_of_the_notebook():
    def answer(streaks):
        weights = streaks.weights
        return np.sum(streaks.alpha * weights) * rate

    assert arrays_from_outside(answer) == set()


def test_what_has_no_code_reads_nothing():
    assert arrays_from_outside(len) == set()
    assert result_of_working_in_place(len) == ""


def test_result_of_working_in_place_is_told():
    def shuffles(photos, rng):
        photos = rng.shuffle(photos)
        return photos

    def returns(photos):
        return photos.sort()

    assert result_of_working_in_place(shuffles).startswith("`rng.shuffle` works in place")
    assert result_of_working_in_place(returns).startswith("`photos.sort` works in place")


def test_methods_on_a_line_of_their_own_and_functions_that_return_are_right():
    def answer(photos, rng):
        rng.shuffle(photos)
        parts = []
        parts.append(np.sort(photos))
        return sorted(parts)

    assert result_of_working_in_place(answer) == ""


def test_code_without_source_tells_nothing():
    namespace = {}
    exec("def answer(photos, rng):\n    return rng.shuffle(photos)", namespace)
    assert result_of_working_in_place(namespace["answer"]) == ""
