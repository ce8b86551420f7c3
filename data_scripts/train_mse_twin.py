"""Train the MSE twin of Real-ESRGAN that comes with the course, and write its file."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from course_lib import hardware
from course_lib.authoring.shipping import commit, credited, progress, read_photographs
from course_lib.data.photos import shrink
from course_lib.durations import duration
from course_lib.metrics import high_frequency_energy
from course_lib.systems import real_esrgan, twins
from course_lib.systems.real_esrgan import HELD_OUT, SHIPPED, SHIPPED_FILE, UNSEEN
from course_lib.tensor_files import write_tensors
from course_lib.training.run import Run


def main(
    photographs: Annotated[Path, typer.Argument(help="folder of photographs with free licences")],
    out: Annotated[Path, typer.Option(help="the file to write")] = SHIPPED_FILE,
    steps: Annotated[int, typer.Option(min=1)] = SHIPPED.steps,
    crops: Annotated[int, typer.Option(min=1)] = SHIPPED.crops,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Train the last blocks of Real-ESRGAN on the mean squared error.

    `course models fetch real-esrgan` gets Real-ESRGAN's weights before. Stop the training whenever
    you like: the same command goes on. The course's embedded photographs aren't used.
    """
    found = read_photographs(photographs)
    if missing := [name for name in HELD_OUT if name not in found]:
        raise typer.BadParameter(f"{photographs} lacks {', '.join(missing)}, which score the twin")
    learned = {name: one for name, one in found.items() if name not in (*HELD_OUT, *UNSEEN)}
    scenes = learned | {f"{name}, 1/2": shrink(photo, 2) for name, photo in learned.items()}
    settings = replace(SHIPPED, steps=steps, crops=crops, every=min(SHIPPED.every, steps))
    pair = real_esrgan.set_up()
    held_out = {name: shrink(found[name], 2) for name in HELD_OUT}
    begun = time.process_time()
    system, keep = real_esrgan.mse_training(pair, scenes, held_out, settings, seed)
    run = Run(f"twins/real_esrgan_mse-{crops}-{steps}-seed{seed}")
    system.train([progress(steps)], run=run)
    keep.restore()
    state = {key: one.half() for key, one in pair.mse.state_dict().items()}
    pair.mse.load_state_dict({key: one.float() for key, one in state.items()})
    low, high = twins.degraded_crops(
        held_out, settings.held_out, seed + 2, size=settings.size, how=settings.degradation
    )
    features = pair.features(low)
    detail = [
        float(np.mean([high_frequency_energy(one) for one in pictures]))
        for pictures in (
            twins.enlarged(pair.gan, features),
            twins.enlarged(pair.mse, features),
            high,
        )
    ]
    psnr = [twins.mean_psnr(one, features, high) for one in (pair.gan, pair.mse)]
    measured = {
        "PSNR on held-out crops, dB": f"{psnr[1]:.2f} (Real-ESRGAN {psnr[0]:.2f})",
        "fine detail, share of the photographs'": f"{detail[1] / detail[2]:.0%} (Real-ESRGAN "
        f"{detail[0] / detail[2]:.0%})",
    }
    about = {
        "title": "The MSE twin of Real-ESRGAN: its last two blocks and all layers behind them, "
        "trained on the mean squared error.",
        "removes": "nothing",
        "network": {"kind": "RRDBHead", "blocks": real_esrgan.BLOCKS},
        "parameters": f"{sum(one.numel() for one in state.values()):,}",
        "trained_on": f"degraded crops of {len(learned)} photographs",
        "training": {
            **{key: str(value) for key, value in vars(settings).items()},
            "best step": str(keep.step),
            "seed": str(seed),
            "time": duration(time.process_time() - begun),
            "where": f"{hardware.name()}, {torch.get_num_threads()} threads",
            "revision": f"commit {commit()}",
        },
        "measured": measured,
        "limits": "It shares 21 of 23 blocks with Real-ESRGAN, so it can repeat what these invent.",
        "licence": "BSD-3-Clause, as Real-ESRGAN's weights, from which it was trained",
        "photographs": credited(list(learned), photographs / "README.md"),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    write_tensors(out, state, about)
    for key, value in measured.items():
        print(f"{key}: {value}")
    print(f"written to {out}, {out.stat().st_size / 1e6:.2f} MB; best step {keep.step}")


if __name__ == "__main__":
    typer.run(main)
