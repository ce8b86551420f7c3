"""Questions with explained options, and the verdict on a choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

from course_lib.checks.texts import read_texts


@dataclass(frozen=True, kw_only=True)
class Option:
    """One of the answers that a question offers.

    Texts are plain, with `code` between backticks and *emphasis* between stars.

    Attributes:
        text: the text that the learner chooses.
        right: whether it is a right answer.
        why: why it is right, or what is wrong with it and where the lesson explains that.

    Raises:
        ValueError: a text is empty or holds a formula.
    """

    text: str
    right: bool = False
    why: str

    def __post_init__(self) -> None:
        _readable(self.text, "an option's text")
        _readable(self.why, f"why of the option {self.text!r}")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question: single choice where one option is right, else multiple choice.

    Attributes:
        text: the question, in the same format as the options' texts.
        options: the options, in the order in which they are shown.

    Raises:
        ValueError: the question is malformed; the message says how.
    """

    text: str
    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        _readable(self.text, "a question's text")
        here = f"the question {self.text!r}"
        if not 2 <= len(self.options) <= len(ascii_lowercase):
            raise ValueError(f"{here} has {len(self.options)} options; it needs 2 to 26")
        if not any(option.right for option in self.options):
            raise ValueError(f"{here} has no right option: give one of them right=True")
        if len({option.text for option in self.options}) < len(self.options):
            raise ValueError(f"{here} offers the same option twice")
        if len({option.why for option in self.options}) < len(self.options):
            raise ValueError(f"{here} explains two options alike: say what is wrong with each")

    @property
    def letters(self) -> str:
        """The options' letters: ``"abcd"``."""
        return ascii_lowercase[: len(self.options)]

    @property
    def right(self) -> str:
        """The letters of the right options: ``"ac"``."""
        pairs = zip(self.letters, self.options, strict=True)
        return "".join(letter for letter, option in pairs if option.right)

    def verdict(self, chosen: str | Iterable[str]) -> str:
        """Return the verdict on the chosen options and, line by line, the explanation of each.

        Missing options are counted, not named. Once the answer is right, the other options are
        explained too. `viz.Quiz` uses the same words.

        Args:
            chosen: letters of the options, such as ``"b"``, ``"ac"`` or ``["a", "c"]``.

        Raises:
            ValueError: no letter, one that no option has, or two where one option is right.
        """
        letters = _letters(chosen)
        single = len(self.right) == 1
        if not letters or set(letters) - set(self.letters) or (single and len(letters) > 1):
            expected = "one letter" if single else "letters"
            raise ValueError(
                f"{chosen!r} is no answer: give {expected} from a to {self.letters[-1]}, "
                f'such as "{self.letters[: 1 if single else 2]}"'
            )
        lines = [f"{self._sign(letter)} {letter}: {self._why(letter)}" for letter in letters]
        named = ", ".join(letters)
        if letters == list(self.right):
            others = [letter for letter in self.letters if letter not in letters]
            lines += ["Why not the others?"] if others else []
            lines += [f"{self._sign(letter)} {letter}: {self._why(letter)}" for letter in others]
            return "\n".join([f"✓ Right: {named}.", *lines])
        missing = len(set(self.right) - set(letters))
        if missing and not single:
            # Beside wrong choices alone, "more" would call them right.
            kind = "more" if missing < len(self.right) else "others"
            named += f". {missing} {kind} {'is' if missing == 1 else 'are'} right"
        return "\n".join([f"✗ Not right yet: {named}.", *lines])

    def _sign(self, letter: str) -> str:
        return "✓" if letter in self.right else "✗"

    def _why(self, letter: str) -> str:
        return self.options[self.letters.index(letter)].why


def _letters(chosen: str | Iterable[str]) -> list[str]:
    """Return each chosen letter once, in order; none if ``chosen`` doesn't hold texts."""
    texts = list(chosen) if isinstance(chosen, Iterable) else []
    if not all(isinstance(text, str) for text in texts):
        return []
    return sorted(set("".join(texts).lower()) - set(" ,"))


def _readable(text: str, what: str) -> None:
    if not text.strip():
        raise ValueError(f"{what} is empty")
    if "$" in text:
        raise ValueError(f"{what} contains a formula, which a quiz can't show: write it in words")


def read_quiz(path: Path) -> tuple[Question, ...]:
    """Read the questions of a lesson's ``quiz.toml``: a list ``question``, each with ``option``.

    Raises:
        ValueError: the file is malformed; the message names it and what is wrong.
    """
    try:
        return tuple(
            Question(
                text=asked["text"], options=tuple(Option(**option) for option in asked["option"])
            )
            for asked in read_texts(path)["question"]
        )
    except KeyError as error:
        raise ValueError(f"{path}: {error} is missing") from None
    except TypeError as error:
        raise ValueError(f"{path}: an option holds text, why and right: {error}") from None
