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
# # Lesson 06: DeSRA, deleting
#
# You know where a GAN invents. Now you teach it, in one minute, not to.

# %% tags=["parameters"]
profile = "auto"  # gpu where there is one, else cpu; or "smoke", "cpu", "gpu", "paper"
seed = 0

# %%
import numpy as np
import torch

from course_lib import results, viz
from course_lib.exercises import exercise
from course_lib.profiles import pick
from course_lib.results import recordings
from course_lib.systems import desra

settings = pick("06", profile)
torch.set_num_threads(settings.threads)
results.begin(lesson="06", profile=profile, seed=seed)

# %%
recorded = recordings.load("06_healthy")
viz.picture_grid(
    [recorded.frames[0][1][1], recorded.frames[-1][1][1], recorded.clean[1]],
    ["Real-ESRGAN", "after finetuning", "photograph"],
    zoom=(124, 116, 64),
    alt="A cat's face three times: Real-ESRGAN's picture with false, beaded fur; after "
    "finetuning, the fur is calmer and the eye as sharp as before; the photograph.",
)

# %% [markdown]
# **At the end you will be able to**
#
# - build pseudo ground truth from two networks' pictures;
# - finetune a GAN on few pairs, and stop in time;
# - measure what went, what came, and what was lost elsewhere;
# - adapt a network online, and check what it forgets;
# - run a blind test of preference, and say whether its result could be chance.
#
# **Prerequisites:** lesson 05. What the text says about numbers and pictures holds for
# the `cpu` profile and larger ones.
#
# {{budgets}}

# %%
from scipy.ndimage import gaussian_filter

from course_lib.artifacts.mask import require_mask

twins = desra.twins_at_hand(settings, seed)
examples = desra.examples(twins, side=settings.image_size)

# %% [markdown]
# ## 1. A target without artifacts
#
# For the pictures of a camera, nobody knows the truth. But there are two pictures of
# each: the GAN's, which is sharp and has artifacts, and the MSE twin's, which is smooth
# and has none. DeSRA (Xie and others 2023, *DeSRA: Detect and Delete the Artifacts of
# GAN-based Real-World Super-Resolution Models*) combines them (equation 10):
#
# $$\tilde{y} = M \cdot y_{MSE} + (1 - M) \cdot y_{GAN}$$
#
# $M$ is the mask of lesson 05. The result $\tilde{y}$ is the **pseudo ground truth**. A
# weak restoration without artifacts is better than a strong one with artifacts, say the
# authors.
#
# With a `feather`, the mask is blurred first. The border then fades, and the network
# doesn't learn to draw edges there.

# %% exercise="06.1"
from course_lib.artifacts.finetune import pseudo_ground_truth

# %%
ex = exercise("06.1")
ex.check(pseudo_ground_truth)
pseudo_ground_truth = ex.use(pseudo_ground_truth)

# %%
from torch import nn

from course_lib.data.pair import Batch
from course_lib.systems.deletion import FinetuneSettings, masks_of

how = FinetuneSettings.of(twins.pair, steps=settings.steps, every=settings.log_every)
one = examples["china"]
mask = masks_of(one.gan, one.mse, how)
target = pseudo_ground_truth(one.mse, one.gan, mask, feather=how.feather)
viz.picture_grid(
    [one.gan, one.mse, one.gan, target],
    ["GAN", "MSE twin", f"mask, {mask.mean():.0%}", "pseudo ground truth"],
    masks=[None, None, mask, None],
    columns=2,
    alt="A pagoda four times: by the GAN; by the MSE twin; by the GAN with the mask in "
    "orange; the GAN's picture with the twin's inside the mask.",
)

# %% [markdown]
# For masks to learn from, the threshold is 0.8 instead of 0.7. The surroundings of an
# artifact then go with it.
#
# ## 2. Finetune
#
# The pairs are (input, pseudo ground truth). As in lesson 05, only the last two blocks
# learn, from features that are computed once. The loss is the mean absolute error.
#
# **Predict:** the targets differ from the GAN's own pictures only inside the masks.
# What is the loss before the first step, small or large? What will it teach the network
# outside the masks?

# %% exercise="06.2"
from course_lib.artifacts.finetune import finetune_step

# %%
ex = exercise("06.2")
ex.check(finetune_step)
finetune_step = ex.use(finetune_step)

# %% [markdown]
# We look for artifacts in crops of five photographs, and keep the crops with the
# largest ones. The photographs of the examples aren't among them.

# %%
from dataclasses import replace

from course_lib.systems import deletion


def my_target(mse: np.ndarray, gan: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return pseudo_ground_truth(mse, gan, mask, feather=how.feather)


small = settings.name == "smoke"
looked_at = desra.hard_inputs(8 if small else 32, seed, size=64 if small else 160)
if small:
    how = replace(how, threshold=1.0, min_area=20)
pairs = deletion.make_pairs(twins.pair, looked_at, how, most=16, target=my_target)
print(f"{len(pairs.positions)} pairs from {len(looked_at)} crops")

# %%
from course_lib.training.run import Run

system, _ = deletion.set_up(twins.pair, pairs, how, seed, step=finetune_step)
live = viz.LivePlot(
    {"mean absolute error": {"loss_g": "training pairs"}}, steps=how.steps
)
run = Run(f"06/finetune-{settings.name}-seed{seed}")
system.train([live], run=run)
live.close(alt="The loss on the training pairs over the steps.")
after = deletion.finetuned(twins.pair, system.generator)

# %% [markdown]
# ## 3. What went, and what came
#
# Now the unseen pictures: the three examples of lesson 05.

# %%
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from course_lib.artifacts.metrics import require_matching

pictures = {name: after.pictures(e.low)[0] for name, e in examples.items()}
side = settings.image_size
viz.picture_grid(
    [one.gan, pictures["china"], one.clean],
    ["before", "after", "photograph"],
    zoom=(side * 11 // 16, side // 16, side // 4),
    alt="A pagoda before and after finetuning, and the photograph. The framed part is "
    "foliage; after finetuning its invented texture is weaker.",
)
viz.contact_sheet(
    {
        "before": [e.gan for e in examples.values()],
        "after": list(pictures.values()),
        "photograph": [e.clean for e in examples.values()],
    },
    alt="Three pictures in three rows: by the GAN before and after finetuning, and the "
    "photographs. After finetuning, false texture is weaker; edges stay sharp.",
)

# %% [markdown]
# The paper counts pictures. The **removal rate** is the share of the pictures with an
# artifact in which none is left. The **addition rate** is the share of the pictures
# with an artifact where there was none before (section 4.3 of the paper).
#
# **Predict:** how can the removal rate be 0 although 90 % of the artifacts' area is
# gone?

# %% exercise="06.3"
from course_lib.artifacts.metrics import removal_and_addition

# %%
ex = exercise("06.3")
ex.check(removal_and_addition)
removal_and_addition = ex.use(removal_and_addition)

# %%
from course_lib.artifacts.mask import detect
from course_lib.artifacts.semantics import texture_classes, weight_map
from course_lib.artifacts.truth import by_reference

usual = desra.usual_texture(twins, settings.image_size)
AREA = settings.image_size**2 // 250


def by_d(picture: np.ndarray, e: desra.Example) -> np.ndarray:
    weight = weight_map(texture_classes(e.mse), usual)
    return detect(picture, e.mse, weights=weight, min_area=AREA)


def by_truth(picture: np.ndarray, e: desra.Example) -> np.ndarray:
    return by_reference(picture, e.mse, e.clean, min_area=AREA)


rows = []
for label, way in (("D", by_d), ("the reference", by_truth)):
    before = [way(e.gan, e) for e in examples.values()]
    now = [way(pictures[name], e) for name, e in examples.items()]
    removal, addition = removal_and_addition(before, now, before)
    rows.append(
        {
            "measured by": label,
            "area before (%)": 100 * np.mean([m.mean() for m in before]),
            "area after (%)": 100 * np.mean([m.mean() for m in now]),
            "removal rate": removal,
            "addition rate": addition,
        }
    )
viz.table(rows, caption="Your run, three unseen pictures", decimals=2)

# %% [markdown]
# $D$ compares with the MSE twin, and the network was trained towards the MSE twin. So a
# success that only $D$ sees would prove little. The reference uses the photograph.
#
# Five seeds, with 16 unseen pictures each for Real-ESRGAN and 48 for the small GAN:

# %%
from course_lib.results.tables import load_table

finetuning = load_table("06_finetuning")
best = {"pairs": 48, "steps": 40}
generators = ["Real-ESRGAN", "a small GAN"]
for way, words in (("d", "D"), ("reference", "the reference")):
    columns = {
        f"removal_{way}": "removal rate",
        f"area_{way}": "area removed (share)",
        f"addition_{way}": "addition rate",
    }
    viz.table(
        finetuning.means(generators, "generator", columns, **best),
        caption=f"After 40 steps on 48 pairs, by {words}",
        decimals=2,
    )
print(finetuning.provenance())

# %% [markdown]
# By $D$, most artifacts are gone, and nothing is added. By reference, much of their
# area is gone as well, but about half of the pictures still show something. The
# finetuned Real-ESRGAN even makes a new artifact by reference in about one picture of
# nine. So we miss two aims for Real-ESRGAN: to repair 60 % of the pictures by
# reference, and to add artifacts to at most 5 % of them. $D$ alone would have hidden
# this.
#
# The small GAN has few artifacts: with one of the five seeds, $D$ finds none at all.
# Its rates therefore rest on few pictures.
#
# ## 4. How much training, and what does it cost?
#
# **Predict:** which curve rises faster, removal with the number of pairs or with the
# number of steps? And what happens to the detail outside the masks?

# %%
figure, axes = viz.panels(2)
part = finetuning.select(generator="Real-ESRGAN").rows
for axis, metric, label in (
    (axes[0], "area_d", "area removed (share)"),
    (axes[1], "detail", "detail outside (share)"),
):
    for count, group in part.groupby("pairs"):
        found = group.groupby("steps")[metric]
        axis.plot(found.mean(), label=f"{count} pairs", marker="o")
        axis.fill_between(found.mean().index, found.min(), found.max(), alpha=0.2)
    axis.set_xlabel("steps")
    axis.set_ylabel(label)
axes[0].legend()
viz.show(
    figure,
    alt="Two panels over the steps for 12 and 48 pairs: the area of artifacts that is "
    "removed, and the fine detail that is left outside the masks, each as a share.",
)

# %% [markdown]
# Ten steps do most of the work. The 12 pairs are those with the largest artifacts, so
# their masks cover more of each picture. They remove more than 48 pairs do, and they
# cost more detail. With more pairs, more of the target is the GAN's own picture. This
# part of the target holds the detail.

# %%
from course_lib.artifacts.finetune import detail_kept
from course_lib.metrics import psnr

lost = []
for name, e in examples.items():
    outside = ~masks_of(e.gan, e.mse, how)
    for label, value, unit in (
        (
            "detail outside, after",
            100 * detail_kept(e.gan, pictures[name], outside),
            "%",
        ),
        ("detail outside, MSE twin", 100 * detail_kept(e.gan, e.mse, outside), "%"),
        ("PSNR before", psnr(e.gan, e.clean), "dB"),
        ("PSNR after", psnr(pictures[name], e.clean), "dB"),
    ):
        lost.append(results.Measured(name=f"{label}, {name}", value=value, unit=unit))
viz.results_table(
    lost,
    caption="Your run: what is lost elsewhere",
    provenance=f"Profile {settings.name}, seed {seed}. Computed by this notebook.",
)

# %% [markdown]
# A network that merely became its MSE twin would have removed all artifacts, too. The
# detail outside the masks shows that yours didn't.
#
# Play: a heavier weight for the masks (`inside`), another rate, more steps. Change one
# of them and run the cell; it takes half a minute.

# %%
from functools import partial

inside, rate, steps = 3.0, 1e-4, settings.steps // 2
trial, _ = deletion.set_up(
    twins.pair,
    pairs,
    replace(how, rate=rate, steps=steps),
    seed,
    step=partial(finetune_step, inside=inside),
)
trial.train()
played = deletion.finetuned(twins.pair, trial.generator).pictures(one.low)[0]
print(f"detected before {by_d(one.gan, one).mean():.1%}, ", end="")
print(f"now {by_d(played, one).mean():.1%}; ", end="")
print(f"detail outside {detail_kept(one.gan, played, ~mask):.0%}")

# %% [markdown]
# ## 5. Online
#
# Discussion 6 of the paper's appendix has an idea that its authors didn't build. A
# service enlarges pictures all day. Each time a picture shows an artifact, the network
# is finetuned on it, and goes on working.
#
# Networks forget. When artifacts of a second kind arrive, the first kind can come back.
# **Replay** helps: keep the last few pictures with artifacts, and train on them again.

# %% exercise="06.5"
from course_lib.artifacts.finetune import adapt_online

# %%
ex = exercise("06.5")
ex.check(adapt_online)
adapt_online = ex.use(adapt_online)

# %%
few = replace(how, steps=2 if small else 5)
model = system.generator


def sees(model: nn.Module, low: np.ndarray) -> np.ndarray:
    return masks_of(*replace(twins.pair, gan=model.eval()).pictures(low), few)


def learn(model: nn.Module, stream: list[np.ndarray]) -> None:
    found = deletion.make_pairs(twins.pair, stream, few, target=my_target)
    short, _ = deletion.set_up(
        replace(twins.pair, gan=model), found, few, seed, step=finetune_step
    )
    short.train()
    model.load_state_dict(short.generator.state_dict())


stream = [looked_at[n] for n in pairs.positions[:3]]
when = adapt_online(model, stream, detect=sees, finetune=learn, replay=2)
print(f"The model was finetuned at the positions {when} of {len(stream)} pictures.")

# %%
from math import comb

online = load_table("06_online")
for kind in ("aliased", "noisy"):
    columns = {
        f"{kind}_{when}_{way}": f"{words}, by {by} (%)"
        for when, words in (
            ("before", "at first"),
            ("after_aliased", "after aliased"),
            ("after_noisy", "after noisy"),
        )
        for way, by in (("d", "D"), ("reference", "reference"))
    }
    viz.table(
        online.means((0, 3), "replay", columns, generator="Real-ESRGAN"),
        caption=f"Area of artifacts on unseen {kind} inputs, mean of five seeds",
        decimals=2,
    )
print(online.provenance())

# %% [markdown]
# The stream is twelve aliased inputs, then twelve inputs with heavy noise. The network
# is finetuned on about ten of these 24.
#
# Both kinds of artifacts shrink, by $D$ and by reference. We looked for forgetting and
# found none: the noisy stream makes the aliased inputs better still. Replay doesn't
# help here; on average, a little more is left with it. Both kinds are false texture, so
# what repairs one kind also repairs the other. Two kinds that need opposite changes
# might compete. We didn't test that.
#
# ## 6. Do people see it?
#
# The paper asks 15 people two questions about 20 pictures each (section 4.4). Which of
# two pictures has fewer artifacts, before or after finetuning? Which has more detail,
# after finetuning or the MSE twin's? 82.23 % and 93 % chose the finetuned network.
#
# 82.23 % of 300 answers are 246.69 answers, which isn't a whole number. The paper
# doesn't explain this.
#
# Could such a result be chance? Suppose that nobody sees a difference. Then each answer
# is a fair coin. The **p-value** is the chance of a result at least as far from a draw.

# %% exercise="06.4"
from course_lib.artifacts.preference import preference_p_value

# %%
ex = exercise("06.4")
ex.check(preference_p_value)
preference_p_value = ex.use(preference_p_value)

# %%
for wins, trials in ((12, 20), (15, 20), (247, 300)):
    print(f"{wins} of {trials}: p = {preference_p_value(wins, trials):.2g}")

# %% [markdown]
# Take the test yourself. The order is random, and so are the sides. Tab and Enter work
# as well as the mouse. Your answers are written to a file.

# %%
from pathlib import Path


def fresh_file(name: str) -> Path:
    """A file of this name that doesn't exist yet."""
    folder = Path("answers")
    folder.mkdir(exist_ok=True)
    numbers = range(1, 1000)
    return next(p for n in numbers if not (p := folder / f"{name}-{n}.csv").exists())


parts = {}
for name, e in examples.items():
    middle = e.clean.shape[0] // 2
    for where, rows_of in (("top", np.s_[:middle]), ("bottom", np.s_[middle:])):
        parts[f"{name}, {where}"] = {
            "before": e.gan[rows_of],
            "after": pictures[name][rows_of],
            "MSE twin": e.mse[rows_of],
        }
viz.Preference(
    {n: {k: v for k, v in p.items() if k != "MSE twin"} for n, p in parts.items()},
    question="Which picture has fewer artifacts?",
    path=fresh_file("artifacts"),
    seed=seed,
    alt="One half of an example, before or after finetuning.",
)

# %%
viz.Preference(
    {n: {k: v for k, v in p.items() if k != "before"} for n, p in parts.items()},
    question="Which picture has more detail?",
    path=fresh_file("detail"),
    seed=seed + 1,
    alt="One half of an example, by the finetuned network or by the MSE twin.",
)

# %% [markdown]
# ## Diagnose the broken GAN
#
# These are recorded finetunings of Real-ESRGAN, on four unseen pictures. In three of
# the five splits of the photographs, finetuning removes all that $D$ finds. This is one
# of the three. The row called "rainy" shows the MSE twin's pictures. The curves are the
# loss, the area in which $D$ finds artifacts, and the fine detail outside the first
# masks. First a healthy run.

# %%
from course_lib.exercises import diagnose, show_run

show_run(
    "06_healthy",
    alt="Four pictures of cats. Rough fur becomes calmer within 20 steps; eyes stay "
    "sharp. The loss stays near 0.015. The area of artifacts falls to 0 by step 16. "
    "Fine detail outside the masks ends near 81 %.",
)

# %%
diagnose("06", "A")

# %%
diagnose("06", "B")

# %%
diagnose("06", "C")

# %%
diagnose("06", "D")

# %% [markdown]
# ## What the paper claims, what we measured
#
# Tables 3 and 7 of the paper: 50 pairs, 1,000 iterations, 150 unseen pictures.

# %%
viz.results_table(
    [
        finetuning.measured(
            metric,
            name=f"{label}, {who}",
            claim=claim,
            source=source,
            generator=who,
            **best,
        )
        for who, source, removal in (
            ("Real-ESRGAN", "Table 3, Real-ESRGAN", 0.7543),
            ("a small GAN", "Table 7, SwinIR", 0.6135),
        )
        for metric, label, claim in (
            ("removal_d", "removal rate", removal),
            ("addition_d", "addition rate", 0.0),
        )
    ],
    caption="Lesson 06: five seeds, and what the paper claims",
    provenance=finetuning.provenance(),
)

# %% [markdown]
# The paper's authors outlined the artifacts by hand. They finetuned the whole network
# with all of its losses, and tested it on 150 pictures. We finetuned the last two
# blocks, tested 16 pictures with each seed, and $D$ said where the artifacts are. By
# $D$, Real-ESRGAN's removal rate is close to the paper's. By reference it is lower
# (section 3). The paper has no such number.
#
# ## Your photograph, and an open task

# %%
my_photo = None  # such as "holiday.jpg"
mine = desra.own_picture(twins, my_photo, pixels=settings.image_size**2 // 4)
repaired = after.pictures(mine.low)[0]
viz.picture_grid(
    [mine.gan, repaired, mine.clean],
    ["before", "after", "photograph"],
    alt="A photograph, shrunk and enlarged by the GAN before and after finetuning, and "
    "the photograph.",
)

# %% [markdown]
# **Open task.** Finetune for your photograph: look for artifacts in it, make pairs, and
# train. Say how you know that the result is better, by a number that doesn't use $D$.
#
# ## Summary
#
# 1. Pseudo ground truth takes the MSE twin's pixels where an artifact is, and the GAN's
#    elsewhere.
# 2. Some dozen steps on a few dozen pairs remove most of what the detector finds, also
#    on unseen photographs.
# 3. The price is detail outside the masks. Measure it, or you only rebuild the twin.
# 4. Measure a repair by something that wasn't used for the repair.
# 5. A preference needs a blind test and a p-value.
#
# ## Quiz
#
# Five questions. Each answer is explained; try again as often as you like.
#
# {{quiz}}

# %%
from course_lib.exercises import quiz

quiz("06")

# %% [markdown]
# ## Further reading
#
# - L. Xie et al., *DeSRA: Detect and Delete the Artifacts of GAN-based Real-World
#   Super-Resolution Models* (2023): §3.3, §4.3 and the discussions in appendix A.1.
# - M. De Lange et al., *A continual learning survey: defying forgetting in
#   classification tasks* (2022): replay and other remedies.
#
# **Next:** lesson 07 trains a network that finds artifacts by itself.
