import numpy as np
import pytest
import torch

from course_lib.checks import expect
from course_lib.checks.attempt import Call
from course_lib.checks.result import Wrong


def call(value, **kwargs):
    return Call(value=value, on="a test", **kwargs)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is the `return` missing"),
        (torch.zeros(2, 3), "return result.numpy()"),
        ([[0.0] * 3] * 2, "a list of 2; a numpy array is expected"),
        (np.zeros((2, 3), int), "floats are expected"),
        (np.zeros((3, 2)), "of size 3×2; the result is H×W, here 2×3"),
    ],
)
def test_array_of_another_kind_is_told(value, words):
    with pytest.raises(Wrong) as wrong:
        expect.array(call(value), (2, 3), "H×W")
    assert words in str(wrong.value)


def test_printing_instead_of_returning_is_told():
    with pytest.raises(Wrong, match="prints and returns None"):
        expect.returned(call(None, printed=True))


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1), np.array(1.0), torch.tensor(1.0)])
def test_one_number_of_any_kind_is_a_number(value):
    assert expect.number(call(value)) == 1.0


@pytest.mark.parametrize("value", ["1", True, 1j, np.ones(1), torch.ones(1), [1.0], None])
def test_anything_else_is_no_number(value):
    with pytest.raises(Wrong):
        expect.number(call(value))


def test_scalar_tensor_is_a_tensor_without_axes():
    assert expect.scalar_tensor(call(torch.tensor(2.0))) == 2
    with pytest.raises(Wrong, match=r"Leave out \.item"):
        expect.scalar_tensor(call(2.0))
    with pytest.raises(Wrong, match="mean over all values"):
        expect.scalar_tensor(call(torch.ones(1)))


def test_nan_and_infinity_are_told():
    expect.finite(call(0), 1.0)
    with pytest.raises(Wrong, match="NaN"):
        expect.finite(call(0), np.array([1, np.nan]))
    with pytest.raises(Wrong, match="infinity"):
        expect.finite(call(0), np.inf)


def test_changed_inputs_and_switches_are_told():
    expect.untouched(call(0))
    with pytest.raises(Wrong, match="changes its input `image`"):
        expect.untouched(call(0, changed=("image",)))
    with pytest.raises(Wrong, match="switches gradients off"):
        expect.untouched(call(0, switched=("gradients off",)))


RIGHT = [4.0, 9.0, 25.0]


def told(answer):
    got = [answer(root) for root in (2, 3, 5)]
    return expect.mismatch(got, RIGHT, 0, "the number 2")


def test_factor_offset_and_constant_are_recognised():
    assert "are 3 times what" in told(lambda n: 3.0 * n * n)
    assert "are 1.00394 times what" in told(lambda n: n * n * 255 / 254)
    assert "are 2 more than" in told(lambda n: n * n + 2.0)
    assert "gives 7 whatever it is called with" in told(lambda n: 7.0)
    assert "gives 0 whatever it is called with" in told(lambda n: -0.0)


def test_where_no_rule_explains_all_both_values_of_one_input_are_told():
    assert told(lambda n: float(n**3 if n < 4 else 7)) == (
        "On the number 2: your function gives 8; the docstring's formula gives 4."
    )


def test_factor_and_offset_that_only_come_near_are_not_told():
    right = np.linspace(1, 2, 50)
    wrong = right.copy()
    wrong[7] += 0.0005
    assert "2% of the values differ" in expect.mismatch([wrong], [right], 0, "a test")


def test_first_wrong_value_of_an_array_is_told():
    right = np.arange(6.0).reshape(2, 3)
    wrong = right.copy()
    wrong[1, 0] = 9
    assert expect.mismatch([wrong], [right], 0, "a test") == (
        "On a test: 17% of the values differ; at [1, 0], your function gives 9, and the "
        "docstring's formula 3."
    )


def test_digits_tell_near_values_apart():
    assert "gives 3.97912; the docstring's formula gives 3.97908" in expect.mismatch(
        [3.97912], [3.97908], 0, "a test"
    )
