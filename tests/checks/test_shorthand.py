import pytest

from course_lib.checks.shorthand import mends, slips_that_get, slips_that_say


@pytest.mark.parametrize(("make", "kind"), [(slips_that_say, "says"), (slips_that_get, "gets")])
def test_a_row_is_a_slip_of_one_edit_or_several(make, kind):
    slips = list(make({"a → b": "First.", ("c → d", "e → f"): "Second."}))
    assert [slip.edits for slip in slips] == [("a → b",), ("c → d", "e → f")]
    assert [getattr(slip, kind) for slip in slips] == ["First.", "Second."]


def test_the_first_row_that_fits_an_error_mends_it():
    explain = mends({"too large": " Make it smaller.", "ValueError": " Look at the values."})
    assert explain(ValueError("x is too large"), None) == " Make it smaller."
    assert explain(ValueError("x"), None) == " Look at the values."
    assert explain(TypeError("x"), None) == ""
