import inspect

import numpy as np
import pytest

from course_lib.checks.slips import Slip
from course_lib.metrics import rgb_to_y
from course_lib.training.steps import discriminator_step


def made(*edits, reference=rgb_to_y, **names):
    return Slip(*edits, says="Wrong.").answer(reference, names)


def test_text_is_replaced():
    assert made("(16 + → (17 +")(np.ones(3)) == pytest.approx(236 / 255)


def test_edits_follow_one_another():
    assert made("(16 + → (17 +", "/ 255 → / 2")(np.zeros(3)) == 8.5


def test_a_text_without_an_arrow_is_the_whole_body():
    assert made("return image @ w", w=np.array([1, 2, 3]))(np.ones(3)) == 6
    longer = made("total = image.sum(-1)\nreturn total / 2")
    assert longer(np.ones(3)) == 1.5


def test_a_deleted_statement_leaves_no_empty_line():
    source = inspect.getsource(made("optimizer.zero_grad() → ", reference=discriminator_step))
    assert "zero_grad" not in source
    assert "\n\n    loss" not in source


def test_the_signature_can_be_edited():
    def reference(image, rate=1):
        """The text rate=1 in the docstring stays."""
        return image * rate

    reference.__module__ = __name__
    assert made("rate=1 → rate=2", reference=reference)(3) == 6


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ("nothing → something", "0 times"),
        ("1 → 2", r"\d times"),
        ("return → return (", "is no Python"),
    ],
)
def test_an_edit_that_fits_not_once_is_refused(edit, message):
    with pytest.raises(ValueError, match=message):
        made(edit)


def test_one_of_says_and_gets_is_needed():
    with pytest.raises(ValueError, match="either"):
        Slip("a → b")
    with pytest.raises(ValueError, match="either"):
        Slip("a → b", says="x", gets="y")
