"""A broken GAN is diagnosed from its recording: the run, the question and the verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from course_lib.checks.faulty_runs import FaultyRun
from course_lib.exercises import diagnose, faulty_runs_of, having
from course_lib.results import recordings
from course_lib.results.recordings import Recording

VIEW = "application/vnd.jupyter.widget-view+json"
LESSONS = having("faulty_runs")
RUNS = [(lesson, run) for lesson in LESSONS for run in faulty_runs_of(lesson).runs.values()]
NAMES = [f"{lesson}-{run.letter}" for lesson, run in RUNS]
AXES = faulty_runs_of("01").axes
FIRST, SECOND, *_ = faulty_runs_of("01").runs.values()


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every recording is there; gives the names that were asked for."""
    asked: list[str] = []
    pictures = np.zeros((2, 8, 8, 3), np.uint8)
    keys = [key for labels in AXES.curves.values() for key in labels]

    def load(name: str) -> Recording:
        asked.append(name)
        return Recording(
            name=name,
            about={"seed": 0, "fault": "SECRET"},
            curves={key: ([1.0, 2.0], [0.5, 0.7]) for key in keys},
            frames=((1, pictures), (2, pictures)),
            rainy=pictures,
            clean=pictures,
        )

    monkeypatch.setattr(recordings, "load", load)
    return asked


@pytest.mark.parametrize(("lesson", "run"), RUNS, ids=NAMES)
def test_the_fault_of_a_run_is_its_one_right_option(lesson: str, run: FaultyRun) -> None:
    (right,) = (option.text for option in run.question.options if option.right)
    assert right == run.fault
    assert f"run {run.letter} " in run.question.text


@pytest.mark.parametrize("lesson", LESSONS)
def test_runs_differ_in_fault_recording_and_place_of_the_right_option(lesson: str) -> None:
    runs = list(faulty_runs_of(lesson).runs.values())
    for part in (
        [run.letter for run in runs],
        [run.recording for run in runs],
        [run.fault for run in runs],
        [run.question.right for run in runs],
    ):
        assert len(set(part)) == len(runs) >= 3


@pytest.mark.parametrize(("lesson", "run"), RUNS, ids=NAMES)
def test_the_letter_of_a_run_does_not_give_its_fault_away(lesson: str, run: FaultyRun) -> None:
    assert run.letter.lower() != run.question.right


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_run_offers_the_same_faults_and_explains_each_for_itself(lesson: str) -> None:
    runs = list(faulty_runs_of(lesson).runs.values())
    offered = {tuple(option.text for option in run.question.options) for run in runs}
    assert len(offered) == 1
    whys = [option.why for run in runs for option in run.question.options]
    assert len(set(whys)) == len(whys)


@pytest.mark.parametrize(("lesson", "run"), RUNS, ids=NAMES)
def test_as_text_a_run_tells_the_signs_and_not_the_fault(lesson: str, run: FaultyRun) -> None:
    shown = repr(diagnose(lesson, run.letter))
    assert shown.startswith(f"Run {run.letter}: {run.alt}\n\n{run.question.text}")
    assert f'diagnose("{lesson}", "{run.letter}").answer("b")' in shown
    assert not any(option.why in shown for option in run.question.options)


def test_an_answer_prints_the_verdict_alone(capsys: pytest.CaptureFixture[str]) -> None:
    diagnose("01", FIRST.letter).answer(FIRST.question.right)
    assert capsys.readouterr().out == FIRST.question.verdict(FIRST.question.right) + "\n"


def test_in_a_notebook_the_recorded_run_stands_above_the_question(
    recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict] = []
    monkeypatch.setattr(
        "IPython.display.display", lambda widget: shown.append(widget._repr_mimebundle_()[0])
    )
    diagnose("01", SECOND.letter)._ipython_display_()
    assert recorded == [SECOND.recording]
    run, question = shown
    assert set(run) == set(question) == {VIEW, "text/html", "text/plain"}
    assert run["text/plain"] == SECOND.alt
    assert SECOND.question.text in question["text/html"]
    assert question["text/plain"].startswith(f"Question about run {SECOND.letter}\n\n")


def test_the_widgets_do_not_tell_what_the_recording_says_of_its_fault(recorded: list[str]) -> None:
    run, question = diagnose("01", "A").widgets()
    assert "SECRET" not in str(run.get_state()) + run.still() + str(question.get_state())


def test_a_run_or_lesson_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=f"lesson 01 has no run 'Z': there are {FIRST.letter}"):
        diagnose("01", "Z")
    with pytest.raises(ValueError, match="lesson '00' has no faulty runs; these lessons have: 01"):
        diagnose("00", "A")


def test_a_missing_recording_is_named(recorded: list[str], monkeypatch) -> None:
    monkeypatch.undo()
    lost = diagnose("01", "A")
    lost.run = replace(lost.run, recording="01_lost")
    with pytest.raises(ValueError, match="no recording '01_lost'"):
        lost.widgets()


@pytest.mark.parametrize(("lesson", "run"), RUNS, ids=NAMES)
def test_the_recording_of_a_faulty_run_has_its_curves(lesson: str, run: FaultyRun) -> None:
    widget, _ = diagnose(lesson, run.letter).widgets()
    assert widget.plots


@pytest.mark.parametrize(("lesson", "run"), RUNS, ids=NAMES)
def test_the_recording_of_a_faulty_run_has_its_fault(lesson: str, run: FaultyRun) -> None:
    assert recordings.load(run.recording).about["fault"] == run.fault


def curve(name: str, key: str) -> np.ndarray:
    return np.array(recordings.load(name).curves[key][1])


def test_the_signs_that_texts_name_are_in_the_recordings() -> None:
    """The numbers of lesson 01's alternative texts and explanations."""
    healthy, a, b, c, d = "01_healthy", "01_a", "01_b", "01_c", "01_d"
    for name in (healthy, c):
        assert abs(curve(name, "loss_d").mean() - 1.4) < 0.1
        assert curve(name, "loss_g").max() < 1
        for key in ("grad_d", "grad_g"):
            middle = np.median(curve(name, key))
            assert curve(name, key).max() < 5 * middle
            assert curve(name, key).min() > middle / 5
    for key in ("loss_d", "loss_g", "grad_d", "grad_g"):
        assert curve(a, key)[-50:].mean() < 0.1
    for key in ("accuracy_real", "accuracy_fake"):
        assert not curve(a, key)[1:].any()  # from the second measurement, step 100
        steps = recordings.load(b).curves[key][0]
        assert (curve(b, key)[steps.index(250) :] == 1).all()
    assert curve(b, "loss_d")[-50:].mean() < 0.05
    assert curve(b, "loss_g")[-50:].mean() == pytest.approx(5.5, abs=0.2)
    assert curve(b, "grad_g")[-50:].mean() > 10 * curve(b, "grad_g")[0]
    assert curve(b, "grad_d")[-50:].mean() < curve(b, "grad_d")[0] / 10
    still = [pictures.astype(float) for _, pictures in recordings.load(b).frames]
    moving = [pictures.astype(float) for _, pictures in recordings.load(healthy).frames]
    assert np.abs(still[-1] - still[0]).mean() < np.abs(moving[-1] - moving[0]).mean() / 4
    darkest = {
        name: recordings.load(name).frames[-1][1].mean(axis=-1).min() for name in (healthy, c)
    }
    assert darkest[healthy] < 30 < 80 < darkest[c]
    assert curve(d, "grad_g")[0] < 3 < 600 < curve(d, "grad_g")[-1]
    assert 0.9 < curve(d, "grad_d").min() < curve(d, "grad_d").max() < 20
    assert curve(d, "loss_d").min() == pytest.approx(0.1, abs=0.05)
    assert curve(d, "loss_g").max() == pytest.approx(3, abs=0.2)
