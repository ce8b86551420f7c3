"""How a training step differs from the right one, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from course_lib.checks import expect
from course_lib.checks.step_outcomes import Play, StepOutcome, close, moves


def differences(plays: Sequence[Play]) -> str:
    """How the answer differs from the reference, if no mistake is known that explains it."""
    if not all(play.moves_right for play in plays):
        if all(play.mine[0].moves_as(play.right[0]) for play in plays):
            return _calls(plays) or _later_steps(plays)
        return _calls(plays) or _gradients(plays) or _too_often(plays) or _movement(plays)
    if not all(mine.returns_as(right) for play in plays for mine, right in play.pairs):
        return _loss(plays)
    for play in plays:
        for mine, right in play.pairs:
            if text := _leftovers(mine, right, play.player):
                return text
    return "Your step does something else than the docstring asks for."  # pragma: no cover


def _calls(plays: Sequence[Play]) -> str:
    """Which network isn't called, or isn't given what it should be given."""
    called = {network for network, have, _ in _inputs(plays) if have}
    for network, have, want in _inputs(plays):
        belongs = " and ".join(f"{network}({kind})" for kind in want)
        if not have and network in called:
            return (
                f"Your step calls the {network} sometimes, but not always: does it keep something "
                f"from earlier calls? Each step needs {belongs}."
            )
        if not have:
            return f"Your step never calls the {network}; the loss needs {belongs}."
        for kind in have.keys() - want.keys() - {""}:
            return f"Your step gives the {network} {kind}; the loss needs {belongs}."
        if missing := list(want.keys() - have.keys()):
            if "" in have:
                return f"Your step gives the {network} other pictures; the loss needs {belongs}."
            return f"Your step never gives the {network} {missing[0]}; the loss needs {belongs}."
    return ""


def _too_often(plays: Sequence[Play]) -> str:
    """Which network is called more often than the reference calls it."""
    for network, have, want in _inputs(plays):
        for kind, count in want.items():
            if have.get(kind, 0) > count:
                times = "once" if count == 1 else f"{count} times"
                return (
                    f"Your step calls {network}({kind}) {have[kind]} times. Call it {times}, and "
                    "use its result again: batch norm's averages move with every call."
                )
    return ""


def _inputs(plays: Sequence[Play]) -> Iterator[tuple[str, dict[str, int], dict[str, int]]]:
    """Network, and how often which input is given to it, by the answer and the reference."""
    for play in plays:
        for (mine, right), pictures in zip(play.pairs, play.scene().pictures, strict=True):
            have = _given(mine, pictures)
            for network, want in _given(right, pictures).items():
                yield network, have.get(network, {}), want


def _given(outcome: StepOutcome, pictures: Mapping[str, Tensor]) -> dict[str, dict[str, int]]:
    """Network → what it is given, in words → how often. What is unknown has no words."""
    known = list(pictures.items())
    found: dict[str, dict[str, int]] = {}
    for call in outcome.record.calls:
        words = [
            next((name for name, one in known if one.shape == x.shape and torch.equal(one, x)), "")
            for x in call.given
        ]
        kind = ", ".join(words) if all(words) else ""
        counts = found.setdefault(call.network, {})
        counts[kind] = counts.get(kind, 0) + 1
        known.append((f"{call.network}({kind or '…'})", call.returned))
    return found


def _gradients(plays: Sequence[Play]) -> str:
    """What happened to the right gradients before the optimizer used them."""
    player = plays[0].player
    moving = [play for play in plays if moves(play.right[0].moved[player])]
    if not any(player in mine.record.reached for play in moving for mine in play.mine):
        return (
            f"No gradient reaches the {player}'s parameters: .detach() or torch.no_grad() cuts "
            "them off from the loss."
        )
    if all(play.with_gradients(_add_stale) for play in plays):
        return (
            "Gradients left over from earlier steps count in yours: call optimizer.zero_grad() "
            "before loss.backward(). At the end of the step it comes too late, because other "
            "steps leave gradients behind too."
        )
    steepest = max(
        (play for play in moving if "betas" not in play.right[0].settings[0]),
        key=lambda play: float(_flat(play.right[0].moved[player]).norm()),
    )
    mine, right = (_flat(one[0].moved[player]) for one in (steepest.mine, steepest.right))
    rate = steepest.right[0].settings[0]["lr"]
    norm, largest = float(mine.norm()) / rate, float(mine.abs().max()) / rate
    if norm and all(play.with_gradients(lambda p, _: clip_grad_norm_(p, norm)) for play in plays):
        return (
            f"Your step clips the gradients: where their norm is above {norm:.3g}, it scales them "
            "down (as clip_grad_norm_ does). The docstring asks for the gradients as they are."
        )
    if largest and all(
        play.with_gradients(lambda p, _: clip_grad_value_(p, largest)) for play in plays
    ):
        return (
            f"Your step clips the gradients: it cuts each value to between −{largest:.3g} and "
            f"{largest:.3g} (as clip_grad_value_ does). The docstring asks for the gradients as "
            "they are."
        )
    factor = float(mine @ right / (right @ right))
    if factor and all(play.with_gradients(_times(factor)) for play in plays):
        return f"The {player}'s parameters move {_how_far(factor)}"
    return ""


def _later_steps(plays: Sequence[Play]) -> str:
    play = next(play for play in plays if not play.moves_right)
    return _leftovers(*play.pairs[0], play.player) or (
        f"On {play.setting.on}, your first step is right, and a later one isn't. Does your step "
        "keep something from the earlier one, such as pictures or an optimizer?"
    )


def _add_stale(parameters: Sequence[Tensor], stale: Sequence[Tensor]) -> None:
    for parameter, one in zip(parameters, stale, strict=True):
        if parameter.grad is not None:
            parameter.grad += one


def _times(factor: float) -> Callable[[Sequence[Tensor], Sequence[Tensor]], None]:
    def scale(parameters: Sequence[Tensor], stale: Sequence[Tensor]) -> None:
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad *= factor

    return scale


def _how_far(factor: float) -> str:
    if factor > 0:
        return (
            f"in the right direction, but {factor:.3g} times as far: is the loss scaled, or the "
            "step taken more than once?"
        )
    far = "" if abs(factor + 1) < 1e-3 else f", {-factor:.3g} times as far"
    return f"in the opposite direction{far}: the loss grows. Is its sign turned?"


def _movement(plays: Sequence[Play]) -> str:
    """How the player's parameters move in the first scene where they move otherwise."""
    play = next(play for play in plays if not play.moves_right)
    mine, right = next(pair for pair in play.pairs if not pair[0].moves_as(pair[1]))
    player, on = play.player, f"On {play.setting.on}, "
    own, wanted = mine.moved[player], right.moved[player]
    still = [name for name, one in wanted.items() if one.any() and not own[name].any()]
    frozen = [name for name, one in own.items() if one.any() and not wanted[name].any()]
    if not moves(own):
        return f"{on}the {player}'s parameters don't move: no gradient is left when " + (
            "optimizer.step() runs."
        )
    if still:
        return f"{on}the {player}'s parameter `{still[0]}` doesn't move. It has to learn, too."
    if frozen:
        return f"{on}the {player}'s parameter `{frozen[0]}` moves, although nothing asks it to."
    if text := _direction(plays):
        return f"The {player}'s parameters move {text}"
    if all(play.mine[0].returns_as(play.right[0]) for play in plays):
        return (
            f"{on}the loss that you return is right, but the {player}'s parameters move in another "
            "direction. What changes its gradients or its weights besides loss.backward() and "
            "optimizer.step()?"
        )
    return (
        f"{on}the {player}'s parameters move in another direction than the loss asks for. Which "
        "pictures, and which loss, does your step use?"
    )


def _direction(plays: Sequence[Play]) -> str:
    """The parameters move in the right direction, in all scenes, but not by as much."""
    factors = []
    for play in plays:
        mine, right = (_flat(one[0].moved[play.player]) for one in (play.mine, play.right))
        if not right.any() or "betas" in play.right[0].settings[0]:
            continue
        if float(torch.nn.functional.cosine_similarity(mine, right, dim=0)) < 0.9999:
            return ""
        factors.append(float(mine.norm() / right.norm()))
    return (
        f"in the right direction, but {min(factors):.3g} to {max(factors):.3g} times as far, "
        "depending on the scene: are gradients clipped or normalised, or is the loss a sum?"
    )


def _loss(plays: Sequence[Play]) -> str:
    """Which loss the answer returns, whose movement is right."""
    pairs = [pair for play in plays for pair in play.pairs]
    if all(expect.close(play.mine[0].loss, _loss_after(play), 1e-4) for play in plays):
        return (
            "The step is right, but you return the loss after the update, computed anew; the "
            "docstring asks for the one before it, which the step was taken by."
        )
    factor = pairs[0][0].loss / pairs[0][1].loss if pairs[0][1].loss else 0.0
    if all(expect.close(mine.loss, factor * right.loss, 1e-4) for mine, right in pairs):
        return f"The step is right, but you return {factor:.3g} times the loss."
    play = next(
        play for play in plays if not all(mine.returns_as(right) for mine, right in play.pairs)
    )
    mine, right = next(pair for pair in play.pairs if not pair[0].returns_as(pair[1]))
    return (
        f"The step is right, but on {play.setting.on} you return {mine.loss:.4g}; the loss before "
        f"the update is {right.loss:.4g}."
    )


def _loss_after(play: Play) -> float:
    """The loss before a second step on the same batch is that after the first one."""
    scene = play.scene()
    float(play.reference(*scene.calls[0]))
    return float(play.reference(*scene.calls[0]))


def _leftovers(mine: StepOutcome, right: StepOutcome, player: str) -> str:
    """What besides movement and loss the answer changes."""
    for name in mine.moved:
        if not mine.keeps_gradients(name, right):
            what = "changes" if mine.gradients[name] else "clears"
            return (
                f"Your step {what} the gradients that the {name} had before. They belong to its "
                f"own step: clear the {player}'s only, with optimizer.zero_grad()."
            )
        if not close(mine.averages[name], right.averages[name]):
            return _averages(name, mine, right)
    if not close(mine.state, right.state):
        return (
            "The step is right, but it leaves the optimizer in another state: what it has gathered "
            "about earlier gradients is changed or lost. Call its step() once, and leave its state "
            "alone."
        )
    return ""


def _averages(network: str, mine: StepOutcome, right: StepOutcome) -> str:
    have, want = (
        sum(call.network == network for call in one.record.calls) for one in (mine, right)
    )
    text = f"Your step leaves the {network}'s batch norm with other averages than a right step. "
    if have != want:
        return text + (
            f"It calls the {network} {have} {'time' if have == 1 else 'times'}, and {want} would "
            "do: the averages move with every call in train mode."
        )
    if any(call.by_copy for call in mine.record.calls if call.network == network):
        return text + f"It calls a copy of the {network}. Call the {network} itself."
    return text + "They follow from what it is given, and from nothing else: leave them alone."


def _flat(moved: Mapping[str, Tensor]) -> Tensor:
    return torch.cat([one.flatten() for one in moved.values()])
