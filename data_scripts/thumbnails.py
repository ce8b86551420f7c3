"""Write docs/lessons/NN.jpg, the pictures in README's table of lessons: rainy beside restored."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from course_lib.data.photos import load_photo
from course_lib.data.rain import synthesize
from course_lib.files import write_whole
from course_lib.results import recordings

FOLDER = Path(__file__).parents[1] / "docs/lessons"
SIDE = 120  # pixels of each of the two pictures
# Lesson → a recorded training run, and one of its crops.
RUNS = {
    "01": ("01_healthy", 2),
    "02": ("02_healthy", 2),
    "03": ("03_stabilised", 2),
    "04": ("04_graspp_gan", 0),
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    photo = load_photo("china")[60:360, 120:420]
    rainy = synthesize(photo, "light", np.random.default_rng(3)).rainy
    write("00", photo, rainy)
    for lesson, (name, crop) in RUNS.items():
        run = recordings.load(name)
        write(lesson, run.rainy[crop], run.frames[-1][1][crop])


def write(lesson: str, *pictures: np.ndarray) -> None:
    shown = [
        Image.fromarray(one).resize((SIDE, SIDE), Image.Resampling.LANCZOS) for one in pictures
    ]
    file = io.BytesIO()
    Image.fromarray(np.hstack([np.asarray(one) for one in shown])).save(file, "JPEG", quality=88)
    write_whole(FOLDER / f"{lesson}.jpg", file.getvalue())


if __name__ == "__main__":
    main()
