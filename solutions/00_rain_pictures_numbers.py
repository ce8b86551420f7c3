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
# # Lesson 00: Rain, pictures and numbers
#
# Before a network can clear the rain away, you need to know what rain does to a
# picture, how to make training pairs without cheating, and what the numbers in the
# tables mean.

# %% tags=["parameters"]
profile = "auto"  # gpu where there is one, else cpu; or "smoke", "cpu", "gpu", "paper"
seed = 0

# %%
from collections.abc import Sequence

import numpy as np

from course_lib import results, viz
from course_lib.exercises import exercise
from course_lib.data.photos import PHOTOS, load_photo, shrink
from course_lib.data.rain import synthesize
from course_lib.profiles import pick

settings = pick("00", profile)
results.begin(lesson="00", profile=profile, seed=seed)

# %%
size = settings.image_size
photo = load_photo("china")[20 : 20 + size, 200 : 200 + size]
rainy = {
    kind: synthesize(photo, kind, np.random.default_rng(seed)).rainy
    for kind in ("light", "heavy", "wide", "drops", "haze")
}
viz.picture_grid(
    [photo, *rainy.values()],
    ["clean", *rainy],
    columns=3,
    alt="A temple roof six times. Clean; light rain: thin slanted streaks; heavy "
    "rain: many streaks under a bright veil; wide rain: few, broad and soft streaks; "
    "drops on the lens: round blurred patches; haze: a flat grey over all.",
)

# %% [markdown]
# One photograph, and five ways in which water spoils it. This lesson makes all of them,
# and then measures how bad each one is. The measuring turns out to be the harder part.
#
# **At the end you will be able to**
#
# - model rain streaks, drops on a lens and haze, and say where the usual formula "rainy
#   = clean + streaks" breaks;
# - build training pairs and split them so that the test is honest;
# - compute PSNR in the convention a paper used, and explain a gap between two papers
#   that no network made;
# - show a picture that scores well and looks bad, and one that looks good and scores
#   badly.
#
# **Prerequisites:** Python with NumPy, and a first course in deep learning.
#
# {{budgets}}
#
# This lesson trains nothing, so its profiles differ in the size of the pictures alone,
# and `smoke` and `cpu` not even in that. In later lessons `smoke` only shows that
# everything runs.
#
# Work from top to bottom. Each exercise asks for one function; write it, run the cell,
# run the check below it. If you skip an exercise, run its check cell all the same: it
# hands the library's own function to the cells that come after. And if the kernel was
# restarted, run everything from the top again, down to where you were; a message such
# as "name 'exercise' is not defined" means just that.

# %% [markdown]
# ## 1. What a camera sees of a falling drop
#
# A drop falls on while the shutter is open, so the camera doesn't record a drop but a
# **streak**: one line, as wide as the drop and as long as its way.
#
# Two things decide how bright the streak is. The drop is a tiny lens that shows nearly
# the whole scene in front of it, so it carries the light of the sky, even in front of a
# dark wall. And it covers each pixel only for a share of the exposure, the drop's width
# over its way; for the rest of the time the pixel sees the background.

# %%
from course_lib.data.streaks import terminal_speed

width = 2.0  # of the drop, mm
speed = 1000 * terminal_speed(np.array(width))  # mm/s
for shutter in (60, 250, 1000):
    way = speed / shutter
    share = width / way
    print(f"1/{shutter} s: way {way:.0f} mm, covers a pixel {share:.1%} of the time")

# %% [markdown]
# **Predict:** the shutter is quick, and a drop covers a pixel for 30 % of the exposure.
# The background there is 0.2 (dark), the light in the drop is 0.8. How bright is the
# pixel? And where the background is 0.8 too? How bright would the dark pixel be at 1/60
# s?

# %%
from course_lib.data.streaks import StreakParameters, Streaks, draw_alpha

shower = StreakParameters(density=1.5, length=40, width=1.8, angle=12)
alpha = draw_alpha(shower, (size, size), np.random.default_rng(seed))
print(f"alpha: {alpha.shape}, from {alpha.min():.2f} to {alpha.max():.2f}")
light = np.array([0.86, 0.87, 0.88])  # L, the grey of a bright overcast sky

# %% [markdown]
# The pixel of the prediction is a weighted mean: 0.7 · 0.2 + 0.3 · 0.8 = 0.38 in front
# of the dark wall, and 0.8, no change at all, in front of the bright one. With the
# background $B$, the light in the drops $L$ and the covered share $\alpha$:
#
# $$I = (1 - \alpha) \cdot B + \alpha \cdot L$$
#
# At 1/60 s the share is so small that the dark pixel gains about 0.01, which nobody
# sees. A long exposure hides rain, unless the sky in the drops is many times brighter
# than white; a short one shows it, as short streaks. The rain that this course draws
# stands out, like that of the public sets: its streaks are as long as after a long
# exposure, and as opaque as after a short one.
#
# `alpha` holds that share for each pixel. The library draws it in several layers of
# depth: near drops make long, wide streaks out of focus, far ones short and thin.
# (`density` is the number of near streaks on 100×100 pixels, `length` and `width` are
# in pixels, `angle` in degrees.)
#
# One more thing: a sunlit sky can be brighter than the camera's white, so $L$ may
# exceed 1. The camera cuts off what is brighter than white, and so must you.

# %% exercise="00.1"
from course_lib.data.streaks import composite_streaks

# %%
ex = exercise("00.1")
ex.check(composite_streaks)
composite_streaks = ex.use(composite_streaks)

# %%
# to_unit: 0..255 as whole numbers → 0 to 1 as floats, which physics and metrics use;
# to_uint8: back again, rounded.
# same_pictures: brings two pictures to 0 to 1 and refuses two of different sizes;
# exercise 00.4 uses it.
from course_lib.ranges import same_pictures, to_uint8, to_unit

composed = to_uint8(composite_streaks(to_unit(photo), Streaks(alpha, light)))
viz.picture_grid(
    [photo, alpha / alpha.max(), composed],
    ["clean, B", "covered share α", "rainy, I"],
    zoom=(size * 5 // 16, size * 5 // 16, size // 4),
    alt="Three pictures of a temple roof: clean; the streaks alone, light lines on "
    "black, slanted and of many widths; and the streaks over the photograph. In the "
    "enlarged squares the streaks stand out in front of the dark eaves and fade on "
    "the pale sky.",
)

# %% [markdown]
# Compare the enlarged squares: a streak is plain to see in front of dark wood and fades
# in front of the sky. It can only pull a pixel towards $L$, and this sky is already
# near it. In the first picture of this lesson the streaks show on the sky as well:
# there the library gave them a light brighter than white. Try it: in the cell that
# draws `alpha`, change the last line to `light = np.array([1.2, 1.2, 1.2])`. Run that
# cell, then the one that made these pictures, and compare.
#
# Now play. `kind` sets all sliders to a light, heavy or wide shower. Each slider is a
# physical quantity: how many streaks, how long, wide and slanted, how far out of focus
# (blur), how much of the background they cover (opacity), and how much of it the far
# rain hides (veil). `seed` lets the drops fall elsewhere, and changes nothing else.
# Look for the rain outside your own window. Then choose wide, and turn opacity to 1 and
# blur to 0: rain turns into scratches on a film. Real streaks are soft and half
# transparent. (The decibels above the picture are the subject of section 5; for now,
# fewer means more rain.)

# %%
viz.RainExplorer(
    photo,
    alt="The temple roof under rain whose density, length, width, angle, blur, opacity "
    "and veil are set by sliders.",
)

# %% [markdown]
# ## 2. The papers' formula, and where it breaks
#
# Most deraining papers write $I = B + R$: a rainy picture is the background plus a rain
# layer $R$. It adds light, so $R \ge 0$, and it doesn't depend on the background. That
# would be convenient: a network need only find $R$ and take it away.
#
# Test it. If $R$ doesn't depend on the background, then rain adds as much light to
# bright pixels as to dark ones, until the camera cuts off at white.
#
# **Predict:** we put rain on all eight photographs of the course, and plot how much
# light it adds against how bright the background is, dark pixels on the left. For
# comparison we let the same heavy streaks fall on black, take that as $R$, and add it
# to each photograph. What line will $B + R$ give, cut off at white? And the heavy
# streaks themselves? Guess, too, for drops on the lens and for haze; both are explained
# below the plot.

# %%
viz.contact_sheet(
    {"": [shrink(load_photo(name), 3)[:96, :96] for name in PHOTOS]},
    titles=list(PHOTOS),
    alt=f"Corners of the eight photographs of the course: {', '.join(PHOTOS)}.",
)

# %%
edges = np.linspace(0, 1, 11)
middles = (edges[1:] + edges[:-1]) / 2


def rain_on(name: str, kind: str) -> np.ndarray:
    """The photograph in this rain; "B + R" adds heavy rain that fell on black."""
    photo, rng = load_photo(name), np.random.default_rng(seed)
    if kind != "B + R":
        return to_unit(synthesize(photo, kind, rng, name=name).rainy)
    rain_layer = to_unit(synthesize(np.zeros_like(photo), "heavy", rng).rainy)
    return (to_unit(photo) + rain_layer).clip(0, 1)


def light_added(kind: str) -> np.ndarray:
    """Mean change of brightness, one value for each tenth of background brightness."""
    backgrounds, changes = [], []
    for name in PHOTOS:
        clean, spoiled = to_unit(load_photo(name)), rain_on(name, kind)
        backgrounds.append(clean.mean(axis=2).ravel())
        changes.append((spoiled - clean).mean(axis=2).ravel())
    tenth = np.digitize(np.concatenate(backgrounds), edges[1:-1])
    total = np.bincount(tenth, np.concatenate(changes), minlength=10)
    return total / np.maximum(np.bincount(tenth, minlength=10), 1)


added = {kind: light_added(kind) for kind in ("B + R", "heavy", "drops", "haze")}
viz.curves(
    {label: (middles, values) for label, values in added.items()},
    xlabel="brightness of the background, 0 to 1",
    ylabel="light added, −1 to 1",
    alt="Light added against brightness of the background. B + R is nearly flat in the "
    "dark half and falls to the right, where it is cut off. Heavy streaks fall from "
    f"the left end on, from {added['heavy'][0]:.2f} at the darkest pixels to "
    f"{added['heavy'][-1]:.2f} at the brightest. Drops fall too, and haze after a "
    "small rise at first; both end below zero.",
)
for label, values in added.items():
    print(f"{label:6} dark → bright:", " ".join(f"{value:5.2f}" for value in values))

# %% [markdown]
# $B + R$ stays nearly level as long as there is room below white, and comes down only
# where it is cut off. Heavy streaks come down from the start: the brighter the
# background, the less a drop adds that covers it. Drops and haze even *darken* bright
# pixels, which no rain layer with $R \ge 0$ can do. So $I = B + R$ is a shorthand that
# holds for streaks in front of dark backgrounds. (Haze rises a little at first: the
# darkest things in these photographs are near, and haze grows with distance.) A network
# that computes "rainy minus rain" starts from that shorthand. One that puts out the
# clean picture itself doesn't have to.
#
# Why do drops behave so differently? Look closely at some. First with a camera that is
# focused on the wet glass, then with one focused on the scene far behind it.

# %%
from course_lib.data.drops import DropParameters, draw_drops, lay_drops
from course_lib.data.rain import prepare_photo

view = photo[:224, :224]
around = prepare_photo(view).wide_views  # what drops look at: more than the view shows
glass = {
    defocus: draw_drops(
        DropParameters(
            coverage=0.25,
            radius=30,
            radius_spread=0.2,
            contact_angle=44,  # degrees: thick drops
            defocus=defocus,
        ),
        view.shape[:2],
        np.random.default_rng(0),
    )
    for defocus in (0.5, 8)
}
seen = {
    d: lay_drops(to_unit(view, np.float32), drops, around) for d, drops in glass.items()
}
viz.picture_grid(
    [view, seen[0.5], seen[8]],
    ["clean", "focused on the glass", "focused on the scene"],
    zoom=(32, 16, 74),
    alt="The temple roof three times: clean; with drops in focus, each showing the "
    "same tiny scene turned by half a circle, the temple at its upper right, the sky "
    "below, and a white crescent with a black fringe along its lower rim; and with the "
    "same drops out of focus, soft patches of mixed colour. The enlarged squares hold "
    "one whole drop.",
)

# %% [markdown]
# A drop on the glass is a small thick lens. It bends the rays so far that it shows a
# wide, tiny picture of the *whole* scene, turned by half a circle: up is down, and left
# is right. The temple, on the left of the photograph, stands on its head at the upper
# right of each drop, and the pale sky fills the rest. The drop sees even farther than
# the photograph: the white crescent at its lower rim is the bright sky above the frame.
# Where the rim is steepest no light comes through at all (rays of that slant are
# totally reflected inside the water), which leaves the black fringe. A camera that
# looks far away blurs all of it, as on the right. What was behind the drop is not
# dimmed but gone. To restore it a network must invent, and the only source for
# inventing is what it has seen in training. Keep that in mind: it is why this course
# uses generative adversarial networks (GANs), in which one network draws pictures and a
# second one judges whether they look real, and why their inventions need checking
# (lessons 05 and 06).
#
# Haze is gentler: $I = B \cdot t + A \cdot (1 - t)$ with the scene $B$ (papers on haze
# call it $J$), the air's light $A$ and the transmission $t = e^{-\beta d}$, which falls
# with the distance $d$. It is the streaks' formula again, with a share $1 - t$ that
# depends on depth in place of $\alpha$.
# (Single photographs carry no depth, so the library makes up a smooth one from height
# in the picture and brightness. Only the motorcycle comes with measured depth, from a
# second photograph taken a little to the side.)

# %% [markdown]
# ## 3. Why rain stands out in gradients
#
# Streaks are thin, bright and nearly vertical. Walk across one, left to right, and
# brightness jumps up and down; walk along it, and little happens.
#
# **Predict:** we add up all brightness steps between left-right neighbours, over the
# whole rainy picture and over the clean one. What is their ratio under light streaks?
# And under drops on the lens?


# %%
def gradients(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of the brightness steps between left-right and up-down neighbours."""
    brightness = to_unit(picture).mean(axis=2)
    return np.abs(np.diff(brightness, axis=1)), np.abs(np.diff(brightness, axis=0))


before, after = gradients(photo)[0], gradients(rainy["light"])[0]
drops = gradients(rainy["drops"])[0]
print(f"left-right steps, light streaks: {after.sum() / before.sum():.2f} times")
print(f"left-right steps, drops:         {drops.sum() / before.sum():.2f} times")
viz.picture_grid(
    [np.clip(4 * before, 0, 1), np.clip(4 * after, 0, 1)],
    ["left-right steps, clean (× 4)", "left-right steps, rainy (× 4)"],
    alt="Two maps of left-right brightness steps, bright where neighbours differ. "
    "The roof is bright in both. The sky is black in the clean one; in the rainy one "
    "every streak shows there.",
)

# %% [markdown]
# In the sky the clean map is black and the rainy one full of streaks. On the roof they
# mix with the scene's own edges.
#
# Do gradients tell rain from scene better than brightness does? Take two pixels of a
# rainy picture, one on which rain fell and a dry one. If you bet that the wet one is
# the brighter, how often are you right? And if you bet that it has the larger step
# beside it? A coin would be right half of the time.


# %%
def right_bets(quantity: np.ndarray, wet: np.ndarray) -> float:
    """How often a wet pixel beats a dry one, in 10,000 random pairs."""
    rng = np.random.default_rng(seed)
    return np.mean(
        rng.choice(quantity[wet], 10_000) > rng.choice(quantity[~wet], 10_000)
    )


bets = {"brightness": [], "left-right steps": []}
for name in PHOTOS:
    pair = synthesize(load_photo(name), "light", np.random.default_rng(seed), name=name)
    wet = pair.mask[:, 1:]  # where light rain changed the brightness visibly
    bets["brightness"].append(right_bets(pair.rainy.mean(axis=2)[:, 1:], wet))
    bets["left-right steps"].append(right_bets(gradients(pair.rainy)[0], wet))
for quantity, right in bets.items():
    low, high = min(right), max(right)
    print(f"{quantity:16}  {np.mean(right):.0%} right, from {low:.0%} to {high:.0%}")

# %% [markdown]
# On average over the eight photographs steps give rain away more often than brightness,
# and they never fall to a coin's chance, as brightness does where the scene is bright.
# Neither is enough alone. GRASPP-GAN (lesson 04) builds a loss on gradients.
#
# Now all kinds of rain, over all eight photographs. "Affected" are the pixels whose
# brightness changed by more than 12 of 255 levels. The ratios are rainy over clean: 1
# means that rain left this quantity as it was. "Fine detail" is what a slight blur
# would take away. (PSNR is the subject of section 5; for now, lower is worse.)

# %%
from course_lib.data.rain_statistics import measure, summarise

rows, summaries = [], {}
for kind in rainy:
    pairs = [
        synthesize(load_photo(name), kind, np.random.default_rng((seed, n)), name=name)
        for n, name in enumerate(PHOTOS)
    ]
    summary = summarise(measure(pair.rainy, pair.clean) for pair in pairs)
    summaries[kind] = summary
    rows.append(
        {
            "rain": kind,
            "PSNR, dB": summary["psnr"]["mean"],
            "affected, %": 100 * summary["affected"]["mean"],
            "left-right steps, ratio": summary["horizontal_gradient"]["mean"],
            "up-down steps, ratio": summary["vertical_gradient"]["mean"],
            "fine detail, ratio": summary["high_frequency"]["mean"],
        }
    )
viz.table(rows, caption="What each kind of rain does to the eight photographs, means")
for kind in ("light", "drops"):
    steps = summaries[kind]["horizontal_gradient"]
    print(
        f"left-right steps, {kind}: from {steps['min']:.2f} to {steps['max']:.2f} times"
    )

# %% [markdown]
# Both means lie above the ratios of the one crop further up. That crop is full of
# tiles, and a ratio depends on what it divides by: where the scene has many edges of
# its own, streaks add little to them and drops take away much. The lines below the
# table show how far the eight photographs differ. On one with few edges of its own even
# the rims of the drops add more than the drops take away.
#
# Streaks raise left-right steps far more than up-down ones. Haze lowers all three
# ratios to nearly the same number: it turns the contrast down, of coarse and fine
# alike, and what is turned down can be turned up again. Drops leave more of the steps
# than haze, yet they cost more fine detail than steps: the fine part is wiped out. No
# single restoration can be right for all three: against streaks a network should smooth
# sideways, against drops it has to draw detail that isn't there.

# %% [markdown]
# ## 4. Pairs, and a test that is honest
#
# Nobody can photograph one street in the rain and, in the same instant, without. So
# pairs are made: clean photograph, rain put on by a model, both kept. From one
# photograph come many pairs, and that is a trap.
#
# **Predict:** a "restorer" that learns nothing. It keeps all training pairs, and
# answers a rainy picture with the clean half of the most similar rainy picture it has
# seen. How well can that score?

# %% exercise="00.2"
from course_lib.data.photos import split_by_photo

# %%
ex = exercise("00.2")
ex.check(split_by_photo)
split_by_photo = ex.use(split_by_photo)

# %% [markdown]
# Eight photographs, light rain drawn six times for each: 48 pairs. We deal them out
# twice: picture by picture, and with your function, photograph by photograph.

# %%
names = [name for name in PHOTOS for _ in range(6)]
pairs = [
    synthesize(
        load_photo(name)[100:196, 100:196], "light", np.random.default_rng((seed, n))
    )
    for n, name in enumerate(names)
]


def recall(rainy: np.ndarray, seen: list[int]) -> np.ndarray:
    """The clean half of the training pair whose rainy half is nearest."""
    distances = [np.abs(to_unit(pairs[i].rainy) - to_unit(rainy)).mean() for i in seen]
    return pairs[seen[int(np.argmin(distances))]].clean


def share_recalled(train: list[int], test: list[int]) -> float:
    """How many of the test pictures are restored without a single wrong pixel."""
    return np.mean(
        [np.array_equal(recall(pairs[i].rainy, train), pairs[i].clean) for i in test]
    )


shuffled = np.random.default_rng(seed).permutation(len(names)).tolist()
by_picture = shuffled[:36], shuffled[36:]
by_photo = split_by_photo(names, (0.75, 0.25), np.random.default_rng(seed))
leaky, honest = share_recalled(*by_picture), share_recalled(by_photo[0], by_photo[1])
print(f"restored perfectly, split by picture:    {leaky:4.0%}")
print(f"restored perfectly, split by photograph: {honest:4.0%}")

# %% [markdown]
# Split by picture, pure memory looks like the best derainer ever built. Split by
# photograph, it restores nothing: it has never seen the scene, so it can't recall it.
# This is not a toy worry. Rain100H, Rain100L and Rain800 are public sets that most
# papers train or test on. In the training set of Rain100H, 546 pictures show a
# background of its own test set, and in that of Rain800, 13 show one of Rain100L's
# test. Whoever trains on the one and tests on the other must leave those out, and many
# tables don't say whether they did.
#
# From here on the course uses one fixed rule: photographs are split before anything is
# cropped, and another seed holds out other photographs. So when a later lesson shows a
# spread over seeds, it is a spread over *scenes* too.

# %%
from course_lib.data.photos import photo_split

for s in range(4):
    print(f"seed {s} tests on", " and ".join(photo_split(s).test))

# %% [markdown]
# ## 5. PSNR, and what it is taken over
#
# The score of nearly every deraining table is the **peak signal-to-noise ratio**. Take
# the mean squared error between restored and clean, relative to the largest possible
# value, and put it on a logarithmic scale:
#
# $$\mathrm{PSNR} = -10 \cdot \log_{10} \; \mathrm{mean} \, (restored - clean)^2$$
#
# for pictures in [0, 1]. Ten decibels more are a tenth of the squared error. Equal
# pictures score infinity.
#
# But the mean over what? Over red, green and blue; or, as nearly all deraining papers
# do, over the **luma** Y alone, a weighted mean of the three that follows how bright
# colours look. And which luma? Most papers' code comes from MATLAB, whose Y runs from
# 16 to 235 instead of 0 to 255:
#
# $$Y = (16 + 65.481 \, R + 128.553 \, G + 24.966 \, B) \, / \, 255$$

# %% exercise="00.3"
from course_lib.metrics import rgb_to_y

# %%
ex = exercise("00.3")
ex.check(rgb_to_y)
rgb_to_y = ex.use(rgb_to_y)

# %% exercise="00.4"
from course_lib.metrics import psnr

# %%
ex = exercise("00.4")
ex.check(psnr)
psnr = ex.use(psnr)

# %% [markdown]
# **Predict:** one rainy picture against its clean twin, scored three ways: over RGB,
# over MATLAB's Y, and over a Y that uses the full range 0 to 255. Which is the highest,
# and by how much?

# %%
from course_lib.metrics import lpips, ssim

score = synthesize(load_photo("chelsea"), "light", np.random.default_rng(seed))
full_range = [
    to_unit(picture) @ [0.299, 0.587, 0.114] for picture in (score.rainy, score.clean)
]
conventions = {
    "RGB": psnr(score.rainy, score.clean, channel="rgb"),
    "Y, full range (OpenCV)": -10
    * np.log10(np.mean((full_range[0] - full_range[1]) ** 2)),
    "Y, MATLAB": psnr(score.rainy, score.clean, channel="y_matlab"),
}
for convention, decibels in conventions.items():
    print(f"{convention:24} {decibels:6.2f} dB")
gap = conventions["Y, MATLAB"] - conventions["Y, full range (OpenCV)"]
print(f"gap between the two Ys   {gap:6.2f} dB")
print(f"20·log10(255 / 219)      {20 * np.log10(255 / 219):6.2f} dB")

# %% [markdown]
# The picture is the same, the rain is the same, and MATLAB's convention gives 1.3 dB
# more. The reason is plain: its Y squeezes the range 0..255 into 219 levels, all errors
# shrink by 219/255, but the peak stays 255. That is worth $20 \log_{10}(255/219) =
# 1.32$ dB, whatever the picture. Many a paper beats the one before by less than that.
# So a PSNR without its convention means little, and this course always names it: `psnr`
# is over RGB unless it says `y_matlab`.
#
# **SSIM** compares local means, variances and correlations in a sliding window; 1 is
# perfect. It has even more conventions: the window's shape, what happens where it
# sticks out of the picture ("valid" leaves such places out), and the data range, the
# distance from black to white, which is 1 for pictures in [0, 1].

# %%
from skimage.metrics import structural_similarity

x, y = to_unit(score.rainy), to_unit(score.clean)
ssim_table = {
    "ours: Gaussian window, valid area": ssim(x, y),
    "the same on MATLAB's Y": ssim(x, y, channel="y_matlab"),
    "scikit-image's default window": structural_similarity(
        x, y, channel_axis=2, data_range=1
    ),
    "data range 2 for pictures in [0, 1]": structural_similarity(
        x,
        y,
        channel_axis=2,
        data_range=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    ),
}
for convention, value in ssim_table.items():
    print(f"{convention:36} {value:.4f}")

# %% [markdown]
# The last line is a bug that official code of more than one paper has: told a wrong
# data range, SSIM still answers with a plausible number. Only a known answer can unmask
# it. So the tests of this course compare our numbers, to six digits, with
# scikit-image's when it is told to use the same window.

# %% [markdown]
# ## 6. Good scores, bad pictures
#
# Five versions of one photograph, each spoiled in its own way: blurred, moved by two
# pixels, made a little brighter, speckled with noise, and under light rain.

# %%
from scipy.ndimage import gaussian_filter

chelsea = to_unit(load_photo("chelsea"))
cat = chelsea[30 : 30 + size, 100 : 100 + size]
noise = np.random.default_rng(seed).normal(0, 0.06, cat.shape)
versions = {
    "clean": cat,
    "blurred": gaussian_filter(cat, (3, 3, 0)),
    "moved by 2 pixels": chelsea[30 : 30 + size, 98 : 98 + size],
    "brighter": (cat + 0.1).clip(0, 1),
    "noise": (cat + noise).clip(0, 1),
    "light rain": to_unit(
        synthesize(to_uint8(cat), "light", np.random.default_rng(seed)).rainy
    ),
}
viz.picture_grid(
    list(versions.values()),
    list(versions),
    columns=3,
    alt="A cat's face six times: clean; blurred, the fur gone; moved by two pixels, "
    "looking untouched; a little brighter, looking fine; with coloured specks of noise "
    "all over; and under thin slanted streaks of light rain.",
)

# %% [markdown]
# **Predict:** order the five by how much they bother *you*, the worst first. Then guess
# the order of their PSNR.

# %%
scores = {
    name: psnr(version, cat, channel="rgb")
    for name, version in versions.items()
    if name != "clean"
}
viz.table(
    [
        {
            "version": name,
            "PSNR, dB": scores[name],
            "SSIM": ssim(versions[name], cat),
        }
        for name in sorted(scores, key=scores.__getitem__)
    ],
    caption="The five versions against the clean one, the lowest PSNR first",
)

# %% [markdown]
# PSNR puts the blurred cat above the one that merely sits two pixels to the right, and
# the brighter one last of all. SSIM forgives brightness, but punishes the shift even
# harder. Your eye forgives both, but not the loss of the fur. And the streaks, which
# you notice at once, cost less PSNR than anything else here: rain leaves most pixels as
# they were, and the mean is over all of them.
#
# **LPIPS** is a third answer: the distance of the two pictures in the features of a
# network that has learnt to see. It follows human judgement better. It needs that
# network's weights (233 MB), which no package ships; where they aren't there, this
# course prints "n/a", because the same formula on other weights would be another number
# under the same name. With a network connection, `lpips(restored, clean,
# download=True)` fetches them once.

# %%
perceptual = {name: lpips(versions[name], cat) for name in scores}
if None in perceptual.values():
    print("LPIPS: n/a")
else:
    for name, distance in perceptual.items():
        print(f"LPIPS, lower is closer: {distance:.3f}  {name}")

# %% [markdown]
# Compare the blurred cat with the original yourself: drag the handle, or use the arrow
# keys.

# %%
viz.BeforeAfter(
    to_uint8(versions["blurred"]),
    to_uint8(cat),
    labels=("blurred", "clean"),
    alts=(
        f"The cat's face at {scores['blurred']:.1f} dB, whiskers and fur smeared.",
        "The same face, every hair of its fur sharp.",
    ),
)

# %% [markdown]
# ### One answer, or all of them
#
# Behind a drop, the scene is gone. Say a restorer knows that there is fur, but not
# where exactly each hair lies. We imitate its plausible answers by the same fur, moved
# by a few pixels. It can commit to one of them, or give the average of all.
#
# **Predict:** which of the two scores the higher PSNR? Always?

# %%
rng = np.random.default_rng(seed)
truth = chelsea[4:100, 200:296]
offsets = [(dy, dx) for dy, dx in rng.integers(-4, 5, (24, 2)) if (dy, dx) != (0, 0)]
answers = [chelsea[4 + dy : 100 + dy, 200 + dx : 296 + dx] for dy, dx in offsets]
average = np.mean(answers, axis=0)
commits = [psnr(answer, truth, channel="rgb") for answer in answers]
hedges = psnr(average, truth, channel="rgb")
viz.picture_grid(
    [truth, answers[0], average],
    [
        "truth",
        f"one plausible answer\n{commits[0]:.1f} dB",
        f"mean of {len(answers)} answers\n{hedges:.1f} dB",
    ],
    alt="Cat fur three times: the truth, one plausible answer with crisp hairs, "
    f"{commits[0]:.1f} dB, and the mean of {len(answers)} plausible answers, a smooth "
    f"brown blur, {hedges:.1f} dB.",
)
print(f"one answer, on average over {len(answers)}: {np.mean(commits):.1f} dB")
print(f"answers that beat their mean: {np.sum(np.array(commits) > hedges)}")

# %% [markdown]
# The blur wins by several decibels on average. A lucky guess can beat it, where the
# hairs happen to lie nearly right; but a restorer that doesn't know where they lie
# can't count on luck, and of all the answers it can give, the mean of the plausible
# ones has the smallest expected squared error. A network trained on squared
# error learns to give just that. It isn't a weak network; it answers the question that
# it was asked.
#
# This is the bargain of the whole course, the **perception-distortion trade-off** (Blau
# and Michaeli, 2018): beyond some point a restorer can gain PSNR only by looking less
# real, and look more real only by losing PSNR. A GAN takes the other side of it. Its
# discriminator asks "does this look like a photograph?", the blur fails that test at a
# glance, and the generator learns to commit. Sometimes to something that was never
# there.

# %% [markdown]
# ## What the papers claim, what we measured
#
# "The report" is *Deraining water drops with GAN*, a student project that lessons 01 to
# 03 follow.

# %%
from course_lib.results import Measured

viz.results_table(
    [
        Measured(
            name="PSNR of the rainy input, light streaks",
            value=summaries["light"]["psnr"]["mean"],
            spread=summaries["light"]["psnr"]["std"],
            over="8 photographs",
            unit="dB",
        ),
        Measured(
            name="MATLAB's Y over full-range Y, same picture",
            value=gap,
            unit="dB",
        ),
        Measured(
            name="PSNR of a sharp picture, only 0.1 too bright",
            value=scores["brighter"],
            unit="dB",
            claim=20.0,
            claim_is="acceptable above",
            source="report, Experiment 3: a threshold, not a measurement",
        ),
        Measured(
            name="PSNR of a strongly blurred picture",
            value=scores["blurred"],
            unit="dB",
        ),
        Measured(
            name="test pictures restored by memory, leaky split",
            value=100 * leaky,
            unit="%",
        ),
        Measured(name="the same, split by photograph", value=100 * honest, unit="%"),
    ],
    caption="Lesson 00: measured here, and claimed",
    provenance=f"Computed by this notebook, profile {settings.name}, seed {seed}.",
)

# %% [markdown]
# The report that lesson 01 follows calls PSNR "an accurate metric to show how realistic
# the images look" and 20 dB an acceptable threshold. Here a picture that nobody would
# complain about sits at that threshold, and a ruined one lies well above it. PSNR
# measures closeness to one truth. That is worth knowing, and it isn't realism.

# %% [markdown]
# ## Summary
#
# 1. A streak is a drop smeared by the exposure: $I = (1-\alpha) B + \alpha L$.
#    "Background plus rain" is a shorthand that holds only in front of dark backgrounds,
#    and not for drops and haze.
# 2. Streaks sharpen left-right gradients, drops blur, haze flattens. Each needs its own
#    cure.
# 3. Split by photograph before anything else. A leaky split makes memory look like
#    skill.
# 4. PSNR without its convention means little: 1.3 dB lie between two definitions of Y.
# 5. On average the best PSNR belongs to the mean of all plausible answers, which is a
#    blur. That is why this course trains GANs, and why it then checks what they invent.

# %% [markdown]
# ## Quiz
#
# Five questions. Each answer is explained; try again as often as you like.
#
# {{quiz}}

# %%
from course_lib.exercises import quiz

quiz("00")

# %% [markdown]
# ## Further reading
#
# - K. Garg and S. Nayar, *Vision and rain* (2007): the physics of streaks, where
#   $\alpha$ comes from.
# - M. Roser, J. Kurz and A. Geiger, *Realistic modeling of water droplets for monocular
#   adherent raindrop recognition* (2010): the optics of drops on a pane.
# - Y. Blau and T. Michaeli, *The perception-distortion tradeoff* (2018): the proof
#   behind section 6.
# - R. Zhang et al., *The unreasonable effectiveness of deep features as a perceptual
#   metric* (2018): LPIPS, and how well old metrics agree with people.
# - X. Chen et al., *Towards unified deep image deraining* (2023): a survey; look at
#   which of its tables name their convention.
#
# **Next:** {{lesson 01}} trains a first GAN on these pairs, and
# watches it fail.
