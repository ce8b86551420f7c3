"""Exercise 05.3: weights of classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.artifacts.semantics import class_weights
from course_lib.checks import expect
from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Formula, Function
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_05.class_weights import zoo

A = "np.percentile(values[classes == label], 100 - percentile)"

# Edits of the reference → the whole diagnosis.
SAYS = {
    "100 - percentile → percentile": "Your percentile counts from the bottom: with 85, only 15 % "
    "of the values are A or more. Eq. 8 sorts them in descending order.",
    f"{A} → values[classes == label].mean()": "You take the mean of D in each class. "
    "Eq. 8 takes a percentile.",
    f"{A} → np.median(values[classes == label])": "You take the median of D in each class, "
    "whatever the percentile is.",
    f"{A} → values[classes == label].min()": "You take the smallest D of each class.",
    f"{A} → np.percentile(values, 100 - percentile)": "Every class gets the same A, "
    "the percentile of all pixels. Pick the pixels of the class first.",
    f"{A} → np.percentile(values[classes != label], 100 - percentile)": "You take the pixels of "
    "all other classes.",
    f"{A} → 1 / max({A}, 1e-9)": "You return 1 / A. The weights are A itself here; the map of "
    "weights divides by them later.",
    "100 - percentile → 100 - 85": "You always take the 85th percentile. Use the argument.",
    f"{A} → np.percentile(values[classes == label], 1 - percentile / 100)": "`np.percentile` takes "
    "percents, 0 to 100, and gets a share from 0 to 1.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    "np.unique(classes) → range(3)": "raises",
    "int(label): → str(label):": "occur",
    "for one in distances → for one in distances[:1]": "raises",
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Several pictures of several sizes; classes that not every picture has; one pixel each."""
    for percentile in (85, 60.0, 85):
        sizes = [tuple(rng.integers(4, 9, 2)) for _ in range(3)]
        labels = [rng.choice([0, 2, 5, 17], size) for size in sizes]
        labels[1] = np.where(labels[1] == 17, 2, labels[1])
        level = {0: 0.2, 2: 0.5, 5: 0.8, 17: 1.0}
        lowest = np.vectorize(level.get)
        distances = [
            rng.uniform(0.5, 1, k.shape) * lowest(k) * (n + 2) / 4 for n, k in enumerate(labels)
        ]
        yield Case(
            on=f"three pictures with up to four classes, percentile {percentile}",
            args=(distances, labels),
            kwargs={"percentile": percentile},
            group=f"percentile {percentile}",
        )
    d = rng.uniform(0, 1, (3, 5))
    yield Case(on="one picture of one class, no percentile", args=([d], [np.full((3, 5), 4)]))
    yield Case(
        on="one pixel of each class",
        args=([np.array([[0.3, 0.9]])], [np.array([[7, 1]])]),
        kwargs={"percentile": 85},
    )
    for percentile in (0, 100):
        yield Case(
            on=f"one picture, percentile {percentile}",
            args=([d], [np.arange(15).reshape(3, 5) % 2]),
            kwargs={"percentile": percentile},
        )


def read(call: Call, right: Mapping[int, float]) -> dict[int, float]:
    """A of each class, in the reference's order.

    Raises:
        Wrong: no dict, other classes, or no numbers.
    """
    value = expect.returned(call)
    if not isinstance(value, Mapping):
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; a dict is expected, class → A."
        )
    keys = {key for key in value if isinstance(key, int | np.integer)}
    if keys != set(right) or len(value) != len(right):
        raise Wrong(
            f"On {call.on}, your dict has the classes {sorted(map(str, value))}. These occur, as "
            f"integers: {sorted(right)}."
        )
    try:
        return {key: float(value[key]) for key in right}
    except (TypeError, ValueError):
        raise Wrong(f"On {call.on}, your dict holds {value}; each A is one number.") from None


def more_known(got: Sequence[Any], cases: Sequence[Case]) -> dict[str, Formula]:
    """One percentile for each picture."""

    def per_picture(distances: Any, labels: Any, *, percentile: float = 85) -> dict[int, float]:
        found: dict[int, list[float]] = {}
        for pair in zip(distances, labels, strict=True):
            weights = class_weights([pair[0]], [pair[1]], percentile=percentile)
            for key, value in weights.items():
                found.setdefault(key, []).append(value)
        return {key: float(np.mean(found[key])) for key in sorted(found)}

    return {
        "You take the percentile of each picture and then their mean. Take one percentile over the "
        "pixels of all pictures.": per_picture
    }


CHECKED = "require_maps(distances, labels, percentile)"
NOT_ASKED = "The exercise doesn't ask for refusals; the library's function has them."
REFUSED = (
    f"without `{CHECKED}`",
    f"`{CHECKED}` twice",
    f"`{CHECKED}` after the next statement",
    f"{CHECKED} → require_maps(labels, distances, percentile)",
    "distances → labels",
    "labels → distances",
)

TASK = Task(
    **texts(__file__),
    reference=class_weights,
    examine=Function(
        example=Case(
            on="the docstring's example",
            args=([np.linspace(0, 1, 11)[None]], [np.full((1, 11), 4)]),
            kwargs={"percentile": 80},
        ),
        cases=cases,
        meaning="class → A",
        tolerance=1e-6,
        read=read,
        more_known=more_known,
    ),
    lesson_size=lambda rng: (
        list(rng.random((4, 214, 214))),
        list(rng.integers(0, 6, (4, 214, 214))),
    ),
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        **{f"line 1: {change}": NOT_ASKED for change in REFUSED},
        "line 2: `values = np.concatenate([np.ravel(one) for …` after the next statement": "The "
        "two arrays don't depend on each other.",
        "line 5: int(label) → label": "A NumPy integer is the same key as a Python integer.",
        "line 5: float(…) → np.percentile(values[classes == label], 100 - percentile)": "NumPy's "
        "float64 is a float.",
        "line 6: np.unique(classes) → classes": "A class that comes again gets the same A again.",
    },
)
