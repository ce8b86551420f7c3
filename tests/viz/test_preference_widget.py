from __future__ import annotations

import numpy as np
import pytest

from course_lib.artifacts.preference import count_answers
from course_lib.viz import Preference

ALT = "Two small pictures of coloured noise."


def pictures(count: int = 4) -> dict[str, dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return {
        f"picture {n}": {
            name: rng.integers(0, 256, (20, 30, 3), dtype=np.uint8) for name in ("before", "after")
        }
        for n in range(count)
    }


def test_names_stay_hidden_and_each_answer_is_written_at_once(tmp_path) -> None:
    path = tmp_path / "answers.csv"
    test = Preference(pictures(), question="Fewer artifacts?", path=path, seed=1, alt=ALT)
    for n in range(4):
        assert f"{n + 1} of 4: Fewer artifacts?" in test.still()
        assert "before" not in test.still()
        assert "after" not in test.still()
        test.buttons["left"].click()
        assert sum(count_answers([path]).values()) == n + 1
    counts = count_answers([path])
    assert f"before: {counts['before']} of 4" in test.still()
    assert "p = " in test.still()
    assert counts == {"before": 2, "after": 2}  # always left: each version is there half the time
    test.buttons["left"].click()
    assert len(test.answers) == 4


def test_choosing_one_version_always_gives_its_p_value(tmp_path) -> None:
    test = Preference(pictures(10), question="?", path=tmp_path / "a.csv", seed=2, alt=ALT)
    for trial in list(test._trials):
        test.buttons["left" if trial.left == "after" else "right"].click()
    assert "after: 10 of 10. p = 0.002" in test.still()


def test_an_older_results_file_stays(tmp_path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="give another name"):
        Preference(pictures(), question="?", path=path, seed=1, alt=ALT)
    assert path.read_text() == "mine"


def test_pictures_need_the_same_two_versions(tmp_path) -> None:
    wrong = pictures()
    wrong["picture 1"]["third"] = wrong["picture 1"].pop("after")
    with pytest.raises(ValueError, match="the same two versions"):
        Preference(wrong, question="?", path=tmp_path / "a.csv", seed=1, alt=ALT)


def test_an_answer_that_cannot_be_written_is_told_and_not_counted(tmp_path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    test = Preference(pictures(), question="?", path=folder / "a.csv", seed=1, alt=ALT)
    (folder / "a.csv").unlink()
    folder.rmdir()
    test.buttons["right"].click()
    assert not test.answers
    assert 'role="alert"' in test.still()


def test_two_tests_never_share_a_file_and_odd_pictures_are_refused_at_once(tmp_path) -> None:
    path = tmp_path / "a.csv"
    Preference(pictures(), question="?", path=path, seed=1, alt=ALT)
    with pytest.raises(FileExistsError):
        Preference(pictures(), question="?", path=path, seed=1, alt=ALT)
    other = tmp_path / "b.csv"
    for wrong in (np.zeros((4, 4, 4), np.uint8), np.zeros((9, 9, 3), np.uint8)):
        odd = pictures()
        odd["picture 3"]["after"] = wrong
        with pytest.raises(ValueError, match="picture 3"):
            Preference(odd, question="?", path=other, seed=1, alt=ALT)
    with pytest.raises(ValueError, match="same two versions"):
        Preference({}, question="?", path=other, seed=1, alt=ALT)
    assert not other.exists()
