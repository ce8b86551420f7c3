"""What is declared in course_lib.experiments, and what lies in course_lib/assets."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import course_lib
from course_lib import experiments, profiles
from course_lib.authoring import model_card, table_file
from course_lib.authoring.verify import judge
from course_lib.experiments.products import Declared, Experiment, RecordedRun, TrainedWeights
from course_lib.files import UNFINISHED
from course_lib.profiles import Profile
from course_lib.results import recordings, tables, weights
from course_lib.systems import baseline, pix2pix
from course_lib.systems.system import System, held_out_drops
from course_lib.training.observers import measure

ROOT = Path(__file__).parent.parent.parent
ASSETS = Path(course_lib.__file__).parent / "assets"
LIMIT, LARGEST = 30_000_000, 4_000_000  # bytes: all assets together, one of them
GOOD = Experiment(
    name="01_good",
    about="Nothing.",
    settings=({"fault": "none"}, {"fault": "no detach"}),
    seeds=(0, 1),
    run=lambda settings, seed, profile: {"psnr": 1.0},
    tolerances={"psnr": 0.1},
)


def declared() -> dict[str, Experiment]:
    return {
        one.name: one
        for lesson in experiments.lessons()
        for one in experiments.of(lesson).experiments
    }


def test_everything_that_is_declared_has_been_made() -> None:
    assert {path.stem for path in tables.FOLDER.glob("*.csv")} == set(declared())
    lessons = [experiments.of(number) for number in experiments.lessons()]
    assert set(recordings.names()) == {one.name for d in lessons for one in d.recordings}
    assert set(weights.names()) == {one.name for d in lessons for one in d.weights}


def test_every_committed_table_is_complete_and_holds_nothing_else() -> None:
    known = declared()
    # What a killed `make reproduce` was writing is no product; the next one sweeps it up.
    others = [p.name for p in tables.FOLDER.glob("*") if p.suffix not in (".csv", UNFINISHED)]
    assert not others, "these are no tables"
    for path in tables.FOLDER.glob("*.csv"):
        assert path.stem in known, f"no experiment declares {path.name}"
        experiment = known[path.stem]
        rows = table_file.read(path, experiment)
        # Those of cpu are what lessons show; others stand beside, whole too.
        for profile in {tables.COMPLETE, *(row["profile"] for row in rows)}:
            assert not judge(table_file.examine(rows, experiment, profile), experiment, profile)
        assert tables.load_table(path.stem).provenance()
        for row in rows:
            assert len(row["parent_commit"]) == 12
            assert row["threads"] == str(profiles.pick(path.stem[:2], row["profile"]).threads)


def test_every_committed_recording_is_declared_and_sound() -> None:
    known = {
        one.name for lesson in experiments.lessons() for one in experiments.of(lesson).recordings
    }
    for name in recordings.names():
        assert name in known, f"no lesson declares the recording {name}"
        about = recordings.load(name).about
        assert about["parent_commit"]
        assert about["profile"] == tables.COMPLETE


def test_every_committed_set_of_weights_is_sound_and_has_its_card() -> None:
    for name in weights.names():
        found = weights.read(name)
        assert found.about["profile"] == tables.COMPLETE
        assert found.about["parent_commit"]
        assert all(tensor.isfinite().all() for s in found.states.values() for tensor in s.values())
        assert model_card.is_current(name, weights.FOLDER), f"make reproduce LESSONS={name[:2]}"


@pytest.mark.parametrize(
    ("name", "set_up"),
    [
        ("01_baseline_gan", baseline.set_up),
        ("02_pix2pix", pix2pix.set_up),
        ("03_stabilised", pix2pix.set_up),
    ],
)
def test_weights_measure_what_their_card_says(
    name: str, set_up: Callable[[Profile, int], System]
) -> None:
    found = weights.read(name)
    profile = profiles.pick(name[:2], "cpu")
    system = set_up(profile, int(found.about["seed"]))
    networks = {"generator": system.generator, "discriminator": system.discriminator}
    weights.load(name, profile="cpu", seed=int(found.about["seed"]), **networks)
    held_out = held_out_drops(profile, int(found.about["seed"]))
    end = measure(system.generator, system.discriminator, held_out)
    assert end["psnr"] == pytest.approx(found.metrics["PSNR, dB"], abs=0.01)
    assert end["ssim"] == pytest.approx(found.metrics["SSIM"], abs=1e-3)
    assert end["accuracy_d"] == pytest.approx(found.history[-1]["accuracy_d"], abs=0.05)
    assert found.history[-1]["step"] == profile.steps


def test_assets_stay_small_enough_to_be_shipped() -> None:
    sizes = {path: path.stat().st_size for path in ASSETS.rglob("*") if path.is_file()}
    size = sum(sizes.values())
    assert size <= LIMIT, f"{size / 1e6:.1f} MB of assets"
    assert not [path for path, size in sizes.items() if size > LARGEST]
    size = sum(path.stat().st_size for path in weights.FOLDER.rglob("*") if path.is_file())
    assert size <= weights.LIMIT, f"{size / 1e6:.1f} MB of weights"


def test_every_declared_lesson_has_profiles_and_claims_rest_on_five_seeds() -> None:
    for lesson in experiments.lessons():
        assert lesson in profiles.LESSONS
        for experiment in experiments.of(lesson).experiments:
            assert len(experiment.seeds) >= 5, f"{experiment.name} has too few seeds"
            assert experiment.about


def test_lesson_without_experiments_is_told() -> None:
    with pytest.raises(ValueError, match="lesson '77' has nothing to reproduce; lessons that do: "):
        experiments.of("77")


def test_runs_are_all_settings_with_all_seeds_in_order() -> None:
    assert [str(run) for run in GOOD.runs] == [
        "fault=none, seed 0",
        "fault=none, seed 1",
        "fault=no detach, seed 0",
        "fault=no detach, seed 1",
    ]
    assert GOOD.columns == ("fault", "seed", "psnr", *tables.PROVENANCE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "faults"}, "'faults' is no name"),
        ({"name": "01_Faults"}, "is no name"),
        ({"settings": ()}, "needs settings, seeds and tolerances"),
        ({"seeds": ()}, "needs settings, seeds and tolerances"),
        ({"tolerances": {}}, "needs settings, seeds and tolerances"),
        ({"settings": ({"a": 1}, {"b": 1})}, "same keys in one order"),
        ({"settings": ({"a": 1}, {"a": 1})}, "a setting is given twice"),
        ({"seeds": (0, 1, 0)}, "a seed is given twice"),
        ({"settings": ({"profile": "cpu"},)}, "'profile' can't be a column"),
        ({"settings": ({"unit": "dB"},)}, "'unit' can't be a column"),
        ({"settings": ({"lambda": 100},)}, "'lambda' can't be a column"),
        ({"tolerances": {"D accuracy": 0.1}}, "'D accuracy' can't be a column"),
        ({"tolerances": {"fault": 0.1}}, "both a setting and a metric: fault"),
        ({"tolerances": {"psnr": -0.1}}, "tolerance of psnr is -0.1"),
        ({"tolerances": {"psnr": math.nan}}, "tolerance of psnr is nan"),
        ({"times": ("seconds_spent",)}, "seconds_spent is among its times, and no metric"),
    ],
)
def test_bad_declaration_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(GOOD, **changes)  # type: ignore[arg-type]


def test_names_belong_to_the_lesson_and_are_given_once() -> None:
    with pytest.raises(ValueError, match="lesson 02 declares '01_good'"):
        Declared(lesson="02", experiments=(GOOD,))
    with pytest.raises(ValueError, match="given once"):
        Declared(lesson="01", experiments=(GOOD, GOOD))
    with pytest.raises(ValueError, match="'healthy' is no name"):
        RecordedRun(name="healthy", make=lambda profile: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(ValueError, match="'02_Pix' is no name"):
        TrainedWeights(name="02_Pix", make=lambda profile: None)  # type: ignore[arg-type,return-value]
