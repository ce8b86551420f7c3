"""Train a network of `course restore` and write its file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from course_lib import hardware
from course_lib.authoring.shipping import commit, credited, progress, read_photographs
from course_lib.data.rain import synthesize
from course_lib.durations import duration
from course_lib.metrics import psnr
from course_lib.models.mirrored import Mirrored
from course_lib.models.tiles import restore_at
from course_lib.restoration.choice import NETWORKS, decided, kind_of_rain
from course_lib.restoration.networks import FOLDER, save_network
from course_lib.results.weights import round_to_half
from course_lib.systems import restorer
from course_lib.training.checkpoints import Record
from course_lib.training.run import Run

RAINS = 2  # on each photograph to validate on
PERFECT = 60.0  # dB, stands for a picture that comes back without a change


class Which(StrEnum):
    """What can be trained."""

    STREAKS = "streaks"
    DROPS = "drops"
    RAIN_KIND = "rain_kind"


LIMITS = {
    Which.STREAKS: "It was trained on computed rain. It leaves mist as it is. It mistakes narrow, "
    "bright, upright things for rain, such as posts and stems, and may soften fine texture.",
    Which.DROPS: "It was trained on computed drops. Where a large drop hides a part of the scene, "
    "a blur stays, sometimes with wrong colours. Pictures of more than 0.35 megapixels are "
    "restored by way of a copy of that size, so drops of a few pixels stay in them.",
    Which.RAIN_KIND: "It was trained on computed rain and may mistake other blurs for drops.",
}


def main(
    which: Annotated[Which, typer.Argument(help="what to train")],
    photographs: Annotated[
        Path | None, typer.Option(help="folder of clean photographs, beside the embedded ones")
    ] = None,
    credits: Annotated[
        Path | None,
        typer.Option(help="text file with a line for each: file, author, licence; README.md there"),
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for the file")] = FOLDER,
    steps: Annotated[int | None, typer.Option(min=1)] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    workers: Annotated[
        int, typer.Option(min=0, help="processes that prepare crops beside training")
    ] = 1,
) -> None:
    """Train a network of `course restore` and write its file.

    Stop it whenever you like: the same command goes on.
    """
    photos = restorer.embedded() | read_photographs(photographs)
    if credits is None and photographs is not None and (photographs / "README.md").is_file():
        credits = photographs / "README.md"
    settings: Any = restorer.CLASSIFIER
    if which != Which.RAIN_KIND:
        settings = restorer.SETTINGS[which]
    settings = replace(settings, steps=steps or settings.steps)
    out.mkdir(parents=True, exist_ok=True)
    if which == Which.RAIN_KIND:
        ready = restorer.set_up_classifier(photos, settings, seed, workers=workers)
    else:
        ready = restorer.set_up(photos, settings, seed, workers=workers)
    run = Run(f"restorer/{which}-{settings.steps}-seed{seed}")
    begun = time.process_time()
    records: list[Record] = []
    ready.train([progress(settings.steps), records.append], run=run)
    print(run)
    whole = bool(records) and records[0]["step"] == 1
    round_to_half({"network": ready.generator})
    if which == Which.RAIN_KIND:
        measured = validate_classifier(ready.generator, photos)
        how = {"kind": "RainClassifier"}
        title, removes = "Tells streaks from drops, for `course restore --model auto`.", "nothing"
    else:
        measured = validate(ready.generator, photos, settings)
        how = settings.network()
        title, removes = f"Removes {which} from photographs.", str(which)
    learnt = [name for name in photos if name not in restorer.VALIDATION]
    about = {
        "title": title,
        "removes": removes,
        "network": how,
        "parameters": f"{sum(one.numel() for one in ready.generator.parameters()):,}",
        "trained_on": f"computed rain on {len(learnt)} photographs",
        "training": {
            **{key: str(value) for key, value in vars(settings).items()},
            "seed": str(seed),
            "time": duration(time.process_time() - begun) if whole else "a resumed run",
            "where": f"{hardware.name()}, {torch.get_num_threads()} threads",
            "revision": f"{restorer.REVISION}, commit {commit()}",
        },
        "measured": measured,
        "limits": LIMITS[which],
        **({"works_at": works_at} if (works_at := getattr(settings, "works_at", None)) else {}),
        "licence": "MIT, as far as the authors of the course have rights in the weights; whether "
        "the terms of photographs bind what was learnt from them isn't settled",
        "photographs": credited(learnt, credits),
    }
    path = out / f"{which}.safetensors"
    save_network(path, ready.generator, about)
    for key, value in measured.items():
        print(f"{key}: {value}")
    print(f"written to {path}, {path.stat().st_size / 1e6:.2f} MB")


def validate(
    network: torch.nn.Module,
    photographs: Mapping[str, np.ndarray],
    settings: restorer.RestorerSettings,
) -> dict[str, str]:
    """Means over whole validation photographs: PSNR of luma, input → restored, for each kind."""
    photos = restorer.validation_scenes(photographs)
    measured = {}
    for kind in settings.rain.kinds:
        rows = []
        for n, (name, photo) in enumerate(photos.items()):
            for rain in range(RAINS if kind != "none" else 1):
                rng = np.random.default_rng((7, rain, n))
                rainy = clean = photo
                if kind != "none":
                    pair = synthesize(
                        photo, kind, rng, name=name, veil_stays=settings.rain.veil_stays
                    )
                    rainy, clean = pair.rainy, pair.clean
                pixels = settings.works_at or rainy.size
                shown = rainy, restore_at(Mirrored(network), rainy, pixels)
                rows.append([min(PERFECT, psnr(x, clean, channel="y_matlab")) for x in shown])
        before, after = np.mean(rows, axis=0)
        if kind == "none":
            worst = min(row[1] for row in rows)
            measured["clean pictures, dB"] = f"{after:.2f}, the worst {worst:.2f}"
        else:
            worse = sum(row[1] < row[0] for row in rows)
            measured[f"{kind}, dB"] = f"{before:.2f} → {after:.2f}, worse on {worse} of {len(rows)}"
    return measured


def validate_classifier(
    classifier: torch.nn.Module, photographs: Mapping[str, np.ndarray]
) -> dict[str, str]:
    """How often `--model auto` chooses rightly on held-out photographs with computed rain."""
    photos = restorer.validation_scenes(photographs)
    measured = {}
    for name, kinds in zip(NETWORKS, (restorer.STREAK_KINDS, restorer.DROP_KINDS), strict=True):
        right = total = 0
        for kind in kinds:
            for n, photo in enumerate(photos.values()):
                for rain in range(4):
                    rainy = synthesize(photo, kind, np.random.default_rng((8, rain, n))).rainy
                    right += (decided(kind_of_rain(classifier, rainy)) or "streaks") == name
                    total += 1
        measured[f"network for {name} chosen for {name}"] = f"{right} of {total}"
    seen = [decided(kind_of_rain(classifier, photo)) for photo in photos.values()]
    measured["photographs without rain in which none is seen"] = f"{seen.count('')} of {len(seen)}"
    return measured


if __name__ == "__main__":
    typer.run(main)
