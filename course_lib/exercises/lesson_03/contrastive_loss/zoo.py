"""Exercise 03.5: answers in styles that differ from the reference's."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def _distances(restored, clean, rainy, features):
    """near and far, tensor by tensor."""
    with torch.no_grad():
        good, bad = features(clean), features(rainy)
    ours = features(restored)
    return [(F.l1_loss(o, g), F.l1_loss(o, b)) for o, g, b in zip(ours, good, bad, strict=True)]


def _losses(pairs):
    return torch.stack([near / (near + far + 1e-8) for near, far in pairs])


def _arguments_swapped(restored, rainy, clean, features):
    return _losses(_distances(restored, clean, rainy, features)).mean()


def _first_only(restored, clean, rainy, features):
    for near, far in _distances(restored, clean, rainy, features):
        return near / (near + far + 1e-8)


def _last_only(restored, clean, rainy, features):
    for pair in _distances(restored, clean, rainy, features):
        losses = _losses([pair])
    return losses.mean()


def _put_together(restored, clean, rainy, features):
    with torch.no_grad():
        good, bad = (torch.cat([m.flatten() for m in features(x)]) for x in (clean, rainy))
    ours = torch.cat([m.flatten() for m in features(restored)])
    near, far = F.l1_loss(ours, good), F.l1_loss(ours, bad)
    return near / (near + far + 1e-8)


def _added_before_dividing(restored, clean, rainy, features):
    near, far = map(sum, zip(*_distances(restored, clean, rainy, features), strict=True))
    return near / (near + far + 1e-8)


def _squares_with_gradients_everywhere(restored, clean, rainy, features):
    maps = zip(*map(features, (restored, clean, rainy)), strict=True)
    return _losses([(F.mse_loss(o, g), F.mse_loss(o, b)) for o, g, b in maps]).mean()


def _pixels_after_all(restored, clean, rainy, features):
    features(restored), features(clean), features(rainy)
    near, far = F.l1_loss(restored, clean.detach()), F.l1_loss(restored, rainy.detach())
    return near / (near + far + 1e-8)


def _as_one_tensor(restored, clean, rainy, features):
    ours, good, bad = features(restored), features(clean), features(rainy)
    return _losses([((ours - good).abs().mean(), (ours - bad).abs().mean())]).mean()


def _in_one_batch(restored, clean, rainy, features):
    maps = features(torch.cat([restored, clean.detach(), rainy.detach()]))
    chunks = [one.chunk(3) for one in maps]
    return _losses([(F.l1_loss(o, g), F.l1_loss(o, b)) for o, g, b in chunks]).mean()


def _all_without_gradients(restored, clean, rainy, features):
    with torch.no_grad():
        return _losses(_distances(restored, clean, rainy, features)).mean()


def _nan_gradient_of_where(restored, clean, rainy, features):
    pairs = _distances(restored, clean, rainy, features)
    return torch.stack([torch.where(n + f > 0, n / (n + f), 0 * n) for n, f in pairs]).mean()


def _dead_layers_left_out(restored, clean, rainy, features):
    pairs = _distances(restored, clean, rainy, features)
    losses = [near / (near + far) for near, far in pairs if near + far > 0]
    return torch.stack(losses).mean() if losses else 0 * restored.sum()


def _eval_and_train(restored, clean, rainy, features):
    network = features if isinstance(features, torch.nn.Module) else torch.nn.Identity()
    network.eval()
    pairs = _distances(restored, clean, rainy, features)
    network.train()
    return _losses(pairs).mean()


def _by_clean_to_rainy(restored, clean, rainy, features):
    good, bad = features(clean.detach()), features(rainy.detach())
    maps = zip(features(restored), good, bad, strict=True)
    losses = [F.l1_loss(o, g) / (F.l1_loss(g, b) + 1e-8) for o, g, b in maps]
    return sum(losses) / len(losses)


WRITTEN = {
    _arguments_swapped: "are clean and rainy swapped",
    _first_only: "Only the first of the tensors",
    _last_only: "Only the last of the tensors",
    _put_together: "put the values of all tensors together",
    _added_before_dividing: "add the distances of all tensors up",
    _squares_with_gradients_everywhere: "squared differences",
    _pixels_after_all: "`features` makes no difference",
    _as_one_tensor: "unsupported operand",
    _in_one_batch: "restored, clean and rainy in one batch",
    _all_without_gradients: "no gradient flows through your",
    _nan_gradient_of_where: "is NaN, as where 0 is divided by 0",
    _dead_layers_left_out: "leave out layers whose loss is 0",
    _eval_and_train: "in train mode",
    _by_clean_to_rainy: "measure far from the clean picture to the rainy one",
}


def _by_l1_loss(restored, clean, rainy, features):
    with torch.no_grad():
        good, bad = features(clean), features(rainy)
    ours = features(restored)
    total = restored.new_zeros(())
    for i in range(len(ours)):
        near, far = F.l1_loss(ours[i], good[i]), F.l1_loss(ours[i], bad[i])
        total += near / (near + far + 1e-8)
    return total / len(ours)


def _by_detaching(restored, clean, rainy, features):
    losses = []
    for r, c, o in zip(features(rainy), features(clean), features(restored), strict=True):
        near = torch.mean(torch.abs(c.detach() - o))
        far = torch.mean(torch.abs(r.detach() - o))
        losses.append(near / (near + far).clamp(min=1e-8))
    return sum(losses) / len(losses)


def _by_quotient(restored, clean, rainy, features):
    good, bad = (features(x.detach()) for x in (clean, rainy))
    ours = features(restored)
    near = torch.stack([(o - g).abs().sum() / o.numel() for o, g in zip(ours, good, strict=True)])
    far = torch.stack([(o - b).abs().sum() / o.numel() for o, b in zip(ours, bad, strict=True)])
    return torch.mean(1 - (far + 1e-8) / (near + far + 1e-8))


def _by_function_inside(restored, clean, rainy, features):
    def distances(maps):
        return torch.stack([(o - m).norm(p=1) / m.numel() for o, m in zip(ours, maps, strict=True)])

    ours = features(restored)
    with torch.no_grad():
        clean_maps, rainy_maps = features(clean), features(rainy)
    near, far = distances(clean_maps), distances(rainy_maps)
    return (near / (near + far + 1e-8)).mean()


def _by_distances(restored, clean, rainy, features):
    pairs = _distances(restored, clean, rainy, features)
    near, far = map(torch.stack, zip(*pairs, strict=True))
    return (near / (near + far + 1e-8)).mean()


VALID = (_by_l1_loss, _by_detaching, _by_quotient, _by_function_inside, _by_distances)
