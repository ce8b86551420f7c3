"""Exercise 05.2: the similarity D of two textures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.artifacts.texture import texture_distance
from course_lib.checks.function import Case, Function
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_05.texture_distance import zoo

TOP, BELOW = "(2 * gan * mse + c)", "(gan**2 + mse**2 + c)"
WHOLE = f"{TOP} / {BELOW}"

# Edits of the reference → the whole diagnosis.
SAYS = {
    f"{TOP} → (2 * gan * mse)": "The constant c is missing above the fraction bar, as in the "
    "paper's eq. 7. Two flat patches then get a D near 0, as if only one of them had texture.",
    f"{BELOW} → (gan**2 + mse**2)": "The constant c is missing below the fraction bar.",
    f"{WHOLE} → (2 * gan * mse) / (gan**2 + mse**2 + 1e-12)": "The constant c is missing, above "
    "and below the fraction bar.",
    f"{TOP} → (gan * mse + c)": "The factor 2 is missing above the fraction bar: two equal "
    "textures must have D = 1.",
    f"{WHOLE} → (gan - mse) ** 2 / {BELOW}": "Your map is the other way round: it is 0 for equal "
    "textures, and D is 1 there.",
    f"{WHOLE} → (2 * np.sqrt(gan * mse) + c) / (gan + mse + c)": "You take the arguments for "
    "variances. They are standard deviations: square them below the fraction bar.",
    f"{BELOW} → ((gan + mse) ** 2 + c)": "You square the sum of the standard deviations. Below the "
    "fraction bar stands the sum of their squares.",
    f"{WHOLE} → (2 * gan * mse + c**2) / (gan**2 + mse**2 + c**2)": "You square c. It has the unit "
    "of squared levels already.",
    f"{WHOLE} → (2 * gan * mse + 255**2 * c) / (gan**2 + mse**2 + 255**2 * c)": "You divide the "
    "standard deviations by 255 and not c, or multiply c by 255². Take both as they come.",
    f"{WHOLE} → np.where((gan < 1e-6) & (mse < 1e-6), 0, {WHOLE})": "You give flat patches D = 0. "
    "Two flat patches have the same texture, none: D is 1, and the formula gives that by itself.",
    f"{WHOLE} → {BELOW} / {TOP}": "The fraction is upside down.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    f"{WHOLE} → ({WHOLE}).mean()": "returns",
    f"{WHOLE} → ({WHOLE}) > 0.7": "bool",
    "return 1.0": "returns",
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Maps of one and three channels; flat places in both, and in one."""
    for size in ((4, 7), (6, 3), (5, 4, 3)):
        gan, mse = rng.uniform(0, 60, (2, *size))
        gan.flat[0] = mse.flat[0] = 0  # flat in both
        gan.flat[1] = mse.flat[2] = 0  # flat in one
        mse.flat[3] = gan.flat[3]
        yield Case(
            on=f"maps of {'×'.join(map(str, size))}",
            args=(gan, mse),
            kwargs={"c": float(rng.uniform(20, 80))},
        )
    small = rng.uniform(0, 5, (2, 3, 5))
    yield Case(on="faint textures", args=tuple(small), kwargs={"c": (0.03 * 255) ** 2})
    equal = rng.uniform(1, 50, (3, 4))
    yield Case(on="two equal maps", args=(equal, equal.copy()), kwargs={"c": 58.5})


TASK = Task(
    **texts(__file__),
    reference=texture_distance,
    examine=Function(
        example=Case(
            on="the docstring's example",
            args=(np.array([[30.0]]), np.array([[10.0]])),
            kwargs={"c": 50.0},
        ),
        cases=cases,
        meaning="one D for each standard deviation",
        tolerance=1e-5,
    ),
    lesson_size=lambda rng: tuple(rng.uniform(0, 60, (2, 214, 214, 3))),
    lesson_keywords={"c": 58.5},
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={},
)
