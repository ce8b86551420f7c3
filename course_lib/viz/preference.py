"""A blind choice between two pictures, one trial after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np

from course_lib.artifacts.preference import (
    Trial,
    preference_p_value,
    shuffled,
    write_answers,
)
from course_lib.viz.output import checked_alt, image_html, png_file, with_still
from course_lib.viz.sheet import picture_uint8

SIDES = ("left", "right")


class Preference(ipywidgets.VBox):
    """Two versions of a picture without their names, and two buttons.

    After the last picture it says how often each version was chosen, and the p-value of a binomial
    test. Each answer is written to the results file at once, so a lost kernel loses nothing. The
    buttons work with Tab and Enter.

    Attributes:
        answers: the trials so far, each with the chosen version.
    """

    _ipython_display_ = None  # ipywidgets 7, Colab's, would leave the still out

    def __init__(
        self,
        pictures: Mapping[str, Mapping[str, np.ndarray]],
        *,
        question: str,
        path: Path | str,
        seed: int,
        alt: str,
    ) -> None:
        """Shuffle the trials and show the first.

        Args:
            pictures: name → {version: picture}, the same two versions for each.
            question: such as ``"Which picture has fewer artifacts?"``.
            path: of the results file, CSV, which is made now; it mustn't exist yet.
            seed: of the order and the sides.
            alt: what the pictures show, for readers who can't see them; see `show`.

        Raises:
            FileExistsError: there is a results file of this name; it stays.
            OSError: the file can't be made.
            ValueError: not two versions of one size, or as `preference.shuffled`.
        """
        names = [tuple(found) for found in pictures.values()]
        first = names[0] if names else ()
        if len(first) != 2 or any(set(one) != set(first) for one in names):
            raise ValueError(f"each picture needs the same two versions; the first has {first}")
        for name, found in pictures.items():
            shapes = {picture_uint8(found[one], what=f"{name}, {one}").shape for one in first}
            if len(shapes) > 1:
                raise ValueError(f"the versions of {name} have different sizes: {sorted(shapes)}")
        self._path = Path(path)
        self._pictures, self._question, self._alt = pictures, question, checked_alt(alt)
        self._versions = first
        self._trials: Sequence[Trial] = shuffled(list(pictures), (first[0], first[1]), seed)
        try:
            self._path.open("x").close()
        except FileExistsError:
            raise FileExistsError(
                f"{self._path} holds answers already: give another name"
            ) from None
        self.answers: list[tuple[Trial, str]] = []
        self._shown = ipywidgets.HTML()
        self.buttons = {
            side: ipywidgets.Button(description=f"The {side} one", layout={"width": "10em"})
            for side in SIDES
        }
        for side, button in self.buttons.items():
            button.on_click(lambda _, side=side: self._chosen(side))
        self._draw()
        super().__init__([self._shown, ipywidgets.HBox(list(self.buttons.values()))])

    def still(self) -> str:
        """Return what is shown now, as HTML, for pages without widgets."""
        return str(self._shown.value)

    def _chosen(self, side: str) -> None:
        if len(self.answers) == len(self._trials):
            return
        trial = self._trials[len(self.answers)]
        answers = [*self.answers, (trial, getattr(trial, side))]
        try:
            write_answers(self._path, answers)
        except OSError as error:  # a widget's callback has nobody else to tell
            self._shown.value = f'<p role="alert">{escape(str(error))}</p>'
            return
        self.answers = answers
        self._draw()

    def _draw(self) -> None:
        done, count = len(self.answers), len(self._trials)
        if done == count:
            wins = sum(chosen == self._versions[0] for _, chosen in self.answers)
            for button in self.buttons.values():
                button.disabled = True
            line = (
                f"{self._versions[0]}: {wins} of {count}. {self._versions[1]}: {count - wins} of "
                f"{count}. p = {preference_p_value(wins, count):.3f}"
            )
            self._shown.value = f'<p role="status">{escape(line)}</p>'
            return
        trial = self._trials[done]
        both = [
            image_html(
                png_file(picture_uint8(self._pictures[trial.picture][version], what=version)),
                alt=f"{self._alt} The {side} version.",
                width=320,
                pixelated=True,
            )
            for side, version in zip(SIDES, (trial.left, trial.right), strict=True)
        ]
        self._shown.value = (
            f'<p role="status">{done + 1} of {count}: {escape(self._question)}</p>'
            f'<div style="display:flex;flex-wrap:wrap;gap:8px">{both[0]}{both[1]}</div>'
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        # ipywidgets 7 has no bundle of its own.
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        data = {"application/vnd.jupyter.widget-view+json": view}
        return with_still(data, self.still(), self._alt)
