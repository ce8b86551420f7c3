# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lesson 05: DeSRA, detecting
#
# A GAN that enlarges photographs invents detail. You build a detector that finds
# invented detail without knowing the true picture.

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

settings = pick("05", profile)
torch.set_num_threads(settings.threads)
results.begin(lesson="05", profile=profile, seed=seed)

# %%
recorded = recordings.load("05_real_esrgan")
viz.picture_grid(
    [recorded.rainy[2], recorded.frames[0][1][2], recorded.clean[2]],
    ["input", "Real-ESRGAN", "photograph"],
    alt="A portrait three times: blocky and noisy; enlarged by Real-ESRGAN, sharp, "
    "with a wrong face; the photograph.",
)

# %% [markdown]
# **At the end you will be able to**
#
# - explain why a GAN's mistakes look like detail, and an MSE network's like blur;
# - compute the local standard deviation and build DeSRA's map $D$ from it;
# - weight $D$ by how much detail a class of texture usually has;
# - turn a map into a mask, and score masks by regions;
# - say when the detector is blind.
#
# **Prerequisites:** lessons 01 and 02. What the text says about numbers and pictures
# holds for the `cpu` profile and larger ones. `smoke` only shows that everything runs.
#
# {{budgets}}
#
# ## 1. A network that invents
#
# **Real-ESRGAN** (Wang and others 2021) enlarges a photograph four times in each
# direction. Each pixel becomes sixteen, so most of the result must be guessed. The
# network was trained as a GAN: its guesses should look like a photograph.
#
# Its **MSE twin** has the same layers, but the last two blocks were trained on the mean
# squared error alone. An MSE network guesses the mean of everything that is possible.
#
# The released weights are a file of 33 MB, which `course models fetch real-esrgan`
# gets. Without that file, this lesson trains two small networks and works on these.

# %%
twins = desra.twins_at_hand(settings, seed)

# %% [markdown]
# What the text says about pictures and numbers below holds for Real-ESRGAN. A small GAN
# that was trained for two minutes adds much less detail, and sometimes none that the
# detector marks. Its tables over five seeds come in sections 8 and 11.
#
# The inputs are thumbnails as some programs make them: of each 4×4 pixels, one is kept
# and the others are dropped. Noise and JPEG compression follow. Real-ESRGAN never saw
# such inputs during its training.
#
# **Predict:** which of the two enlarged pictures will have the higher PSNR? Which one
# will look sharper?

# %%
from course_lib.metrics import psnr

examples = desra.examples(twins, side=settings.image_size)
one = examples["china"]
blocks = one.low.repeat(twins.pair.scale, 0).repeat(twins.pair.scale, 1)
viz.picture_grid(
    [blocks, one.mse, one.gan, one.clean],
    [
        "input",
        f"MSE twin, {psnr(one.mse, one.clean):.1f} dB",
        f"GAN, {psnr(one.gan, one.clean):.1f} dB",
        "photograph",
    ],
    columns=2,
    alt="A pagoda four times: the small, noisy input; the MSE twin's blurred "
    "enlargement; the GAN's sharp one; the photograph.",
)

# %% [markdown]
# The GAN's picture is sharper, and its PSNR is lower. Compare roofs and railings with
# the photograph. Where the input says too little, the GAN draws something that could be
# there and isn't. DeSRA (Xie and others 2023, *DeSRA: Detect and Delete the Artifacts
# of GAN-based Real-World Super-Resolution Models*) calls such mistakes **GAN-inference
# artifacts**. They appear on pictures for which nobody knows the truth.
#
# The paper's idea: where the GAN drew much more texture than its MSE twin, it probably
# made the texture up.
#
# ## 2. How much texture is there?
#
# The **local standard deviation** $\sigma$ measures texture. At each pixel, take the
# window of $n \times n$ pixels around it and compute the standard deviation of their
# levels (equation 3). It is 0 on a flat wall and large on foliage and on edges.
#
# The paper has $n = 11$. The authors' code weights these pixels with a Gaussian of
# $\sigma = 1.5$ pixels, so it looks at the inner five. We use $n = 5$ with equal
# weights.

# %% exercise="05.1"
from course_lib.artifacts.texture import local_std

# %%
ex = exercise("05.1")
ex.check(local_std)
local_std = ex.use(local_std)

# %%
window = 5
sigma = {
    name: (local_std(e.gan, window), local_std(e.mse, window))
    for name, e in examples.items()
}
gan_sigma, mse_sigma = (maps.mean(-1) for maps in sigma["china"])
viz.picture_grid(
    [(maps / 64).clip(0, 1) for maps in (gan_sigma, mse_sigma)],
    ["σ of the GAN's picture", "σ of the MSE twin's"],
    alt="Two maps of the pagoda, black on sky and water and white along edges. The map "
    "of the GAN is brighter on roofs and trees.",
)

# %% [markdown]
# ## 3. From a difference to D
#
# The first idea is the squared difference of the two maps, which the paper calls the
# **absolute difference** $d$ (equation 4):
#
# $$d = (\sigma_x - \sigma_y)^2$$
#
# with $\sigma_x$ of the GAN and $\sigma_y$ of the MSE twin. But strong texture differs
# more than weak texture, even if both are right. The paper's figure 4 shows two patches
# with the same $d$: foliage that looks right, and a building that looks wrong. The next
# cell looks for two places of our picture with the same $d$: one where both twins have
# texture, and one where only one of them has.

# %%
from course_lib.artifacts.texture import difference, relative_difference


x, y = (maps.mean(-1) for maps in sigma["china"])
d, relative = difference(x, y), relative_difference(x, y)
alike = np.abs(d / np.quantile(d, 0.95) - 1) < 0.1
order = np.where(alike, relative, np.nan)
rows, patches = [], []
for label, chosen in (
    ("small d'", np.nanargmin(order)),
    ("large d'", np.nanargmax(order)),
):
    named = {"σ GAN": x, "σ MSE": y, "d": d, "d'": relative}
    numbers = {key: float(value.flat[chosen]) for key, value in named.items()}
    rows.append({"place": label} | numbers)
    top, left = (max(0, int(at) - 16) for at in np.unravel_index(chosen, d.shape))
    patches += [e[top : top + 32, left : left + 32] for e in (one.gan, one.mse)]
viz.table(rows, caption="Two places with nearly the same d", decimals=2)
viz.picture_grid(
    patches,
    [f"{who}, {row['place']}" for row in rows for who in ("GAN", "MSE twin")],
    columns=4,
    alt="Two places of the pagoda by the GAN and by its MSE twin. At the first, both "
    "show an edge; at the second, only one of them has texture.",
)

# %% [markdown]
# So the paper divides by the texture itself (equation 5):
#
# $$d' = \frac{(\sigma_x - \sigma_y)^2}{2 \sigma_x \sigma_y}$$
#
# and turns $d'$ into a **similarity** between 0 and 1 (equations 6 and 7):
#
# $$D = \frac{1}{1 + d'} = \frac{2 \sigma_x \sigma_y}{\sigma_x^2 + \sigma_y^2}$$
#
# A constant $C$ keeps the division stable where both pictures are flat. The authors'
# code adds $C$ above and below the fraction bar. Write it like that, with SSIM's
# constant $C = (0.03 \cdot 255)^2 \approx 58.5$ squared levels. (A level is one step of
# 0 to 255.)

# %% exercise="05.2"
from course_lib.artifacts.texture import texture_distance

# %%
ex = exercise("05.2")
ex.check(texture_distance)
texture_distance = ex.use(texture_distance)

# %%
from course_lib.artifacts.texture import C

distance = {name: texture_distance(*maps, c=C).mean(-1) for name, maps in sigma.items()}
edge = window // 2
inside = np.s_[edge:-edge, edge:-edge]
viz.picture_grid(
    [examples["china"].gan[inside], d.clip(0, 400) / 400, distance["china"]],
    ["GAN", "d (white: 400 or more)", "D (black: no likeness)"],
    alt="A pagoda enlarged by the GAN; its map of d, bright along all edges; its map "
    "of D, dark where only the GAN has texture and white on sky and water.",
)

# %% [markdown]
# **Predict:** equation 7 prints $C$ in the denominator only. Take a patch of sky, where
# both standard deviations are 1. What is $D$ there by the printed equation, and what
# does the detector then think of the sky?

# %%
from collections.abc import Sequence

from course_lib.artifacts.semantics import require_maps

x, y = sigma["china"]
as_printed = (2 * x * y / (x**2 + y**2 + C)).mean(-1)
viz.picture_grid(
    [distance["china"], as_printed],
    ["D as in the code", "D as printed"],
    alt="Two maps of D. As in the code, sky and water are white; as printed, black.",
)
flat = (x.mean(-1) < 2) & (y.mean(-1) < 2)
if flat.any():
    print(
        f"mean D on flat patches: {distance['china'][flat].mean():.2f} as in the code, "
        f"{as_printed[flat].mean():.2f} as printed"
    )

# %% [markdown]
# With $C$ in the denominator only, every flat patch gets a $D$ near 0, as if the GAN
# had invented it. We use the form of the code.
#
# ## 4. What is usual for this texture?
#
# Foliage of a GAN differs from its MSE twin's everywhere, and looks right. A wall that
# differs as much looks wrong. So the threshold depends on the class of each pixel. For
# each class $k$, the paper collects $D$ over many ordinary pictures and takes the value
# $A_k$: 85 % of the pixels have this $D$ or more (equation 8). It takes the classes
# from a network for segmentation. Ours are six classes of texture, from smooth to
# rough.

# %% exercise="05.3"
from course_lib.artifacts.semantics import class_weights

# %%
ex = exercise("05.3")
ex.check(class_weights)
class_weights = ex.use(class_weights)

# %%
from scipy import ndimage

from course_lib.artifacts.mask import require_settings, without_small_regions
from course_lib.artifacts.semantics import texture_classes


def detector_map(gan: np.ndarray, mse: np.ndarray) -> np.ndarray:
    """D of two pictures, with your functions."""
    return texture_distance(local_std(gan, window), local_std(mse, window), c=C).mean(
        -1
    )


ordinary = desra.ordinary(twins, settings.image_size)
labels = [texture_classes(e.mse)[inside] for e in ordinary]
usual = class_weights(
    [detector_map(e.gan, e.mse) for e in ordinary], labels, percentile=85
)
for label, value in usual.items():
    share = np.mean([np.mean(one == label) for one in labels])
    print(f"class {label}: A = {value:.2f}, {share:.0%} of the pixels")
print("the paper: sky 1.00, building 0.80, tree 0.75")

# %% [markdown]
# Our six values lie close together, so our classes change little. Section 11 measures
# what they are worth.
#
# ## 5. From a map to a mask
#
# A pixel is suspicious where $D / A_k$ is below a threshold of 0.7 (equation 9). Single
# pixels are noise, so four steps clean the mask: **erosion** removes specks,
# **dilation** joins neighbours, holes are filled, and small regions are dropped
# (appendix A.2).

# %% exercise="05.4"
from course_lib.artifacts.mask import artifact_mask

# %%
ex = exercise("05.4")
ex.check(artifact_mask)
artifact_mask = ex.use(artifact_mask)

# %%
from course_lib.artifacts.semantics import weight_map

AREA = settings.image_size**2 // 250  # pixels; the authors' 4000 are for large pictures


def find_artifacts(gan: np.ndarray, mse: np.ndarray) -> np.ndarray:
    """The mask of artifacts, with your functions."""
    weight = weight_map(texture_classes(mse)[inside], usual)
    return artifact_mask(detector_map(gan, mse), weight, min_area=AREA)


masks = {name: find_artifacts(e.gan, e.mse) for name, e in examples.items()}
viz.picture_grid(
    [e.gan[inside] for e in examples.values()],
    [f"{name}: {masks[name].mean():.0%}" for name in examples],
    masks=list(masks.values()),
    alt="Three pictures of the GAN; the detected regions are tinted orange.",
)

# %% [markdown]
# On the pagoda, much of the marked area is foliage. Does it look wrong to you? A
# network for segmentation would know that it is a tree. Classes of texture only know
# that it is rough.
#
# Move the controls. Which threshold and which window mark what you would mark?

# %%
from functools import lru_cache

from course_lib.artifacts.mask import regions


@lru_cache
def distance_of(picture: str, side: int) -> np.ndarray:
    e = examples[picture]
    return texture_distance(local_std(e.gan, side), local_std(e.mse, side), c=C).mean(
        -1
    )


def look(*, picture: str, threshold: float, window: str, classes: str) -> tuple:
    edge = int(window) // 2
    e, valid = examples[picture], np.s_[edge:-edge, edge:-edge]
    weight = (
        weight_map(texture_classes(e.mse)[valid], usual) if classes == "on" else 1.0
    )
    distance = distance_of(picture, int(window))
    found = artifact_mask(distance, weight, threshold=threshold, min_area=AREA)
    shown = e.gan[valid].copy()
    shown[found] = shown[found] // 2 + np.array([115, 80, 0], np.uint8)
    return shown, f"{found.mean():.1%} of the picture"


viz.Explorer(
    look,
    picture=["china", "astronaut", "rocket"],
    threshold=(0.3, 1.0, 0.7),
    window=["5", "3", "9"],
    classes=["on", "off"],
    alt="A picture of the GAN with the detected regions in orange.",
)

# %% [markdown]
# ## 6. Is the mask right?
#
# Here we know the photograph, so there is a truth that doesn't use $D$: a region counts
# as an artifact **by reference** if the GAN's error there is larger than the MSE twin's
# by 10 levels, on average over a few pixels.
#
# The **IoU** (intersection over union, equation 11) of two masks is 1 if they agree and
# 0 if they don't overlap. Masks are also scored by regions (equations 12 and 13).
# **Precision** is the share of the detected regions that the truth covers by more than
# half. **Recall** is the share of the true regions that the detection covers by more
# than half.

# %% exercise="05.5"
from course_lib.artifacts.metrics import region_precision_recall

# %%
ex = exercise("05.5")
ex.check(region_precision_recall)
region_precision_recall = ex.use(region_precision_recall)

# %%
from course_lib.artifacts.metrics import iou
from course_lib.artifacts.truth import by_reference

rows = []
for name, e in examples.items():
    truth = by_reference(e.gan, e.mse, e.clean, min_area=AREA)[inside]
    precision, recall = region_precision_recall(masks[name], truth, p=0.5)
    rows.append(
        {
            "picture": name,
            "IoU": iou(masks[name], truth),
            "precision": precision,
            "recall": recall,
        }
    )
viz.table(rows, caption="The detector against the truth by reference", decimals=2)

# %% [markdown]
# The detector and this truth hardly agree. One reason is a limit of the truth. The MSE
# twin shares most layers with the GAN, so it repeats the mistakes that these layers
# make. There both errors are large, and their difference is small.
#
# The paper's truth was drawn by people. Draw yours: outline what you call an artifact.
# The line below the picture compares your outlines with the detector's mask and with
# the truth by reference.

# %%
truth = by_reference(one.gan, one.mse, one.clean, min_area=AREA)[inside]


def against_others(mine: np.ndarray) -> str:
    return (
        f"IoU with the detector {iou(mine, masks['china']):.2f}, "
        f"with the truth by reference {iou(mine, truth):.2f}"
    )


viz.Outline(
    one.gan[inside],
    score=against_others,
    alt="The pagoda as the GAN enlarged it, without any marks.",
)

# %% [markdown]
# A third truth is exact. We **plant** artifacts: a region of the GAN's picture is
# spoilt on purpose, so that its mask is known to the pixel.
#
# **Predict:** three kinds are planted: detail that is too strong, false texture, and a
# shifted colour. Which one can $D$ not find?

# %%
from course_lib.artifacts.planted import KINDS, plant

from course_lib.data.degradations import Degradation

mild = Degradation(scale=twins.pair.scale)
e = twins.example(examples["rocket"].clean, seed, mild)
rows, shown = [], []
for kind in KINDS:
    rng = np.random.default_rng((seed, 3))
    planted = plant(e.gan, kind, rng)
    mask = find_artifacts(planted.picture, e.mse)
    precision, recall = region_precision_recall(mask, planted.mask[inside], p=0.5)
    rows.append(
        {
            "planted": kind,
            "IoU": iou(mask, planted.mask[inside]),
            "precision": precision,
            "recall": recall,
        }
    )
    shown.append((planted.picture[inside], mask))
viz.picture_grid(
    [picture for picture, _ in shown],
    [f"{row['planted']}\nIoU {row['IoU']:.2f}" for row in rows],
    masks=[mask for _, mask in shown],
    alt="A rocket with one spoilt region each: strong detail, waves, another colour. "
    "The detected regions are tinted orange.",
)
viz.table(rows, caption="Planted artifacts on one picture", decimals=2)

# %% [markdown]
# $D$ compares standard deviations. A shifted colour leaves them as they were, so
# planting it changes nothing, and the detector is blind to this kind. The other orange
# regions are there without any planting, too.
#
# ## 7. Train an MSE twin
#
# The paper trains the MSE network first and the GAN from it. Real-ESRGAN's own MSE
# network isn't in any package, so we go the other way. Start with the GAN's weights and
# train the last two blocks on the mean squared error alone.
#
# The blocks in front of them never change. So their output, the **features**, is
# computed once for each crop. That makes a step cheap.
#
# **Predict:** training lowers the error on the training crops. Will the PSNR on
# held-out crops rise until the end?

# %%
from course_lib.training.run import Run

fresh, system, best = desra.mse_training(twins, settings, seed)
live = viz.LivePlot(
    {
        "mean squared error": {"loss_g": "training crops"},
        "PSNR (dB)": {"score": "held-out crops"},
    },
    steps=settings.steps,
)
name = f"05/{twins.name.replace(' ', '-')}-{settings.name}-seed{seed}"
history = system.train([live], run=Run(name))
live.close(alt="The training loss falls; the held-out PSNR over the steps.")
best.restore()
print(f"best: step {best.step}, {best.best:.2f} dB")

# %%
yours = fresh.pictures(one.low)[1]
viz.picture_grid(
    [one.gan, yours, one.mse],
    [
        f"{label}, {psnr(picture, one.clean):.1f} dB"
        for label, picture in (
            ("GAN", one.gan),
            ("your twin", yours),
            ("shipped", one.mse),
        )
    ],
    alt="The pagoda by the GAN, by your MSE twin and by the twin of the sections "
    "before. Both twins are smoother than the GAN.",
)
overlap = iou(find_artifacts(one.gan, yours), masks["china"])
print(f"IoU of the masks by your twin and by the shipped one: {overlap:.2f}")

# %% [markdown]
# Here the PSNR rises to the end, because the learning rate falls to 0 meanwhile. (The
# best weights are kept, in case it doesn't.) The loss of single batches jumps too much
# to show that. Your twin is smoother than the GAN, and its PSNR is higher. The twin of
# the earlier sections learned longer, from more photographs. Your twin still has much
# of the GAN's texture. So $D$ finds less with it, and the two masks may not overlap at
# all.
#
# ## 8. What weakens an artifact?
#
# Figure 3 of the paper: a little noise on the input, or a slightly different size, can
# make an artifact disappear. And another state of the same network, some steps earlier,
# has other artifacts. The authors conclude that artifacts come from inputs unlike those
# of the training, and from the unstable training of GANs.
#
# **Predict:** we add noise of σ = 3, 6 and 12 levels to the thumbnail, or resize it by
# 0.9 and 1.2. By how much does the detected area change?

# %%
rows = []
for change, changed in desra.CHANGED_INPUTS.items():
    area = find_artifacts(*twins.pair.pictures(changed(one.low, seed))).mean()
    rows.append({"change": change, "detected (%)": 100 * area})
viz.table(rows, caption="Your run, one picture", decimals=1)

from course_lib.results.tables import load_table

inputs = load_table("05_inputs")
columns = {
    "area": "by D (%)",
    "area_reference": "by reference (%)",
    "psnr": "PSNR (dB)",
}
for who in ("Real-ESRGAN", "a small GAN"):
    viz.table(
        inputs.means(list(desra.CHANGED_INPUTS), "change", columns, generator=who),
        caption=f"{who}: area of artifacts, mean of five seeds",
        decimals=1,
    )
iterations = load_table("05_iterations")
viz.table(
    iterations.means((50, 100, 150, 200), "step", {"area": "by D (%)"}),
    caption="The small GAN after different numbers of steps, mean of five seeds",
    decimals=2,
)
print(inputs.provenance())

# %% [markdown]
# We can confirm the figure only in part.
#
# - **Noise.** With σ = 12, $D$ finds less on average for both generators. By reference,
#   Real-ESRGAN's mistakes don't shrink.
# - **A larger input** (1.1 or 1.2) leaves fewer mistakes by reference. But for the
#   comparison its picture is shrunk again, which smooths mistakes, too. By $D$, which
#   looks at the picture before, Real-ESRGAN has hardly fewer.
# - **Other states of the network** differ most. The small GAN has next to no artifacts
#   until step 100. Then they appear.
#
# The paper shows single examples. On average over our pictures, noise and size are no
# remedy.
#
# ## 9. Is the MSE twin a good reference?
#
# Appendix A.1 admits that the MSE twin isn't a perfect reference. What else could one
# compare with? The bicubic enlargement needs no network. The mean of the GAN's pictures
# over four noisy inputs needs no second network.
#
# Each row is one detector. The numbers are the mean over five seeds. "reference" stands
# for the GAN's own artifacts, the other columns for planted ones. For "training", a
# region comes from the same GAN after an unstable training. A detector that marks
# nothing has a precision of 1.

# %%
detectors = load_table("05_detectors")
TRUTHS = ("reference", "detail", "texture", "training", "colour")
references = ["without classes", "bicubic reference", "mean over noise"]
for metric in ("iou", "precision"):
    viz.table(
        detectors.means(
            references,
            "detector",
            {f"{metric}_{truth}": truth for truth in TRUTHS},
            generator="Real-ESRGAN",
        ),
        caption=f"{metric}, by what D compares with (first row: the MSE twin)",
        decimals=2,
    )

# %% [markdown]
# Against the bicubic enlargement, $D$ also marks true detail, so its precision is
# lower. The mean over noisy inputs looks good on planted artifacts. But that is
# misleading: the network didn't make the planted ones, so its mean doesn't show them.
# On the GAN's own artifacts (by reference) it finds nothing. With a little noise, the
# network makes the same artifacts again, and the mean keeps them.
#
# ## 10. Does a quality score see artifacts?
#
# **NIQE** scores a picture without any reference: it compares the statistics of small
# patches with those of good photographs. Lower is better. Appendix A.8 says that NIQE
# doesn't see artifacts. (It says the same about MANIQA, whose weights aren't available
# to us.) Our NIQE is fitted on this course's photographs, so its values aren't the
# paper's.
#
# **Predict:** order these by NIQE: the photograph, the GAN's picture, the MSE twin's,
# and the GAN's with a planted texture.

# %%
from course_lib.artifacts.niqe import niqe

rows = []
for name, e in examples.items():
    wavy = plant(e.gan, "false texture", np.random.default_rng(seed)).picture
    versions = {
        "photograph": e.clean,
        "GAN": e.gan,
        "MSE twin": e.mse,
        "GAN, false texture": wavy,
    }
    size = min(48, settings.image_size // 2)
    rows.append(
        {"picture": name}
        | {label: niqe(p, patch=size) for label, p in versions.items()}
    )
viz.table(rows, caption="NIQE, lower is better", decimals=1)

# %% [markdown]
# NIQE rates the GAN's pictures nearly as good as the photographs, with all their
# artifacts. The MSE twin's pictures have none of these, and get by far the worst
# scores. On the pagoda, planted waves hardly change the score. NIQE asks whether a
# picture is as sharp and as rough as photographs are, not whether its detail is true.
# (Here it scores whole pictures. In section 11, it scores each patch.)
#
# ## Diagnose the broken GAN
#
# These are recorded trainings of the small GAN. It starts as a trained MSE twin. G's
# loss is the sum of three terms: the pixels' absolute error, a difference of the
# discriminator's features, and the adversarial loss. The row called "rainy" shows the
# inputs. Each run shows crops, the losses, and how much fine detail the GAN's pictures
# have, compared with the MSE twin's. First a healthy run. So short a training leaves
# false lines and specks even when nothing is wrong.

# %%
from course_lib.exercises import diagnose, show_run

show_run(
    "05_healthy",
    alt="Four crops and the small GAN's pictures of them, which become sharper step by "
    "step, with some false texture. D's loss swings around 1.3, the generator's around "
    "0.15. PSNR falls from 24.3 to about 23.8 dB. Fine detail ends near 1.3 times the "
    "MSE twin's.",
)

# %%
diagnose("05", "A")

# %%
diagnose("05", "B")

# %%
diagnose("05", "C")

# %%
diagnose("05", "D")

# %% [markdown]
# ## 11. What the paper claims, what we measured
#
# The paper's numbers are for 150 photographs of ImageNet, whose artifacts people
# outlined. Ours are for other pictures and other truths. So compare the order of the
# rows, not the heights. **LDL** (Liang and others 2022) marks pixels whose error is
# large and varies locally, at three thresholds. The **localiser** is a small network
# that learned to find filled holes in photographs, as the paper's PAL4Inpainting did.

# %%
claims = {  # Table 1: IoU, precision, recall
    "NIQE": (0.029, 0.0494, 0.1054),
    "localiser": (0.084, 0.0855, 0.0992),  # PAL4Inpainting
    "LDL 0.01": (0.299, 0.3504, 0.3485),
    "LDL 0.005": (0.362, 0.2618, 0.5442),
    "LDL 0.001": (0.353, 0.1410, 0.8391),
    "DeSRA": (0.511, 0.7055, 0.6081),
}
metrics = {
    "iou_texture": "IoU",
    "precision_texture": "precision",
    "recall_texture": "recall",
}
real = {"generator": "Real-ESRGAN"}
viz.results_table(
    detectors.against(claims, "detector", metrics, source="Table 1", **real),
    caption="Real-ESRGAN with planted false texture",
    provenance=detectors.provenance(),
)

# %% [markdown]
# The paper repeats its table for two other generators (Tables 2 and 6). Ours are the
# small GAN and a derainer. The derainer began as the network of `course restore`. Its
# twins learned to restore rainy pictures of a poor camera, on the mean squared error
# and then as a GAN.

# %%
for who in ("Real-ESRGAN", "a small GAN", "a derainer"):
    for metric in ("iou", "precision"):
        named = {f"{metric}_{truth}": truth for truth in TRUTHS}
        viz.table(
            detectors.means(list(claims), "detector", named, generator=who),
            caption=f"{who}, {metric} by kind of artifact",
            decimals=2,
        )

# %% [markdown]
# On planted false texture, DeSRA has the best precision for all three generators, as in
# the paper. Its IoU is the best for two; for the derainer, there is no clear difference
# to the best LDL. LDL with its lowest threshold marks nearly everything: its recall is
# high and its precision low. The localiser learned from filled holes and finds hardly
# any of these artifacts. On strong detail, DeSRA's precision is the best, and its IoU
# is below that of the best LDL.
#
# One row differs from the paper's: our NIQE is second on false texture. It has one
# threshold, the best for these very pictures, and waves are what NIQE is made for. It
# often marks nothing else, and a detector that marks nothing has a precision of 1.
#
# Three columns show DeSRA's limits:
#
# - **Colour.** $D$ compares textures. It is blind to a shifted colour.
# - **Unstable training** changes colours as well as texture. DeSRA finds a small part
#   of it in enlarged pictures. LDL, which looks at errors, finds more there. In the
#   derainer's pictures, DeSRA is the best.
# - **By reference.** No detector does well on the GAN's own artifacts. DeSRA marks few
#   places, of which about half are right. LDL marks far more and reaches a higher IoU.
#   In part this is the truth's fault, see section 6.
#
# The paper also takes its detector apart (Tables 4 and 5).

# %%
ablation = {  # Tables 4 and 5: IoU, precision, recall
    "without relative difference": (0.161, 0.0245, 1.0),
    "without normalisation": (0.036, 0.2247, 0.2869),
    "without classes": (0.462, 0.6627, 0.5496),
    "threshold 0.9": (0.543, 0.3255, 0.9223),
    "threshold 0.8": (0.566, 0.5158, 0.8123),
    "DeSRA": (0.511, 0.7055, 0.6081),
    "threshold 0.6": (0.384, 0.8343, 0.3351),
}
viz.results_table(
    detectors.against(ablation, "detector", metrics, source="Tables 4 and 5", **real),
    caption="Parts of the detector, planted false texture",
    provenance=detectors.provenance(),
)

# %% [markdown]
# Most of the paper's findings hold here. Without the relative difference, everything is
# marked. Without normalisation, little is found. A higher threshold finds more and is
# less precise.
#
# One finding doesn't hold: our classes raise the precision and not the IoU. They are
# six classes of texture, and in each of them $D$ is high on ordinary pictures. The
# paper has 150 classes of things, some of them with a low $A_k$.
#
# ## Your photograph, and an open task
#
# Give the path of a photograph. It is shrunk to a thumbnail and enlarged again.

# %%
my_photo = None  # such as "holiday.jpg"
mine = desra.own_picture(twins, my_photo, pixels=settings.image_size**2 // 4)
my_mask = find_artifacts(mine.gan, mine.mse)
viz.picture_grid(
    [mine.gan[inside], mine.gan[inside], mine.clean[inside]],
    ["GAN", f"detected: {my_mask.mean():.1%}", "photograph"],
    masks=[None, my_mask, None],
    alt="A photograph, shrunk and enlarged by the GAN; the same with the detected "
    "regions in orange; the photograph.",
)

# %% [markdown]
# **Open task.** Find a setting that marks the mistakes on your photograph and leaves
# the rest: another threshold, window, percentile or reference. Say how you know that it
# is better: draw the truth first, then measure.

# %%
viz.results_table(
    [
        results.Measured(
            name=f"{label}, {name}", value=psnr(picture, e.clean), unit="dB"
        )
        for name, e in examples.items()
        for label, picture in (("PSNR, GAN", e.gan), ("PSNR, MSE twin", e.mse))
    ]
    + [
        results.Measured(name="PSNR of your twin, held-out", value=best.best, unit="dB")
    ],
    caption="Lesson 05: your run",
    provenance=f"Profile {settings.name}, seed {seed}. Computed by this notebook.",
)

# %% [markdown]
# ## Summary
#
# 1. Where the input says too little, a GAN invents detail. Its MSE twin blurs instead.
# 2. $D$ compares the local standard deviations of both. It is relative, so strong
#    texture isn't suspicious in itself.
# 3. What is usual differs by texture. Dividing by $A_k$ takes that into account.
# 4. Erosion, dilation and a smallest area turn a noisy map into regions.
# 5. $D$ sees texture only. It is blind to a shifted colour, and to mistakes that the
#    twins share.
#
# ## Quiz
#
# Five questions. Each answer is explained; try again as often as you like.
#
# {{quiz}}

# %%
from course_lib.exercises import quiz

quiz("05")

# %% [markdown]
# ## Further reading
#
# - L. Xie et al., *DeSRA: Detect and Delete the Artifacts of GAN-based Real-World
#   Super-Resolution Models* (2023): read §3.1 and §3.2 now.
# - X. Wang et al., *Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure
#   Synthetic Data* (2021): how its inputs are degraded.
# - J. Liang et al., *Details or Artifacts: A Locally Discriminative Learning Approach
#   to Realistic Image Super-Resolution* (2022): LDL, the baseline.
#
# **Next:** lesson 06 deletes the artifacts that you found.
