from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_lib.checks.attempt import Attempt
from course_lib.checks.result import Wrong
from course_lib.checks.sandbox import sandbox
from course_lib.checks.step_outcomes import steps_of
from course_lib.checks.step_scenes import SETTINGS, Setting, gan_scene
from course_lib.checks.training_step import TrainingStep
from course_lib.checks.watchdog import TimeLimit
from course_lib.losses import generator_loss, pix2pix_loss
from course_lib.training.steps import discriminator_step, generator_step


def conditional_step(generator, discriminator, batch, optimizer):
    """One step of Pix2Pix's generator."""
    restored = generator(batch.rainy)
    optimizer.zero_grad()
    logits = discriminator(batch.rainy, restored)
    loss = pix2pix_loss(logits, restored, batch.clean, lambda_l1=100)
    loss.backward()
    optimizer.step()
    return loss.detach()


CONDITIONAL = partial(gan_scene, player="generator", conditional=True)
GENERATOR = partial(gan_scene, player="generator")


def diagnosis(answer, reference=conditional_step, build=CONDITIONAL, settings=SETTINGS, **known):
    with sandbox(0) as printed, TimeLimit(5) as limit:
        attempt = Attempt(
            function=answer, reference=reference, limit=limit, known=known, printed=printed
        )
        try:
            TrainingStep(build=build, settings=settings)(attempt, np.random.default_rng(0))
        except Wrong as wrong:
            return str(wrong)
    return ""


def in_another_style(generator, discriminator, batch, optimizer, weight=100):
    discriminator.requires_grad_(False)
    restored = generator(batch.rainy)
    loss = F.softplus(-discriminator(batch.rainy, restored)).mean()
    loss = loss + weight * F.l1_loss(restored, batch.clean)
    generator.zero_grad()
    loss.backward()
    optimizer.step()
    discriminator.requires_grad_(True)
    return loss.item()


def without_l1(generator, discriminator, batch, optimizer):
    optimizer.zero_grad()
    loss = generator_loss(discriminator(batch.rainy, generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss.detach()


def test_a_right_conditional_step_in_another_style_passes():
    assert diagnosis(in_another_style) == ""


def test_a_conditional_step_that_moves_otherwise_is_rejected():
    assert "in another direction" in diagnosis(partial(in_another_style, weight=10))


def test_a_slip_is_named_where_it_does_the_same_in_all_scenes():
    known = {"L1 is missing.": without_l1}
    assert diagnosis(partial(in_another_style, weight=0), **known) == "L1 is missing."


def test_a_slip_that_does_the_same_only_in_some_scenes_is_not_named():
    def sometimes(generator, discriminator, batch, optimizer):
        step = conditional_step if len(batch.rainy) == 1 else without_l1
        return step(generator, discriminator, batch, optimizer)

    assert diagnosis(without_l1, **{"Untrue.": sometimes}) != "Untrue."


def test_inputs_of_a_conditional_discriminator_are_named():
    def swapped(generator, discriminator, batch, optimizer):
        restored = generator(batch.rainy)
        optimizer.zero_grad()
        logits = discriminator(restored, batch.rainy)
        loss = pix2pix_loss(logits, restored, batch.clean, lambda_l1=100)
        loss.backward()
        optimizer.step()
        return loss.detach()

    assert diagnosis(swapped) == (
        "Your step gives the discriminator generator(batch.rainy), batch.rainy; the loss needs "
        "discriminator(batch.rainy, generator(batch.rainy))."
    )


def spoilt(before=None, after=None):
    """A right step of the generator that does something else besides."""

    def step(generator, discriminator, batch, optimizer):
        if before:
            before(generator, discriminator, optimizer)
        loss = generator_step(generator, discriminator, batch, optimizer)
        if after:
            after(generator, discriminator, optimizer)
        return loss

    return step


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (spoilt(before=lambda g, d, o: g.train()), "leaves the generator in train mode"),
        (spoilt(after=lambda g, d, o: d.eval()), "leaves the discriminator in eval mode"),
        (spoilt(lambda g, d, o: d.eval(), lambda g, d, o: d.train()), "in eval mode"),
        (spoilt(after=lambda g, d, o: d._forward_hooks.clear()), "without its hooks"),
        (
            spoilt(after=lambda g, d, o: [p._backward_hooks.clear() for p in d.parameters()]),
            "without its hooks",
        ),
        (spoilt(after=lambda g, d, o: g.requires_grad_(True)), "requires_grad switched on"),
        (spoilt(after=lambda g, d, o: d.layers[0].weight.data.zero_()), "the discriminator's"),
        (spoilt(after=lambda g, d, o: g(torch.zeros(2, 3, 4, 4))), "It calls the generator 2"),
        (spoilt(after=lambda g, d, o: o.state.clear()), "the optimizer in another state"),
        (spoilt(after=lambda g, d, o: o.param_groups[0].update(lr=1.0)), "lr = 1.0, not 0.1"),
    ],
)
def test_what_a_step_leaves_behind_is_told(answer, words):
    assert words in diagnosis(answer, generator_step, GENERATOR)


def test_averages_that_move_in_one_more_call_are_told():
    def calls_again(generator, discriminator, batch, optimizer):
        loss = generator_step(generator, discriminator, batch, optimizer)
        with torch.no_grad():
            discriminator(batch.clean)
        return loss

    told = diagnosis(calls_again, generator_step, GENERATOR)
    assert "the discriminator's batch norm with other averages" in told


@pytest.mark.parametrize("threshold", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("clip", ["clip_grad_norm_", "clip_grad_value_"])
def test_clipped_gradients_are_told_by_name_with_every_seed(clip, threshold):
    def clips(generator, discriminator, batch, optimizer):
        optimizer.zero_grad()
        loss = generator_loss(discriminator(generator(batch.rainy)))
        loss.backward()
        limit = threshold / 10 if clip == "clip_grad_value_" else threshold
        getattr(torch.nn.utils, clip)(generator.parameters(), limit)
        optimizer.step()
        return loss.item()

    examine = TrainingStep(build=GENERATOR)
    for seed in range(5):
        with sandbox(seed) as printed, TimeLimit(5) as limit:
            attempt = Attempt(
                function=clips, reference=generator_step, limit=limit, printed=printed
            )
            with pytest.raises(Wrong, match=clip):
                examine(attempt, np.random.default_rng(seed))


def test_an_error_is_permitted_only_where_a_parameter_is_frozen():
    def by_autograd(generator, discriminator, batch, optimizer):
        loss = generator_loss(discriminator(generator(batch.rainy)))
        parameters = list(generator.parameters())
        gradients = torch.autograd.grad(loss, parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
        return loss.item()

    def fails(generator, discriminator, batch, optimizer):
        raise RuntimeError

    assert diagnosis(by_autograd, generator_step, GENERATOR) == ""
    assert "your step raises RuntimeError" in diagnosis(fails, generator_step, GENERATOR)


def test_labels_on_the_cpu_are_found_without_a_gpu():
    def on_cpu(generator, discriminator, batch, optimizer):
        optimizer.zero_grad()
        logits = discriminator(generator(batch.rainy))
        loss = F.binary_cross_entropy_with_logits(logits, torch.ones(logits.shape))
        loss.backward()
        optimizer.step()
        return loss.item()

    assert "With tensors on the GPU" in diagnosis(on_cpu, generator_step, GENERATOR)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.on)
@pytest.mark.parametrize("conditional", [False, True])
def test_a_scene_is_the_same_each_time_and_has_large_enough_gradients(setting, conditional):
    build = partial(gan_scene, player="generator", conditional=conditional)
    step = conditional_step if conditional else generator_step
    for seed in range(10):
        one, two = (steps_of(step, build(seed, setting)) for _ in range(2))
        assert all(mine.is_as(other) for mine, other in zip(one, two, strict=True))
        moved = torch.cat([p.flatten() for p in one[0].moved["generator"].values()])
        rate = one[0].settings[0]["lr"]
        if conditional or not setting.silent:
            assert moved.norm() / rate > (100 if setting.gain > 1 else 0.01)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.on)
def test_logits_are_so_small_that_a_right_loss_of_probabilities_is_finite(setting):
    # With seed 22 of exercise 01.3, a logit above 17 made log(1 − sigmoid) infinite.
    for seed in range(100):
        scene = gan_scene(seed, setting, player="discriminator")
        generator, discriminator, batch, _ = scene.calls[0]
        for pictures in (batch.clean, generator(batch.rainy)):
            assert discriminator(pictures).abs().max() < 4.1


def test_fakes_made_in_inference_mode_fail_as_with_a_real_discriminator():
    def in_inference_mode(generator, discriminator, batch, optimizer):
        with torch.inference_mode():
            fake = generator(batch.rainy)
        loss = F.softplus(discriminator(fake)).mean()
        loss.backward()
        return loss.item()

    build = partial(gan_scene, player="discriminator")
    told = diagnosis(in_inference_mode, discriminator_step, build)
    assert "Inference tensors cannot be saved" in told


def test_the_sure_discriminator_tells_clean_from_generated():
    setting = Setting(on="a sure one", n=1, patch=False, sure=True)
    scene = gan_scene(3, setting, player="discriminator")
    generator, discriminator, batch, _ = scene.calls[0]
    assert discriminator(batch.clean).item() == pytest.approx(4, abs=1e-3)
    assert discriminator(generator(batch.rainy)).item() == pytest.approx(-4, abs=1e-3)
    (outcome,) = steps_of(discriminator_step, scene)
    assert outcome.loss == pytest.approx(2 * np.log1p(np.exp(-4)), rel=1e-2)
