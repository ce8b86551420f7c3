"""Exercise 06.5: finetune while pictures arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.artifacts.finetune import adapt_online
from course_lib.checks import expect
from course_lib.checks.attempt import Attempt
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_06.adapt_online import zoo

RECENT = "seen[-replay:] if replay else []"

# Edits of the reference → the whole diagnosis.
SAYS = {
    f"{RECENT} → []": "You finetune on the new picture alone. Earlier pictures with artifacts are "
    "replayed, up to the number of replay.",
    f"{RECENT} → seen": "You replay all earlier pictures. Only the last ones come back, as many as "
    "replay says.",
    f"{RECENT} → seen[:replay]": "You replay the first pictures that had artifacts. The last ones "
    "are asked for.",
    f"{RECENT} → seen[-replay:]": "With replay = 0, you replay all pictures: seen[-0:] is the "
    "whole list.",
    "[*recent, picture] → [picture, *recent]": "The new picture comes first in your list. It "
    "belongs to the end.",
    "[*recent, picture] → [*recent]": "The new picture is missing from the ones that you finetune "
    "on.",
    "if not detect(model, picture).any(): → if detect(model, picture).any():": "You finetune on "
    "the pictures without artifacts.",
    "if not detect(model, picture).any(): → if not detect(model, picture).all():": "You finetune "
    "only if the whole picture is an artifact. One pixel is enough.",
    "enumerate(stream) → enumerate(stream, start=1)": "Your positions count from 1. They count "
    "from 0.",
    "return when → return len(when)": "You return how often the model was finetuned. The positions "
    "are asked for.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    "when.append(position) → ": "returns []",
    "seen.append(picture) → ": "finetune",
}


class Model:
    """A model that is a list of what it was finetuned on; it has learnt what it saw twice."""

    def __init__(self, forgets: bool = False) -> None:
        self.lessons: list[list[int]] = []
        self.forgets = forgets

    def knows(self, kind: int) -> bool:
        """Whether artifacts of a kind are gone."""
        lessons = self.lessons[-1:] if self.forgets else self.lessons
        return sum(kind == one // 10 for found in lessons for one in found) > 1


def detect(model: Model, picture: np.ndarray) -> np.ndarray:
    """A mask: one pixel where the model doesn't know the picture's kind; kind 0 has no artifact."""
    mask = np.zeros(picture.shape[:2], bool)
    kind = int(picture[0, 0]) // 10
    mask[1, 2] = kind > 0 and not model.knows(kind)
    return mask


def finetune(model: Model, pictures: list[np.ndarray]) -> None:
    """Note what the model is finetuned on."""
    model.lessons.append([int(one[0, 0]) for one in pictures])


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Pictures that arrive, and how the model learns from them.

    Attributes:
        levels: of the pictures, one each; tens are the kind.
        replay: argument of the answer.
        forgets: whether the model knows only what its last lesson held.
    """

    levels: tuple[int, ...]
    replay: int
    forgets: bool = False

    def __str__(self) -> str:
        return f"pictures {list(self.levels)} and replay = {self.replay}"

    def arguments(self) -> tuple[Model, Iterator[np.ndarray], dict[str, Any]]:
        """A fresh model, a fresh stream, and the other arguments."""
        pictures = (np.full((3, 4), level) for level in self.levels)
        others = {"detect": detect, "finetune": finetune, "replay": self.replay}
        return Model(self.forgets), pictures, others


def streams(rng: np.random.Generator) -> Iterator[Stream]:
    """The docstring's example, short and long memories, a model that forgets, quiet streams."""
    yield Stream(levels=(10, 0, 20, 30), replay=1)
    for replay, forgets in ((2, False), (0, False), (1, True), (3, True), (9, True)):
        levels = 10 * rng.integers(0, 4, 12) + np.arange(12) % 10
        levels[:3] = 10, 21, 32
        yield Stream(levels=tuple(levels.tolist()), replay=replay, forgets=forgets)
    yield Stream(levels=(), replay=2)
    yield Stream(levels=(1, 2, 3), replay=2)


def what_happens(function: Callable[..., Any], stream: Stream) -> tuple[Any, Any]:
    """What a function returns, and what the model is finetuned on; or the kind of its error."""
    model, pictures, others = stream.arguments()
    try:
        found = function(model, pictures, **others)
        return list(map(int, found)), model.lessons
    except Exception as error:
        return type(error), model.lessons


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Compare lessons and positions with the reference's.

    Raises:
        Wrong: with the diagnosis.
    """
    tried = list(streams(rng))
    rights = [what_happens(attempt.reference, one) for one in tried]
    mine: list[tuple[Any, Any]] = []
    for stream in tried:
        model, pictures, others = stream.arguments()
        call = attempt.call(model, pictures, on=str(stream), **others)
        value = expect.returned(call)
        expect.untouched(call)
        if not isinstance(value, list | tuple | np.ndarray):
            value = type(TypeError())
        else:
            value = [int(one) for one in value]
        mine.append((value, model.lessons))
    if mine == rights:
        return
    for diagnosis, slip in attempt.known.items():
        if [what_happens(slip, one) for one in tried] == mine:
            raise Wrong(diagnosis)
    wrong = [n for n, pair in enumerate(mine) if pair != rights[n]]
    n = min(wrong, key=lambda n: len(tried[n].levels))
    (value, lessons), (right, right_lessons) = mine[n], rights[n]
    if lessons != right_lessons:
        raise Wrong(
            f"On {tried[n]}, your function finetunes the model on {lessons}. Right is "
            f"{right_lessons}. (Each number is a picture's level; levels below 10 have no "
            "artifact.)"
        )
    raise Wrong(f"On {tried[n]}, your function returns {value}; {right} is expected.")


TASK = Task(
    **texts(__file__),
    reference=adapt_online,
    examine=examine,
    lesson_size=lambda rng: (Model(), [np.full((64, 64), n) for n in range(20)]),
    lesson_keywords={"detect": detect, "finetune": finetune, "replay": 4},
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `seen: list[np.ndarray] = []` after the next statement": "Two empty lists.",
        "line 7: `finetune(model, [*recent, picture])` after the next statement": "The recent ones "
        "are chosen by then.",
        "line 8: `seen.append(picture)` after the next statement": "Two lists grow, one after the "
        "other.",
        "line 4: `if not detect(model, picture).any():` after the next statement": "Choosing the "
        "recent ones changes nothing.",
    },
)
