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
# # Lesson 04: GRASPP-GAN
#
# A network that never halves the picture, a loss that looks at edges, and a paper whose
# formulas and running time you check yourself.

# %% tags=["parameters"]
profile = "auto"  # gpu where there is one, else cpu; or "smoke", "cpu", "gpu", "paper"
seed = 0
pretrained = (
    False  # True loads trained networks instead of training (profile cpu, seed 0)
)

# %%
from collections.abc import Sequence
from functools import partial
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import results, viz
from course_lib.exercises import exercise
from course_lib.data.photos import load_photo, photo_split, shrink
from course_lib.profiles import pick
from course_lib.ranges import from_model, to_model

settings = pick("04", profile)
torch.set_num_threads(settings.threads)
results.begin(lesson="04", profile=profile, seed=seed, pretrained=pretrained)

# %%
from course_lib.results import recordings

recorded = recordings.load("04_graspp_gan")
last_step, answers = recorded.frames[-1]
viz.contact_sheet(
    {
        "rainy": recorded.rainy,
        f"restored, step {last_step}": answers,
        "clean": recorded.clean,
    },
    alt="Four crops of held-out photographs in three rows. Rainy: under thin bright "
    "streaks. Restored: the same scenes with hardly a streak left. Clean: the scenes.",
)
print(recorded.provenance())

# %% [markdown]
# This lesson's rain is streaks in the air, no drops on the lens, and one look shows
# whether it has gone.
#
# **At the end you will be able to**
#
# - show why rain stands out in the gradient domain, and make a loss of it;
# - work out what atrous convolutions see, and what they miss;
# - build an ASPP, the middle of this lesson's generator;
# - count what a network costs, and test a paper's running time by it;
# - find a wrong sign in a printed formula, and say why no number gave it away.
#
# **Prerequisites:** lessons 01 and 02.
#
# What the text says of numbers and pictures holds for the `cpu` profile and larger
# ones; `smoke` only shows that everything runs.
#
# {{budgets}}

# %% [markdown]
# ## 1. Rain in the gradient domain
#
# The paper of this lesson is by Wang and others, *Gradient information guided deraining
# with a novel network and adversarial training*. It wants one network for many kinds of
# rain, and tests it on three sets: "light and slim" streaks, "really bright" ones, and
# streaks "which are wide and have blurry edges". We make three mixtures of that
# character. (Alike in character only: the paper's own sets are
# different, and it doesn't say where its third comes from.)

# %%
from course_lib.data.augment import rainy_pairs

split = photo_split(seed)
photos = {
    name: shrink(load_photo(name), settings.shrink)
    for name in (*split.train, *split.test)
}
mixtures = {
    "light": "light and slim",
    "heavy": "bright and dense",
    "wide": "wide, blurry edges",
}
name = split.test[0]
pairs = {kind: rainy_pairs({name: photos[name]}, kind, seed)[0] for kind in mixtures}
middle = photos[name].shape[0] // 2, photos[name].shape[1] // 2
window = np.s_[middle[0] - 90 : middle[0] + 90, middle[1] - 90 : middle[1] + 90]
viz.picture_grid(
    [pair.rainy[window] for pair in pairs.values()],
    [f"{kind}:\n{character}" for kind, character in mixtures.items()],
    alt=f"The middle of the held-out photograph {name} under three kinds of rain: thin "
    "separate streaks; many bright streaks before a grey veil; a few broad soft bands.",
)

# %% [markdown]
# A streak is narrow and long, and it falls steeply. So from one pixel to the next
# *across* it the brightness jumps; *along* it hardly anything changes. The **gradient**
# of a picture says just that: how fast brightness changes to the right, $\nabla_x$, and
# downwards, $\nabla_y$.
#
# **Predict:** where will rain stand out most from the scene: in the pixels
# themselves, in $\nabla_x$ or in $\nabla_y$? Why?
#
# The paper takes gradients by the **Sobel** operator, two kernels of 3×3.

# %% exercise="04.1"
from course_lib.filters import sobel_kernels

# %%
ex = exercise("04.1")
ex.check(sobel_kernels)
sobel_kernels = ex.use(sobel_kernels)

# %% [markdown]
# The library lays these kernels on a picture as a convolution that nobody trains.

# %%
from course_lib.losses import SobelGradient

gradient = SobelGradient(sobel_kernels())
rainy, clean = (
    picture[window] for picture in (pairs["light"].rainy, pairs["light"].clean)
)


def strength(picture: np.ndarray) -> list[np.ndarray]:
    """|∇x| and |∇y|, means of the colours, as grey pictures; white: a jump of 64."""
    return [
        (g.abs().mean(1)[0].numpy() * 255 / 2 / 8 / 64).clip(0, 1)
        for g in gradient(to_model([picture]))
    ]


rain = (rainy.astype(float) - clean).clip(0, 255) / 255
viz.picture_grid(
    [rainy, clean, rain, strength(rainy)[0], strength(clean)[0], strength(rainy)[1]],
    [
        "rainy",
        "clean",
        "rain = rainy − clean",
        "|∇x| of rainy",
        "|∇x| of clean",
        "|∇y| of rainy",
    ],
    alt="Six pictures of one crop. Above: rainy, clean, and their difference, thin "
    "bright streaks on black. Below: in the horizontal gradient of the rainy crop each "
    "streak is an edge, bright before the dark building and faint before the sky; the "
    "clean crop's shows the scene's edges alone; in the vertical gradient of the rainy "
    "crop the streaks are faint.",
)

# %% [markdown]
# This is the paper's Figure 3 on our photograph. In the lower left picture every streak
# is drawn as an edge, and what is smooth in the scene has turned black. Before the dark
# building some streaks are as bright as the scene's own edges; before the bright sky
# they are fainter, for white on pale is a small jump. In the lower right picture, the
# vertical gradient, all of them are fainter. One number for each kind of rain: how
# strong is the rain beside the scene?

# %%


def share(pair, of) -> float:
    """Mean square of the rain over that of the scene, in per cent."""
    rainy, clean = (of(to_model([p])) for p in (pair.rainy, pair.clean))
    return 100 * float((rainy - clean).square().mean() / clean.square().mean())


domains = {
    "pixels": lambda x: x - x.mean((2, 3), keepdim=True),
    "∇x": lambda x: gradient(x)[0],
    "∇y": lambda x: gradient(x)[1],
}
viz.table(
    [
        {"rain": kind, **{label: share(pair, of) for label, of in domains.items()}}
        for kind, pair in pairs.items()
    ],
    caption="Rain over scene, mean squares, in per cent",
    decimals=0,
)

# %% [markdown]
# The paper says that rain stands out more in the gradient domain, and the scene less.
# It does: beside the scene, rain is many times stronger in $\nabla_x$ than among the
# pixels. Most is gained with thin streaks, least with wide soft ones. In $\nabla_y$
# little is gained or nothing, since streaks fall steeply.
#
# So let a loss look there. The paper's $L_g$ (its equation 2) compares the gradients of
# the restored picture $d$ with those of the truth $g$:
#
# $$L_g = \frac{1}{n} \sum_{i=1}^{n} \big[ \lVert \nabla_x(d_i) - \nabla_x(g_i) \rVert_2
# + \lVert \nabla_y(d_i) - \nabla_y(g_i) \rVert_2 \big]$$
#
# | symbol | in the code |
# |---|---|
# | $d_i$, $g_i$ | `restored[i]`, `clean[i]` |
# | $\nabla_x$, $\nabla_y$ | the two pictures that `SobelGradient()` gives |
# | $\lVert \cdot \rVert_2$ | the root of the sum of squares, over one picture |
# | $n$ | pictures in a batch |
#
# The bars are *norms*, without a square. Most code that calls itself "L2" takes the
# mean of squares instead. Section 4 shows what depends on it, so you write both.

# %% exercise="04.2"
from course_lib.losses import gradient_loss

# %%
ex = exercise("04.2")
ex.check(gradient_loss)
gradient_loss = ex.use(gradient_loss)

# %% [markdown]
# **Predict:** here are two ways to spoil a photograph by the same PSNR: let it rain on
# it, or make all of it a little brighter. Which does $L_g$ mind more?

# %%
from course_lib.losses import picture_loss
from course_lib.metrics import psnr

truth, spoilt = to_model([clean]), to_model([rainy])
brighter = truth + (spoilt - truth).square().mean().sqrt()
for label, picture in {"rainy": spoilt, "brighter": brighter}.items():
    print(
        f"{label:9} L2 {picture_loss(picture, truth):6.2f}, "
        f"L_g {gradient_loss(picture, truth):6.1f}"
    )

# %% [markdown]
# L2 is the norm of the difference between the pictures themselves. It can't tell the
# two apart, the gradients can. They see nothing of a wrong brightness, and so the paper
# takes both losses: they ask for different things.

# %% [markdown]
# ## 2. Far, without halving
#
# To tell a streak from the edge of a window frame, a network has to see how far the
# line runs. A U-Net gets its reach by halving; each halving loses where things are,
# and skips have to bring that back. The paper never halves at all. Its encoder is a
# ResNet-18 with every stride set to 1, and it gets more reach from **atrous** (or
# *dilated*) convolutions: the nine weights of a 3×3 kernel are laid on pixels that
# are `rate` apart, with holes between them (*à trous*). No weight more, and no
# halving.
#
# **Predict:** three 3×3 convolutions follow one another, with rates 2, 2 and 2. How
# many pixels wide is what one output sees? And does it see all of them?

# %% exercise="04.3"
from course_lib.models.graspp import effective_receptive_field

# %%
ex = exercise("04.3")
ex.check(effective_receptive_field)
effective_receptive_field = ex.use(effective_receptive_field)

# %%
chains = ((1, 1, 1), (2, 2, 2), (1, 2, 4))
figure, axes = viz.panels(3)
for ax, rates in zip(axes, chains, strict=True):
    ways = effective_receptive_field(rates, 3)
    reach = len(ways) // 2
    seen = np.outer(ways, ways).astype(float)
    ax.imshow(
        np.where(seen > 0, seen / seen.max(), np.nan),
        extent=(-reach - 0.5, reach + 0.5, reach + 0.5, -reach - 0.5),
        vmin=0,
        vmax=1,
    )
    ax.set(title=f"rates {', '.join(map(str, rates))}", xlim=(-8, 8), ylim=(8, -8))
    ax.set_xlabel("pixels from the middle")
    ax.grid(visible=False)
    ax.set_xticks(range(-6, 7, 3))
    ax.set_yticks(range(-6, 7, 3))
    print(f"rates {rates}: {len(ways)} pixels, of which {(ways > 0).sum()} are seen")
print("yellow: the most ways to the output; dark blue: the fewest; white: none")
viz.show(
    figure,
    alt="Which pixels one output sees, for three chains of convolutions. Rates 1, 1, "
    "1: a square of 7 by 7, brightest in its middle. Rates 2, 2, 2: 13 by 13, but only "
    "every other pixel of every other row, a grid of dots. Rates 1, 2, 4: a full "
    "square of 15 by 15, woven of brighter and darker rows and columns.",
)

# %% [markdown]
# The same nine weights three times, and three different views. Rates of 1 see little.
# Rates of 2 see far, through a grid: most pixels in the square have no way to the
# output at all. Two neighbouring outputs look through two grids that never meet, and
# what they draw may show it. That is **gridding**. Rates of 1, 2 and 4 reach farther
# still, and reach every pixel by at least one way. Try others:

# %%


def look(*, first: int, second: int, third: int) -> tuple[np.ndarray, str]:
    ways = effective_receptive_field((first, second, third), 3)
    seen = np.outer(ways, ways) / ways.max() ** 2
    black = np.zeros((*seen.shape, 3))
    picture = np.where(seen[..., None] > 0, viz.heat(black, seen, opacity=1), 1)
    room = (49 - len(ways)) // 2
    picture = np.pad(picture, ((room, room), (room, room), (0, 0)), constant_values=1)
    return picture.repeat(6, 0).repeat(6, 1), (
        f"{len(ways)} pixels wide; {(ways > 0).mean():.0%} of a row are seen. "
        "Yellow: the most ways; white: none"
    )


viz.Explorer(
    look,
    first=(1, 8, 3),
    second=(1, 8, 3),
    third=(1, 8, 3),
    alt="What one output sees through three convolutions of the chosen rates: coloured "
    "where there is a way, yellow for the most ways, white where there is none.",
)

# %% [markdown]
# The paper takes the rates 1, 2 and 4, but *beside* each other, not one after the
# other. This is **ASPP**, atrous spatial pyramid pooling, from networks that find out
# what is where in a picture (DeepLab). Each path looks at the same features with
# another reach, and a pointwise convolution (1×1) sorts what it finds. DeepLab takes
# rates up to 18; the paper found that such a far view "may harm the performance"
# here, and has three small ones. Every path pads by reflection; in the paper the
# convolutions are "symmetrically padded". Zeros would draw an edge around every
# picture that isn't in the scene.

# %% exercise="04.4"
from course_lib.models.graspp import ASPP

# %%
ex = exercise("04.4")
ex.check(ASPP)
ASPP = ex.use(ASPP)

# %% [markdown]
# The whole generator is called RASPP: a ResNet and an ASPP. (With the gradient loss the
# paper calls it GRASPP, with a discriminator GRASPP-GAN.) This is what a picture passes
# through:
#
# | part | what it is | in the paper |
# |---|---|---|
# | encoder | ResNet-18: a 7×7 convolution, four stages of two residual blocks | §3.2 |
# | | all with stride 1, reflection padding, LeakyReLU | |
# | ASPP | your three paths | §3.2 |
# | fusion | three 3×3 convolutions, the first two with batch norm and ReLU | §3.2 |
# | output | the rain, a *residual*: restored = rainy − rain | open: our choice |
#
# How far does it see in all? As in lesson 02, ask for the gradient of one output.

# %%
from course_lib.models.graspp import RASPP

torch.manual_seed(seed)
network = RASPP(width=8, aspp=ASPP, output="direct").eval()
picture = torch.zeros(1, 3, 96, 96, requires_grad=True)
network(picture)[0, :, 48, 48].sum().backward()
pull = picture.grad.abs().sum(1)[0]
figure, axes = viz.panels(2)
axes[0].imshow((pull > 0).float(), vmin=0, vmax=1)
axes[0].set(title=f"seen at all: {int((pull > 0).any(1).sum())} pixels")
axes[1].imshow(pull / pull.max(), vmin=0, vmax=1)
axes[1].set(title="how strongly, untrained")
for ax in axes:
    ax.set(xlabel="column (pixels)", ylabel="row (pixels)")
    ax.grid(visible=False)
viz.show(
    figure,
    alt="Two maps of 96×96 pixels around one output of RASPP. Left: it depends on a "
    "square of 53 pixels. Right: the pull of each pixel, strong in the middle twenty "
    "pixels and fading quickly outwards.",
)

# %% [markdown]
# 53 pixels; the U-Net of lesson 02 sees the whole crop at its narrowest layer. And the
# pull of a pixel fades towards the rim, because more ways lead from the middle.

# %% [markdown]
# ## 3. What it costs
#
# The paper says that its network takes 0.04 seconds for a picture of 512×512 on a GTX
# 1080 Ti (its Table 3). Can that be? A network's time on a good device is, roughly, its
# multiplications divided by the device's speed. So count them.
#
# PyTorch can tell you of every layer that runs. `layer.register_forward_hook(f)` calls
# `f(layer, inputs, output)` each time the layer has run, and returns a handle
# with a method `remove()`. `model.modules()` goes through all layers, nested ones too.

# %% exercise="04.5"
from course_lib.models.cost import multiply_adds

# %%
ex = exercise("04.5")
ex.check(multiply_adds)
multiply_adds = ex.use(multiply_adds)

# %% [markdown]
# **Predict:** ResNet-18 as it usually comes halves the picture five times. By how much
# does it get more expensive with all strides at 1: 4 times, 30 times, 300 times?

# %%
from torchvision.models import resnet18

from course_lib.models.pix2pix import UNetGenerator

PEAK = 11.3e12  # operations a second of a GTX 1080 Ti, by its maker's sheet
SECONDS, SIDE = 0.04, 512  # Table 3 of the paper


def never_halving() -> nn.Module:
    network = resnet18()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            layer.stride = (1, 1)
    return network


def doubling(width: int) -> RASPP:
    return RASPP(width=width, stages=(width, 2 * width, 4 * width, 8 * width))


candidates = {
    "ResNet-18 with its strides": resnet18(),
    "ResNet-18, all strides 1": never_halving(),
    "U-Net of lesson 02, 64 channels": UNetGenerator(depth=6, dropout=0),
    "RASPP, the paper's text: 64 to 512": doubling(64),
    "RASPP, 16 to 128": doubling(16),
    "RASPP, 8 to 64": doubling(8),
    "RASPP, 16 throughout (ours)": RASPP(),
}
rows = []
costs = {label: multiply_adds(net, 64) / 64**2 for label, net in candidates.items()}
for label, per_pixel in costs.items():
    operations = 2 * per_pixel * SIDE**2  # a multiplication and an addition
    rows.append(
        {
            "network": label,
            "10³ a pixel": round(per_pixel / 1000),
            "10⁹ operations": round(operations / 1e9),
            "% of the card": round(100 * operations / SECONDS / PEAK),
        }
    )
viz.table(
    rows,
    caption="Could it run in 0.04 seconds? Multiply-adds a pixel, operations for a "
    "picture of 512×512, and their share of what the card does in that time at most",
)

# %% [markdown]
# Without its strides ResNet-18 costs about three hundred times as much.
#
# The paper's text asks for about fourteen times what its card can do at the very most,
# and real programs reach half of that peak when things go well. So the network that was
# timed isn't the network that is described: it was narrower, or had fewer blocks, or
# halved somewhere. The paper doesn't say, and no code was published. With 16 to 128
# channels it would fit just under the peak; with 8 to 64 comfortably.
#
# Why is it so expensive? ResNet doubles its channels each time it halves the picture.
# A quarter of the pixels, four times the multiplications a pixel: each stage costs
# the same. With stride 1 the pixels stay, and each stage costs four times the one
# before. If nothing is halved, nothing needs doubling. So ours has 16 channels from
# the first stage to the last, half a per cent of the text's cost, and can be trained
# on a CPU in a minute or two.
#
# Arithmetic says what can't be; now measure. How fast does this machine multiply, and
# how much of that does RASPP reach?

# %%
from course_lib.hardware import matrix_rate, shortest

device = "cuda" if torch.cuda.is_available() else "cpu"
rate = matrix_rate()
rows = []
with torch.no_grad():
    for label, side in (
        ("RASPP, 16 throughout (ours)", 512),
        ("RASPP, the paper's text: 64 to 512", 64),
    ):
        candidate = candidates[label].to(device).eval()
        picture = torch.zeros(1, 3, side, side, device=device)
        spent = shortest(partial(candidate, picture), 1)
        cost = costs[label] * side**2
        rows.append(
            {
                "network": label,
                "picture": f"{side}×{side}",
                "seconds": spent,
                "seconds for 512×512": spent * (512 / side) ** 2,
                "share of the matrix rate (%)": round(100 * cost / spent / rate),
            }
        )
viz.table(rows, caption="Measured here")
print(
    f"{settings.threads} thread(s), {device}: "
    f"{rate / 1e9:.0f}·10⁹ multiply-adds a second"
)

# %% [markdown]
# The matrix rate is what this machine does on a task made for it, a product of two
# large matrices. Wide networks come near it, narrow ones do not: with sixteen channels
# there is too little to multiply for each number that is fetched from memory. That is
# the other half of the answer to "how long does it take", and only measuring tells it.
# (The wide network's seconds for 512×512 are scaled up from a small picture. Measured,
# they would be more, since a large one doesn't fit into the processor's caches. If you
# see more than 100 %, another program was running; run the cell again.)

# %% [markdown]
# ## 4. Three losses, and a sign
#
# The generator minimises (the paper's equation 1)
#
# $$Loss = L_2 + \alpha \, L_g + \beta \, L_{gan}$$
#
# with α = 1 and β = 0.001. $L_2 = \lVert d - g \rVert_2$ is a norm again.
#
# **Predict:** the norm of a picture's error and its mean square: which of the two
# changes when you train on crops of 128 pixels and not of 32, with the same error at
# each pixel?

# %%
rng = torch.Generator().manual_seed(seed)
rows = []
for side in (32, 128):
    noise = 0.1 * torch.randn(4, 3, side, side, generator=rng)
    still = torch.zeros_like(noise)
    for reduction in ("norm", "mse"):
        l2 = float(picture_loss(noise, still, reduction=reduction))
        lg = float(gradient_loss(noise, still, reduction=reduction))
        gan = 0.001 * float(np.log(2))  # β·L_gan where D can't decide
        rows.append(
            {
                "crops": f"{side}×{side}",
                "reduction": reduction,
                "L2": l2,
                "L_g": lg,
                "(L2 + L_g) / (β·L_gan)": f"{(l2 + lg) / gan:,.0f}",
            }
        )
viz.table(rows, caption="The same error, 0.1 at each pixel", decimals=3)

# %% [markdown]
# A norm grows with the side of the crop, a mean square stays. So the same α and β give
# another balance with another reduction, and with norms even with another size of crop.
# And look at the last column. With norms, as printed, the other two are
# more than ten thousand times as large as the adversarial term. We'll see what it can
# do.
#
# **The sign.** The paper prints (equations 3 and 5)
#
# $$\min_G \max_D V = E \, [\log D(z)] + E \, [\log (1 - D(G(x)))],
# \qquad L_{gan} = E \, [\log D(G(x))]$$
#
# | symbol | what it is |
# |---|---|
# | $x$, $G(x)$ | the rainy picture, and what the generator makes of it, $d$ above |
# | $z$ | the ground truth, $g$ above |
# | $D(\cdot)$ | the discriminator's answer, a probability |
# | $E$ | the mean over pictures |
#
# In its equation 3, D is near 1 for the ground truth $z$. In its text (§3.4), D's
# answer is "the probability of the concatenated data coming from our deraining
# network rather than the groundtruth". These are opposites. And $L_{gan}$ is added to
# what G *minimises*.
#
# **Predict:** take equation 3's D. What does a G learn that minimises $E[\log
# D(G(x))]$? And with the text's D?

# %% exercise="04.6"
from course_lib.losses import adversarial_loss

# %%
ex = exercise("04.6")
ex.check(adversarial_loss)
adversarial_loss = ex.use(adversarial_loss)

# %%
for logit in (-5.0, 0.0, 5.0):
    verdict = torch.full((1, 1), logit)
    printed = F.logsigmoid(verdict).mean()
    print(
        f"D's logit {logit:+.0f}, D = {verdict.sigmoid().item():.3f}: "
        f"as printed {printed:+.3f}, yours {adversarial_loss(verdict):+.3f}"
    )

# %% [markdown]
# A loss is what gets smaller. As printed it is smallest where D sees through the
# picture: a G that minimises it learns to give itself away. With the text's D, the
# printed formula would be right in direction, and equation 3 wrong. Whoever turns the
# paper into code has to notice, and choose. We follow equation 3, and turn the sign.

# %% [markdown]
# ## 5. Training
#
# The discriminator is shown the rainy picture and another one, as in lesson 02, but
# gives one answer for all of it: four blocks that halve, a mean over the picture, one
# linear layer (Fig. 4). And it comes late: for two epochs the generator learns alone.
# This is the generator's step. (D's step, just before, leaves its restored pictures in
# `_kept`, so that they needn't be computed twice. Where D made no step, $L_{gan}$ is
# left out.)

# %%
from course_lib.training.graspp import Graspp

viz.show_source(Graspp.g_step)

# %% [markdown]
# What the paper says of training (§4.1), and what we do at the smaller profiles:
#
# | | paper | `cpu` |
# |---|---|---|
# | crops | 128×128, batches of 4 | 32×32, batches of 16 |
# | pairs | 8,000, from two sets | light rain on five photographs, four scenes of each |
# | Adam's rates | G 0.001, D 0.1 | both 0.001 |
# | rates fall | × 0.1 "when the loss stops improving" | in a straight line to 0 |
# | epochs | not said | 10 of 60 steps, the first two without D |
# | norm in D | batch norm | none |
#
# - **Small crops** are for the sake of batch norm, which is in every block of G. It
#   takes mean and spread from the batch. Four large crops, two of them of one sky,
#   have another mean and spread each time, and in eval mode, with the mean over all,
#   such a network restores worse. Sixteen small crops have as many pixels and
#   something of everything.
# - **Four scenes of each photograph**: itself, half as large, and both as negatives.
#   Half as large it has twice the texture beside the same streaks. The negatives are
#   there for the sky. Five photographs have little that is bright and even, and a
#   network that has never seen such a thing tints it: in a first version of this
#   lesson, skies came out pink. The negative of a dark background is a bright one.
# - **D has no norm** here. Clean and restored pictures come in batches of their own;
#   a batch norm takes the mean out of each, and this D's answer is made of means.
#   With it, D learnt nothing within our few steps.
# - **The rates fall** as in lesson 02, from the middle of the run on. The paper's rule
#   waits until the loss stops improving. In ten epochs it often goes on improving, and
#   the rates never fall; section 8 has a row for it.
# - **D's rate** of 0.1 is a hundred times G's; section 8 tries it. The `paper` profile
#   has it, with the paper's crops, widths and norms, and without our scenes.
# - **One kind of rain.** Your run learns light rain alone, which takes a minute or two.
#   The other kinds come in section 6.
#
# **Predict:** when D comes in after a fifth of the steps, what will the curve of PSNR
# do: jump up, dip, or go on as before?

# %%
from course_lib.data.pair import Batch
from course_lib.metrics import ssim
from course_lib.results import weights
from course_lib.systems import graspp
from course_lib.training.observers import Monitor, restore
from course_lib.training.run import Run

viz.show_source(graspp.set_up)

# %%
held_out = {kind: graspp.held_out_rain(settings, seed, kind) for kind in mixtures}
watched = Batch(*(part[:12] for part in held_out["light"]))
system = graspp.set_up(
    settings, seed, aspp=ASPP, gradient=gradient_loss, adversarial=adversarial_loss
)
generator, discriminator = system.generator, system.discriminator
live = viz.LivePlot(
    {
        "loss of the generator": {"loss_g": "L2 + L_g + 0.001·L_gan"},
        "loss of the discriminator": {"loss_d": "discriminator"},
        "PSNR, 12 crops (dB)": {"psnr": "restored", "input": "rainy"},
    },
    steps=settings.steps,
)
input_psnr = float(
    np.mean(
        [
            psnr(x, y)
            for x, y in zip(
                from_model(watched.rainy), from_model(watched.clean), strict=True
            )
        ]
    )
)

# %%
if pretrained:
    found = weights.load(
        "04_graspp_gan",
        profile=settings.name,
        seed=seed,
        generator=generator,
        discriminator=discriminator,
    )
    history = [{**record, "input": input_psnr} for record in found.history]
    live.resume(history)
else:
    run = Run(f"04/graspp-{settings.name}-seed{seed}")
    monitor = Monitor(generator, discriminator, watched, every=settings.log_every)
    history = system.train(
        [monitor, lambda record: record.update(input=input_psnr), live], run=run
    )
live.close(
    alt="Three panels over the steps: the generator's loss falls; the discriminator's, "
    "from a fifth of the steps on; PSNR on held-out crops, beside the rainy ones'."
)
print(found.provenance() if pretrained else run)

# %% [markdown]
# PSNR is above the rainy crops' from the first measurement on. It dips once, by more
# than a decibel, just after D came in, and then climbs, but for a few tenths. One run
# can't say whether that dip was D's doing. What D is worth at the end, section 6 asks
# five seeds. And what do the pictures look like?

# %%


def score(metric, pictures: np.ndarray, truths: np.ndarray) -> float:
    return float(np.mean([metric(x, y) for x, y in zip(pictures, truths, strict=True)]))


restored = {
    kind: from_model(restore(generator, batch.rainy))
    for kind, batch in held_out.items()
}
truths = {kind: from_model(batch.clean) for kind, batch in held_out.items()}
inputs = {kind: from_model(batch.rainy) for kind, batch in held_out.items()}


first = np.s_[:6]
viz.contact_sheet(
    {
        "rainy": inputs["light"][first],
        "restored": restored["light"][first],
        "clean": truths["light"][first],
    },
    alt="Six held-out crops in three rows: under light rain, restored and clean. The "
    "streaks are nearly gone before dark scenes; before a bright sky they are paler. "
    "Fine texture is a little smoother than in the clean crops.",
)
for metric in (psnr, ssim):
    print(
        f"{metric.__name__.upper()}: "
        f"rainy {score(metric, inputs['light'], truths['light']):.3f}, "
        f"restored {score(metric, restored['light'], truths['light']):.3f}"
    )

# %% [markdown]
# Before dark scenes nearly every streak has gone, but for faint traces. In the pale sky
# of the fifth crop most are still there, only paler.
#
# And a whole photograph. Nothing in this network fixes a size, so it restores pictures
# of any. How much it rains is drawn anew for each picture, and on this one much has
# fallen. Drag the slider, or move it with the arrow keys.
#
# **Predict:** which streaks will be left, and where?

# %%
from course_lib.models.tiles import restore_picture

pair = pairs["light"]
whole = restore_picture(generator, pair.rainy)
print(f"{name}: {psnr(pair.rainy, pair.clean):.1f} → {psnr(whole, pair.clean):.1f} dB")
viz.BeforeAfter(
    pair.rainy,
    whole,
    labels=("rainy", "restored"),
    alts=(
        f"The held-out photograph {name} under light rain.",
        "The same photograph restored: few streaks are left before the building and "
        "the trees; before the sky they are paler, and the broadest are still there.",
    ),
)

# %% [markdown]
# Before the dark building and the trees nearly all are gone. Before the bright sky most
# are only paler: there a streak is a small step in brightness, and to overlook it costs
# little. Of the broadest, little is gone anywhere. In crops of 32 pixels there are few
# such, and most of those are cut off.

# %% [markdown]
# ## 6. What is each part worth?
#
# The paper takes its system apart (Table 4): the bare network, RASPP; with the
# gradient loss, GRASPP; with the discriminator, GRASPP-GAN. It finds a gain at each
# step, on each of its three sets. Here is the same ablation on our three mixtures,
# over five seeds, which are five choices of held-out photographs. All are trained on
# the three kinds of rain at once, as the paper's were on two mixed sets. Beside them
# plays Pix2Pix as in lesson 02, on the same photographs and the same rain, for the
# same time.
#
# **Predict:** which of the steps will you see in the numbers: the gradient loss, the
# discriminator, both, none?

# %%
from course_lib.results.tables import load_table

parts = load_table("04_ablation", profile=settings.name)
systems = ("RASPP", "GRASPP", "GRASPP-GAN", "Pix2Pix")


def mean(table, metric: str, digits: int = 1, **chosen: str) -> str:
    """Mean and standard deviation over the seeds."""
    found = table.measured(metric, name=metric, **chosen)
    return f"{found.value:.{digits}f} ± {found.spread:.{digits}f}"


viz.table(
    [
        {
            "tested on": kind,
            "rainy": mean(parts, f"psnr_rainy_{kind}", variant="GRASPP-GAN"),
            **{v: mean(parts, f"psnr_{kind}", variant=v) for v in systems},
        }
        for kind in mixtures
    ],
    caption="PSNR in dB, trained on all three kinds of rain: five seeds",
)
viz.table(
    [
        {
            "tested on": kind,
            **{v: mean(parts, f"ssim_{kind}", 3, variant=v) for v in systems},
        }
        for kind in mixtures
    ],
    caption="SSIM",
)
took = ", ".join(f"{v} {mean(parts, 'cpu_seconds', 0, variant=v)}" for v in systems)
print(f"CPU seconds of a game: {took}")

# %% [markdown]
# The spreads in these tables are mostly those of the photographs: a seed with a hard
# photograph is hard for all. So compare seed by seed, on the same photographs, and take
# mean and spread of the *differences*.

# %%


def gained(metric: str, digits: int, before: str, after: str) -> str:
    """What comes on top from one system to another, over the seeds."""
    old, new = (
        parts.select(variant=v).rows[metric].to_numpy() for v in (before, after)
    )
    return f"{(new - old).mean():+.{digits}f} ± {(new - old).std(ddof=1):.{digits}f}"


comparisons = {
    "the gradient loss": ("RASPP", "GRASPP"),
    "the discriminator": ("GRASPP", "GRASPP-GAN"),
    "all of it, over Pix2Pix": ("Pix2Pix", "GRASPP-GAN"),
}
for metric, digits, unit in (("psnr", 2, "PSNR, dB"), ("ssim", 3, "SSIM")):
    viz.table(
        [
            {
                "gained by": label,
                **{
                    kind: gained(f"{metric}_{kind}", digits, *pair) for kind in mixtures
                },
            }
            for label, pair in comparisons.items()
        ],
        caption=f"Gain, seed by seed ({unit})",
    )

# %%
figure, axes = viz.panels(3)
for ax, kind in zip(axes, mixtures, strict=True):
    gains = np.array(
        [
            parts.select(variant=v).rows[f"psnr_{kind}"]
            - parts.select(variant=v).rows[f"psnr_rainy_{kind}"]
            for v in systems
        ]
    )
    for one_seed in gains.T:
        ax.plot(range(3), one_seed[:3], "o-", color="#1E88E5", alpha=0.7)
        ax.plot([3], one_seed[3:], "o", color="#1E88E5", alpha=0.7)
    ax.axhline(0, color="#777777", linestyle=":")
    ax.set(title=kind, ylim=(-0.5, 9.5))
    ax.set_xticks(range(len(systems)), [v.replace("-", "-\n") for v in systems])
    ax.tick_params(axis="x", labelrotation=90)
axes[0].set_ylabel("gain in PSNR (dB)")
print("One line a seed. Pix2Pix stands apart: it isn't the next step.")
viz.show(
    figure,
    alt="Gain in PSNR for five seeds and four systems, one panel for each rain. "
    "Under light and wide rain it rises from RASPP to GRASPP, stays level to "
    "GRASPP-GAN and is lower for Pix2Pix. Under heavy rain it is level over all four.",
)
print(parts.provenance())

# %%
shown = {
    "RASPP": "04_raspp",
    "GRASPP": "04_graspp",
    "GRASPP-GAN": "04_all_rain",
    "Pix2Pix": "04_pix2pix",
}
mixed = {label: recordings.load(name) for label, name in shown.items()}
viz.contact_sheet(
    {
        "rainy": mixed["RASPP"].rainy,
        **{label: run.frames[-1][1] for label, run in mixed.items()},
        "clean": mixed["RASPP"].clean,
    },
    titles=["light", "light", "heavy", "wide"],
    alt="Four held-out crops in six rows: rainy; restored by RASPP, GRASPP, GRASPP-GAN "
    "and Pix2Pix; clean. In the heavy crop Pix2Pix leaves the sky streaked and the "
    "roof clear; the other three blur the sky and leave streaks on the roof. Pix2Pix "
    "alone has small black and white blots in the blue skies, at the same places of "
    "two crops. In the first crop the building is darker than in the clean one.",
)
originals = mixed["RASPP"].clean
viz.table(
    [
        {
            "PSNR (dB)": label,
            **{
                kind: psnr(pictures[n], originals[n])
                for n, kind in enumerate(("light", "light, too", "heavy", "wide"))
            },
        }
        for label, pictures in (
            ("rainy", mixed["RASPP"].rainy),
            *((label, run.frames[-1][1]) for label, run in mixed.items()),
        )
    ],
    caption="The same four crops",
    decimals=1,
)

# %% [markdown]
# **The gradient loss** pays on two of the three mixtures with every seed: 0.8 ± 0.5 dB
# under light rain, 0.6 ± 0.2 under wide. Under heavy rain PSNR can't tell, −0.1 ± 0.4.
# SSIM, which compares structure and not single pixels, gains on all three, and most
# under heavy rain. So this step of Table 4 is seen here too.
#
# **The discriminator** gains nothing that could be told from chance: each of its three
# means is smaller than its spread. The paper reports 0.5 to 1.0 dB for it. Section 4
# says why we see nothing: a term more than ten thousand times smaller than the rest
# turns no step of the optimiser.
#
# **Over Pix2Pix**, all of it together is worth 2.5 ± 1.1 dB under light rain, 2.3 ±
# 1.0 under wide, with every seed. Under heavy rain the two are equal on average;
# single seeds lie between 2 dB against GRASPP-GAN and 1.3 dB for it. In SSIM
# GRASPP-GAN is ahead everywhere.
#
# **And in the sheet?** The three of one family look alike. Pix2Pix doesn't. Under
# heavy rain its PSNR is theirs, but it leaves the streaks in the sky and clears the
# roof; they turn the sky into soft blotches, with the broadest streak still in it,
# and leave streaks on the roof. One number, two different failures. Pix2Pix also puts
# small black and white blots into even sky, 64 pixels apart and at the same places of
# two crops. They are no rain: they come from the grid of its six halvings. A network
# that never halves has no such grid.
#
# Look at the first crop too. Its building comes out darker than it was, with all
# four, and its PSNR is *lower* than before, by about 4 to 6 dB. Networks for three
# kinds of rain take too much where it rains little.

# %% [markdown]
# ## 7. Rain that it has never seen
#
# The paper's word for its aim is *generalisation*. So train on one kind of rain, and
# test on each.
#
# **Predict:** which pair of "trained on" and "tested on" will come out worst?

# %%
rains = load_table("04_rains", profile=settings.name)
trained_on = (*mixtures, "all")
figure, axes = viz.panels(2)
for ax, system in zip(axes, ("GRASPP-GAN", "Pix2Pix"), strict=True):
    gains = np.zeros((len(trained_on), len(mixtures)))
    for row, source in enumerate(trained_on):
        table = (
            parts.select(variant=system)
            if source == "all"
            else rains.select(system=system, trained_on=source)
        ).rows
        for column, kind in enumerate(mixtures):
            gain = table[f"psnr_{kind}"] - table[f"psnr_rainy_{kind}"]
            gains[row, column] = gain.mean()
            ax.text(
                column,
                row,
                f"{gain.mean():+.1f}\n± {gain.std(ddof=1):.1f}".replace("-", "−"),
                ha="center",
                va="center",
                color="black" if gain.mean() > 2.5 else "white",
            )
    ax.imshow(gains, vmin=-5, vmax=10, aspect="auto")
    ax.set(title=f"{system}: gain in PSNR (dB)", xlabel="tested on")
    ax.set_xticks(range(len(mixtures)), list(mixtures))
    ax.set_yticks(range(len(trained_on)), list(trained_on))
    ax.grid(visible=False)
axes[0].set_ylabel("trained on")
viz.show(
    figure,
    alt="Two tables of colours, for GRASPP-GAN and Pix2Pix: gain in PSNR over the "
    "rainy crops. Rows: what the system was trained on; columns: tested on. In each "
    "column the diagonal is brightest: 7.1, 9.5 and 7.2 dB for GRASPP-GAN, 4.5, 8.4 "
    "and 5.7 for Pix2Pix. Trained on heavy and tested on light is the only negative "
    "field, −3.6 and −4.7. Trained on all: 4.2, 6.7, 6.3 and 1.7, 6.7, 4.0.",
)
print(rains.provenance())

# %% [markdown]
# - **The diagonal is best in each column.** What a network has seen, it can take away.
# - **Off it, little is left**: what was learnt of one rain is worth half a decibel to
#   two on another. One field is negative, for both systems: after training on heavy
#   rain, light rain comes out *worse* than it went in, by 3.6 dB with GRASPP-GAN. A
#   network that has learnt to take away a veil and many streaks does so where there
#   are few, and no veil.
# - **Trained on all three**, a network helps everywhere, and nowhere as much as the
#   specialist: under light and under heavy rain it gains nearly three decibels less.
#   It
#   has no more steps than they had, and three kinds of rain share them.
#
# GRASPP-GAN is ahead of Pix2Pix in each field but one, the heavy rain of the last row.
# So it restores better. But it doesn't generalise better: from the diagonal to the rest
# of a row it falls about as far as Pix2Pix, mostly farther. The paper wants one network
# for many kinds of rain. Showing it all of them is the only thing here that comes near.

# %% [markdown]
# ## 8. As printed
#
# Five things in the paper want a decision: norms or mean squares, a residual or the
# picture itself, D's learning rate of 0.1, when the rates fall, and the sign of
# $L_{gan}$. Each is a row here, with everything else as it was, trained
# on light rain. The last two rows have β = 30, so that $L_{gan}$ is as large as the
# rest.
#
# **Predict:** which row will be far below the others? Which can't be told from the
# first?

# %%
choices = load_table("04_choices", profile=settings.name)
labels = {
    "mean squares": "mean squares, not norms",
    "direct output": "the picture itself, no residual",
    "D's printed rate": "D's rate 0.1",
    "rates fall on a plateau": "rates fall by the paper's rule",
    "the printed sign": "L_gan with the printed sign",
    "beta 30": "β = 30",
    "beta 30, the printed sign": "β = 30, the printed sign",
}
sources = {
    "GRASPP-GAN": (rains, {"system": "GRASPP-GAN", "trained_on": "light"}),
    **{label: (choices, {"choice": choice}) for choice, label in labels.items()},
}
usual = rains.select(**sources["GRASPP-GAN"][1]).rows["psnr_light"].to_numpy()


def difference(table, **chosen: str) -> str:
    """In PSNR to the first row, seed by seed."""
    found = table.select(**chosen).rows["psnr_light"].to_numpy() - usual
    return f"{found.mean():+.1f} ± {found.std(ddof=1):.1f}" if found.any() else ""


viz.table(
    [
        {
            "": label,
            "PSNR (dB)": mean(table, "psnr_light", **chosen),
            "to the first": difference(table, **chosen),
            "SSIM": mean(table, "ssim_light", 3, **chosen),
            "D's accuracy (%)": mean(table, "accuracy_d", 0, **chosen),
            "D's loss": mean(table, "loss_d", 2, **chosen),
        }
        for label, (table, chosen) in sources.items()
    ],
    caption="One choice changed at a time; tested on light rain, five seeds",
)
print(choices.provenance())

# %% [markdown]
# - **Mean squares** cost 0.6 dB with α, β and the learning rate as they are. This
#   doesn't make norms better: other weights would belong to them.
# - **The picture itself** instead of a residual: 26.5 dB is what the rainy crops
#   have. In 600 steps this network hardly learns to hand a picture through. With the
#   residual it gets that for nothing.
# - **D's rate of 0.1** spoils D: its loss ends above 1.39, which is what guessing
#   costs, and its accuracy at 50 %, which is guessing. G doesn't care, as β is so
#   small, but for one seed of five, where it lost 2 dB.
# - **The paper's rule** for the rates costs 0.9 dB: in ten epochs it hardly ever acts.
#   It was made for longer runs.
# - **The printed sign can't be told from the right one**: +0.1 dB. The term is wrong,
#   and too small to show it.
# - **With β = 30** the sign shows. With the right one all is about as before. With
#   the printed one nothing is left: 4 dB, and a discriminator that is right about
#   every picture, because its G works for it.
#
# So a good result doesn't prove a formula. If a term of your loss may be wrong, make it
# loud for once, and look.

# %% [markdown]
# ## 9. The same network against haze
#
# As an extension the paper trains the same network on haze, "without any changes". Haze
# has no edges at all: it lays the colour of the air over everything, more over what is
# far (lesson 00, section 7). Our haze follows an invented depth.
#
# **Predict:** will a network with a loss for edges, and a reach of 53 pixels, do better
# or worse here than with rain?

# %%
haze = recordings.load("04_haze")
viz.contact_sheet(
    {"hazy": haze.rainy, "restored": haze.frames[-1][1], "clean": haze.clean},
    alt="Four held-out crops in three rows: hazy, restored and clean. The "
    "buildings have their contrast back; the dark blue skies come out greyish.",
)
hazes = load_table("04_haze", profile=settings.name)
print(
    f"hazy {mean(hazes, 'psnr_rainy')} dB, restored {mean(hazes, 'psnr')} dB, "
    f"SSIM {mean(hazes, 'ssim', 3)}"
)
print(hazes.provenance())

# %% [markdown]
# Seven decibels more, as much as light rain gives the network that learnt light rain
# alone: it works unchanged. The buildings
# have their contrast back; the masts before the blue sky stay flat. What is still
# wrong is tone: the dark blue skies come out greyish. $L_g$ can't see that, and in 53
# pixels of even sky nothing says how much of its brightness is the haze's.

# %% [markdown]
# ## 10. Where it fails
#
# Two kinds of failure, from your own run. First the crops on which the network gained
# least. Then a harder question. You give it *clean* photographs.
#
# **Predict:** what will it take for rain where there is none?

# %%
light = zip(inputs["light"], restored["light"], truths["light"], strict=True)
gains = [(psnr(new, y) - psnr(old, y), old, new, y) for old, new, y in light]
worst = sorted(gains, key=lambda one: one[0])[:6]
viz.contact_sheet(
    {
        "rainy": [one[1] for one in worst],
        "restored": [one[2] for one in worst],
        "clean": [one[3] for one in worst],
    },
    titles=[f"{one[0]:+.1f} dB" for one in worst],
    alt="The six held-out crops under light rain with the smallest gain, in three "
    "rows: rainy, restored and clean. Five show a bush or a building with fine "
    "ornament; one, a nearly white sky, keeps most of its streaks.",
)

# %%
dry = held_out["light"].clean
kept = from_model(restore(generator, dry))
photographs = from_model(dry)
most = np.abs(photographs - kept).mean(axis=(1, 2, 3)).argsort()[::-1][:6]
viz.contact_sheet(
    {
        "no rain": photographs[most],
        "restored": kept[most],
        "changed, × 5": (5 * np.abs(photographs - kept)[most]).clip(0, 1),
    },
    alt="Six clean held-out crops, what the network makes of them, and how it changes "
    "them, five times as bright: thin upright strokes along posts, railings, leaves.",
)
each = [psnr(x, y) for x, y in zip(kept, photographs, strict=True)]
print(
    f"{len(dry)} clean crops come out with {np.mean(each):.1f} dB on average, the "
    f"worst with {min(each):.1f}, the best with {max(each):.1f}"
)

# %% [markdown]
# It gains least in two kinds of crops. Where texture is fine, what it smooths away of
# the scene weighs as much as the streaks that it removes. And in a nearly white sky the
# streaks hardly differ from it, so that they are left.
#
# And it takes for rain what looks like rain: railings, posts, what is light between
# leaves, bright, narrow and upright. The six crops above are those that suffer most.
# Even sky comes back as it was.

# %% [markdown]
# ## Diagnose the broken GAN
#
# With β = 0.001 nothing that happens between the players can be seen in the pictures,
# so these runs have β = 30. D joins at step 121. First the healthy one.

# %%
from course_lib.exercises import diagnose, show_run

show_run(
    "04_healthy",
    alt="Four rainy crops and G's answers to them, whose streaks have mostly gone at "
    "step 60. D joins at step 121; its loss stays near 1.39. The generator's falls to "
    "25, is 45 when L_gan is added to it, and ends near 41. The shares that D "
    "recognises swing between none and all. PSNR climbs from 30 to 33 dB.",
)

# %% [markdown]
# Four more runs; at most one thing is wrong in each.

# %%
diagnose("04", "A")

# %%
diagnose("04", "B")

# %%
diagnose("04", "C")

# %%
diagnose("04", "D")

# %% [markdown]
# The first thing to look for is *when* a run leaves the healthy one. Up to step 120 the
# discriminator doesn't play, so what is wrong there is wrong with $L_2$, $L_g$ or the
# data. The second is what a loss *can* be: a sum of norms and of $-\log D$ is never
# negative. Such bounds find mistakes that no look at the pictures explains.

# %% [markdown]
# ## What the paper claims, what we measured

# %%
from course_lib.results import Measured

viz.results_table(
    [
        Measured(
            name=f"{metric.__name__.upper()}, {kind} rain, {label}",
            value=score(metric, pictures[kind], truths[kind]),
            unit="dB" if metric is psnr else "",
        )
        for kind in mixtures
        for metric in (psnr, ssim)
        for label, pictures in (("rainy", inputs), ("restored", restored))
    ],
    caption="Lesson 04: your run",
    provenance=f"Profile {settings.name}, seed {seed}. "
    + (found.provenance() if pretrained else "Computed by this notebook."),
)

# %%
claims = {  # Table 4
    "light": ("Rain-I", (28.24, 29.31, 30.28)),
    "heavy": ("Rain-II", (22.58, 23.86, 24.38)),
    "wide": ("Rain-III", (29.16, 30.90, 31.70)),
}
viz.results_table(
    [
        parts.measured(
            f"psnr_{kind}",
            name=f"PSNR, {kind}, {variant}",
            unit="dB",
            claim=claim,
            source=f"Table 4, {their_set}",
            variant=variant,
        )
        for kind, (their_set, numbers) in claims.items()
        for variant, claim in zip(systems[:3], numbers, strict=True)
    ],
    caption="Lesson 04: five seeds, and what the paper claims for sets of its own",
    provenance=parts.provenance(),
)

# %% [markdown]
# The two columns are not of the same pictures, so compare not the heights but the
# steps.

# %%
viz.table(
    [
        {
            "gained by": label,
            **{
                f"{kind}: {whose}": value
                for kind, (_, numbers) in claims.items()
                for whose, value in (
                    ("ours", gained(f"psnr_{kind}", 1, *systems[n : n + 2])),
                    ("paper", f"{numbers[n + 1] - numbers[n]:+.1f}"),
                )
            },
        }
        for n, label in enumerate(("the gradient loss", "the discriminator"))
    ],
    caption="Gain of each step in PSNR (dB)",
)

# %% [markdown]
# The first step is in our numbers for two mixtures of three, and smaller than the
# paper's. The second isn't there at all.
#
# ## Summary
#
# 1. Thin streaks are weak among pixels and strong in the horizontal gradient. A loss on
#    gradients asks for edges, and is blind to brightness.
# 2. An atrous convolution reaches far with few weights. Chains of one rate see through
#    a grid; rates of 1, 2 and 4 leave no gap.
# 3. A network that never halves pays for every channel at every pixel. Counting
#    multiplications shows that a printed running time belongs to another network.
# 4. Weights such as α and β mean nothing without the reduction and the size of crops.
# 5. A wrong sign in a term of weight 0.001 shows in no result. Read formulas; don't
#    trust numbers to find their mistakes.
#
# ## Quiz
#
# Five questions. Each answer is explained; try again as often as you like.
#
# {{quiz}}

# %%
from course_lib.exercises import quiz

quiz("04")

# %% [markdown]
# ## Further reading
#
# - Y. Wang et al., *Gradient information guided deraining with a novel network and
#   adversarial training*: read §3 with section 4 of this lesson beside it.
# - L.-C. Chen et al., *Rethinking atrous convolution for semantic image segmentation*
#   (2017): ASPP where it comes from, and why far views need care.
# - P. Wang et al., *Understanding convolution for semantic segmentation* (2018): what
#   gridding does, and how to choose rates against it.
#
# **Next:** a GAN that restores also invents. Lesson 05 finds where, without the truth.
