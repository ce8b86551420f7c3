# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lesson 01: A baseline GAN, and how it fails
#
# You build the plainest generative adversarial network (GAN) that could remove
# raindrops, train it, watch it fail, and measure how.

# %% tags=["parameters"]
profile = "auto"  # gpu where there is one, else cpu; or "smoke", "cpu", "gpu", "paper"
seed = 0
pretrained = (
    False  # True loads trained networks instead of training (profile cpu, seed 0)
)

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import results, viz
from course_lib.exercises import exercise
from course_lib.data.crops import held_out_batch
from course_lib.data.pair import Batch
from course_lib.data.photos import load_photo, photo_split, shrink
from course_lib.profiles import pick
from course_lib.ranges import from_model

settings = pick("01", profile)
torch.set_num_threads(settings.threads)
results.begin(lesson="01", profile=profile, seed=seed, pretrained=pretrained)

# %%
from course_lib.results import recordings

recorded = recordings.load("01_healthy")
last_step, answers = recorded.frames[-1]
viz.contact_sheet(
    {
        "rainy": recorded.rainy,
        f"restored, step {last_step}": answers,
        "clean": recorded.clean,
    },
    alt="Four crops of two photographs in three rows. Rainy: the scenes with drops, "
    "round blurred patches. Restored: one pattern of pink blots on black, nearly the "
    "same four times. Clean: the scenes without drops.",
)
print(recorded.provenance())

# %% [markdown]
# The network gets the upper row and should give back the lower one. In the middle is
# what it gives after its training, on photographs that it has never seen.
# You train this game yourself in section 4, and from section 5 on you can say precisely
# what is wrong with it. Your pattern may be another: a last digit rounded differently
# is enough to change such a game.
#
# **At the end you will be able to**
#
# - derive the two losses of a GAN from the minimax game, and say why one of them is
#   changed;
# - write one training step for each player, so that each step moves one network only;
# - measure blur, collapse and an overpowering discriminator, instead of suspecting
#   them;
# - tell from curves and samples which fault a broken GAN has;
# - explain why this GAN could not have worked, however long it trains.
#
# **Prerequisites:** lesson 00; what a convolution, batch norm and a gradient step are.
#
# What the text says of numbers and pictures holds for the `cpu` profile and larger
# ones; `smoke` only shows that everything runs.
#
# {{budgets}}

# %% [markdown]
# ## 1. The game
#
# Two networks play. The **generator** G gets a rainy picture and puts out a restored
# one. The **discriminator** D gets a picture, either a clean photograph or one of G's,
# and says how likely it is a real one: a probability D between 0 and 1. D is paid for
# being right, G for fooling D. Written as one formula (Goodfellow et al. 2014, eq. 1),
# a minimax game: G minimises what D maximises. $E$ is the mean over pictures.
#
# $$\min_G \max_D \; E \, [\log D(x)] + E \, [\log (1 - D(G(y)))]$$
#
# | symbol | in the code | what it is |
# |---|---|---|
# | $x$ | `batch.clean` | a clean photograph |
# | $y$ | `batch.rainy` | a rainy picture |
# | $G(y)$ | `generator(batch.rainy)` | a restored picture, "fake" |
# | $D(x)$ | `sigmoid(discriminator(x))` | probability that $x$ is real |
#
# D wants both terms large: $\log D(x)$ is 0 when it is sure that a photograph is real,
# and very negative when it is sure that it is fake. Optimizers minimise, so D's loss is
# the same with its sign turned.
#
# The network D puts out a **logit**, any real number; the sigmoid makes a probability
# of it. $D(x)$ always means that probability, and we write $D$ for short where it is
# clear which picture is meant. A warning for the code: in float32 the sigmoid of −200
# is exactly 0, and its logarithm minus infinity. PyTorch has functions that go from the
# logit to the logarithm in one step, without rounding in between: `F.logsigmoid`, and
# `F.binary_cross_entropy_with_logits`. The second one takes logits and **targets**:
# with the target 1 ("real") it is $-\log D$, with the target 0 ("fake") $-\log(1 - D)$.
#
# **Predict:** a D that has no idea gives every picture the logit 0. What is its loss?

# %% exercise="01.1"
from course_lib.losses import discriminator_loss

# %%
ex = exercise("01.1")
ex.check(discriminator_loss)
discriminator_loss = ex.use(discriminator_loss)

# %%
clueless = torch.zeros(8, 1)
print(f"D without a clue: {discriminator_loss(clueless, clueless):.3f}")
print(f"D sure and right: {discriminator_loss(clueless + 6, clueless - 6):.3f}")
print(f"D sure and wrong: {discriminator_loss(clueless - 6, clueless + 6):.3f}")

# %% [markdown]
# Keep 1.386 = 2·log 2 in mind. A D loss that stays near it means the game is even; near
# 0 means that D sees through every fake.
#
# Now G. Only the second term depends on G, and G minimises it: $\log(1 - D(G(y)))$.
# There is a catch. G learns from the *slope* of its loss with respect to D's logit.
# Early on, G's pictures are poor and D is sure: its logits for fakes are strongly
# negative.
#
# **Predict:** at a logit of −6, how steep is $\log(1 - D)$? And how steep is $-\log D$,
# which pushes the logit the same way?

# %%
logits = torch.linspace(-8, 4, 121)
saturating = F.logsigmoid(-logits)  # log(1 − D), since 1 − sigmoid(z) = sigmoid(−z)
non_saturating = -F.logsigmoid(logits)
viz.curves(
    {
        "log(1 − D), as in the game": (logits, saturating),
        "−log D": (logits, non_saturating),
    },
    xlabel="logit of a generated picture (D sure that it is fake ← → fooled)",
    ylabel="what G minimises",
    alt="Two losses of G against D's logit. log(1 − D) is flat at 0 for logits below "
    "−4 and falls only where D is already fooled. −log D falls steeply, with slope "
    "−1, where D is sure, and flattens where D is fooled.",
)

# %% [markdown]
# On the left, where G begins, the loss of the game is flat: its slope is −D, at a logit
# of −6 that is −0.0025, so G learns almost nothing just when it has most to learn.
# $-\log D$ has the slope −(1 − D), nearly −1 there. Both fall to the right, so the
# paper itself proposes to minimise $-\log D$ instead: the **non-saturating loss**.

# %% exercise="01.2"
from course_lib.losses import generator_loss

# %%
ex = exercise("01.2")
ex.check(generator_loss)
generator_loss = ex.use(generator_loss)

# %% [markdown]
# ## 2. Two networks
#
# We follow a student report, *Deraining water drops with GAN*, and its Experiment 1.
# Its generator squeezes the picture through 128 numbers and draws a new one from them;
# its discriminator is the same encoder with one logit at its end. The encoder: four
# blocks of 3×3 convolution, batch norm and ReLU, with 2×2 average pooling after every
# second one, then a linear layer. The decoder mirrors it, with upsampling in place of
# pooling.
#
# First the data: crops with drops on them, from the photographs that this seed holds
# out. Then the networks.

# %%
split = photo_split(seed)
photos = {
    name: shrink(load_photo(name), settings.shrink)
    for name in (*split.train, *split.test)
}
size = settings.image_size
held_out = held_out_batch(
    {name: photos[name] for name in split.test},
    kind="drops",
    size=size,
    seed=seed,
    count=32,
    scale=1 / settings.shrink,
)
rainy, clean = from_model(held_out.rainy), from_model(held_out.clean)
print(f"{len(rainy)} crops of {size} pixels, held out: {' and '.join(split.test)}")

# %%
from course_lib.systems import baseline

generator, discriminator = baseline.networks(settings, seed)


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


latent = generator.encoder(held_out.rainy)
print(f"rainy {tuple(held_out.rainy.shape[1:])}: {held_out.rainy[0].numel()} numbers")
print(f"latent {tuple(latent.shape[1:])}: {latent[0].numel()} numbers")
print(f"restored {tuple(generator(held_out.rainy).shape[1:])}")
print(
    f"parameters: generator {count(generator):,}, discriminator "
    f"{count(discriminator):,}"
)

# %% [markdown]
# Everything that G knows about *this* picture has to pass through those 128 numbers.
# That is enough for "sky above, something red on the left". It is not enough for a roof
# tile. (G has so many more parameters than D because of one linear layer, from the 128
# numbers to the grid that the decoder starts from.)
#
# The report disagrees with itself about how it was trained. Its Models section and the
# slides say one thing, the section on Experiment 1 another:
#
# | | Models section, slides | Experiment 1 |
# |---|---|---|
# | learning rate | 0.001 | 0.0002 |
# | batch size | 8 | 16 |
# | epochs | 20 | 200 |
#
# The published curves stand under Experiment 1, so we follow that: learning rate
# 0.0002, Adam with betas 0.9 and 0.999. The `paper` profile has its batch and epochs;
# the smaller profiles make do with smaller pictures, narrower networks and fewer steps.

# %% [markdown]
# ## 3. One step each
#
# The two players take turns. Each has an optimizer of its own, which holds only its own
# parameters:
#
# | | D's step | G's step |
# |---|---|---|
# | pictures go through | G, then D | G, then D |
# | loss | `discriminator_loss` | `generator_loss` |
# | gradients are wanted in | D only | G (and pass through D) |
# | optimizer moves | D | G |
#
# Nearly every bug of GAN training lives in this table. **Predict:** in D's step, the
# fake comes out of G. If you do nothing about it, where does `backward()` put
# gradients?
#
# One detail: D gets the photographs and the fakes in two calls, not as one batch. Its
# batch norm takes mean and variance over the batch it is given, and photographs and
# fakes together would have other statistics than either alone.

# %% exercise="01.3"
from course_lib.training.steps import discriminator_step

# %%
ex = exercise("01.3")
ex.check(discriminator_step)
discriminator_step = ex.use(discriminator_step)

# %% [markdown]
# The answer to the prediction: into D *and*, through the fake, into G. G's optimizer
# isn't asked to step, so nothing moves at once. But the gradients stay, and count in
# G's next step, unless they are cleared: G would be pushed to help D. `torch.no_grad()`
# or `.detach()` cuts the way.

# %% exercise="01.4"
from course_lib.training.steps import generator_step

# %%
ex = exercise("01.4")
ex.check(generator_step)
generator_step = ex.use(generator_step)

# %% [markdown]
# ## 4. Train both networks
#
# The training loop is short enough to read. It calls your two steps as `d_step` and
# `g_step`. `step_seed` makes each step repeatable.

# %%
from course_lib.training.loop import training_loop

viz.show_source(training_loop)

# %% [markdown]
# What goes into it, beside your steps, stands in a **recipe**: the networks, the data,
# the optimizers and their learning rate. The experiments of this lesson, whose tables
# you will see, call the same recipe.

# %%
viz.show_source(baseline.set_up)

# %% [markdown]
# `system.train` plays the game: it puts networks and batches on the GPU if there is
# one, and hands each record to whoever wants to watch.
#
# Every few steps a **monitor** looks at the held-out crops: the PSNR of the restored
# pictures, and how often D recognises photographs and fakes. And every few seconds the
# `run` writes all there is to disk, both networks and both optimizers: if the kernel
# dies, start the notebook again, and training goes on where it was. A run that has
# ended is loaded when you run its cell again; `Run(…, fresh=True)` trains anew, with a
# changed step of yours for example. (With `pretrained = True` in the first cell, this
# cell and the last training of the lesson load networks that the course has trained.)
#
# **Predict** before you run it: does D's loss stay near 1.386, fall, or rise? Does PSNR
# climb above that of the rainy input?

# %%
from course_lib.metrics import psnr
from course_lib.results import weights
from course_lib.training.observers import Monitor, Samples
from course_lib.training.run import Run

system = baseline.set_up(
    settings, seed, d_step=discriminator_step, g_step=generator_step
)
generator, discriminator = system.generator, system.discriminator
samples = Samples(generator, held_out.rainy[:6], every=settings.log_every)
input_psnr = float(np.mean([psnr(x, y) for x, y in zip(rainy, clean, strict=True)]))
even_game = {"even": 2 * np.log(2), "input": input_psnr}
live = viz.LivePlot(
    {
        "loss": {
            "loss_d": "discriminator",
            "loss_g": "generator",
            "even": "even game",
        },
        "PSNR on held-out crops (dB)": {"psnr": "restored", "input": "rainy"},
    },
    steps=settings.steps,
)

# %%
if pretrained:
    found = weights.load(
        "01_baseline_gan",
        profile=settings.name,
        seed=seed,
        generator=generator,
        discriminator=discriminator,
    )
    history = [{**record, **even_game} for record in found.history]
    live.resume(history)
else:
    run = Run(f"01/gan-{settings.name}-seed{seed}")
    monitor = Monitor(generator, discriminator, held_out, every=settings.log_every)
    history = system.train(
        [monitor, samples, lambda record: record.update(even_game), live], run=run
    )
live.close(
    alt="Losses of both players, and PSNR on held-out crops, over the steps of "
    "training."
)
print(found.provenance() if pretrained else run)

# %% [markdown]
# Pale lines are single steps, bold ones their running mean; "even game" is the D loss
# of 1.386. The PSNR stays far below the line of the rainy crops: "restoring" makes them
# worse. The losses are harder to read. Where D's loss lies *above* 1.39, D does worse
# than one that has no idea: it is sure of some pictures, and wrong. Where it lies
# below, D is ahead. Which of the two it is changes in the course of training, and from
# seed to seed; neither curve says anything about the pictures. So look at them.

# %%
from course_lib.training.loop import series
from course_lib.training.observers import judge, restore

restored = from_model(restore(generator, held_out.rainy))
output_psnr = float(np.mean([psnr(x, y) for x, y in zip(restored, clean, strict=True)]))
viz.contact_sheet(
    {"rainy": rainy[:6], "restored": restored[:6], "clean": clean[:6]},
    alt="Six held-out crops in three rows. Rainy: the scenes with drops. Restored: "
    "blotches that have nothing to do with the scenes and look alike in all columns. "
    "Clean: the scenes.",
)
print(
    f"PSNR of the rainy crops {input_psnr:.1f} dB, of the restored ones "
    f"{output_psnr:.1f} dB"
)

# %% [markdown]
# The network that was to take the drops away has taken the picture away. Read the
# middle row along, not down. What does it have to do with the row above it? What do its
# pictures have to do with each other?
#
# "It looks bad" is no diagnosis. The next sections measure what went wrong.

# %% [markdown]
# ## 5. First failure: collapse
#
# A generator has **collapsed** if it gives nearly the same picture whatever it is fed.
# So compare its outputs with each other: how far apart are two of them, on average? The
# distance of photographs from one another is the yardstick.

# %% exercise="01.5"
from course_lib.metrics import output_diversity

# %%
ex = exercise("01.5")
ex.check(output_diversity)
output_diversity = ex.use(output_diversity)

# %%
fakes = restore(generator, held_out.rainy)
diversity = float(output_diversity(fakes) / output_diversity(held_out.clean))
print(f"diversity of the photographs: {output_diversity(held_out.clean):.3f}")
print(
    f"diversity of G's outputs:     {output_diversity(fakes):.3f}, {diversity:.0%} of "
    "that"
)

# %% [markdown]
# G has seen 32 different crops and answers with nearly one picture. And notice what
# this number doesn't need: the truth. You can measure collapse on any rainy pictures at
# all.
#
# Was it ever different? The same six crops, over the course of training:

# %%
frames = recorded.frames if pretrained else samples.frames
shown = sorted({round(n) for n in np.geomspace(1, len(frames), 5)})
viz.contact_sheet(
    {f"step {frames[n - 1][0]}": frames[n - 1][1] for n in shown},
    alt="G's answers to the same six crops, a row for each of several steps. In the "
    "first row noise that still differs a little between crops; in every later row the "
    "six pictures look alike, and from row to row the one pattern changes.",
)
diversities = series(history, "diversity")
viz.curves(
    {"restored": diversities},
    xlabel="step",
    ylabel="diversity, share of the photographs'",
    alt="Diversity of G's held-out outputs over the steps, as a share of the "
    f"photographs': {diversities[1][0]:.2f} at the first measurement, "
    f"{diversities[1][-1]:.2f} at the end.",
)

# %% [markdown]
# It was. An untrained G answers different inputs with slightly different noise, and the
# first measurement still shows it. Then training takes the difference away. From row to
# row the one pattern changes: D learns to reject the pattern of the day, G moves to
# another. The two chase each other, and the rainy picture plays no part. Collapse isn't
# where G started from. It is what this game has taught it.

# %% [markdown]
# ## 6. Second failure: detail that doesn't belong
#
# The report calls its results "extremely blurry". Blur is a lack of fine detail, and
# fine detail can be measured: take the picture's luma, subtract a blurred copy, and
# average the square of what remains. Compare with clean photographs: 100 % is as
# detailed as these.
#
# **Predict:** is G's picture more or less detailed than the photographs? Look at the
# last row of the sheet above before you answer.

# %%
from course_lib.metrics import high_frequency_energy


def detail(pictures: np.ndarray) -> float:
    """Fine detail as a share of the clean crops'."""
    energy = np.mean([high_frequency_energy(picture) for picture in pictures])
    return float(
        energy / np.mean([high_frequency_energy(picture) for picture in clean])
    )


print(f"detail: rainy {detail(rainy):.0%}, restored {detail(restored):.0%}, clean 100%")
details = series(history, "detail")
viz.curves(
    {"restored": details},
    xlabel="step",
    ylabel="fine detail, share of the photographs'",
    alt="Fine detail of G's held-out outputs over the steps, as a share of the "
    f"photographs': at most {max(details[1]):.1f}, {details[1][-1]:.2f} at the end.",
)

# %% [markdown]
# Two things deserve a second look. First, this number says how *much* fine detail there
# is, not whether it is the right detail: coloured noise has plenty, and early in
# training G's noise can exceed the photographs. Second, behind the drops detail is
# lost, and G was to bring it back. What it draws instead doesn't belong to the scene;
# some of it is a regular grid that its upsampling leaves behind. The report's results
# were "extremely blurry" and "lacked detail" after a far longer training; follow the
# curve to see which way yours goes.

# %% [markdown]
# ## 7. Third failure: a D that is too far ahead
#
# The report's D loss "quickly dropped to near zero". Here is how our game went,
# measured on held-out crops: how often D recognises photographs, and how often fakes.
# 0.5 is guessing.

# %%
viz.curves(
    {
        "photographs recognised": series(history, "accuracy_real"),
        "fakes recognised": series(history, "accuracy_fake"),
    },
    xlabel="step",
    ylabel="share of held-out crops",
    alt="D's accuracy on held-out crops over the steps, for photographs and for "
    "fakes. The line of the fakes jumps between 0 and 1.",
)
losses_d = np.array(series(history, "loss_d")[1])
losses_g = np.array(series(history, "loss_g")[1])
last = slice(-max(1, len(losses_d) // 10), None)
print(f"D's loss over the last tenth of the steps: {losses_d[last].mean():.2f}")
print("an even game: 1.39")

# %% [markdown]
# All fakes look alike, so D either knows the pattern of the day or doesn't: its
# verdicts on fakes jump as one. Held-out photographs, which it has never seen, it often
# takes for fakes. There may be times when it gets nearly everything wrong, though it is
# taught rightly: G has just moved, and D still follows. Its loss then lies above 1.39,
# because it is sure and wrong. Compare the printed loss with 1.39. Near it, the game as
# a whole is even, and neither player is winning. Well below, D is ahead; near 0, it has
# won, as in the report, which trained wider networks on larger pictures for far longer.
# At the `cpu` profile D gets ahead with some seeds and not with others, and never as
# far as that; a figure near the end shows five seeds.
#
# What does it do to G when D has won? Make it happen. Take a fresh pair of networks,
# and let only D learn, at five times the learning rate. After every few steps, ask how
# strong a gradient G would receive, from each of the two losses of section 1.
#
# **Predict:** as D gets better, does the gradient of $\log(1 - D)$ grow or shrink? And
# that of $-\log D$?

# %%
alone = baseline.head_start(settings, seed, d_step=discriminator_step)
novice, expert = alone.generator, alone.discriminator


def gradient(loss: torch.Tensor) -> float:
    """Length of the gradient that the novice would receive from a loss."""
    parts = torch.autograd.grad(loss, list(novice.parameters()), retain_graph=True)
    return float(nn.utils.get_total_norm(parts))


def probe(record: dict[str, float]) -> None:
    """Ask in every tenth step what G would be told."""
    if record["step"] % 10 and record["step"] > 1:
        return
    device = next(novice.parameters()).device
    fake_logits = expert(novice(held_out.rainy[: settings.batch_size].to(device)))
    record["loss_g"] = float(generator_loss(fake_logits.detach()))
    record["saturating"] = gradient(F.logsigmoid(-fake_logits).mean())
    record["non_saturating"] = gradient(generator_loss(fake_logits))


# %%
progress = viz.Progress(len(alone.loader))
run = Run(f"01/head-start-{settings.name}-seed{seed}")
head_start = alone.train([probe, progress], run=run)
progress.close()
print(run)

# %%
viz.curves(
    {
        "log(1 − D), as in the game": series(head_start, "saturating"),
        "−log D": series(head_start, "non_saturating"),
    },
    xlabel="step in which only D learns",
    ylabel="length of G's gradient",
    yscale="log",
    alt="Length of G's gradient while only D learns, on a logarithmic scale, for two "
    f"losses: log(1 − D) ends at {head_start[-1]['saturating']:.2g}, −log D at "
    f"{head_start[-1]['non_saturating']:.2g}.",
)
print(f"D's loss at the end: {head_start[-1]['loss_d']:.3f}")
print(f"G's loss at the end: {head_start[-1]['loss_g']:.1f}")

# %% [markdown]
# While D is still unsure, both gradients grow. Then the curves part. With $\log(1 - D)$
# the gradient dies: G is told that it is bad, and hears nothing about how to get
# better. With $-\log D$ it goes on growing. Its slope with respect to the logit is 1 at
# most, but a D that is sure answers to tiny changes of a picture, and the gradient runs
# through D. G's loss now lies far above the highest value of our game. (Adam rescales
# gradients, so G's steps don't grow as the gradient does. But their direction comes
# from a D to which all fakes are equally hopeless.) A D loss near 0 and a G loss that
# leaps between 0 and 15 are what the report shows for its whole training. Lesson 03 is
# about keeping D from getting there.

# %% [markdown]
# ## 8. Why it could not have worked
#
# Collapse, lost detail, an unfair game: later lessons cure all three. But this GAN has
# a deeper fault, and no training trick can mend it.
#
# **Predict:** we shuffle the clean halves of a batch, so that each rainy crop gets some
# other scene as its "truth". Will D's loss be higher, lower or the same? And G's?

# %%
shuffled = torch.roll(held_out.clean, 1, dims=0)
with torch.no_grad():
    fake_logits = judge(discriminator, fakes)
    paired = discriminator_loss(judge(discriminator, held_out.clean), fake_logits)
    unpaired = discriminator_loss(judge(discriminator, shuffled), fake_logits)
print(
    f"D's loss with the right truths {paired:.4f}, with shuffled truths {unpaired:.4f}"
)
print(f"G's loss {generator_loss(fake_logits):.4f}: it never looks at the truths")

# %% [markdown]
# The same. Look at the code of both losses again: D sees one picture at a time
# and asks "is this a photograph?". Nobody ever asks "is it a photograph *of this
# scene*?". A generator that turned every rainy street into the same perfect postcard
# would win this game. Collapse isn't an accident here; the loss allows it, and it is
# the easiest way to play.
#
# One question is left. Is the network fit for the task at all? Take the adversary away,
# and train the very same generator with the plainest loss there is, the mean absolute
# difference from the truth (L1).
#
# **Predict:** will it beat the PSNR of the rainy input? What will its pictures look
# like? (128 numbers!)


# %%
def l1_step(generator, discriminator, batch: Batch, optimizer) -> torch.Tensor:
    optimizer.zero_grad()
    loss = (generator(batch.rainy) - batch.clean).abs().mean()
    loss.backward()
    optimizer.step()
    return loss.detach()


# %%
plain = baseline.set_up(settings, seed, d_step=baseline.no_step, g_step=l1_step)
control = plain.generator
if pretrained:
    weights.load("01_baseline_gan", profile=settings.name, seed=seed, control=control)
else:
    progress = viz.Progress(settings.steps)
    run = Run(f"01/l1-{settings.name}-seed{seed}")
    plain.train([progress], run=run)
    progress.close()
    print(run)

# %%
control_outputs = from_model(restore(control, held_out.rainy))
control_psnr = float(
    np.mean([psnr(x, y) for x, y in zip(control_outputs, clean, strict=True)])
)
control_diversity = float(
    output_diversity(restore(control, held_out.rainy))
    / output_diversity(held_out.clean)
)

# %%
viz.contact_sheet(
    {
        "rainy": rainy[:6],
        "GAN": restored[:6],
        "L1 only": control_outputs[:6],
        "clean": clean[:6],
    },
    alt="Six held-out crops in four rows: rainy; the GAN's answers, one pattern "
    "throughout; the same network trained with L1, soft clouds of colour that follow "
    "the light and dark of each scene; and clean.",
)
print(f"diversity: GAN {diversity:.0%}, L1 {control_diversity:.0%} of the photographs'")
print(
    f"PSNR: rainy {input_psnr:.1f} dB, GAN {output_psnr:.1f} dB, L1 "
    f"{control_psnr:.1f} dB"
)

# %% [markdown]
# The L1 row follows the scenes: light where they are light, dark where they are dark, a
# different picture for each input. So the network can learn, though not everything:
# dark blue comes out black. And 128 numbers carry a cloud, not a roof; even this row
# scores below the rainy input. Two faults, then: a loss that doesn't ask for *this*
# scene, and a bottleneck that, in as many steps, delivers only its light and dark.
# Pix2Pix mends both (lesson 02): D gets to see the rainy picture too, L1 joins the
# loss, and skip connections lead around the bottleneck.

# %% [markdown]
# ## Diagnose the broken GAN
#
# This game fails even when every line is right. In your own projects a line will be
# wrong, and nothing will tell you: no error, just curves and pictures. So look at
# recorded runs. First a healthy one, as healthy as this game gets. Move through it with
# the slider, or with the arrow keys once the slider has the focus.

# %%
from course_lib.exercises import diagnose, show_run

show_run(
    "01_healthy",
    alt="The healthy run: D's loss swings around 1.4 and G's stays below 1; both "
    "gradients stay within a factor of five; D recognises now photographs, now fakes; "
    "G's answers go from noise to blots, nearly the same for all four crops.",
)

# %% [markdown]
# Now four more runs of the same game: same data, networks, seed and number of steps. At
# most one line is wrong in each. Before you choose, ask four things. Where do the
# losses go, and do they go together? Do the gradients keep their length? (Their axis is
# logarithmic.) What does D recognise? And do the pictures fit what the curves say?
# Where no widget is shown, `diagnose("01", "A").answer("b")` gives the answer b.

# %%
diagnose("01", "A")

# %%
diagnose("01", "B")

# %%
diagnose("01", "C")

# %%
diagnose("01", "D")

# %% [markdown]
# One of the four could not have been told from its curves. Losses of a GAN say how the
# game stands, not what is played. Keep a fixed set of pictures in view whenever you
# train one.

# %% [markdown]
# ## What the report claims, what we measured
#
# One run proves little: another seed brings other photographs, other initial weights
# and other batches. So after your own run comes one that took longer: five seeds, at
# both learning rates that the report names. In the figure each dot is a seed, and the
# dotted lines are those of an even game and of the photographs. In the table, ± is the
# standard deviation over the seeds.

# %%
from course_lib.results import Measured
from course_lib.results.tables import load_table

viz.results_table(
    [
        Measured(
            name="D's loss, mean of the last tenth of the steps",
            value=float(losses_d[last].mean()),
        ),
        Measured(name="G's loss, highest of all steps", value=float(losses_g.max())),
        Measured(name="D's loss after D's head start", value=head_start[-1]["loss_d"]),
        Measured(name="G's loss after D's head start", value=head_start[-1]["loss_g"]),
        Measured(
            name="G's gradient after D's head start, −log D over log(1 − D)",
            value=head_start[-1]["non_saturating"] / head_start[-1]["saturating"],
            unit="times",
        ),
        Measured(
            name="diversity of outputs, of the photographs'",
            value=100 * diversity,
            unit="%",
        ),
        Measured(
            name="fine detail, of the photographs'",
            value=100 * detail(restored),
            unit="%",
        ),
        Measured(name="PSNR of the rainy input", value=input_psnr, unit="dB"),
        Measured(name="PSNR of the baseline GAN", value=output_psnr, unit="dB"),
        Measured(
            name="PSNR of its generator trained with L1", value=control_psnr, unit="dB"
        ),
    ],
    caption="Lesson 01: your run",
    provenance=f"Computed by this notebook, profile {settings.name}, seed {seed}.",
)

# %%
games = load_table("01_baseline_gan", profile=settings.name)
control = load_table("01_l1_control", profile=settings.name)
head_starts = load_table("01_head_start", profile=settings.name)
slow, fast = {"learning_rate": 2e-4}, {"learning_rate": 1e-3}
groups = {
    "GAN\n2e-4": games.select(**slow),
    "GAN\n1e-3": games.select(**fast),
    "L1\nonly": control,
}
references = {
    "loss_d": ("D's loss at the end", 2 * np.log(2)),  # an even game's
    "diversity": ("diversity (%)", 100),  # the photographs'
    "detail": ("fine detail (%)", 100),
}
figure, axes = viz.panels(3)
for ax, (metric, (label, reference)) in zip(axes, references.items(), strict=True):
    ax.axhline(reference, color="#777777", linestyle=":")
    for n, table in enumerate(groups.values()):
        if metric in table.metrics:
            values = table.rows[metric]
            ax.plot([n] * len(values), values, "o", color="#1E88E5", alpha=0.7)
    ax.set(ylabel=label, xlim=(-0.5, 2.5), ylim=(0, None))
    ax.set_xticks(range(len(groups)), list(groups))
viz.show(
    figure,
    alt="Five seeds as dots, for the GAN's two learning rates and for L1. D's loss: "
    "most near the dotted line of an even game, some well below, none near 0. "
    "Diversity: the GAN's near 0, but for one dot at the higher rate; those of L1 far "
    "above. Fine detail: the GAN's from far below the photographs' to far above, "
    "those of L1 all near 0.",
)

# %%
viz.results_table(
    [
        games.measured(
            "loss_d",
            name="D's loss, mean of the last tenth of the steps",
            claim=0.0,
            source='report, Experiment 1: "quickly dropped to near zero"',
            **slow,
        ),
        games.measured("loss_d_lowest", name="D's loss, lowest of all steps", **slow),
        games.measured(
            "loss_g_highest",
            name="G's loss, highest of all steps",
            claim=15.0,
            source='report, Experiment 1: "fluctuates heavily between 0 and ~15"',
            **slow,
        ),
        head_starts.measured("loss_d", name="D's loss after D's head start"),
        head_starts.measured("loss_g", name="G's loss after D's head start"),
        head_starts.measured(
            "gradient_ratio",
            name="G's gradient after D's head start, −log D over log(1 − D)",
            unit="times",
        ),
        games.measured(
            "diversity",
            name="diversity of outputs, of the photographs'",
            unit="%",
            **slow,
        ),
        games.measured(
            "detail", name="fine detail, of the photographs'", unit="%", **slow
        ),
        games.measured("psnr_rainy", name="PSNR of the rainy input", unit="dB", **slow),
        games.measured("psnr", name="PSNR of the baseline GAN", unit="dB", **slow),
        control.measured(
            "psnr", name="PSNR of its generator trained with L1", unit="dB"
        ),
    ],
    caption="Lesson 01: five seeds, and what the report claims",
    provenance=games.provenance(),
)

# %% [markdown]
# A claim that one seed fulfils and another doesn't proves nothing. So look at the dots.
#
# - **Collapse** holds. At the report's learning rate every seed ends near 0, and none
#   comes near the rainy input's PSNR.
# - **Blur**, as the report has it, does not. G's fine detail lies anywhere between far
#   less than the photographs' and far more, because noise is detail too. The blurry
#   pictures are those of L1.
# - **A D that has won** does not appear by itself, at neither learning rate: with some
#   seeds D gets ahead, with others the game stays even, and G's loss stays far below
#   15. A head start shows what such a D does to G: its loss is several times higher,
#   and the gradient of $\log(1 - D)$ is many times smaller than that of $-\log D$.
#
# The report trained for 200 epochs on 860 pairs of 256 pixels; at the `cpu` profile we
# train for far fewer steps, on small crops, with narrow networks. That its D wins and
# ours doesn't may come from there. It gives no PSNR for this experiment, and one run.

# %% [markdown]
# ## Summary
#
# 1. D minimises $-\log D(x) - \log(1 - D(G))$; 1.386 is an even game, 0 one that D has
#    won.
# 2. G minimises $-\log D(G)$ rather than $\log(1 - D(G))$, whose slope dies when D is
#    sure.
# 3. Each step moves one network. Fakes are detached in D's step; D is only passed
#    through in G's.
# 4. Diversity, fine detail, and the losses with D's accuracy turn "looks bad" into
#    different diagnoses.
# 5. An unconditional loss never asks for *this* scene. No amount of training adds the
#    question.

# %% [markdown]
# ## Quiz
#
# Five questions. Each answer is explained; try again as often as you like.
#
# {{quiz}}

# %%
from course_lib.exercises import quiz

quiz("01")

# %% [markdown]
# ## Further reading
#
# - I. Goodfellow et al., *Generative adversarial nets* (2014): eq. 1 and section 3 are
#   the source of sections 1 and 3 here.
# - M. Arjovsky and L. Bottou, *Towards principled methods for training generative
#   adversarial networks* (2017): why a perfect discriminator teaches nothing.
# - T. Salimans et al., *Improved techniques for training GANs* (2016): the first
#   collection of cures, among them a discriminator that sees whole batches and so
#   notices collapse.
#
# **Next:** lesson 02 shows the discriminator the rainy picture as well, and everything
# changes.
