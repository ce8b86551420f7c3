"""Recorded runs: what comes back from disk, what is refused, what a reader is told."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import chelsea

from course_lib import files, records
from course_lib.data.pair import Batch
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.ranges import from_model, to_model, to_uint8
from course_lib.results import recordings
from course_lib.results.recordings import Recording, load, names, record, save
from course_lib.training.loop import train
from course_lib.training.observers import Samples

CLEAN = np.stack([chelsea()[60:92, x : x + 48] for x in (100, 180, 260)])  # 3×32×48×3
RAINY = 255 - CLEAN


def drawn(**changes: object) -> Recording:
    """A run of 40 steps, whose frames fade from rainy to clean."""
    steps = [float(step) for step in range(1, 41)]
    shares = (0.0, 0.5, 1.0)
    faded = [np.rint(RAINY * (1.0 - s) + CLEAN * s).astype(np.uint8) for s in shares]
    run = {
        "name": "drawn-run",
        "about": {"seed": 3, "profile": "smoke", "lr": 2e-4},
        "curves": {
            "loss_d": (steps, [1.386294 / step for step in steps]),
            "psnr": ([1.0, 20.0, 40.0], [10.0, 12.3456, 1e-7]),
        },
        "frames": tuple(zip((1, 20, 40), faded, strict=True)),
        "rainy": RAINY,
        "clean": CLEAN,
    }
    return Recording(**(run | changes))


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_a_recording_comes_back_with_four_digits_and_nearly_the_same_pictures(tmp_path) -> None:
    recording = drawn()
    assert save(recording, tmp_path) == tmp_path / "drawn-run"
    assert names(tmp_path) == ["drawn-run"]
    loaded = load("drawn-run", tmp_path)
    assert (loaded.name, loaded.about) == (recording.name, recording.about)
    assert list(loaded.curves) == ["loss_d", "psnr"]
    assert loaded.curves["psnr"] == ([1, 20, 40], [10.0, 12.35, 1e-7])
    steps, values = loaded.curves["loss_d"]
    assert steps == list(range(1, 41))
    assert values == pytest.approx(recording.curves["loss_d"][1], rel=1e-3)
    assert [step for step, _ in loaded.frames] == [1, 20, 40]
    for (_, mine), (_, theirs) in zip(recording.frames, loaded.frames, strict=True):
        assert distance(mine, theirs) < 6
    assert distance(loaded.rainy, RAINY) < 6
    assert distance(loaded.clean, CLEAN) < 6
    assert distance(RAINY[0], RAINY[1]) > 20  # the crops differ enough to be told apart


def test_coloured_noise_keeps_its_colour(tmp_path) -> None:
    # Plain WebP halves the resolution of colour, and a GAN's noise would come out grey.
    noise = np.random.default_rng(0).integers(0, 256, CLEAN.shape, dtype=np.uint8)
    save(drawn(frames=((1, noise),)), tmp_path)
    ((_, loaded),) = load("drawn-run", tmp_path).frames
    spread = [np.ptp(pictures.astype(float), axis=3).mean() for pictures in (noise, loaded)]
    assert spread[1] > 0.5 * spread[0]


def test_the_same_recording_gives_the_same_bytes_even_after_loading(tmp_path) -> None:
    first = save(drawn(), tmp_path / "first")
    second = save(load("drawn-run", tmp_path / "first"), tmp_path / "second")
    for file in ("run.json", "frames.webp"):
        assert (first / file).read_bytes() == (second / file).read_bytes()
    again = save(drawn(), tmp_path / "again")
    assert (first / "frames.webp").read_bytes() == (again / "frames.webp").read_bytes()


def test_a_changed_copy_of_a_loaded_recording_has_pictures_of_its_own(tmp_path) -> None:
    save(drawn(), tmp_path)
    loaded = load("drawn-run", tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        loaded.rainy[0] = 0
    changed = dataclasses.replace(loaded, name="changed", rainy=CLEAN)
    save(changed, tmp_path)
    assert distance(load("changed", tmp_path).rainy, CLEAN) < 6


def test_run_json_is_plain_json_with_a_line_for_each_curve(tmp_path) -> None:
    text = (save(drawn(), tmp_path) / "run.json").read_text()
    assert json.loads(text)["about"] == {"seed": 3, "profile": "smoke", "lr": 2e-4}
    assert '"psnr": [[1, 20, 40], [10, 12.35, 1e-07]]\n' in text


def test_a_recording_replaces_an_older_one(tmp_path) -> None:
    save(drawn(), tmp_path)
    save(drawn(about={"seed": 4}), tmp_path)
    assert load("drawn-run", tmp_path).about == {"seed": 4}
    assert {path.name for path in (tmp_path / "drawn-run").iterdir()} == {
        "run.json",
        "frames.webp",
    }


def test_more_than_the_limit_is_refused_and_nothing_is_written(tmp_path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (6, 128, 128, 3), dtype=np.uint8)
    frames = tuple((step, noise) for step in range(1, 20))
    big = drawn(frames=frames, rainy=noise, clean=noise)
    with pytest.raises(ValueError, match=r"take \d\.\d\d MB, and one may take 1\.5: keep fewer"):
        save(big, tmp_path)
    assert names(tmp_path) == []


def test_curves_count_towards_the_limit(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = len(recordings.sprite(drawn()))
    monkeypatch.setattr(recordings, "LIMIT", pictures)
    with pytest.raises(ValueError, match="keep fewer frames"):
        save(drawn(), tmp_path)


def test_more_frames_than_webp_can_hold_are_refused() -> None:
    frames = tuple((step, RAINY) for step in range(1, 300))
    with pytest.raises(ValueError, match=r"19264×288 pixels.*at most 16383: keep fewer"):
        recordings.sprite(drawn(frames=frames))


def test_an_unknown_name_is_answered_with_those_that_there_are(tmp_path) -> None:
    with pytest.raises(ValueError, match="no recording 'x': there are none"):
        load("x", tmp_path)
    save(drawn(), tmp_path)
    save(drawn(name="other"), tmp_path)
    with pytest.raises(ValueError, match=r"no recording '\.\./x': there are drawn-run, other"):
        load("../x", tmp_path)


def spoil_json(own: Path, **changes: object) -> None:
    records.write_record(own / "run.json", records.read_record(own / "run.json") | changes)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda own: (own / "run.json").write_text("{"),
        lambda own: (own / "run.json").write_text("[]"),
        lambda own: (own / "run.json").write_bytes(b"\xff\xfe"),
        lambda own: (own / "frames.webp").unlink(),
        lambda own: (own / "frames.webp").write_bytes((own / "frames.webp").read_bytes()[:-9]),
        lambda own: spoil_json(own, crops=[3, 32]),
        lambda own: spoil_json(own, crops=[3, 48, 32]),
        lambda own: spoil_json(own, frames=[1, 20]),
        lambda own: spoil_json(own, frames=[1, 20, 20]),
        lambda own: spoil_json(own, curves={"loss_d": [[1, 2], [0.5]]}),
        lambda own: spoil_json(own, curves={"loss_d": [[1], [float("nan")]]}),
        lambda own: spoil_json(own, curves={"loss_d": ["1", "2"]}),
        lambda own: spoil_json(own, curves=[]),
        lambda own: spoil_json(own, about=[]),
    ],
)
def test_damaged_files_are_named_with_the_mend(tmp_path, spoil) -> None:
    own = save(drawn(), tmp_path)
    spoil(own)
    with pytest.raises(ValueError, match=r"drawn-run is damaged \(.+\): install the course again"):
        load("drawn-run", tmp_path)


def test_a_recording_whose_writing_was_cut_short_is_noticed(tmp_path, monkeypatch) -> None:
    save(drawn(), tmp_path)
    written = files.write_whole

    def fail_at_the_end(path: Path, content: bytes) -> None:
        if path.name == "run.json":
            raise OSError("the disk is full")
        written(path, content)

    monkeypatch.setattr(files, "write_whole", fail_at_the_end)
    with pytest.raises(OSError, match="disk is full"):
        save(drawn(rainy=CLEAN), tmp_path)
    with pytest.raises(ValueError, match=r"damaged .*isn't the file that run\.json describes"):
        load("drawn-run", tmp_path)


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "-a", "a/b", "a\n"])
def test_names_that_are_no_folders_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="can't be named"):
        drawn(name=name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"curves": {}}, "0 curves and 3 frames"),
        ({"frames": ()}, "2 curves and 0 frames"),
        ({"curves": {"a": ([1.0, 2.0], [0.5])}}, "curve 'a' has 2 steps and 1 values"),
        ({"curves": {"a": ([], [])}}, "curve 'a' has 0 steps and 0 values"),
        ({"curves": {"a": ([1.0], [np.nan])}}, "'a' is nan at step 1.0.*end the recording before"),
        ({"curves": {"a": ([2.0, 2.0], [1.0, 1.0])}}, "steps of the curve 'a' must grow"),
        ({"frames": ((2, RAINY), (1, RAINY))}, "steps of the frames must grow, but 1 follows 2"),
        ({"clean": CLEAN[:2]}, r"clean has the shape \(2, 32, 48, 3\) and rainy \(3, 32"),
        ({"frames": ((7, RAINY[:, :9]),)}, r"frame of step 7 has the shape \(3, 9, 48, 3\)"),
        ({"rainy": RAINY[0]}, r"rainy has the shape \(32, 48, 3\); it should be N×H×W×3"),
        ({"about": {"lr": float("inf")}}, r"about\['lr'\] is inf"),
    ],
)
def test_what_does_not_agree_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        drawn(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rainy": RAINY / 255}, "rainy is float64; pictures are recorded as uint8"),
        ({"about": {"seed": np.int64(3)}}, r"about\['seed'\] is a int64"),
        ({"about": {"settings": {}}}, r"about\['settings'\] is a dict"),
    ],
)
def test_other_types_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        drawn(**changes)


def test_a_training_run_becomes_a_recording(tmp_path) -> None:
    torch.set_num_threads(1)
    batch = Batch(to_model(RAINY[:, :32, :32]), to_model(CLEAN[:, :32, :32]), torch.zeros(3, 1, 1))
    torch.manual_seed(0)
    generator = BaselineGenerator(size=32, base_channels=2)
    discriminator = baseline_discriminator(base_channels=2)
    samples = Samples(generator, batch.rainy, every=4)
    history = train(
        generator,
        discriminator,
        [batch] * 8,
        optimizer_g=torch.optim.Adam(generator.parameters(), lr=2e-3),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), lr=2e-3),
        seed=0,
        callbacks=[samples, lambda r: r.update(psnr=20.0) if r["step"] == 5 else None],
    )
    run = record(
        history,
        samples.frames,
        rainy=from_model(batch.rainy),
        clean=from_model(batch.clean),
        name="tiny",
        about={"seed": 0},
    )
    assert set(run.curves) == {"loss_d", "grad_d", "loss_g", "grad_g", "psnr"}
    assert run.curves["loss_d"] == (list(range(1, 9)), [entry["loss_d"] for entry in history])
    assert run.curves["psnr"] == ([5], [20.0])
    assert [step for step, _ in run.frames] == [4, 8]
    assert np.array_equal(run.clean, CLEAN[:, :32, :32])
    assert np.array_equal(run.frames[1][1], to_uint8(samples.frames[1][1]))
    save(run, tmp_path)
    assert load("tiny", tmp_path).curves["psnr"] == ([5], [20])


def made(history: list[dict[str, float]], **changes: object) -> Recording:
    return record(history, [(1, CLEAN)], rainy=RAINY, clean=CLEAN, name="a", about={}, **changes)


def test_curves_are_chosen_by_key() -> None:
    history = [{"step": 1, "loss_d": 1.0, "even": 1.386}]
    assert list(made(history, keys=["even"]).curves) == ["even"]
    with pytest.raises(ValueError, match="no record has 'lost_d'; there are loss_d, even"):
        made(history, keys=["lost_d"])


def test_long_curves_become_means_that_know_nothing_of_later_steps() -> None:
    history = [{"step": step, "loss_d": float(step)} for step in range(1, 2502)]
    steps, values = made(history).curves["loss_d"]
    assert len(steps) == 834
    assert (steps[0], values[0]) == (3, 2.0)
    assert (steps[1], values[1]) == (6, 5.0)
    assert (steps[-1], values[-1]) == (2501, 2500.5)  # the last block holds two
    steps, values = made(history[:1000]).curves["loss_d"]
    assert values == steps == list(range(1, 1001))


def test_every_recording_of_the_course_can_be_loaded_and_is_small() -> None:
    for name in names():
        load(name)
        own = recordings.FOLDER / name
        assert sum(path.stat().st_size for path in own.iterdir()) <= recordings.LIMIT


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("file", ["run.json", "frames.webp"])
def test_flipped_bits_of_either_file_are_named(tmp_path, file) -> None:
    own = save(drawn(), tmp_path)
    whole, rng = (own / file).read_bytes(), np.random.default_rng(0)
    beginning = range(8 * 400)  # of run.json, its digest and all that isn't a curve
    for bit in [*beginning, *rng.integers(8 * len(whole), size=400)]:
        (own / file).write_bytes(flipped(whole, int(bit)))
        with pytest.raises(ValueError, match=r"drawn-run is damaged .*(run\.json|frames\.webp)"):
            load("drawn-run", tmp_path)
    for length in range(0, len(whole), 13):
        (own / file).write_bytes(whole[:length])
        with pytest.raises(ValueError, match="drawn-run is damaged"):
            load("drawn-run", tmp_path)
    (own / file).write_bytes(whole)
    load("drawn-run", tmp_path)


@pytest.mark.parametrize("file", ["run.json", "frames.webp"])
def test_larger_files_than_a_recording_has_are_not_read(tmp_path, file) -> None:
    own = save(drawn(), tmp_path)
    with (own / file).open("r+b") as opened:
        opened.truncate(10**12)  # a hole, which takes no room; read, it would take all memory
    with pytest.raises(ValueError, match=r"has 1,000,000\.0 MB, and may have 1\.5 MB at most"):
        load("drawn-run", tmp_path)


def seal(own: Path, pictures: bytes, **changes: object) -> None:
    """Put other content into a recording, with digests that are right."""
    run = records.read_record(own / "run.json") | changes
    run["frames_sha256"] = hashlib.sha256(pictures).hexdigest()
    (own / "frames.webp").write_bytes(pictures)
    records.write_record(own / "run.json", run)


@functools.cache
def webp(width: int, height: int, frames: int = 1) -> bytes:
    buffer = io.BytesIO()
    pictures = [Image.new("RGB", (width, height), (5 * n, 0, 0)) for n in range(frames)]
    pictures[0].save(
        buffer, "webp", lossless=True, method=0, save_all=frames > 1, append_images=pictures[1:]
    )
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("pictures", "changes", "told"),
    [
        # 16 kB that would take 3 GB to decode
        ((16000, 16000), {}, r"16000×16000|exceeds limit"),
        ((16000, 16000), {"crops": [1, 1600, 8000]}, "more than 16 million pixels"),
        ((288, 320, 50), {}, "in 50 frames, not 5 rows"),
        ((288, 320), {"crops": [3, -32, -48]}, r"288|pixels"),
        ((288, 320), {"crops": [3, 32, 10**30]}, "more than 16 million pixels"),
        ((288, 320), {"crops": [3, 32, "48"]}, "."),
        ((288, 320), {"crops": {"a": 1}}, "."),
        ((288, 320), {"frames": {}}, "."),
        ((288, 320), {"frames": [[1], [2], [3]]}, "steps are numbers"),
        ((288, 320), {"about": [1]}, "."),
        ((288, 320), {"curves": {"a": [[1], ["x"]]}}, "."),
        ((288, 320), {"curves": {"a": [[1], [1e999]]}}, "isn't finite"),
        ((288, 320), {"curves": {"a": [[1], [int("9" * 400)]]}}, "."),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", {}, "cannot identify"),
        (b"", {}, "cannot identify"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_hostile_content_is_refused_before_it_is_decoded(
    tmp_path, pictures, changes, told, monkeypatch
) -> None:
    own = save(drawn(), tmp_path)
    seal(own, pictures if isinstance(pictures, bytes) else webp(*pictures), **changes)
    decoded = []
    real = Image.Image.convert
    monkeypatch.setattr(
        Image.Image, "convert", lambda self, *a, **k: decoded.append(self.size) or real(self, *a)
    )
    with pytest.raises(ValueError, match=rf"drawn-run is damaged \((.|\n)*({told})"):
        load("drawn-run", tmp_path)
    assert all(size == (288, 320) for size in decoded)


def test_more_pixels_than_can_be_loaded_are_not_saved(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(recordings, "PIXELS", 90_000)
    with pytest.raises(ValueError, match="0 million pixels, and one may have 0: keep fewer"):
        save(drawn(), tmp_path)
