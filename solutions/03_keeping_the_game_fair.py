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
# # Lesson 03: Keeping the game fair
#
# You give the discriminator soft labels, wrong labels, a slower pace and fewer turns,
# and measure which of these keeps the game fair, and which makes better pictures.

# %% tags=["parameters"]
profile = "auto"  # gpu where there is one, else cpu; or "smoke", "cpu", "gpu", "paper"
seed = 0
pretrained = (
    False  # True loads trained networks instead of training (profile cpu, seed 0)
)

# %%
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import results, viz
from course_lib.exercises import exercise
from course_lib.data.photos import load_photo, photo_split, shrink
from course_lib.profiles import pick
from course_lib.ranges import from_model

settings = pick("03", profile)
torch.set_num_threads(settings.threads)
results.begin(lesson="03", profile=profile, seed=seed, pretrained=pretrained)

# %%
from course_lib.results import recordings

untouched = recordings.load("02_healthy")
stabilised = recordings.load("03_stabilised")
viz.contact_sheet(
    {
        "rainy": untouched.rainy,
        "lesson 02": untouched.frames[-1][1],
        "held back D": stabilised.frames[-1][1],
        "clean": untouched.clean,
    },
    alt="Four held-out crops in four rows: rainy; restored by lesson 02's Pix2Pix; "
    "restored after a game in which D was held back; and clean.",
)
print(stabilised.provenance())

# %% [markdown]
# The two middle rows come from the same networks, trained on the same crops. Only the
# rules of the game differ. Look for a difference now, and keep your opinion until
# section 7, where five seeds have theirs.
#
# **At the end you will be able to**
#
# - make labels soft and noisy, and say what each does to D's best answer;
# - measure how fair a game is, on pictures that nobody has trained on;
# - change the pace of one player without touching the other;
# - read an ablation: paired differences, confidence intervals, and what they don't say;
# - recognise four common faults of GAN training by their traces.
#
# **Prerequisites:** lesson 02.
#
# What the text says of numbers and pictures holds for the `cpu` profile and larger
# ones; `smoke` only shows that everything runs.
#
# {{budgets}}

# %% [markdown]
# ## 1. Why D gets ahead
#
# The two players have different jobs. D has to find *one* thing that gives a fake away,
# in any corner, of any kind: a grid, a blur, a tint. G has to have *none*. D is given
# real examples outright; what G learns about looking real, it learns through D. (L1
# teaches it the scene, and a blur, which gives it away.) Worse, a photograph and a
# restored picture never agree in every pixel, so a D with weights enough always finds
# something (Arjovsky and Bottou 2017). In lesson 01 you gave D a head start and
# saw what G is told then: with $\log(1 - D)$ nothing, and with $-\log D$ a direction
# from a judge to whom all fakes are equally hopeless.
#
# The report of the lessons before found its D ahead. Its two texts contradict each
# other on what was done about it. The report names the first three of these remedies,
# and says that all three were used. Its slides list all four, and say that only the
# first and the third were. We follow neither, and try each, and both sets.
#
# | remedy | what changes | in the texts |
# |---|---|---|
# | label smoothing | D's targets | real 0.9, fake 0.1 |
# | noisy labels | D's targets, at random | 5 to 10 % turned round |
# | two learning rates | the optimizers | G 0.0005, D 0.0002 |
# | unequal turns | who learns in which step | G more often (slides, an option) |
#
# A fifth is in lesson 02's loss: Isola and others halve D's loss, to slow it down. But
# Adam divides each gradient by its usual size, and the half drops out.

# %% [markdown]
# ## 2. Soft labels
#
# With the target 1 and a cross-entropy, D is never done: from the logit 5 to 10 to 20
# its loss goes on falling. It grows its weights to be surer of what it already knows.
#
# **Predict:** at which logit is the loss lowest, if the target is 0.9 and not 1?
# (With 1 it is wherever the plot ends.)

# %% exercise="03.1"
from course_lib.losses import smooth_labels

# %%
ex = exercise("03.1")
ex.check(smooth_labels)
smooth_labels = ex.use(smooth_labels)

# %%
logits = torch.linspace(-4, 8, 121)
bce = F.binary_cross_entropy_with_logits
curves = {}
for smoothing in (0.0, 0.1, 0.2):
    labels = smooth_labels(logits, True, smoothing=smoothing)
    loss = bce(logits, labels, reduction="none")
    curves[f"target {1 - smoothing:.1f}"] = (logits, loss)
    lowest = int(loss.argmin())
    print(
        f"target {1 - smoothing:.1f}: lowest loss {loss[lowest]:.3f} "
        f"at logit {logits[lowest]:.1f}"
    )
viz.curves(
    curves,
    xlabel="D's logit for a real patch",
    ylabel="D's loss",
    alt="D's loss for a real patch against its logit, for targets of 1, 0.9 and 0.8. "
    "With 1 it falls to the right without end; with 0.9 it is lowest near 2.2, rising "
    "again beyond; with 0.8 it is lowest near 1.4.",
)

# %% [markdown]
# At 0.9 there is a best logit, $\log 9 \approx 2.2$, and being surer costs. D stops
# growing. Two things follow for whoever reads curves. The lowest loss that D can have
# is no longer 0 but 2·0.325 = 0.65, so D's loss of a smoothed run can't be compared
# with that of a plain one. And the *sign* of the logit is as before: smoothing makes
# D less sure, not less right.
#
# Salimans and others (2016), from whom the idea comes to GANs, smooth the *real* labels
# only: with a soft label for fakes, too, a D that is sure of a fake is pulled back
# towards calling it a little real. The report smooths both, and we follow it.

# %% [markdown]
# ## 3. Noisy labels
#
# The second remedy lies to D: now and then a photograph is called fake, and a fake
# real.
#
# **Predict:** if one label in ten is wrong, which probability is D's best answer for a
# picture that is surely real?

# %% exercise="03.2"
from course_lib.losses import flip_labels

# %%
ex = exercise("03.2")
ex.check(flip_labels)
flip_labels = ex.use(flip_labels)

# %%
labels = torch.ones(1, 1, 14, 14)
noisy = flip_labels(labels, 0.1, torch.Generator().manual_seed(seed))
print(
    f"labels turned round: {(noisy != labels).float().mean():.0%} of {labels.numel()}"
)
softened = smooth_labels(labels, True, smoothing=0.1)
noisy = flip_labels(softened, 0.1, torch.Generator().manual_seed(seed))
print(
    f"soft and noisy: targets {sorted({round(x, 1) for x in noisy.flatten().tolist()})}"
)

# %% [markdown]
# On average over many steps, a target that is 1 in nine cases of ten is the target 0.9:
# the best answer is the same as with smoothing. What is new is noise in what D learns
# from each step. (We turn the label of each patch on its own; the report doesn't say.)
# Both together have a mean target of 0.9·0.9 + 0.1·0.1 = 0.82. The best logit is then
# log(0.82 / 0.18) = 1.5, and D's lowest loss 0.94.

# %% [markdown]
# ## 4. How fair is it?
#
# Smoothing changes D's loss, so the loss can't tell whether smoothing helps. Accuracy
# can, if it is measured with the true labels. And as you would not test a student with
# the exercises of the book, it is measured on held-out pictures, patch by patch.
#
# **Predict:** D calls every patch real. What is its accuracy?

# %% exercise="03.3"
from course_lib.metrics import discriminator_accuracy

# %%
ex = exercise("03.3")
ex.check(discriminator_accuracy)
discriminator_accuracy = ex.use(discriminator_accuracy)

# %% [markdown]
# Half: right for all real ones, wrong for all fakes. At 50 % D knows nothing, at 100 %
# it knows everything. A fair game lies between: D is better than chance, and G still
# wins now and then. The report has 70 to 80 %; with ten points' room on both sides, we
# call a game fair from 60 to 90 %.

# %% [markdown]
# ## 5. Pace
#
# The other two remedies leave the labels alone. Two learning rates: the report makes G
# 2.5 times faster and leaves D as it was. Unequal turns: D rests in some steps, or G
# takes more of them. (Heusel and others (2017) prove that two rates can make a GAN
# settle. Their proof wants the *slower* rate for G, the opposite of the report's.)
#
# **Predict:** with `d_every=2`, in which of the steps 1 to 6 does D learn?

# %% exercise="03.4"
from course_lib.training.steps import training_schedule

# %%
ex = exercise("03.4")
ex.check(training_schedule)
training_schedule = ex.use(training_schedule)

# %%
for step in range(1, 7):
    d_learns, g_learns = training_schedule(step, d_every=2, g_every=1)
    print(step, "D" if d_learns else "-", "G" if g_learns else "-")

# %% [markdown]
# ## 6. One run, all together
#
# Lesson 02's game with all four remedies: labels of 0.9 and 0.1, one in ten turned
# round, G's rate 2.5 times what it was, and D learning in every second step only. And
# because that held D back little, D's rate is a fifth of what it was. These two numbers
# were chosen on the validation photographs. (The `paper` profile plays the report's
# three remedies alone.) The recipe is lesson 02's; these are its settings:
#
# **Predict:** where will D's accuracy be at the end? And PSNR? This is where lesson
# 02's recorded run, of seed 0, ended:

# %%
for key in ("accuracy_d", "psnr"):
    print(f"lesson 02, {key}: {untouched.curves[key][1][-1]:.2f}")

# %%
from course_lib.metrics import psnr, ssim
from course_lib.results import weights
from course_lib.systems import pix2pix
from course_lib.systems.system import held_out_drops
from course_lib.training.loop import series
from course_lib.training.observers import Monitor, judge, restore
from course_lib.training.run import Run

print(pix2pix.stabilised(settings))
system = pix2pix.set_up(
    settings,
    seed,
    pix2pix.stabilised(settings),
    smooth=smooth_labels,
    flip=flip_labels,
    schedule=training_schedule,
)
generator, discriminator = system.generator, system.discriminator
held_out = held_out_drops(settings, seed)
rainy, clean = from_model(held_out.rainy), from_model(held_out.clean)
input_psnr = float(np.mean([psnr(x, y) for x, y in zip(rainy, clean, strict=True)]))
live = viz.LivePlot(
    {
        "PSNR on held-out crops (dB)": {"psnr": "restored", "input": "rainy"},
        "D's accuracy, held out": {"accuracy_d": "discriminator"},
    },
    steps=settings.steps,
)

# %%
if pretrained:
    found = weights.load(
        "03_stabilised",
        profile=settings.name,
        seed=seed,
        generator=generator,
        discriminator=discriminator,
    )
    history = [{**record, "input": input_psnr} for record in found.history]
    live.resume(history)
else:
    run = Run(f"03/stabilised-{settings.name}-seed{seed}")
    monitor = Monitor(generator, discriminator, held_out, every=settings.log_every)
    history = system.train(
        [monitor, lambda record: record.update(input=input_psnr), live], run=run
    )
live.close(
    alt="PSNR on held-out crops beside that of the rainy crops, and D's accuracy on "
    "them, over the steps of training."
)
print(found.provenance() if pretrained else run)

# %%
restored = from_model(restore(generator, held_out.rainy))


def score(metric: Callable[..., float], pictures: np.ndarray) -> float:
    return float(np.mean([metric(x, y) for x, y in zip(pictures, clean, strict=True)]))


viz.contact_sheet(
    {"rainy": rainy[:6], "restored": restored[:6], "clean": clean[:6]},
    alt="Six held-out crops in three rows: the scenes with drops; restored, the mist "
    "gone and drops fainter, with bright smudges before dark roofs; and clean.",
)
print(f"rainy {input_psnr:.2f} dB, restored {score(psnr, restored):.2f} dB")
accuracy = discriminator_accuracy(
    judge(discriminator, held_out.clean, held_out.rainy),
    judge(discriminator, restore(generator, held_out.rainy), held_out.rainy),
)
print(f"D's accuracy on these crops: {float(accuracy):.0%}")

# %% [markdown]
# PSNR ends above the rainy crops' line, as in lesson 02. D's accuracy ends near where
# it was in lesson 02. The sheet looks like lesson 02's: mist gone, drops faint before
# a bright sky, still there before a dark one. Is anything better? One run can't say.

# %% [markdown]
# ## 7. The ablation
#
# One run with everything switched on tells nothing about any one switch. So each is
# tried alone, then in the combinations that the texts name, with five seeds each. A
# seed changes the photographs, too, and some are far easier than others; that would
# drown any effect. So compare like with like: for each seed, the run with the remedy
# *less* the run of lesson 02 with the same photographs, crops and initial weights.
#
# The dot is the mean of these five differences. The bar is its 95 % confidence
# interval: if the five were drawn again and again, and a bar drawn each time, 95 of 100
# bars would cover the true mean. A bar that crosses 0 says that five seeds can't tell
# whether the remedy raises or lowers the number.
#
# (PSNR says nearer to the truth, not nicer to look at. For the looks there is the
# gallery, in section 8.)
#
# **Predict:** which of the bars for PSNR will lie to the right of 0? And which of those
# for D's accuracy to the left?

# %%
import pandas as pd
from scipy.stats import t as student

from course_lib.results.tables import Table, load_table

tried = load_table("03_techniques", profile=settings.name)
same_size = str(tried.rows["profile"].iloc[0])
games_02 = load_table("02_pix2pix", profile=same_size)
lesson_02 = games_02.select(variant="pix2pix")
plain = lesson_02.rows.set_index("seed")
REMEDIES = (
    *("smoothing", "flips", "two rates", "G twice as often"),
    *("smoothing, two rates", "the report's three", "all, and a slower D"),
)


def difference(rows: pd.DataFrame, metric: str) -> tuple[float, float]:
    """Mean of the paired differences to lesson 02, half the width of its interval."""
    paired = rows.set_index("seed")[metric] - plain[metric]
    error = paired.std(ddof=1) / np.sqrt(len(paired))
    return paired.mean(), student.ppf(0.975, len(paired) - 1) * error


def draw_differences(found: dict[str, pd.DataFrame], alt: str) -> None:
    """A dot and a bar for each label, for PSNR and for D's accuracy."""
    figure, axes = viz.panels(2)
    for ax, metric, label in zip(
        axes,
        ("psnr", "accuracy_d"),
        ("PSNR (dB)", "D's accuracy (points)"),
        strict=True,
    ):
        for n, rows in enumerate(reversed(found.values())):
            mean, half = difference(rows, metric)
            ax.errorbar(mean, n, xerr=half, fmt="o", color="#1E88E5", capsize=4)
        ax.axvline(0, color="#777777", linestyle=":")
        ax.set(xlabel=f"change of {label}", ylim=(-0.5, len(found) - 0.5))
        labels = list(reversed(found)) if metric == "psnr" else [""] * len(found)
        ax.set_yticks(range(len(found)), labels)
    viz.show(figure, alt=alt)


draw_differences(
    {name: tried.select(variant=name).rows for name in REMEDIES},
    alt="For each remedy a dot and a bar. Left, the change of PSNR: all dots lie right "
    "of 0, between 0.1 and 0.3 dB; most bars reach 0 or cross it. Right, the "
    "change of D's accuracy: smoothing, alone and with two rates, a little right of 0; "
    "G twice as often left of it; the bars of the last two reach far to both sides.",
)

# %% [markdown]
# Look at the left first. Every remedy raises PSNR a little on average, by a tenth to a
# quarter of a decibel; only a few bars keep clear of 0, and they do so barely. With
# fourteen bars at 95 %, about one would stay clear by chance alone. (And the five seeds
# share eight photographs, so they are less than five independent trials.) Beside what
# a skip or recoloured crops did in lesson 02, this is small.
#
# On the right there is something that the report didn't expect. Smoothing doesn't lower
# D's accuracy; it raises it by a point or two. It takes away D's certainty, as section
# 2 said, and not its skill. Only fewer turns lower the accuracy with a bar that keeps
# clear of 0.


# %%
def cell(table: Table, metric: str, **chosen: str) -> str:
    """Mean and standard deviation over the seeds."""
    found = table.measured(metric, name=metric, **chosen)
    digits = 3 if metric == "ssim" else 1
    return f"{found.value:.{digits}f} ± {found.spread:.{digits}f}"


everything = {
    "none (lesson 02)": lesson_02,
    **{name: tried.select(variant=name) for name in REMEDIES},
}
viz.table(
    [
        {
            "remedy": name,
            "PSNR (dB)": cell(table, "psnr"),
            "D, held out (%)": cell(table, "accuracy_d"),
            "D, seen (%)": cell(table, "accuracy_seen"),
        }
        for name, table in everything.items()
    ],
    caption="Each remedy alone and together: five seeds, last quarter of the steps",
)
print(tried.provenance())

# %% [markdown]
# The last column is D's accuracy on new crops of the five photographs that it trains
# on. With soft or noisy labels it is five points *higher* than without, so D didn't
# lose anything: a D that needn't be surer of what it knows may spend its steps on
# what it still gets wrong. With fewer turns, and with a slower D, it is lower on
# average.
#
# Now the question of this lesson: is the game fair, between 60 and 90 % on held-out
# pictures? Each line is a seed. The darker band is the report's 70 to 80 %.

# %%
shown = ("smoothing", "the report's three", "all, and a slower D")
columns = {"none": plain} | {
    name: tried.select(variant=name).rows.set_index("seed") for name in shown
}
figure, (ax,) = viz.panels()
ax.axhspan(60, 90, color="#DDDDDD", alpha=0.5)
ax.axhspan(70, 80, color="#BBBBBB", alpha=0.5)
for game_seed in plain.index:
    values = [rows["accuracy_d"][game_seed] for rows in columns.values()]
    ax.plot(range(len(columns)), values, "o-", color="#1E88E5", alpha=0.7)
ax.set_xticks(range(len(columns)), [name.replace(", ", ",\n") for name in columns])
ax.set(ylabel="D's accuracy (%)", xlabel="remedy", ylim=(45, 102))
viz.show(
    figure,
    alt="Five lines, one a seed, over four rules. Without a remedy they begin at 60, "
    "63, 80, 89 and 93 %; with smoothing and the report's three they stay about level. "
    "With all and a slower D the upper two come down to 90 and 84 %, the lowest is "
    "62 %, and all lie in the grey band from 60 to 90 %.",
)

# %% [markdown]
# Without a remedy three games of five are fair: one D is too good, and one lies just
# below 60 %. With the report's three only two are. So this D doesn't overpower its G as
# a rule, as the report's did; which photographs are held out decides more than any rule
# of the game, and the lines run nearly level. Only with everything switched on, and a
# slower D, all five lie in the band: the upper lines come down, and the lowest goes up.
# The limits are ours, and two dots come within half a point of them; so look at the
# lines rather than at the count.

# %% [markdown]
# ## 8. The gallery
#
# The same game of seed 0 under each rule, recorded. Move through the steps, and watch
# D's answers and the pictures together.

# %%
gallery = {
    "none": recordings.load("02_healthy"),
    "smoothing": recordings.load("03_smoothing"),
    "flips": recordings.load("03_flips"),
    "two rates": recordings.load("03_two_rates"),
    "G twice as often": recordings.load("03_ratio"),
    "the report's three": recordings.load("03_report"),
    "all, and a slower D": stabilised,
}


def at(run: recordings.Recording, key: str, step: int) -> float:
    """What was measured last at this step."""
    steps, values = run.curves[key]
    return values[max(0, int(np.searchsorted(steps, step, side="right")) - 1)]


def look(*, rule: str, frame: int) -> tuple[np.ndarray, str]:
    run = gallery[rule]
    step, pictures = run.frames[frame]
    rows = (run.rainy, pictures, run.clean)
    line = (
        f"step {step}: {at(run, 'psnr', step):.1f} dB; D recognises "
        f"{at(run, 'accuracy_real', step):.0%} of the photographs' patches and "
        f"{at(run, 'accuracy_fake', step):.0%} of the fakes'"
    )
    return np.concatenate([np.concatenate(list(row), axis=1) for row in rows]), line


last_frame = len(stabilised.frames) - 1
viz.Explorer(
    look,
    rule=list(gallery),
    frame=(0, last_frame, last_frame),
    alt="Four held-out crops in three rows: rainy, restored at this step, clean.",
)

# %%
compared = ("none", "the report's three", "all, and a slower D")
viz.curves(
    {name: gallery[name].curves["accuracy_d"] for name in compared},
    xlabel="step",
    ylabel="D's accuracy on held-out crops",
    alt="D's accuracy over the steps for three rules. Without a remedy it falls from "
    "82 % to 45 and settles near 62. With the report's three it jumps between 62 and "
    "92 % at first and ends below 60. With all and a slower D it begins at 53, climbs "
    "to 80 and settles near 62 in small steps.",
)

# %% [markdown]
# On this seed's photographs D's accuracy ends near 60 % under every rule: as G learns,
# its pictures become harder to tell, and in the end D calls most pictures fake, these
# photographs too. On the way all three curves jump, by up to twenty points between two
# measurements; from step 500 on the one with the slower D is the calmest. In the
# pictures you will hardly find a difference.

# %% [markdown]
# ## 9. More data
#
# The report's own conclusion is that it needs more data. It could take its second test
# set into the training, it says, or put drops on ordinary photographs, as a program
# named ROLE does. Five photographs are few, and drops on ordinary photographs is what
# we do anyway. So look at it from the other side, and take away what we have:
#
# | data | what a step sees |
# |---|---|
# | 40 fixed crops | the same 40 pairs again and again |
# | flips and crops | 40 whole rainy pictures, cropped and mirrored at random |
# | new drops | other drops on every crop |
# | recoloured | those, in another light: lesson 02's data |
# | merged | drops, light and heavy rain, and one photograph more |
#
# (The last one merges in the validation photograph, as the report proposes to do with
# its test set. From then on nothing may be chosen by it any more.)
#
# **Predict:** which step gains most? Does any of them lose?

# %%
fed = load_table("03_data", profile=settings.name)
drops = games_02.select(variant="own colours")
sources = {
    "40 fixed crops": (fed, {"data": "40 fixed crops"}),
    "flips and crops": (fed, {"data": "flips and crops"}),
    "new drops": (drops, {"variant": "own colours"}),
    "recoloured": (lesson_02, {"variant": "pix2pix"}),
    "merged": (fed, {"data": "merged"}),
}
viz.table(
    [
        {
            "data": name,
            "PSNR (dB)": cell(table, "psnr", **chosen),
            "SSIM": cell(table, "ssim", **chosen),
            "G's loss": cell(table, "loss_g", **chosen),
            "D, held out (%)": cell(table, "accuracy_d", **chosen),
        }
        for name, (table, chosen) in sources.items()
    ],
    caption="More data: held-out crops under drops, five seeds",
)
draw_differences(
    {
        name: table.select(**chosen).rows
        for name, (table, chosen) in sources.items()
        if name != "recoloured"
    },
    alt="For four kinds of data a dot and a bar, compared with recoloured crops. Left, "
    "PSNR: 40 fixed crops and merged data lie about 2 dB lower, with wide bars; flips "
    "and crops, and new drops, 1.4 dB lower. Right, D's accuracy: 40 fixed crops 17 "
    "points lower, merged data more than 10 higher; the other two near 0.",
)
print(fed.provenance())

# %% [markdown]
# The bars are differences to lesson 02's recoloured crops, seed by seed.
#
# With 40 fixed crops Pix2Pix ends below the rainy input (the table at the end has
# it). Now look at G's loss: it is 5, lower than with any other data, and just what
# the report gives. This G knows its forty pairs by heart and little else. A low loss
# on training pairs says nothing of pictures that nobody has trained on. Crops and
# mirroring gain half a decibel. Drops without end gain nothing on top of that; other
# light gains more than a whole decibel. So it isn't the drops that were too few. It
# is the scenes.
#
# Merging loses about as much as 40 fixed crops do, and ends below the rainy input,
# too. Two things changed at once, the rain and the photographs, so the row can't say
# which of them did it. But half of the crops now have streaks, which the held-out
# ones don't; a G no larger than before has three kinds of rain to learn; and D gets
# far ahead, above 90 % with most seeds, as with no other data. More data helps where
# it is more of what is asked for. (The report's second test set would be that: real
# drops.)

# %% [markdown]
# ## 10. A loss that also pushes away
#
# The report's other idea is a **contrastive loss**. (It hopes that this helps where
# "it struggled a bit with contrasts". The name is a coincidence: the loss contrasts
# pairs of samples, not light and dark.) In restoration it means: pull the restored
# picture towards the clean one *and push it away from the rainy one* (Wu and others
# 2021). Near and far are measured in the features of a network. Papers take one that
# was trained on ImageNet; the course works offline and has none, and takes the blocks
# of its own D, which sees the picture beside the rainy one.
#
# **Predict:** what does this loss say to a G that returns the rainy picture unchanged?

# %% exercise="03.5"
from course_lib.losses import contrastive_loss

# %%
ex = exercise("03.5")
ex.check(contrastive_loss)
contrastive_loss = ex.use(contrastive_loss)


# %%
def pixels(pictures: torch.Tensor) -> list[torch.Tensor]:
    return [pictures]


for share in (0, 0.5, 1):
    between = held_out.rainy + share * (held_out.clean - held_out.rainy)
    loss = contrastive_loss(between, held_out.clean, held_out.rainy, pixels)
    print(f"{share:.0%} of the way from rainy to clean: {loss:.2f}")

# %% [markdown]
# For the rainy picture itself the loss is 1, as large as it gets: "anything but
# this". L1 pulls towards the clean picture; this adds a push away from the rainy one.
# Close to the rainy picture it is nearly all push, and any direction will do. Does it
# help in the game? Here it is with the weight 10, beside λ = 100 for L1, in D's
# features:

# %%
contrasted = tried.select(variant="contrastive")
viz.table(
    [
        {
            "contrastive loss": label,
            "PSNR (dB)": cell(table, "psnr"),
            "SSIM": cell(table, "ssim"),
            "D, held out (%)": cell(table, "accuracy_d"),
        }
        for label, table in (("none", lesson_02), ("weight 10", contrasted))
    ],
    caption="A contrastive loss beside L1: five seeds",
)
mean, half = difference(contrasted.rows, "psnr")
print(
    f"change of PSNR: {mean:+.2f} dB, 95 % interval {mean - half:+.2f} to "
    f"{mean + half:+.2f}"
)
print(tried.provenance())

# %% [markdown]
# Five seeds show no gain: what the interval leaves room for is next to nothing. One
# reason may be the features. They belong to a D that is being trained, and what it
# sees in rain changes from step to step. Those of ImageNet stay, and know what a
# thing looks like without rain.

# %% [markdown]
# ## Diagnose the broken GAN
#
# One thing makes Pix2Pix hard to diagnose: with λ = 100, L1 restores the picture
# whatever goes wrong between the players. So these runs have λ = 10. First the healthy
# one.

# %%
from course_lib.exercises import diagnose, show_run

show_run(
    "03_healthy",
    alt="The healthy run: D's loss lies near 1.3, G's falls to 2; both gradients end "
    "near 3; D recognises about three of four fakes and fewer than half of the "
    "photographs; PSNR climbs from 16 to 19 dB, and drops grow fainter.",
)

# %% [markdown]
# Four more runs; at most one thing is wrong in each. The faults are among the commonest
# that there are: something isn't detached, labels are swapped, a learning rate has a
# wrong exponent, a network is in the wrong mode. One of them hides well; compare
# numbers with the healthy run's. Two things to know: the rainy crops have about 18 dB,
# and in the run that forgets to detach, the gradients of both players are cleared
# before D's step only, so what D's step leaves in G counts in G's step. (Were they
# cleared before each step, it would cost time and do no harm.)

# %%
diagnose("03", "A")

# %%
diagnose("03", "B")

# %%
diagnose("03", "C")

# %%
diagnose("03", "D")

# %% [markdown]
# In A and C L1 went on restoring, and whoever watches PSNR alone would have called them
# healthy. A is told by how many fakes D recognises and by the lengths of the gradients;
# B by a loss near 0 beside an accuracy near 0; C by a first loss of 10 and by curves
# that mirror each other; D by its pictures and its PSNR. Record more than one thing.

# %% [markdown]
# ## What the report claims, what we measured

# %%
from course_lib.metrics import lpips
from course_lib.results import Measured

# LPIPS needs 64 pixels, and is None where its weights are not there.
pairs = zip(restored, clean, strict=True)
distances = [lpips(x, y) if settings.image_size >= 64 else None for x, y in pairs]


def last_quarter(key: str) -> float:
    """The mean of what was measured in the last quarter of the steps."""
    steps, values = series(history, key)
    begin = 0.75 * history[-1]["step"]
    return float(np.mean([v for n, v in zip(steps, values, strict=True) if n > begin]))


viz.results_table(
    [
        Measured(name="PSNR of the rainy input", value=input_psnr, unit="dB"),
        Measured(name="PSNR, stabilised", value=score(psnr, restored), unit="dB"),
        Measured(name="SSIM, stabilised", value=score(ssim, restored)),
        Measured(
            name="LPIPS, stabilised",
            value=None if None in distances else float(np.mean(distances)),
        ),
        Measured(name="G's loss, last quarter", value=last_quarter("loss_g")),
        Measured(
            name="D's accuracy, last quarter",
            value=100 * last_quarter("accuracy_d"),
            unit="%",
        ),
    ],
    caption="Lesson 03: your run",
    provenance=f"Profile {settings.name}, seed {seed}. "
    + (found.provenance() if pretrained else "Computed by this notebook."),
)

# %%
report, held_back = (
    {"variant": "the report's three"},
    {"variant": "all, and a slower D"},
)
viz.results_table(
    [
        tried.measured(
            "psnr_rainy", name="PSNR of the rainy input", unit="dB", **report
        ),
        lesson_02.measured("psnr", name="PSNR, no remedy", unit="dB"),
        tried.measured(
            "psnr",
            name="PSNR, the report's three",
            unit="dB",
            claim=30.0,
            claim_is="20 to",
            source='report, Experiment 3: "stabilized between 20–30 dB"',
            **report,
        ),
        tried.measured("psnr", name="PSNR, all and a slower D", unit="dB", **held_back),
        lesson_02.measured("loss_g", name="G's loss, no remedy"),
        tried.measured(
            "loss_g",
            name="G's loss, the report's three",
            claim=5.0,
            source='report, Experiment 3: "stabilized around 5"',
            **report,
        ),
        tried.measured("loss_g", name="G's loss, all and a slower D", **held_back),
        lesson_02.measured("accuracy_d", name="D's accuracy, no remedy", unit="%"),
        tried.measured(
            "accuracy_d",
            name="D's accuracy, the report's three",
            unit="%",
            claim=80.0,
            claim_is="70 to",
            source='report, Experiment 3: "between 70–80%"',
            **report,
        ),
        tried.measured(
            "accuracy_d", name="D's accuracy, all and a slower D", unit="%", **held_back
        ),
    ],
    caption="Lesson 03: five seeds, and what the report claims",
    provenance=tried.provenance(),
)

# %% [markdown]
# - **D's accuracy** with the report's three remedies agrees with the report, on average
#   over the seeds, and it does so without any remedy, too. There was little to mend:
#   our D is small, and new drops and colours in every step leave it little to learn by
#   heart. The report's D saw 860 pairs again and again, for 200 epochs.
# - **G's loss** falls a little, where the report's falls from 7 to 5. The
#   direction agrees. How low it is depends on how often G sees the same pairs: section
#   9 has a G with a loss of 5 that restores nothing.
# - **PSNR**: a quarter of a decibel, where the report has "a significant improvement".
#   It takes 20 dB for an acceptable threshold; one of our seeds comes within half a
#   decibel of that before anything is restored. A threshold says nothing without the
#   PSNR of the input.
# - The report concludes that PSNR is "an accurate metric to show how realistic the
#   images look". You have seen two counterexamples: the blurred picture of lesson 00,
#   and L1 alone in lesson 02.

# %% [markdown]
# ## Summary
#
# 1. Soft labels give D a best answer that is not "surer still"; noisy ones the same
#    best answer, and noise.
# 2. Measure fairness by D's accuracy: true labels, patch by patch, held-out pictures.
#    Losses with and without soft labels can't be compared.
# 3. A learning rate and a number of turns set the pace of one player.
# 4. An ablation needs seeds, pairs and intervals; one run with everything on shows
#    nothing about any one thing.
# 5. Here the remedies gained little: the game was nearly fair without them. Slowing D
#    down brought the seeds closer together; smoothing made D no worse at telling.
#
# ## Quiz
#
# Five questions. Each answer is explained; try again as often as you like.
#
# {{quiz}}

# %%
from course_lib.exercises import quiz

quiz("03")

# %% [markdown]
# ## Further reading
#
# - T. Salimans et al., *Improved techniques for training GANs* (2016): section 3.4 says
#   why only the real labels should be smoothed.
# - M. Heusel et al., *GANs trained by a two time-scale update rule* (2017): a proof
#   that two learning rates can make a game settle, and which player should be slow.
# - H. Wu et al., *Contrastive learning for compact single image dehazing* (2021): the
#   contrastive loss for restoration, with features from ImageNet.
#
# **Next:** lesson 04 changes the networks instead of the rules: GRASPP-GAN looks at
# gradients, and at wide surroundings.
