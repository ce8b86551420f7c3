"""Exercise 06.5: answers in styles that differ from the reference's."""

from __future__ import annotations

from collections import deque


def _finetunes_always(model, stream, *, detect, finetune, replay):
    memory, when = deque(maxlen=replay), []
    for n, picture in enumerate(stream):
        detect(model, picture)
        finetune(model, [*memory, picture])
        memory.append(picture)
        when.append(n)
    return when


def _replays_clean_pictures(model, stream, *, detect, finetune, replay):
    memory, when = deque(maxlen=replay), []
    for n, picture in enumerate(stream):
        if detect(model, picture).any():
            finetune(model, [*memory, picture])
            when.append(n)
        memory.append(picture)
    return when


def _detects_first(model, stream, *, detect, finetune, replay):
    pictures = list(stream)
    found = [n for n, picture in enumerate(pictures) if detect(model, picture).any()]
    for k, n in enumerate(found):
        old = found[max(0, k - replay) : k]
        finetune(model, [pictures[i] for i in [*old, n]])
    return found


def _one_after_another(model, stream, *, detect, finetune, replay):
    memory, when = deque(maxlen=replay), []
    for n, picture in enumerate(stream):
        if detect(model, picture).any():
            for one in [*memory, picture]:
                finetune(model, [one])
            memory.append(picture)
            when.append(n)
    return when


def _counts_the_new_one(model, stream, *, detect, finetune, replay):
    memory, when = deque(maxlen=max(replay, 1)), []
    for n, picture in enumerate(stream):
        if detect(model, picture).any():
            memory.append(picture)
            finetune(model, list(memory))
            when.append(n)
    return when


def _indexes_the_stream(model, stream, *, detect, finetune, replay):
    return _by_deque(model, [stream[n] for n in range(len(stream))], detect=detect,
                     finetune=finetune, replay=replay)  # fmt: skip


def _by_deque(model, stream, *, detect, finetune, replay):
    memory, when = deque(maxlen=replay), []
    for n, picture in enumerate(stream):
        if detect(model, picture).any():
            finetune(model, [*memory, picture])
            memory.append(picture)
            when.append(n)
    return when


def _by_while(model, stream, *, detect, finetune, replay):
    pictures, seen, when, n = iter(stream), [], [], 0
    while True:
        try:
            picture = next(pictures)
        except StopIteration:
            return when
        if detect(model, picture).sum() > 0:
            seen = [*seen, picture]
            finetune(model, seen[-(replay + 1) :])
            when += [n]
        n += 1


def _by_slices(model, stream, *, detect, finetune, replay):
    seen, when = [], []
    for n, picture in enumerate(stream):
        if bool(detect(model, picture).any()):
            start = max(0, len(seen) - replay)
            finetune(model, [*seen[start:], picture])
            seen.append(picture)
            when.append(n)
    return tuple(when)


def _by_popping(model, stream, *, detect, finetune, replay):
    seen, when = [], []
    for n, picture in enumerate(stream):
        if not detect(model, picture).any():
            continue
        seen.append(picture)
        if len(seen) > replay + 1:
            seen.pop(0)
        finetune(model, list(seen))
        when.append(n)
    return when


WRITTEN = {
    _finetunes_always: "finetunes the model on",
    _replays_clean_pictures: "finetunes the model on",
    _detects_first: "finetunes the model on",
    _one_after_another: "finetunes the model on",
    _counts_the_new_one: "finetunes the model on",
    _indexes_the_stream: "raises",
}

VALID = (_by_deque, _by_while, _by_slices, _by_popping)
