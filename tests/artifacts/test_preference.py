from __future__ import annotations

import pytest
from scipy.stats import binomtest

from course_lib.artifacts.preference import (
    Trial,
    count_answers,
    preference_p_value,
    shuffled,
    write_answers,
)

NAMES = [f"picture {n}" for n in range(7)]


@pytest.mark.parametrize("trials", [1, 2, 10, 300])
def test_the_p_value_is_that_of_the_binomial_test(trials) -> None:
    for wins in range(0, trials + 1, max(1, trials // 10)):
        expected = binomtest(wins, trials).pvalue
        assert preference_p_value(wins, trials) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("wins", "trials"), [(0, 0), (-1, 3), (4, 3)])
def test_impossible_numbers_are_refused(wins, trials) -> None:
    with pytest.raises(ValueError, match=f"there are {wins} of {trials}"):
        preference_p_value(wins, trials)


def test_order_and_sides_are_random_balanced_and_from_the_seed() -> None:
    trials = shuffled(NAMES, ("before", "after"), seed=1)
    assert sorted(one.picture for one in trials) == NAMES
    assert [one.picture for one in trials] != NAMES
    assert sum(one.left == "before" for one in trials) in (3, 4)
    assert all({one.left, one.right} == {"before", "after"} for one in trials)
    assert trials == shuffled(NAMES, ("before", "after"), seed=1)
    assert trials != shuffled(NAMES, ("before", "after"), seed=2)
    with pytest.raises(ValueError, match="each once"):
        shuffled(["a", "a"], ("before", "after"), seed=0)


def test_answers_of_several_people_are_counted(tmp_path) -> None:
    trials = shuffled(NAMES, ("before", "after"), seed=0)
    for n in range(2):
        write_answers(tmp_path / f"{n}.csv", [(one, "after") for one in trials[: 3 + n]])
    paths = sorted(tmp_path.glob("*.csv"))
    assert count_answers(paths) == {"before": 0, "after": 7}
    with pytest.raises(ValueError, match="'third' is none of"):
        write_answers(tmp_path / "a.csv", [(Trial(picture="a", left="x", right="y"), "third")])
    (tmp_path / "0.csv").write_text("picture,left,right,chosen\na,x,y,z\n")
    with pytest.raises(ValueError, match=r"0\.csv, line 2 holds no choice"):
        count_answers(paths)
    (tmp_path / "0.csv").write_text("<html>")
    with pytest.raises(ValueError, match="doesn't begin with the line picture,left"):
        count_answers(paths)
