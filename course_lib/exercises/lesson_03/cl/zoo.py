"""Exercise 03.5: wrong answers and valid alternatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks.task import Equivalent, WrongAnswer

Features = Callable[[Tensor], Sequence[Tensor]]


def _maps(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Ours, good and bad, tensor by tensor."""
    with torch.no_grad():
        clean_maps, rainy_maps = features(clean), features(rainy)
    return zip(features(restored), clean_maps, rainy_maps, strict=True)


def _distances(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> list[tuple[Tensor, Tensor]]:
    """near and far, tensor by tensor."""
    maps = _maps(restored, clean, rainy, features)
    return [((o - g).abs().mean(), (o - b).abs().mean()) for o, g, b in maps]


def _gradients_everywhere(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    losses = []
    for ours, good, bad in zip(features(restored), features(clean), features(rainy), strict=True):
        near, far = (ours - good).abs().mean(), (ours - bad).abs().mean()
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def _gradients_into_rainy(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    with torch.no_grad():
        clean_maps = features(clean)
    losses = []
    for ours, good, bad in zip(features(restored), clean_maps, features(rainy), strict=True):
        near, far = (ours - good).abs().mean(), (ours - bad).abs().mean()
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def _quotient_of_wu(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near / (far + 1e-8) for near, far in pairs]).mean()


def _far_by_near(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([far / (near + 1e-8) for near, far in pairs]).mean()


def _towards_the_rain(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([far / (near + far + 1e-8) for near, far in pairs]).mean()


def _arguments_swapped(
    restored: Tensor, rainy: Tensor, clean: Tensor, features: Features
) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near / (near + far + 1e-8) for near, far in pairs]).mean()


def _difference(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near - far for near, far in pairs]).mean()


def _other_difference(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([far - near for near, far in pairs]).mean()


def _negative(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return -torch.stack([near / (near + far + 1e-8) for near, far in pairs]).mean()


def _near_only(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near for near, _ in pairs]).mean()


def _sum_of_losses(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    total = torch.zeros(())
    for near, far in _distances(restored, clean, rainy, features):
        total = total + near / (near + far + 1e-8)
    return total


def _first_only(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    for near, far in _distances(restored, clean, rainy, features):
        return near / (near + far + 1e-8)
    return torch.zeros(())


def _last_only(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    for near, far in _distances(restored, clean, rainy, features):
        losses = []
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def _put_together(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    with torch.no_grad():
        good, bad = (torch.cat([m.flatten() for m in features(x)]) for x in (clean, rainy))
    ours = torch.cat([m.flatten() for m in features(restored)])
    near, far = F.l1_loss(ours, good), F.l1_loss(ours, bad)
    return near / (near + far + 1e-8)


def _added_before_dividing(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    near, far = sum(n for n, _ in pairs), sum(f for _, f in pairs)
    return near / (near + far + 1e-8)  # type: ignore[return-value]


def _squares(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    losses = []
    for ours, good, bad in _maps(restored, clean, rainy, features):
        near, far = F.mse_loss(ours, good), F.mse_loss(ours, bad)
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def _signs_kept(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    losses = []
    for ours, good, bad in _maps(restored, clean, rainy, features):
        near, far = (ours - good).mean(), (ours - bad).mean()
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def _abs_too_late(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    losses = []
    for ours, good, bad in _maps(restored, clean, rainy, features):
        near, far = (ours - good).mean().abs(), (ours - bad).mean().abs()
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def _by_clean_to_rainy(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    maps = _maps(restored, clean, rainy, features)
    losses = [
        (ours - good).abs().mean() / ((good - bad).abs().mean() + 1e-8) for ours, good, bad in maps
    ]
    return torch.stack(losses).mean()


def _value_by_value(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    losses = []
    for ours, good, bad in _maps(restored, clean, rainy, features):
        near, far = (ours - good).abs(), (ours - bad).abs()
        losses.append((near / (near + far + 1e-8)).mean())
    return torch.stack(losses).mean()


def _picture_by_picture(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    losses = []
    for ours, good, bad in _maps(restored, clean, rainy, features):
        near, far = ((ours - x).abs().flatten(1).mean(1) for x in (good, bad))
        losses.append((near / (near + far + 1e-8)).mean())
    return torch.stack(losses).mean()


def _not_reduced(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near / (near + far + 1e-8) for near, far in pairs])


def _list(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> list[Tensor]:
    pairs = _distances(restored, clean, rainy, features)
    return [near / (near + far + 1e-8) for near, far in pairs]


def _number(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> float:
    pairs = _distances(restored, clean, rainy, features)
    return sum((near / (near + far + 1e-8)).item() for near, far in pairs) / len(pairs)


def _pixels(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    near, far = (restored - clean).abs().mean(), (restored - rainy).abs().mean()
    return near / (near + far + 1e-8)


def _pixels_after_all(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    features(restored), features(clean), features(rainy)
    return _pixels(restored, clean, rainy, features)


def _to_unit_range(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    restored, clean, rainy = ((x + 1) / 2 for x in (restored, clean, rainy))
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near / (near + far + 1e-8) for near, far in pairs]).mean()


def _as_one_tensor(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    ours, good, bad = features(restored), features(clean), features(rainy)
    near, far = (ours - good).abs().mean(), (ours - bad).abs().mean()  # type: ignore[operator]
    return near / (near + far + 1e-8)


def _in_one_batch(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    losses = []
    for one in features(torch.cat([restored, clean.detach(), rainy.detach()])):
        ours, good, bad = one.chunk(3)
        near, far = (ours - good).abs().mean(), (ours - bad).abs().mean()
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def _one_picture_at_a_time(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    losses = []
    for i in range(len(restored)):
        one = slice(i, i + 1)
        pairs = _distances(restored[one], clean[one], rainy[one], features)
        losses += [near / (near + far + 1e-8) for near, far in pairs]
    return torch.stack(losses).mean()


def _nothing_in_the_denominator(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near / (near + far) for near, far in pairs]).mean()


def _small_number_on_top_too(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    losses = [(near + 1e-8) / (near + far + 1e-8) for near, far in pairs]
    return torch.stack(losses).mean()


def _large_number_below(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near / (near + far + 1e-3) for near, far in pairs]).mean()


def _all_without_gradients(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    with torch.no_grad():
        pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near / (near + far + 1e-8) for near, far in pairs]).mean()


def _restored_without_gradients(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    with torch.no_grad():
        ours, good, bad = features(restored), features(clean), features(rainy)
    losses = []
    for o, g, b in zip(ours, good, bad, strict=True):
        near, far = (o - g).abs().mean(), (o - b).abs().mean()
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def _restored_detached(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    pairs = _distances(restored.detach(), clean, rainy, features)
    loss = torch.stack([near / (near + far + 1e-8) for near, far in pairs]).mean()
    return loss + 0 * restored.sum()


def _far_detached(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    losses = []
    for ours, good, bad in _maps(restored, clean, rainy, features):
        near, far = (ours - good).abs().mean(), (ours.detach() - bad).abs().mean()
        losses.append(near / (near + far + 1e-8))
    return torch.stack(losses).mean()


def _denominator_detached(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near / (near + far + 1e-8).detach() for near, far in pairs]).mean()


def _gradients_off_for_good(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    ours = features(restored)
    torch.set_grad_enabled(False)
    good, bad = features(clean), features(rainy)
    torch.set_grad_enabled(True)
    losses = []
    for o, g, b in zip(ours, good, bad, strict=True):
        near, far = (o - g).abs().mean(), (o - b).abs().mean()
        losses.append(near / (near + far + 1e-8))
    torch.set_grad_enabled(False)
    return torch.stack(losses).mean()


def _in_place(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    with torch.no_grad():
        clean.clamp_(-0.9, 0.9)
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([near / (near + far + 1e-8) for near, far in pairs]).mean()


def _by_l1_loss(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    with torch.no_grad():
        good, bad = features(clean), features(rainy)
    ours = features(restored)
    total = restored.new_zeros(())
    for i in range(len(ours)):
        near, far = F.l1_loss(ours[i], good[i]), F.l1_loss(ours[i], bad[i])
        total += near / (near + far + 1e-8)
    return total / len(ours)


def _by_detaching(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    losses = []
    for r, c, o in zip(features(rainy), features(clean), features(restored), strict=True):
        near = torch.mean(torch.abs(c.detach() - o))
        far = torch.mean(torch.abs(r.detach() - o))
        losses.append(near / (near + far).clamp(min=1e-8))
    return sum(losses) / len(losses)  # type: ignore[return-value]


def _by_quotient(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    good, bad = (features(x.detach()) for x in (clean, rainy))
    ours = features(restored)
    near = torch.stack([(o - g).abs().sum() / o.numel() for o, g in zip(ours, good, strict=True)])
    far = torch.stack([(o - b).abs().sum() / o.numel() for o, b in zip(ours, bad, strict=True)])
    return torch.mean(1 - (far + 1e-8) / (near + far + 1e-8))


def _by_function_inside(
    restored: Tensor, clean: Tensor, rainy: Tensor, features: Features
) -> Tensor:
    def distances(maps: Sequence[Tensor]) -> Tensor:
        return torch.stack([(o - m).norm(p=1) / m.numel() for o, m in zip(ours, maps, strict=True)])

    ours = features(restored)
    with torch.no_grad():
        clean_maps = features(clean)
        rainy_maps = features(rainy)
    near, far = distances(clean_maps), distances(rainy_maps)
    return (near / (near + far + 1e-8)).mean()


WRONG = (
    WrongAnswer(answer=_gradients_everywhere, diagnosis="a gradient flows into `clean`"),
    WrongAnswer(answer=_gradients_into_rainy, diagnosis="a gradient flows into `rainy`"),
    WrongAnswer(answer=_quotient_of_wu, diagnosis="ou divide near by far"),
    WrongAnswer(answer=_far_by_near, diagnosis="ou divide far by near"),
    WrongAnswer(answer=_towards_the_rain, diagnosis="it pulls towards the rain"),
    WrongAnswer(answer=_arguments_swapped, diagnosis="clean and rainy are swapped"),
    WrongAnswer(answer=_difference, diagnosis="ou subtract: near − far"),
    WrongAnswer(answer=_other_difference, diagnosis="ou subtract: far − near"),
    WrongAnswer(answer=_negative, diagnosis="he sign is turned"),
    WrongAnswer(answer=_near_only, diagnosis="nothing pushes away from the rainy one"),
    WrongAnswer(answer=_sum_of_losses, diagnosis="add the losses of all tensors up"),
    WrongAnswer(answer=_first_only, diagnosis="nly the first of the tensors"),
    WrongAnswer(answer=_last_only, diagnosis="nly the last of the tensors"),
    WrongAnswer(answer=_put_together, diagnosis="put the values of all tensors together"),
    WrongAnswer(answer=_added_before_dividing, diagnosis="add the distances of all tensors up"),
    WrongAnswer(answer=_squares, diagnosis="squared differences"),
    WrongAnswer(answer=_signs_kept, diagnosis="keep their signs"),
    WrongAnswer(answer=_abs_too_late, diagnosis="before their absolute value"),
    WrongAnswer(answer=_by_clean_to_rainy, diagnosis="between the clean and the rainy picture"),
    WrongAnswer(answer=_value_by_value, diagnosis="divide value by value"),
    WrongAnswer(answer=_picture_by_picture, diagnosis="divide picture by picture"),
    WrongAnswer(answer=_not_reduced, diagnosis="the mean of the tensors' losses"),
    WrongAnswer(answer=_list, diagnosis="a list of"),
    WrongAnswer(answer=_number, diagnosis="Leave out .item()"),
    WrongAnswer(answer=_pixels, diagnosis="never calls `features`"),
    WrongAnswer(answer=_pixels_after_all, diagnosis="`features` makes no difference"),
    WrongAnswer(answer=_to_unit_range, diagnosis="bring the pictures to [0, 1]"),
    WrongAnswer(answer=_as_one_tensor, diagnosis="unsupported operand"),
    WrongAnswer(answer=_in_one_batch, diagnosis="gives `features` batches of 9"),
    WrongAnswer(answer=_one_picture_at_a_time, diagnosis="gives `features` batches of 1"),
    WrongAnswer(answer=_nothing_in_the_denominator, diagnosis="your loss is NaN, as 0/0 is"),
    WrongAnswer(answer=_small_number_on_top_too, diagnosis="belongs in the denominator only"),
    WrongAnswer(answer=_large_number_below, diagnosis="about 0.001, is too large"),
    WrongAnswer(answer=_all_without_gradients, diagnosis="no gradient flows through your loss"),
    WrongAnswer(answer=_restored_without_gradients, diagnosis="no gradient flows through your"),
    WrongAnswer(answer=_restored_detached, diagnosis="no gradient reaches `restored`"),
    WrongAnswer(answer=_far_detached, diagnosis="far is cut off from the gradient"),
    WrongAnswer(answer=_denominator_detached, diagnosis="the denominator is cut off"),
    WrongAnswer(answer=_gradients_off_for_good, diagnosis="switches gradients off"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `clean` in place"),
)

VALID = (_by_l1_loss, _by_detaching, _by_quotient, _by_function_inside)

ABS = "The absolute value doesn't know which of the two comes first."
ONE_AXIS = "The losses are a tensor with one axis."
SAME_COUNT = "`features` gives as many tensors for each batch, so zip never has to complain."

EQUIVALENT = (
    Equivalent(
        mutant="line 1: `clean_maps, rainy_maps = (features(clean.de…` after the next statement",
        why="The empty list doesn't depend on the features.",
    ),
    Equivalent(mutant="line 3: without `strict=True`", why=SAME_COUNT),
    Equivalent(mutant="line 3: strict=True → strict=False", why=SAME_COUNT),
    Equivalent(mutant="line 4: ours - good → good - ours", why=ABS),
    Equivalent(mutant="line 4: ours - bad → bad - ours", why=ABS),
    Equivalent(
        mutant="line 5: `losses.append(near / (near + far + 1e-08))` twice",
        why="Each loss counts twice, so their mean is the same.",
    ),
    Equivalent(
        mutant="line 5: near + far + 1e-08 → near + far + 2e-08",
        why="The docstring asks for a small number, against 0/0; this one shows only where "
        "features differ by less than float32 can tell.",
    ),
    Equivalent(
        mutant="line 6: torch.stack(losses).mean() → torch.stack(losses).mean(axis=0)",
        why=ONE_AXIS,
    ),
    Equivalent(
        mutant="line 6: torch.stack(losses).mean() → torch.stack(losses).mean(axis=-1)",
        why=ONE_AXIS,
    ),
)
