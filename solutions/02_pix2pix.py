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
# # Lesson 02: Pix2Pix
#
# You show the discriminator what the generator was given, lead the picture around the
# bottleneck, and let one number decide between blur and invented texture.

# %% tags=["parameters"]
profile = "auto"  # gpu where there is one, else cpu; or "smoke", "cpu", "gpu", "paper"
seed = 0
pretrained = (
    False  # True loads trained networks instead of training (profile cpu, seed 0)
)

# %%
from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import results, viz
from course_lib.exercises import exercise
from course_lib.data.crops import held_out_batch
from course_lib.data.photos import load_photo, photo_split, shrink
from course_lib.losses import generator_loss
from course_lib.profiles import pick
from course_lib.ranges import from_model, to_model

settings = pick("02", profile)
torch.set_num_threads(settings.threads)
results.begin(lesson="02", profile=profile, seed=seed, pretrained=pretrained)

# %%
from course_lib.results import recordings

recorded = recordings.load("02_healthy")
last_step, answers = recorded.frames[-1]
viz.contact_sheet(
    {
        "rainy": recorded.rainy,
        f"restored, step {last_step}": answers,
        "clean": recorded.clean,
    },
    alt="Four crops of two photographs in three rows. Rainy: the scenes under round "
    "blurred drops and a grey mist. Restored: the same scenes, the mist gone and the "
    "drops fainter, some left as bright smudges. Clean: the scenes.",
)
print(recorded.provenance())

# %% [markdown]
# The same photographs as in lesson 01, and this time the middle row shows the scenes of
# the upper one. Not everything is mended, and you will measure what is and what isn't.
#
# **At the end you will be able to**
#
# - make a GAN conditional, and say what its discriminator can then ask for;
# - build a U-Net, and show what its skip connections carry;
# - work out how much of a picture one answer of a PatchGAN sees;
# - choose λ between blur and invented texture;
# - restore a photograph of any size.
#
# **Prerequisites:** lesson 01.
#
# What the text says of numbers and pictures holds for the `cpu` profile and larger
# ones; `smoke` only shows that everything runs.
#
# {{budgets}}

# %% [markdown]
# ## 1. The condition
#
# At the end of lesson 01 you shuffled the clean halves of a batch, and nobody noticed.
# D saw one picture at a time and asked "is this a photograph?". It never asked "is this
# a photograph of *this* scene?". Now it gets the rainy picture as well:
#
# | D is shown | and should say |
# |---|---|
# | the rainy picture and the clean one | real |
# | the rainy picture and the restored one | fake |
#
# Each row is one input: the two pictures lie on top of each other, six channels instead
# of three. Such a GAN is called **conditional** (Mirza and Osindero 2014). Isola and
# others (2016) made of it **Pix2Pix**, a recipe for turning pictures into other
# pictures. Their equation 1 is that of lesson 01 with the rainy picture $y$ as a
# condition:
#
# $$\min_G \max_D \; E \, [\log D(x \mid y)] + E \, [\log (1 - D(G(y) \mid y))]$$
#
# | symbol | in the code | what it is |
# |---|---|---|
# | $y$ | `batch.rainy` | a rainy picture |
# | $x$ | `batch.clean` | its clean twin |
# | $G(y)$ | `generator(batch.rainy)` | the restored picture |
# | $D(x \mid y)$ | `sigmoid(discriminator(rainy, clean))` | probability of "real" |
#
# (The letters are those of lesson 01. Isola and others call the input $x$ and the
# target $y$. Their G gets noise as well, so that it could give several answers; we
# leave it out, since one rainy picture should have one answer.)
#
# The report that we follow says that its D "receives two inputs, the real image and the
# generated image". Taken at its word that is another game: shown both at once, D could
# tell which is which by their places alone. The code that the report took over does
# what the table says, and so do we.

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

# %% [markdown]
# ## 2. A U-Net, and what its skips carry
#
# In lesson 01 everything that G knew of a picture had to pass through 128 numbers. That
# is enough for light and dark, and a roof tile is lost. A **U-Net** has a way down and
# a way up as well, but at every size it hands what it had on the way down straight over
# to the way up, as further channels. Drawn with the sizes side by side it looks like a
# U; the bridges are called **skip connections**.
#
# The report's U-Net has six blocks that halve the picture. Each is a 4×4 convolution
# with stride 2, a batch norm, and a LeakyReLU.
#
# **Predict:** a picture of 64×64 goes in. How large is it after six blocks?

# %% exercise="02.1"
from course_lib.models.pix2pix import down_block

# %%
ex = exercise("02.1")
ex.check(down_block)
down_block = ex.use(down_block)

# %%
x, width = F.interpolate(held_out.rainy[:2], size=64), 3
for n, wider in enumerate([16, 32, 64, 128, 128, 128]):
    x = down_block(width, wider, norm=nn.BatchNorm2d if 0 < n < 5 else None)(x)
    width = wider
    print(f"after block {n + 1}: {tuple(x.shape[1:])}")

# %% [markdown]
# The report gives every block a batch norm. The code that it took over leaves it out of
# the first and the last block, and so do we: where a single pixel is left of a picture,
# a batch of one has no spread to divide by, and PyTorch stops with an error.
#
# The way up mirrors it: blocks of ReLU, a transposed convolution that doubles the size,
# and a batch norm. Before each, the channels from the same size on the way down are put
# beside what came up. The report counts "five upsampling blocks", which bring 256
# pixels, halved six times, back to 128. So there must be a sixth doubling, the output
# layer. Here is the way through, in the library's network:

# %%
from course_lib.models.pix2pix import UNetGenerator

viz.show_source(UNetGenerator.forward)

# %% [markdown]
# Two things are new to you. `pad_to_multiple` makes room for six halvings; you write
# it in section 8. And `input_skip` is ours: it leads one more bridge from the rainy
# picture itself to the very end, so that the network draws what has to *change*.
# Isola's network and the report's don't have it. They train for hundreds of epochs,
# and have the time to learn how to copy a pixel; in the few minutes of this lesson it
# pays to give them that for free. (`torch.atanh` undoes the `tanh` at the end: where
# the network draws 0, the rainy picture comes out.) The `paper` profile does without.
#
# **Predict:** what will the pictures of a network without any skips look like? Think of
# lesson 01.

# %%
from course_lib.results.tables import load_table

shown = {
    "no skips": "02_no_skips",
    "the report's skips": "02_report_skips",
    "and the rainy picture": "02_healthy",
}
runs = {label: recordings.load(name) for label, name in shown.items()}
viz.contact_sheet(
    {
        "rainy": recorded.rainy,
        **{label: run.frames[-1][1] for label, run in runs.items()},
        "clean": recorded.clean,
    },
    alt="Four held-out crops in five rows: rainy; a U-Net without skips, which gives "
    "pink and blue clouds with a speckled blot in the middle; with the report's skips, "
    "where the scenes are back, and smaller blots; with one more skip from the rainy "
    "picture, the scenes without blots; and clean.",
)
games = load_table("02_pix2pix", profile=settings.name)
variants = {
    "no skips": "no skips",
    "the report's skips": "the report's skips",
    "and the rainy picture": "pix2pix",
}
rainy_row = games.measured("psnr_rainy", name="rainy", variant="pix2pix").text()
viz.table(
    [
        {"skips": "the rainy crops", "PSNR (dB)": rainy_row, "SSIM": None},
        *(
            {
                "skips": label,
                "PSNR (dB)": games.measured("psnr", name=label, variant=variant).text(),
                "SSIM": games.measured("ssim", name=label, variant=variant).text(),
            }
            for label, variant in variants.items()
        ),
    ],
    caption="What skips carry: held-out crops, five seeds",
)
print(games.provenance())

# %% [markdown]
# Without skips the network is that of lesson 01 in another dress: what can't pass the
# single pixel at the bottom is gone, and PSNR lies below that of the rainy crops.
# With skips, each size can carry what it is good at: the deep blocks see the whole
# crop, the shallow ones a few pixels, and know where the edges are. The last bridge
# gains some more, with every seed. (The speckled blots are the networks' own: no drop
# looks like that. Such artifacts are what later lessons hunt.)
#
# This is also what a skip costs: what comes over the bridge is *rainy*. A drop's edge
# is carried as willingly as a roof's, and the way up has to take it away again.

# %% [markdown]
# ## 3. A discriminator of patches
#
# Lesson 01's D gave one verdict on a whole picture. "Fake" says nothing of where. The
# **PatchGAN** discriminator gives a grid of verdicts: it is a chain of convolutions
# without a linear layer at its end, so each number of its last map depends on a square
# of the input, its **receptive field**, and judges that patch. Neighbouring patches
# overlap. What is asked for is that every patch looks real, which is about texture; for
# the picture as a whole there is L1, in section 4.
#
# How large is a patch? Isola's D has five convolutions of 4×4, the first three with
# stride 2.
#
# **Predict:** one answer depends on a square of the picture. How many pixels wide is
# that: 16, 30, 70 or 256?

# %% exercise="02.2"
from course_lib.models.pix2pix import receptive_field

# %%
ex = exercise("02.2")
ex.check(receptive_field)
receptive_field = ex.use(receptive_field)

# %%
from course_lib.models.pix2pix import PatchDiscriminator, convolutions

for n_layers in (1, 2, 3, 4):
    network = PatchDiscriminator(base_channels=4, n_layers=n_layers)
    patch = receptive_field(convolutions(network))
    answers = network(torch.zeros(1, 6, 256, 256)).shape[-2:]
    print(
        f"{n_layers} halvings: patches of {patch} pixels, "
        f"{answers[0]}×{answers[1]} answers for a picture of 256×256"
    )

# %% [markdown]
# Isola's D is the one with three halvings: 70 pixels. The numbers can be checked. A
# pixel that an answer depends on gets a gradient from it; all others get exactly
# zero. (Without a norm, that is: batch norm and instance norm take a mean over the
# whole map, and through it each answer hears a little of every pixel.)

# %%
side = 96
figure, axes = viz.panels(3)
for ax, n_layers in zip(axes, (1, 2, 3), strict=True):
    network = PatchDiscriminator(base_channels=8, n_layers=n_layers, norm=None)
    picture = torch.zeros(1, 6, side, side, requires_grad=True)
    grid = network(picture)
    grid[0, 0, grid.shape[2] // 2, grid.shape[3] // 2].backward()
    seen = picture.grad.abs().sum(1)[0] > 0
    rows = int(seen.any(1).sum())
    ax.imshow(seen, vmin=0, vmax=1)
    ax.set(title=f"{n_layers} halvings: {rows} pixels", xlabel="column (pixels)")
    ax.grid(visible=False)
axes[0].set_ylabel("row (pixels)")
viz.show(
    figure,
    alt="Three maps of 96×96 pixels. In each, a bright square on dark ground marks the "
    "pixels that one answer depends on: 16, 34 and 70 pixels wide for 1, 2 and 3 "
    "halvings.",
)

# %% [markdown]
# Isola and others compared patches of 1, 16, 70 and 286 pixels on pictures of 256
# (section 4.4 of their paper). A patch of one pixel can only ask for plausible colours.
# With 16, pictures were sharp but tiled. With 70 the tiles went away. With 286, the
# whole picture, they were no better by eye and worse by their measure. So 70, about a
# quarter of the picture's side, is their choice and the report's. Our crops at `cpu`
# are 64 pixels wide, where a patch of 70 would be the whole picture. We halve twice: 34
# pixels, a few roof tiles or the rim of a large drop.

# %% [markdown]
# ## 4. The loss: fool D, and stay close to the truth
#
# A conditional D could teach G everything in principle: a restored picture of the wrong
# scene doesn't go with the rainy one. But it teaches slowly, and Pix2Pix helps itself
# with what lesson 01 ended on: the mean absolute difference from the truth, **L1**
# (Isola et al., eq. 3 and 4).
#
# $$\min_G \max_D \; \mathcal{L}_{cGAN}(G, D) + \lambda \, \mathcal{L}_{L1}(G),
# \qquad \mathcal{L}_{L1}(G) = E \, [\lVert x - G(y) \rVert_1]$$
#
# | symbol | in the code |
# |---|---|
# | $\lVert x - G(y) \rVert_1$ | `(restored - clean).abs().mean()` |
# | $\lambda$ | `lambda_l1`, 100 in the paper and the report |
#
# The norm in the formula is a sum over all pixels; the code takes their mean, and
# $\lambda = 100$ belongs to the mean.
#
# **Predict:** D gives every restored patch the logit 0, and the pictures are off by 0.1
# on average, in a range that is 2 wide. Which of the two terms is larger?

# %% exercise="02.3"
from course_lib.losses import pix2pix_loss

# %%
ex = exercise("02.3")
ex.check(pix2pix_loss)
pix2pix_loss = ex.use(pix2pix_loss)

# %%
fake_logits = torch.zeros(1, 1, 14, 14)
picture = torch.zeros(1, 3, size, size)
print(f"fooling D: {generator_loss(fake_logits):.2f}")
for lambda_l1 in (1, 10, 100):
    loss = pix2pix_loss(fake_logits, picture + 0.1, picture, lambda_l1=lambda_l1)
    print(f"both, with λ = {lambda_l1}: {loss:.2f}")

# %% [markdown]
# With λ = 100 nearly all of G's loss is L1. Remember that when you read loss curves:
# a G loss "near 7", as the report has it, is a cross-entropy of 1 or 2, and a mean
# difference of 5 or 6 hundredths.

# %% [markdown]
# ## 5. Training
#
# One step of each player, as the library has them. D gets two six-channel inputs. In
# D's step no gradient reaches G; in G's step D's weights are frozen. G restores each
# batch once, and both steps use that picture. A D without batch norm judges clean and
# restored pictures in one pass (`judge_both`), which is faster and gives the same.

# %%
from course_lib.training.pix2pix import Pix2Pix

viz.show_source(Pix2Pix.d_step)
viz.show_source(Pix2Pix.g_step)

# %% [markdown]
# On how to train, the texts disagree again:
#
# | | slides | report, Models section | report, Experiment 2 |
# |---|---|---|---|
# | epochs | 50 | 100 | 200 |
# | batch size | 8 | 8 | 16 |
#
# The curves are printed under Experiment 2, so the `paper` profile follows that. None
# contradicts the Models section's Adam, with a learning rate of 0.0002 and betas of 0.5
# and 0.999. From the PyTorch code of Isola and others comes one thing that no text
# mentions: the rate stays for the first half and then falls in a straight line to 0,
# and so it does here.
#
# The smaller profiles differ in more. At `smoke` and `cpu` the rate is 0.001, because
# there are few steps. All but `paper` have the bridge from section 2, and a D with
# instance norm, which looks at one picture: with batch norm, D's verdict on a
# photograph hangs on the batch in which it comes. And their crops are **recoloured**:
# red, green and blue are made lighter or darker, in both pictures of a pair alike, as
# under another light. Five photographs have few colours; without this G learns that
# the world is made of these. Nobody gets dropout, with which Isola and others make
# their noise.
#
# Beside it we train lesson 01's baseline, once more at lesson 01's settings. Only its
# discriminator is another: a PatchGAN that sees one picture, so that in section 6 it
# has a map to compare with. (With `pretrained = True` Pix2Pix is loaded, and only the
# baseline trains, which is small.)
#
# **Predict:** will Pix2Pix beat the rainy input this time? Which drops will it take
# away, and which not?

# %%
from course_lib.metrics import psnr, ssim
from course_lib.results import weights
from course_lib.systems import baseline, pix2pix
from course_lib.training.loop import series
from course_lib.training.observers import Monitor, judge, restore
from course_lib.training.run import Run

viz.show_source(pix2pix.set_up)
viz.show_source(pix2pix.networks)

# %% [markdown]
# This recipe has a switch for everything that this lesson and the next change. Your
# loss goes in as `loss`.

# %%
system = pix2pix.set_up(settings, seed, loss=pix2pix_loss)
generator, discriminator = system.generator, system.discriminator
input_psnr = float(np.mean([psnr(x, y) for x, y in zip(rainy, clean, strict=True)]))
live = viz.LivePlot(
    {
        "loss": {"loss_d": "discriminator", "loss_g": "generator"},
        "PSNR on held-out crops (dB)": {"psnr": "restored", "input": "rainy"},
    },
    steps=settings.steps,
)

# %%
if pretrained:
    found = weights.load(
        "02_pix2pix",
        profile=settings.name,
        seed=seed,
        generator=generator,
        discriminator=discriminator,
    )
    history = [{**record, "input": input_psnr} for record in found.history]
    live.resume(history)
else:
    run = Run(f"02/pix2pix-{settings.name}-seed{seed}")
    monitor = Monitor(generator, discriminator, held_out, every=settings.log_every)
    history = system.train(
        [monitor, lambda record: record.update(input=input_psnr), live], run=run
    )
live.close(
    alt="Losses of both players, and PSNR on held-out crops beside that of the rainy "
    "crops, over the steps of training."
)
print(found.provenance() if pretrained else run)

# %% [markdown]
# G's loss is nearly all L1, so it falls as the pictures get better, and PSNR climbs
# with it, in leaps. In lesson 01 neither curve said anything about the pictures. D's
# loss lies below the 1.386 of an even game: on the photographs that it trains
# with, D is ahead. Lesson 03 is about that.

# %%
before = baseline.set_up(pick("01", profile), seed, patches=settings)
collapsing, patch_head = before.generator, before.discriminator
progress = viz.Progress(len(before.loader))
run = Run(f"02/baseline-{settings.name}-seed{seed}")
before.train([progress], run=run)
progress.close()
print(run)

# %%
restored = from_model(restore(generator, held_out.rainy))
collapsed = from_model(restore(collapsing, held_out.rainy))


def score(metric: Callable[..., float], pictures: np.ndarray) -> float:
    return float(np.mean([metric(x, y) for x, y in zip(pictures, clean, strict=True)]))


viz.contact_sheet(
    {
        "rainy": rainy[:6],
        "baseline": collapsed[:6],
        "Pix2Pix": restored[:6],
        "clean": clean[:6],
    },
    alt="Six held-out crops in four rows. Rainy: the scenes with drops. Baseline: one "
    "pattern throughout. Pix2Pix: the scenes, with more contrast than under the rain "
    "and fainter drops. Clean: the scenes.",
)
for name, pictures in {
    "rainy": rainy,
    "baseline": collapsed,
    "Pix2Pix": restored,
}.items():
    print(f"{name:9} {score(psnr, pictures):5.2f} dB, SSIM {score(ssim, pictures):.3f}")

# %% [markdown]
# The scenes are back. Look at the third row closely. The grey mist is gone, dark places
# are dark again. Drops before a bright sky grow faint, or light blue. Before a dark sky
# they stay, and before a roof or a tower they leave bright smudges: what lies behind
# them can only be invented, and G has seen five photographs in its life.
#
# Does D ask for *this* scene now? Repeat the last experiment of lesson 01: give each
# rainy crop some other crop's truth.
#
# **Predict:** what does the conditional D say to a perfect photograph of another scene?

# %%
shuffled = torch.roll(held_out.clean, 1, dims=0)
right = judge(discriminator, held_out.clean, held_out.rainy)
wrong = judge(discriminator, shuffled, held_out.rainy)
alone = judge(patch_head, held_out.clean), judge(patch_head, shuffled)
print("share of patches that D takes for real")
print(
    f"conditional D: right truths {(right > 0).float().mean():.0%}, "
    f"shuffled truths {(wrong > 0).float().mean():.0%}"
)
print(
    f"D of the baseline: right truths {(alone[0] > 0).float().mean():.0%}, "
    f"shuffled truths {(alone[1] > 0).float().mean():.0%}"
)

# %% [markdown]
# All of these are photographs, every pixel of them. The baseline's D must say the same
# of both: it sees the same 32 pictures in another order. And the conditional D takes
# *more* of the wrong ones for real. It could ask for this scene, and doesn't, because
# nobody ever showed it a wrong scene and called it fake. All fakes that it has met
# share the scene with the rainy picture, and the drops; so what shares nothing with it
# looks real. Should G drift off to other scenes, D could learn to reject these, and
# that is all that the formula promises. In this game it is L1, and the bridges, that
# hold G to the scene.
#
# This D calls most of the *right* photographs fake, too. They are held out. On new
# crops of its own five photographs it is right four times out of five (lesson 03
# measures that); what it doesn't know, it distrusts.

# %% [markdown]
# ## 6. Where does D look? Confidence maps
#
# A PatchGAN's answers form a small picture. Laid over the restored one, they show where
# D believes it. The report prints such maps, and reads realism off them.

# %% exercise="02.4"
from course_lib.models.pix2pix import confidence_map

# %%
ex = exercise("02.4")
ex.check(confidence_map)
confidence_map = ex.use(confidence_map)

# %% [markdown]
# **Predict:** D looks at a clean photograph, a restored picture and the rainy picture
# itself, each beside the rainy one. Which map is darkest? And will it be darker where
# the drops are?

# %%
candidates = {
    "clean": held_out.clean,
    "restored by Pix2Pix": restore(generator, held_out.rainy).cpu(),
    "rainy": held_out.rainy,
}
maps = {
    name: confidence_map(judge(discriminator, pictures, held_out.rainy), (size, size))
    for name, pictures in candidates.items()
}
fakes = restore(collapsing, held_out.rainy).cpu()
candidates["restored by the baseline, its own D"] = fakes
maps["restored by the baseline, its own D"] = confidence_map(
    judge(patch_head, fakes), (size, size)
)


def look(*, judged: str, crop: int, opacity: float) -> tuple[np.ndarray, str]:
    picture = from_model(candidates[judged][crop : crop + 1])[0]
    values = maps[judged][crop, 0].cpu().numpy()
    line = f"D's confidence: mean {values.mean():.0%}"
    return viz.heat(picture, values, opacity=opacity), line


viz.Explorer(
    look,
    judged=list(candidates),
    crop=(0, 11, 0),
    opacity=(0.0, 1.0, 0.5),
    alt="A held-out crop under D's confidence map: yellow where D takes a patch for "
    "real, dark blue where it takes it for a fake.",
)

# %%
wet = held_out.mask.bool()
print("mean confidence                      under drops   elsewhere")
for name, values in maps.items():
    inside, outside = values.cpu()[wet].mean(), values.cpu()[~wet].mean()
    print(f"{name:36} {inside:11.0%} {outside:11.0%}")

# %% [markdown]
# Compare the rows of one D first. The rainy picture is the surest fake, and the
# restored one lies between it and the clean photograph. Now compare the columns: they
# hardly differ. D doesn't mark the smudges. Something that runs through the whole
# picture, a tint or a grain, tells it enough. A confidence map says whether D
# believes a picture; it is no map of errors.
#
# The report says that the baseline's maps are darker than those of Pix2Pix, and takes
# that for a proof of realism. Ours are brighter, and prove nothing either. The report's
# baseline has one logit and no map; ours had to be given a patch head. And the two maps
# come from *two judges*. A map tells how one D stands against its own G. A D that can
# be fooled by everything gives bright maps, and the best D of all gives dark ones,
# whatever the pictures are like. Compare maps of one D only.

# %% [markdown]
# ## 7. λ: blur against texture
#
# **Predict:** what does a game without L1 look like, λ = 0? And L1 without a game?
# Which has the higher PSNR, which the sharper pictures? (Fine detail is measured as in
# lesson 01, section 6.)

# %%
shown = {
    "λ = 0": "02_lambda_0",
    "λ = 1": "02_lambda_1",
    "λ = 10": "02_lambda_10",
    "λ = 100": "02_healthy",
    "L1 alone": "02_l1_alone",
}
viz.contact_sheet(
    {
        "rainy": recorded.rainy,
        **{label: recordings.load(name).frames[-1][1] for label, name in shown.items()},
        "clean": recorded.clean,
    },
    alt="Four held-out crops in seven rows: rainy; restored with λ of 0, 1, 10 "
    "and 100; restored with L1 alone; and clean.",
)

# %%
sweep = {label: label.replace("λ =", "lambda") for label in shown if label != "λ = 100"}
sweep["λ = 100"] = "pix2pix"
labels = list(shown)
figure, axes = viz.panels(2)
for ax, metric, label in zip(
    axes,
    ("psnr", "detail"),
    ("PSNR above the rainy input (dB)", "fine detail (%)"),
    strict=True,
):
    for n, name in enumerate(labels):
        rows = games.select(variant=sweep[name]).rows
        values = rows[metric] - (rows["psnr_rainy"] if metric == "psnr" else 0)
        ax.plot([n] * len(values), values, "o", color="#1E88E5", alpha=0.7)
    ax.set(ylabel=label, xlim=(-0.5, len(labels) - 0.5))
    ax.set_xticks(range(len(labels)), [name.replace(" ", "\n", 1) for name in labels])
axes[1].axhline(100, color="#777777", linestyle=":")
axes[0].axhline(0, color="#777777", linestyle=":")
viz.show(
    figure,
    alt="Five seeds as dots for each λ. Left, PSNR less that of the seed's own rainy "
    "crops: with λ = 0 two to seven dB below 0, with 1 around or just below it, with "
    "10 up to 1.5 above, with 100 and with L1 alone one to two above. Right, fine "
    "detail: with λ = 0 up to four times the photographs', falling from λ to λ, to "
    "about two thirds with L1 alone.",
)
print(games.provenance())

# %% [markdown]
# The dotted lines are the rainy input and the photographs' detail. Without L1 the game
# goes astray, although D knows the rainy picture and the last bridge hands it to G: a
# grid, false colours, and for two crops nearly the same picture, lesson 01's collapse.
# With most seeds there is far more detail than a photograph has, and it isn't
# sharpness. From λ = 1 to the right, PSNR climbs and texture fades. Between λ = 100 and
# L1 alone PSNR hardly moves any more, but detail goes on falling. Where G
# isn't sure what lies under a drop, the mean of all it could be is the safest answer,
# and that is a blur; PSNR rewards it. So from 1 upwards λ chooses which kind of mistake
# you get.

# %% [markdown]
# ## 8. Pictures of any size
#
# A U-Net that halves six times needs sides that are multiples of 64. Photographs don't
# have them. So pad the picture until it fits, and cut the padding off the result.
#
# **Predict:** you could pad with black. What would the network make of such a border?

# %% exercise="02.5"
from course_lib.models.padding import pad_to_multiple

# %%
ex = exercise("02.5")
ex.check(pad_to_multiple)
pad_to_multiple = ex.use(pad_to_multiple)

# %%
from course_lib.data.augment import rainy_pairs

name = split.test[0]
(pair,) = rainy_pairs({name: photos[name]}, "drops", seed, scale=1 / settings.shrink)
picture = to_model([pair.rainy])
mirrored, (rows, columns) = pad_to_multiple(picture, 64)
print(f"{name}: {tuple(picture.shape[-2:])} → {tuple(mirrored.shape[-2:])}")
print("cut out again:", torch.equal(mirrored[..., rows, columns], picture))
black = torch.full_like(mirrored, -1)
black[..., rows, columns] = picture
print(f"rainy: {psnr(pair.rainy, pair.clean):.2f} dB")
for label, padded in {"mirrored": mirrored, "black": black}.items():
    answer = from_model(restore(generator, padded)[..., rows, columns])[0]
    print(f"restored, {label} border: {psnr(answer, pair.clean / 255):.2f} dB")

# %% [markdown]
# The black border costs decibels, and not only beside it: the deepest blocks see the
# whole picture, and a frame of night changes what they make of all of it. A mirrored
# border continues the picture in a way that looks like a picture.
#
# `UNetGenerator` does this by itself. For photographs too large for the memory the
# library has one thing more, `restore_picture`: it cuts them into tiles that overlap,
# and lets one fade into the next. Here is the whole photograph. Drag the slider, or
# move it with the arrow keys.

# %%
from course_lib.models.tiles import restore_picture

whole = restore_picture(generator, pair.rainy)
viz.BeforeAfter(
    pair.rainy,
    whole,
    labels=("rainy", "restored"),
    alts=(
        f"The held-out photograph {name} under drops.",
        "The same photograph restored by Pix2Pix: the mist is gone, the drops are "
        "lighter, and some leave bright smudges.",
    ),
)

# %% [markdown]
# Two decibels look like this: the mist is gone and the contrast is back, and nearly
# every drop can still be found, lighter than it was, some with a coloured rim. This
# lens is wetter than most of the crops' were, so it begins lower, too. A derainer of 64
# pixels, five photographs and two minutes ends here.
#
# ## 9. What goes wrong for most learners
#
# **"It works in training and not afterwards."** A batch norm has two ways of working.
# In train mode it takes mean and variance from the batch at hand; in eval mode from
# running means that it has gathered in train mode. The same trained network can be used
# in three ways: in eval mode; in train mode with batches of 8; in train mode with one
# picture at a time.
#
# **Predict:** which of the three has the lowest PSNR?

# %%
import copy


def in_train_mode(batch_size: int) -> np.ndarray:
    """Restore in train mode, and let no running mean move."""
    network = copy.deepcopy(generator).train()
    device = next(network.parameters()).device
    with torch.no_grad():
        parts = [network(part.to(device)) for part in held_out.rainy.split(batch_size)]
    return from_model(torch.cat(parts))


modes = {
    "eval mode": restored,
    "train mode, batches of 8": in_train_mode(8),
    "train mode, one by one": in_train_mode(1),
}
viz.contact_sheet(
    {"rainy": rainy[:6], **{name: p[:6] for name, p in modes.items()}},
    alt="Six held-out crops in four rows: rainy; restored in eval mode; in train mode "
    "in batches of 8; in train mode one by one, where colours and contrast go astray.",
)
for name, pictures in modes.items():
    print(f"{name:25} {score(psnr, pictures):.2f} dB")

# %% [markdown]
# In train mode the answer for one picture depends on its neighbours in the batch, and
# with a batch of one on itself alone: black blots come up, and false colours. So call
# `generator.eval()` before you restore, and `generator.train()` before you go on.
# Batches of one in *training* do harm as well: then each picture is normed by itself,
# and afterwards by an average of all. (Isola's code restores in train mode with a
# batch of one, on purpose, and was mostly trained that way: its batch norm is an
# instance norm.) A network with **dropout**, which sets random numbers to 0 in train
# mode, gives another answer each time.
#
# **"There is a checkerboard over everything."** A transposed convolution of 4×4 with
# stride 2 lays overlapping stamps on the picture. Each output pixel is the sum of four
# stamps' parts, but which parts differs from pixel to pixel. An untrained one turns a
# flat grey into a pattern, and training has to learn the pattern away. Doubling the
# pixels first and then convolving can't make one out of a flat area.

# %%
from course_lib.models.pix2pix import up_block

figure, axes = viz.panels(2)
flat, limit = torch.ones(1, 16, 12, 12), 2.2
for ax, upsampling in zip(axes, ("transposed", "nearest"), strict=True):
    torch.manual_seed(seed)
    with torch.no_grad():
        out = up_block(16, 1, norm=None, upsampling=upsampling)(flat)[0, 0, 2:-2, 2:-2]
    ax.imshow(out, vmin=-limit, vmax=limit, cmap="gray")
    ax.set(title=upsampling, xlabel="column (pixels)")
    ax.grid(visible=False)
    print(f"{upsampling}: values between {out.min():.2f} and {out.max():.2f}")
axes[0].set_ylabel("row (pixels)")
viz.show(
    figure,
    alt="What an untrained up block makes of a flat input. Transposed convolution: a "
    "regular pattern with a period of two pixels. Doubled pixels and a convolution: "
    "one flat grey.",
)

# %% [markdown]
# **"My colours are inverted", "everything is too dark".** Look at the ranges: the
# network lives in [−1, 1], figures in [0, 1] or 0 to 255. A negative number cast to
# uint8 comes out light.

# %% [markdown]
# ## Diagnose the broken GAN
#
# First the healthy run. Watch how PSNR and D's verdicts go together.

# %%
from course_lib.exercises import diagnose, show_run

show_run(
    "02_healthy",
    alt="The healthy run: G's loss falls, PSNR climbs above that of the rainy crops; D "
    "in the end recognises nearly all fakes and a third of the photographs; G's "
    "answers follow the scenes from the first frame on, lose the mist, and drops grow "
    "fainter.",
)

# %% [markdown]
# Four more runs of the same game; at most one thing is wrong in each. Look at the
# pictures with one question in mind: *what was this G asked for?* The rainy crops have
# about 18 dB.

# %%
diagnose("02", "A")

# %%
diagnose("02", "B")

# %%
diagnose("02", "C")

# %%
diagnose("02", "D")

# %% [markdown]
# A and D show in the pictures and in the losses. In B the pictures were fine, and only
# D's curves stood still. In C no loss knew that the game was played the wrong way
# round: a metric with the right truth, measured outside the game, found what the
# players couldn't.

# %% [markdown]
# ## What the report claims, what we measured

# %%
from course_lib.metrics import lpips
from course_lib.results import Measured

# LPIPS needs 64 pixels, and is None where its weights are not there.
pairs = zip(restored, clean, strict=True)
distances = [lpips(x, y) if size >= 64 else None for x, y in pairs]
last = [record["loss_g"] for record in history[-max(1, len(history) // 4) :]]
viz.results_table(
    [
        Measured(name="PSNR of the rainy input", value=input_psnr, unit="dB"),
        Measured(
            name="PSNR of the baseline GAN, patch head",
            value=score(psnr, collapsed),
            unit="dB",
        ),
        Measured(name="PSNR of Pix2Pix", value=score(psnr, restored), unit="dB"),
        Measured(name="SSIM of the rainy input", value=score(ssim, rainy)),
        Measured(name="SSIM of Pix2Pix", value=score(ssim, restored)),
        Measured(
            name="LPIPS of Pix2Pix",
            value=None if None in distances else float(np.mean(distances)),
        ),
        Measured(
            name="PSNR of Pix2Pix, lowest of all measurements",
            value=min(series(history, "psnr")[1]),
            unit="dB",
            claim=10.0,
            claim_is="8 to",
            source='report, Experiment 2: "dips near 8-10 dB"',
        ),
        Measured(name="G's loss, last quarter", value=float(np.mean(last))),
        Measured(
            name="D's accuracy, last quarter",
            value=100
            * float(
                np.mean(
                    [
                        accuracy
                        for step, accuracy in zip(
                            *series(history, "accuracy_d"), strict=True
                        )
                        if step > 0.75 * history[-1]["step"]
                    ]
                )
            ),
            unit="%",
        ),
    ],
    caption="Lesson 02: your run",
    provenance=f"Profile {settings.name}, seed {seed}. "
    + (found.provenance() if pretrained else "Computed by this notebook."),
)

# %%
baselines = load_table("02_baseline", profile=settings.name)
viz.results_table(
    [
        games.measured(
            "psnr_rainy",
            name="PSNR of the rainy input",
            unit="dB",
            variant="pix2pix",
        ),
        baselines.measured(
            "psnr", name="PSNR of the baseline GAN", unit="dB", head="one logit"
        ),
        baselines.measured(
            "psnr",
            name="PSNR of the baseline GAN, patch head",
            unit="dB",
            head="patches",
        ),
        games.measured(
            "psnr",
            name="PSNR of Pix2Pix",
            unit="dB",
            claim=24.0,
            source='report, Experiment 2: "peaking around 24 dB"',
            variant="pix2pix",
        ),
        games.measured(
            "psnr",
            name="PSNR of Pix2Pix without recoloured crops",
            unit="dB",
            variant="own colours",
        ),
        games.measured(
            "psnr",
            name="PSNR of its generator, L1 alone",
            unit="dB",
            variant="L1 alone",
        ),
        games.measured("ssim", name="SSIM of Pix2Pix", variant="pix2pix"),
        games.measured(
            "loss_g",
            name="G's loss, last quarter",
            claim=7.0,
            source='report, Experiment 2: "stabilized around 7"',
            variant="pix2pix",
        ),
        games.measured(
            "accuracy_d",
            name="D's accuracy, last quarter",
            unit="%",
            variant="pix2pix",
        ),
    ],
    caption="Lesson 02: five seeds, and what the report claims",
    provenance=games.provenance(),
)

# %%
pix2pix = games.select(variant="pix2pix").rows
one_logit = baselines.select(head="one logit").rows
figure, axes = viz.panels(2)
for ax, metric, label in zip(
    axes, ("psnr", "ssim"), ("PSNR (dB)", "SSIM"), strict=True
):
    groups = {"baseline": one_logit[metric]}
    if metric == "psnr":
        groups["rainy"] = pix2pix["psnr_rainy"]
    groups["Pix2Pix"] = pix2pix[metric]
    for values in zip(*groups.values(), strict=True):
        ax.plot(range(len(groups)), values, "o-", color="#1E88E5", alpha=0.7)
    ax.set_xticks(range(len(groups)), list(groups))
    ax.set(ylabel=label, ylim=(0, None), xlim=(-0.3, len(groups) - 0.7))
viz.show(
    figure,
    alt="Five seeds as lines. PSNR: about 9 dB for the baseline, 15 to 20 for the "
    "rainy crops, and for Pix2Pix one to two more than for these, with each seed. "
    "SSIM: below 0.1 for the baseline, near 0.6 for Pix2Pix.",
)

# %% [markdown]
# Each line is a seed, and with it other photographs.
#
# - **Pix2Pix restores.** With every seed it ends above the rainy input, by one or two
#   decibels, and about ten above the baseline.
# - **24 dB** is out of reach here, and says little by itself. PSNR depends on how hard
#   the pictures are: our rainy crops begin decibels apart, by seed, and the report
#   doesn't say where its own begin.
# - **G's loss** settles at about twice the report's 7. Most of it is a hundred times
#   the mean difference from the truth, in a range that is 2 wide: ours is twice as far
#   off as the report's, whose G has seen each of its pairs 200 times.
# - **The game adds no PSNR.** The same generator with L1 alone does as well, within the
#   spread. What the game adds is texture, and no number in this table says whether it
#   is the right one.
# - **Recolouring** is worth more than the last bridge. Without it Pix2Pix ends about
#   level with the rainy input.
#
# The report trained on 860 pairs of real drops, for 200 epochs, and shows one run. Ours
# has five photographs, and sees 12,000 crops of them.
#
# ## Summary
#
# 1. A conditional D sees the rainy picture too, so it *can* ask for this scene. It
#    learns to ask for what fakes lack, and no more.
# 2. Skip connections carry what the bottleneck can't: where the edges are. What they
#    carry is rainy.
# 3. A PatchGAN judges overlapping patches. Their size follows from kernels and strides,
#    and fits the picture: 70 of 256 pixels, 34 of 64.
# 4. λ weighs L1 against the game: blur with a high PSNR on one side, texture, some of
#    it invented, on the other.
# 5. Restore in eval mode; pad by mirroring, and cut the padding off.
#
# ## Quiz
#
# Five questions. Each answer is explained; try again as often as you like.
#
# {{quiz}}

# %%
from course_lib.exercises import quiz

quiz("02")

# %% [markdown]
# ## Further reading
#
# - P. Isola et al., *Image-to-image translation with conditional adversarial networks*
#   (2016): Pix2Pix itself. Section 4 has the ablations of this lesson, on other tasks.
# - O. Ronneberger et al., *U-Net* (2015): where skips of this kind come from.
# - A. Odena et al., *Deconvolution and checkerboard artifacts* (2016): section 9's
#   pattern, explained with pictures that you can play with.
#
# **Next:** D is ahead in this game. Lesson 03 measures by how much, and tries what the
# report tried to keep it fair.
