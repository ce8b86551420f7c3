"""The two-optimizer loop."""

from __future__ import annotations

import inspect
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from course_lib import usage
from course_lib.data.crops import StepLoader
from course_lib.data.pair import Batch
from course_lib.training.checkpoints import Record, TrainingState
from course_lib.training.records import StepRecord, read_together
from course_lib.training.run import Run, code_of
from course_lib.training.steps import discriminator_step, generator_step

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Step = Callable[[nn.Module, nn.Module, Batch, torch.optim.Optimizer], torch.Tensor]
Schedule = Callable[[int], tuple[bool, bool]]
Callback = Callable[[Record], None]
Precision = Literal["32-true", "64-true", "bf16-true", "bf16-mixed", "16-mixed"]
READ_EVERY = 50  # steps between two readings of losses from a GPU, if no callback wants them


def every_step(step: int) -> tuple[bool, bool]:
    """The schedule in which both players learn in every step."""
    return True, True


def generator_only(step: int) -> tuple[bool, bool]:
    """The schedule without steps of the discriminator."""
    return False, True


def make_fabric(
    devices: int | str = 1, num_nodes: int = 1, precision: Precision | None = None
) -> Fabric:
    """Where training runs: one device unless more are asked for.

    Several devices train by DDP, whose default of broadcasting batch-norm buffers breaks
    when a network runs twice a step, as a discriminator does; so that is off.

    Args:
        devices: of each machine; ``"auto"`` for all.
        num_nodes: machines.
        precision: of the arithmetic; `usual_precision` unless given. The weights are of 32 bits
            with ``"bf16-mixed"`` and ``"16-mixed"`` too.
    """
    from lightning_fabric import Fabric
    from lightning_fabric.strategies import DDPStrategy

    several = num_nodes > 1 or devices not in (1, "1")
    strategy = DDPStrategy(broadcast_buffers=False) if several else "auto"
    return Fabric(
        devices=devices,
        num_nodes=num_nodes,
        strategy=strategy,
        precision=precision or usual_precision(),
    )


def usual_precision() -> Precision:
    """The fastest precision that trains well on this machine's device.

    Without CUDA: 32 bits. GPUs since Ampere: mixed with bfloat16, which has the range of 32 bits.
    Those with tensor cores before that, such as Colab's T4: mixed with float16, whose losses a
    scaler multiplies so that small gradients aren't lost. Older ones: 32 bits.
    """
    if not torch.cuda.is_available():
        return "32-true"
    major, _ = torch.cuda.get_device_capability()
    return "bf16-mixed" if major >= 8 else "16-mixed" if major == 7 else "32-true"


def step_seed(seed: int, step: int, rank: int = 0) -> int:
    """The seed of everything random inside one step, dropout for example."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1)[0])


def gradient_norm(network: nn.Module) -> torch.Tensor:
    """The Euclidean length of all the network's gradients together, as the last step left them."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    return nn.utils.get_total_norm(gradients)


def training_loop(
    generator: nn.Module,
    discriminator: nn.Module,
    batches: Iterable[Batch],
    *,
    optimizer_g: torch.optim.Optimizer,
    optimizer_d: torch.optim.Optimizer,
    d_step: Step,
    g_step: Step,
    seed: int,
    schedule: Schedule = every_step,
    rank: int = 0,
    done: int = 0,
) -> Iterator[dict[str, float | torch.Tensor]]:
    """For every batch, one step of D and then one step of G.

    The schedule says for each step whether D learns in it, and whether G does. `train` adds
    devices, records and checkpoints around this loop.

    What happens in step k depends only on (seed, k) and the networks: the batch depends on
    nothing else, and torch's generator is seeded in each step.
    """
    for step, batch in enumerate(batches, start=done + 1):
        torch.manual_seed(step_seed(seed, step, rank))
        generator.train()
        discriminator.train()
        d_learns, g_learns = schedule(step)
        record: dict[str, float | torch.Tensor] = {"step": step}
        if d_learns:
            record["loss_d"] = d_step(generator, discriminator, batch, optimizer_d)
            record["grad_d"] = gradient_norm(discriminator)
        if g_learns:
            record["loss_g"] = g_step(generator, discriminator, batch, optimizer_g)
            record["grad_g"] = gradient_norm(generator)
        yield record


def train(
    generator: nn.Module,
    discriminator: nn.Module,
    loader: Iterable[Batch],
    *,
    optimizer_g: torch.optim.Optimizer,
    optimizer_d: torch.optim.Optimizer,
    seed: int,
    d_step: Step = discriminator_step,
    g_step: Step = generator_step,
    schedule: Schedule = every_step,
    schedulers: Sequence[torch.optim.lr_scheduler.LRScheduler] = (),
    callbacks: Sequence[Callback] = (),
    run: Run | None = None,
    fabric: Fabric | None = None,
) -> list[Record]:
    """Run the `training_loop` on the fastest device there is, with records and checkpoints.

    Args:
        generator, discriminator: trained in place; they end up on the fabric's device.
        loader: one `Batch` a step; its length is the number of steps. Of several processes each
            takes its own slice of every batch, and needs a loader of `make_loader` for that.
        optimizer_g, optimizer_d: over the parameters of each.
        seed: of the run.
        d_step, g_step: the steps of both networks; yours, if you like.
        schedule: the number of a step, from 1 → whether D learns in it, and whether G does.
        schedulers: of learning rates; each takes a step after every step of training.
        callbacks: each is given every step's record and may add to it. One with a
            ``resume(history)`` is told what there is already when a run goes on; one with a
            ``state_dict()`` and a ``load_state_dict(…)`` has its state kept in the checkpoints.
        run: where checkpoints go, from which this same call goes on after a crash, to the same
            bits; without it nothing is kept.
        fabric: devices and precision, see `make_fabric`; by default one device, the fastest there
            is. With mixed precision the networks compute in 16 bits and give 32, and a step's
            ``loss.backward()`` goes through the fabric, which scales the loss where it must.

    Returns:
        One record a step: step, loss_d, grad_d, loss_g, grad_g, and what callbacks add. A player
        that doesn't learn in a step leaves nothing in its record. Losses and gradients are means
        over all processes; callbacks run in each of them.

    Raises:
        BadCheckpoint, OSError: see `Run`.
        ValueError: batches that can't be dealt out to several processes.
    """
    fabric = fabric or make_fabric()
    fabric.launch()
    loader = _share(loader, fabric)
    precision = fabric.strategy.precision
    watchers = [callback for callback in callbacks if hasattr(callback, "state_dict")]
    state = TrainingState(
        networks={"generator": generator, "discriminator": discriminator},
        optimizers={"optimizer_g": optimizer_g, "optimizer_d": optimizer_d},
        schedulers=schedulers,
        # The scaler of float16 moves while it trains.
        watchers=[*watchers, precision] if precision.state_dict() else watchers,
    )
    settings = _settings(state, loader, seed=seed) | {"precision": str(precision.precision)}
    steps = d_step, g_step
    if "mixed" in str(precision.precision):
        steps = _through_fabric(d_step, fabric), _through_fabric(g_step, fabric)
    if fabric.device.type == "cuda":
        # What tensor cores want. Before the set-up: DDP lays out its gradients as it finds them.
        for network in (generator, discriminator):
            nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    generator, optimizer_g = fabric.setup(generator, optimizer_g)
    discriminator, optimizer_d = fabric.setup(discriminator, optimizer_d)
    _open_features(discriminator)
    try:
        if run:
            with fabric.rank_zero_first():
                run.begin(
                    state,
                    steps=len(loader) if isinstance(loader, Sized) else None,
                    settings=settings,
                    codes={
                        "d_step": code_of(d_step),
                        "g_step": code_of(g_step),
                        "schedule": code_of(schedule),
                    },
                    writes=fabric.is_global_zero,
                )
            for callback in callbacks:
                if hasattr(callback, "resume"):
                    callback.resume(state.history)
        done = len(state.history)
        batches = (
            Batch(*(tensor.to(fabric.device, non_blocking=True) for tensor in batch))
            for batch in _rest(loader, done)
        )
        unread: list[StepRecord] = []
        for found in training_loop(
            generator,
            discriminator,
            batches,
            optimizer_g=optimizer_g,
            optimizer_d=optimizer_d,
            d_step=steps[0],
            g_step=steps[1],
            seed=seed,
            schedule=schedule,
            rank=fabric.global_rank,
            done=done,
        ):
            if fabric.world_size > 1:
                found = _mean_over_processes(found, fabric)
            record = StepRecord(found)
            with warnings.catch_warnings():
                # torch warns where an optimizer hasn't stepped yet: its player may not have learnt.
                warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
                for scheduler in schedulers:
                    scheduler.step()
            for callback in callbacks:
                callback(record)
            state.history.append(record)
            usage.count_steps()
            unread.append(record)
            if len(unread) == READ_EVERY:
                read_together(unread)
                unread.clear()
            if run and fabric.is_global_zero:
                run.step_done(state)
        read_together(unread)
        if run and fabric.is_global_zero:
            run.step_done(state, ended=True)
    finally:
        if run:
            run.leave()
    return [dict(record) for record in state.history]


def _share(loader: Iterable[Batch], fabric: Fabric) -> Iterable[Batch]:
    """The loader of this process: of every batch its own slice."""
    if fabric.world_size == 1:
        return loader
    if isinstance(loader, StepLoader):
        return loader.for_rank(fabric.global_rank, fabric.world_size)
    fabric.barrier()  # whoever leaves before the others are connected breaks their connections
    raise ValueError(
        f"a {type(loader).__name__} can't be dealt out to {fabric.world_size} processes, and all "
        "of them would train on the same batches; take a loader of make_loader"
    )


def _open_features(wrapped: Any) -> None:
    """Let steps call a discriminator's `features`; DDP lets no method but ``forward`` through."""
    if inspect.ismethod(getattr(wrapped.module, "features", None)):
        wrapped.mark_forward_method("features")


class _BackwardThroughFabric(TorchFunctionMode):
    """While this is active, ``loss.backward()`` means ``fabric.backward(loss)``.

    Mixed precision needs the second, and steps of lessons say the first.
    """

    def __init__(self, fabric: Fabric) -> None:
        super().__init__()
        self.fabric = fabric

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        # Inside here the mode is off, so that fabric's own call is torch's.
        call = self.fabric.backward if func is torch.Tensor.backward else func
        return call(*args, **(kwargs or {}))


def _through_fabric(step: Step, fabric: Fabric) -> Step:
    """The same step with its gradients computed by the fabric."""

    def routed(*arguments: Any) -> torch.Tensor:
        with _BackwardThroughFabric(fabric):
            return step(*arguments)

    return routed


def _mean_over_processes(
    found: Mapping[str, float | torch.Tensor], fabric: Fabric
) -> dict[str, float | torch.Tensor]:
    """A step's numbers, as one process would find them with the whole batch."""
    keys = [key for key in found if key != "step"]  # the same in all processes
    values = [torch.as_tensor(found[key], dtype=torch.float32).detach() for key in keys]
    together = torch.stack([value.reshape(()).to(fabric.device) for value in values])
    means = cast(torch.Tensor, fabric.all_reduce(together, reduce_op="mean"))
    return {"step": found["step"], **dict(zip(keys, means.unbind(), strict=True))}


def _rest(loader: Iterable[Batch], done: int) -> Iterable[Batch]:
    """The loader's batches but for the first ``done``."""
    if not done:
        return loader
    if isinstance(loader, StepLoader):
        return loader.from_step(done)
    return itertools.islice(loader, done, None)


def _settings(state: TrainingState, loader: Iterable[Batch], *, seed: int) -> dict[str, Any]:
    """What makes this run another one when it changes."""
    settings: dict[str, Any] = {"seed": seed}
    if isinstance(loader, StepLoader):
        settings |= loader.settings
    for name, optimizer in state.optimizers.items():
        settings[name] = type(optimizer).__name__
        for n, group in enumerate(optimizer.param_groups):
            whose = name if len(optimizer.param_groups) == 1 else f"{name}, group {n}"
            # A scheduler moves lr away from where it began.
            begun = {**group, "lr": group.get("initial_lr", group["lr"])}
            for key in begun.keys() - {"params", "initial_lr"}:
                settings[f"{whose}'s {key}"] = begun[key]
    for n, scheduler in enumerate(state.schedulers):
        settings[f"scheduler {n}"] = type(scheduler).__name__
        for key, value in scheduler.state_dict().items():
            if key not in MOVING and not key.startswith("_"):
                settings[f"scheduler {n}'s {key}"] = value
    return {key: value for key, value in settings.items() if _is_plain(value)}


# What changes in a scheduler's state while it runs.
MOVING = {"last_epoch", "best", "num_bad_epochs", "cooldown_counter"}


def _is_plain(value: Any) -> bool:
    """Whether JSON can hold it: a setting then, and no state."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def series(history: Sequence[Record], key: str) -> tuple[list[float], list[float]]:
    """The steps at which ``key`` was recorded, and its values, ready to be plotted.

    Raises:
        ValueError: no record has the key.
    """
    points = [(record["step"], record[key]) for record in history if key in record]
    if not points:
        known = sorted({key for record in history for key in record})
        raise ValueError(f"no record has {key!r}; there are {', '.join(known)}")
    steps, values = zip(*points, strict=True)
    return list(steps), list(values)
