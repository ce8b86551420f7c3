"""Faults of a training step that are true whatever else is wrong with it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course_lib.checks import expect
from course_lib.checks.step_outcomes import Play, StepOutcome, moves


def facts(play: Play, earlier: Sequence[Play]) -> Iterator[str]:
    """Faults that are true whatever else is wrong, the gravest first.

    Args:
        play: to look for them in.
        earlier: in which there are none.
    """
    for fault in (_left_otherwise, _in_another_mode, _moves_others, _reaches_others, _new_settings):
        for mine, right in play.pairs:
            yield from fault(play, mine, right)
    for mine, right in play.pairs:
        if not mine.moves_as(right):
            if earlier and not {"backward", "step"} & set(mine.record.events):
                yield (
                    f"On {play.setting.on}, your step updates nothing, though it does so "
                    "in other cases. Every call takes one step, whatever the loss is."
                )
            yield from _order_of_calls(play.player, mine, right)


def _left_otherwise(play: Play, mine: StepOutcome, right: StepOutcome) -> Iterator[str]:
    for name, kind, words in mine.left:
        yield f"Your step leaves the {name} {words}: {expect.MEND_NETWORK[kind]}"


def _in_another_mode(play: Play, mine: StepOutcome, right: StepOutcome) -> Iterator[str]:
    for name, modes in mine.modes - right.modes:
        if name not in {network for network, _ in right.modes}:
            continue
        if any(not mode for mode in modes) and not any(
            wanted == name and not all(others) for wanted, others in right.modes
        ):
            yield (
                f"Your step calls the {name} in eval mode, where batch norm takes old statistics "
                "instead of the batch's. A network keeps its mode in a step: leave out .eval()."
            )
        else:
            yield (
                f"Your step calls the {name} in train mode, although it, or one of its layers, is "
                "in eval mode before. A network keeps its mode in a step: leave out .train()."
            )


def _moves_others(play: Play, mine: StepOutcome, right: StepOutcome) -> Iterator[str]:
    for name, moved in mine.moved.items():
        if name != play.player and moves(moved) and not moves(right.moved[name]):
            yield (
                f"Your step moves the {name}'s parameters; this step trains the {play.player} only."
            )


def _reaches_others(play: Play, mine: StepOutcome, right: StepOutcome) -> Iterator[str]:
    for name in mine.record.reached - right.record.reached:
        cleared = (
            ""
            if mine.gradients[name]
            else "Your step clears them afterwards, but the backward pass through the "
            f"{name} is time wasted, and gradients that it had before are lost. "
        )
        yield (
            f"The {name}'s parameters receive gradients in the {play.player}'s step: what it "
            f"returns is still attached to the graph. {cleared}Call the {name} inside "
            "torch.no_grad(), or use .detach() on what it returns."
        )


def _new_settings(play: Play, mine: StepOutcome, right: StepOutcome) -> Iterator[str]:
    for group, wanted in zip(mine.settings, right.settings, strict=True):
        for name in group.keys() | wanted.keys():
            if group.get(name) != wanted.get(name):
                yield (
                    f"Your step leaves the optimizer with {name} = {group.get(name)}, not "
                    f"{wanted.get(name)}: its settings belong to whoever calls your step."
                )


def _order_of_calls(player: str, mine: StepOutcome, right: StepOutcome) -> Iterator[str]:
    events, still = mine.record.events, f"the {player}'s parameters don't move"
    steps, own = events.count("step"), mine.moved[player]
    if not steps and moves(own):
        yield (
            f"The {player}'s parameters move, but not by the optimizer that your step is given: "
            "its step() is never called. One made inside the step forgets each time what it has "
            "gathered, and has a learning rate of its own: use `optimizer`."
        )
    if not mine.record.reached and mine.record.backward:
        yield (
            f"backward() runs, but no gradient reaches the {player}'s parameters: something "
            "between them and the loss cuts it off, such as torch.no_grad() or .detach(). "
            "requires_grad_() on the loss only hides that."
        )
    if not mine.record.reached:
        yield f"loss.backward() is missing: no gradient reaches the {player}'s parameters."
    if not steps:
        yield f"optimizer.step() is never called: {still}."
    if steps > right.record.events.count("step"):
        yield (
            f"Your step calls optimizer.step() {steps} times: what comes after the first update "
            "meets another network. Add the parts of the loss, and step once."
        )
    if steps and "backward" in events:
        first, last = events.index("backward"), len(events) - 1 - events[::-1].index("backward")
        step = events.index("step")
        if step < first:
            yield (
                "optimizer.step() comes before loss.backward(): it moves the parameters by "
                "gradients that aren't there yet, or by old ones."
            )
        if "zero_grad" in events[first:step]:
            gone = (
                f"and {still}"
                if "zero_grad" in events[last:step]
                else "and only those of a later backward() count"
            )
            yield (
                "optimizer.zero_grad() comes between loss.backward() and optimizer.step(): the "
                f"gradients are gone before they are used, {gone}."
            )
