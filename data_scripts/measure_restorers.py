"""Measure the networks of `course restore` on real sets, and write docs/results.md."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from PIL import Image
from scipy.ndimage import uniform_filter

from course_lib import hardware
from course_lib.data.crops import Pairs
from course_lib.data.folders import PictureFolder
from course_lib.data.photos import PHOTOS, load_photo
from course_lib.data.rain import synthesize
from course_lib.data.registry import data_folder, pairs_if_there
from course_lib.experiments.factors import SETTINGS
from course_lib.files import write_whole
from course_lib.metrics import psnr, ssim
from course_lib.records import read_record, write_record
from course_lib.restoration.choice import Chooser
from course_lib.restoration.defects import Defects, measure_defects
from course_lib.restoration.networks import Restorer, load_network
from course_lib.results.tables import load_table
from course_lib.systems.restorer import VALIDATION

ROOT = Path(__file__).parents[1]
PERFECT = 60.0  # dB, stands for a picture that comes back without a change
TESTS = {  # set → its title, the network
    "rain100l": ("Rain100L", "streaks"),
    "rain800/test_syn": ("Rain800, test part", "streaks"),
    "spa_sample": ("SPA, two real pairs", "streaks"),
    "raindrop_sample": ("Raindrop, four real pairs", "drops"),
}
REAL, CLEAN = "real_rain", "rain100l"
WORST = 10  # pictures that are named
SHOWN = {"streaks": "any_streaks", "drops": "drops"}  # network → kind of rain on the sheets
WIDTH = 320  # pixels, of a picture on a sheet
CROP = 320  # pixels, side of the pieces that other networks were measured on
EVERY, CROPS = 12, 8
PLACE = 160  # pixels, side of the places that failures are shown of
# Set → VRGNet's PSNR on those pieces: trained on Rain100L, Rain100H, Rain1400, SPA.
VRGNET = {
    "rain100l": ("(35.68)", "34.09", "27.12", "27.33"),
    "spa_sample": ("33.35", "35.86", "23.09", "(38.80)"),
    "rain800/test_syn": ("21.31", "22.35", "22.35", "20.31"),
}
# Prototypes that were trained for 22 and 11 minutes: PSNR, SSIM, pictures whose PSNR fell.
PROTOTYPES = {
    "rain100l": ("31.66", "0.944", "13"),
    "rain800/test_syn": ("23.22", "0.812", "45"),
    "spa_sample": ("33.71", "0.958", "not counted"),
    "raindrop_sample": ("20.77", "0.769", "not counted"),
}
# PSNR of the prototype on the same pieces.
PROTOTYPE = {"rain100l": "30.72", "spa_sample": "35.10", "rain800/test_syn": "22.11"}
ONCE = "The networks were measured once, after all choices."
MARKERS = "<!-- results -->", "<!-- /results -->"
TEXT = """
# What the networks of `course restore` do on real rain

The networks were trained on computed rain over photographs (`course models show streaks` lists
them and their licences), and on no picture of the sets below. The network for streaks removes
streaks and leaves mist; the clean pictures of the real sets show mist, too. {looks}

All numbers are of whole uint8 pictures. PSNR and SSIM are of MATLAB's luma, as in most deraining
papers. A cell shows the rainy input → the restored picture, means over the pictures. "Worse" counts
the pictures whose PSNR falls.

{table}

Before these networks, two prototypes were trained for 22 minutes (streaks) and 11 minutes (drops):

{prototypes}

## Compared with VRGNet

VRGNet (BNet, eight times the cost of RASPP with 24 channels per pixel) with its authors' published
weights, measured by us in one run on the central 320×320 pixels of every twelfth picture, eight at
most. The columns name the set that its weights were trained on; brackets mark that very set. The
backgrounds of Rain100H are those of Rain100L. "Prototype" is that for streaks.

{crops}

## Published results

Claims of papers, not measured here. For most, the source doesn't state the training set.

| network | Rain100L | Rain800 | SPA | trained on | source |
|---|---:|---:|---:|---|---|
| DDN | 32.38 | 20.88 | 35.02 | not stated | [1], table 1 |
| DerainCycleGAN | 31.49 | 24.32 | 34.12 | not stated | [1], table 1 |
| Semi-DerainGAN | 34.12 | 25.29 | 35.47 | not stated | [1], table 1 |
| VRGNet | 35.56 | 24.91 | 35.76 | not stated | [1], table 1 |
| BRN | | 25.93, RGB | | Rain800 | derain-toolbox, its table for BRN |

[1] *The Cross-Domain Application Research of a Super-Resolution Semantic Artifact …*. It
doesn't say which channel it measured.

On sets that it was not trained on, a network with published weights gains less. PReNet trained on
Rain1400 raises every second picture of Rain100L from 27.9 to 29.6 dB, and every second one of
Rain800's test part from 22.2 to 23.1 (measured by us).

## Clean pictures

The clean pictures of Rain100L go through the network for streaks too and are compared with
themselves: {clean}.

## The choice of the network

`--model auto` looks at a copy of at most 0.35 megapixels. If it sees hardly any rain, it says so
and takes the network for streaks, since rain that is overlooked is mostly faint streaks. How often
it chooses rightly:

{chosen}

## Rainy photographs without ground truth

{defects}

## Pictures

The networks were not trained on these embedded photographs. Rows: computed rain, restored, clean
(under streaks with their mist).

![Photographs under streaks, restored, and clean](restored_streaks.jpg)

![Photographs under drops, restored, and clean](restored_drops.jpg)

## Failures

Upright stripes are taken for rain. Among the clean pictures of Rain100L, zebras change most. Very
dense streaks in front of a dark sky become blotches. In several pairs of Rain800, the clean picture
is paler than its rainy twin. The network can't know that, so PSNR falls although the rain is gone.
Where a drop covers a part of the scene, colours can be wrong: blots of magenta, yellow or green
that the input doesn't have. So the aim of no blot isn't reached for drops.

The sheet shows the worst places of the embedded photographs. Above: photographs without rain, what
the network for streaks changes most, and what was there. Below: drops, what the network for drops
leaves, and what was there.

![The worst places of two photographs](restored_failures.jpg)

## What matters most

Which factor matters most for a network that removes streaks? A smaller one was trained for half a
minute with the most of everything: 91 photographs, rains that are drawn anew all the time, five
kinds of rain. Each further row changes one factor. Five seeds, mean ± standard deviation, PSNR of
luma in dB: computed rain on held-out photographs, and every fifth pair of the real sets. (The first
photographs are always the embedded ones, which are small.) `make reproduce LESSONS=04` computes the
table.

{factors}

One photograph is too few; five are nearly as good as 91 in so short a training. Next come the
rains, the time and the kinds, most of all on the two real pairs of SPA: 16 drawn rains, one kind of
rain, or ten seconds of training cost 2.5 to 4.4 dB there.

## Make this page again

Measured {provenance}. Put the sets in their places (`course data list` shows them) and run

```sh
python data_scripts/measure_restorers.py
```
"""


def main(
    page: Annotated[Path, typer.Option(help="where the page goes")] = ROOT / "docs/results.md",
    results: Annotated[Path, typer.Option(help="where the numbers go")] = ROOT
    / "docs/results.json",
    readme: Annotated[Path, typer.Option(help="where the table goes, too")] = ROOT / "README.md",
    sheets: Annotated[
        Path | None, typer.Option(help="a folder for sheets of the real sets and photographs")
    ] = None,
    looks: Annotated[
        str, typer.Option(help="a sentence: how often the networks were measured on these sets")
    ] = "",
) -> None:
    """Measure the networks of `course restore` on real sets, and write docs/results.md.

    Sets that aren't there keep their numbers of the last time, if there are any for the same
    networks.
    """
    if not page.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {page.parent}")
    networks = {name: load_network(name) for name in ("streaks", "drops")}
    digests = {name: one.digest for name, one in networks.items()}
    record = read_record(results) if results.exists() else {}
    if record.get("networks") != digests:
        record = {"networks": digests, "sets": {}}
    record["looks"] = looks or record.get("looks") or ONCE
    now = f"on {datetime.now(UTC):%Y-%m-%d}, {hardware.name()}, torch {torch.__version__}"
    auto = Chooser("auto")
    for name, (title, which) in TESTS.items():
        pairs = pairs_if_there(name)
        if pairs is None:
            print(f"{title}: the set isn't there")
            continue
        print(f"{title}: {len(pairs)} pairs", flush=True)
        record["sets"][name] = measure_pairs(networks[which], pairs, sheet(sheets, name))
        record["sets"][name]["measured"] = now
        record["sets"][name]["chosen"] = sum(
            auto(pairs[n].rainy)[0].name == which for n in range(len(pairs))
        )
        if name in VRGNET:
            record["sets"][name]["crops"] = measure_crops(networks[which], pairs)
        if name == CLEAN:
            record["clean"] = measure_clean(networks["streaks"], pairs)
            record["clean"]["drops"] = sum(
                auto(pairs[n].clean)[0].name == "drops" for n in range(len(pairs))
            )
    photos = open_photographs()
    if photos is not None:
        print(f"{REAL}: {len(photos)} photographs", flush=True)
        record["real"] = measure_real(networks["streaks"], photos, sheets)
        record["real"]["measured"] = now
    for name, kind in SHOWN.items():
        write_sheet(page.parent / f"restored_{name}.jpg", networks[name], kind)
    write_failures(page.parent / "restored_failures.jpg", networks)
    write_record(results, record)
    write_whole(page, write_page(record).encode())
    write_before_after(page.parent / "before_after.jpg", networks["streaks"])
    text = readme.read_text(encoding="utf-8")
    write_whole(readme, with_table(text, record).encode())
    print(table(record["sets"]), f"written to {page}", sep="\n\n")


def open_photographs() -> Mapping[str, np.ndarray] | None:
    folder = data_folder() / REAL
    if not folder.is_dir():
        return None
    pictures = PictureFolder(folder)
    return {name: pictures[n] for n, name in enumerate(pictures.names)}


def sheet(folder: Path | None, name: str) -> Path | None:
    """The file for the sheet of a set, whose folder is made."""
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name.replace('/', '_')}_worst.jpg"


def measure_pairs(network: Restorer, pairs: Pairs, path: Path | None) -> dict[str, Any]:
    """Means of PSNR and SSIM of luma, before and after, and how many pictures get worse.

    The sheet shows the pairs that gain least: rainy, restored, clean.
    """
    rows, looks = [], []
    for n in range(len(pairs)):
        pair = pairs[n]
        shown = pair.rainy, network.restore(pair.rainy)
        looks.append(np.hstack([small(one) for one in (*shown, pair.clean)]))
        rows.append(
            [
                [f(picture, pair.clean, channel="y_matlab") for picture in shown]
                for f in (psnr, ssim)
            ]
        )
    found = np.array(rows)
    if path is not None:
        gains = found[:, 0, 1] - found[:, 0, 0]
        save_jpeg(path, np.vstack([looks[n] for n in np.argsort(gains)[:WORST]]))
    return {
        "pairs": len(rows),
        "psnr": found[:, 0].mean(0).tolist(),
        "ssim": found[:, 1].mean(0).tolist(),
        "worse": int((found[:, 0, 1] < found[:, 0, 0]).sum()),
    }


def measure_crops(network: Restorer, pairs: Pairs) -> dict[str, Any]:
    """PSNR of luma of central pieces, before and after, as other networks were measured."""
    rows = []
    for n in range(0, len(pairs), EVERY if len(pairs) > CROPS else 1)[:CROPS]:
        rainy, clean = (centre(one) for one in (pairs[n].rainy, pairs[n].clean))
        shown = rainy, network.restore(rainy)
        rows.append([psnr(one, clean, channel="y_matlab") for one in shown])
    return {"pieces": len(rows), "psnr": np.mean(rows, axis=0).tolist()}


def centre(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    top, left = max(0, height - CROP) // 2, max(0, width - CROP) // 2
    return picture[top : top + CROP, left : left + CROP]


def measure_clean(network: Restorer, pairs: Pairs) -> dict[str, float]:
    """PSNR of clean pictures, restored, against themselves: the mean and the worst."""
    found = []
    for n in range(len(pairs)):
        clean = pairs[n].clean
        found.append(min(PERFECT, psnr(network.restore(clean), clean, channel="y_matlab")))
    return {"pictures": len(found), "mean": float(np.mean(found)), "worst": float(np.min(found))}


def measure_real(
    network: Restorer, photos: Mapping[str, np.ndarray], sheets: Path | None
) -> dict[str, Any]:
    """Defects of restored photographs: the means, and the photographs with the most of each."""
    found: dict[str, Defects] = {}
    rows = []
    for name, photo in photos.items():
        restored = network.restore(photo)
        if min(photo.shape[:2]) >= 32:
            found[name] = measure_defects(photo, restored)
        rows.append(np.hstack([small(photo), small(restored)]))
        if sheets is not None and (len(rows) == 8 or name == list(photos)[-1]):
            sheets.mkdir(parents=True, exist_ok=True)
            save_jpeg(sheets / f"{name}.jpg", np.vstack(rows))
            rows.clear()
    worst = {
        key: sorted(found, key=lambda name: -getattr(found[name], key))[:WORST]
        for key in Defects._fields
    }
    means = {key: float(np.mean([getattr(one, key) for one in found.values()])) for key in worst}
    return {"photographs": len(found), "means": means, "worst": worst}


def write_page(record: Mapping[str, Any]) -> str:
    """The page, from the record."""
    clean, real = record.get("clean"), record.get("real")
    words = {
        "looks": record["looks"],
        "table": table(record["sets"]),
        "crops": crops(record["sets"]),
        "provenance": measured(record),
        "chosen": chosen(record),
        "factors": factors(),
        "prototypes": prototypes(),
        "clean": f"{clean['mean']:.2f} dB on average over {clean['pictures']} pictures, "
        f"{clean['worst']:.2f} dB at worst"
        if clean
        else "not measured, the set wasn't there",
        "defects": "Not measured, they weren't there." if real is None else defects(real),
    }
    text = TEXT.strip() + "\n"
    for key, value in words.items():
        text = text.replace(f"{{{key}}}", value)
    return text


def prototypes() -> str:
    """Rows of the prototypes."""
    rows = [f"| {TESTS[name][0]} | {' | '.join(found)} |" for name, found in PROTOTYPES.items()]
    return "\n".join(
        ["| tested on | PSNR, Y (dB) | SSIM, Y | worse |", "|---|---:|---:|---:|", *rows]
    )


def measured(record: Mapping[str, Any]) -> str:
    """When and where, of all parts of the record."""
    parts = [*record["sets"].values(), *([record["real"]] if "real" in record else [])]
    return "; ".join(dict.fromkeys(one["measured"] for one in parts))


def factors() -> str:
    """Rows of the experiment of factors."""
    columns = {"psnr": "computed rain", "rain100l": "Rain100L", "rain800": "Rain800", "spa": "SPA"}
    held_out, real = (load_table(name).rows for name in ("04_factors", "04_factors_real"))
    lines = [
        f"| photographs | rains | kinds | steps | {' | '.join(columns.values())} |",
        "|---:|---:|---:|---:|" + "---:|" * len(columns),
    ]
    for settings in SETTINGS:
        cells = [str(value) for value in settings.values()]
        for column in columns:
            rows = held_out if column == "psnr" else real
            for factor, level in settings.items():
                rows = rows[rows[factor].astype(str) == str(level)]
            values = rows[column]
            cells.append(f"{values.mean():.2f} ± {values.std():.2f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def chosen(record: Mapping[str, Any]) -> str:
    """How often `--model auto` takes the right network."""
    lines = [
        f"- {title}: the network for {which} for {one['chosen']} of {one['pairs']}."
        for name, (title, which) in TESTS.items()
        if (one := record["sets"].get(name)) is not None
    ]
    if clean := record.get("clean"):
        lines.append(
            f"- Clean pictures of Rain100L: the network for drops for {clean['drops']} of "
            f"{clean['pictures']}."
        )
    return "\n".join(lines)


def with_table(text: str, record: Mapping[str, Any]) -> str:
    """README's text with the table of results between its markers.

    Raises:
        ValueError: the text has no such place, or more than one.
    """
    start, end = MARKERS
    if text.count(start) != 1 or text.count(end) != 1:
        raise ValueError(f"the text needs one line {start} and one line {end}")
    head, rest = text.split(start)
    _, tail = rest.split(end)
    said = f"Measured {measured(record)}, by `data_scripts/measure_restorers.py`."
    return f"{head}{start}\n{table(record['sets'])}\n\n{said}\n{end}{tail}"


def defects(real: Mapping[str, Any]) -> str:
    means, worst = real["means"], real["worst"]
    return (
        f"{real['photographs']} photographs of real rain have no clean twin. So each restored "
        "photograph is compared with the rainy one.\n\n"
        "| defect | mean | photographs with most of it |\n|---|---:|---|\n"
        "| specks: pixels in a million that leave the median of their surroundings by more than "
        f"24 levels | {means['specks']:.0f} | {', '.join(worst['specks'])} |\n"
        "| shift: of the mean of a colour, levels; some of it is right, because streaks are bright "
        f"| {means['shift']:.2f} | {', '.join(worst['shift'])} |\n"
        "| blots: change of colour over tens of pixels, levels, that a thousandth of the picture "
        f"exceeds | {means['blots']:.1f} | {', '.join(worst['blots'])} |\n"
        "| tint: shift of the colours against each other, levels | "
        f"{means['tint']:.2f} | {', '.join(worst['tint'])} |\n"
        "| grid: strength of the change at the frequencies of the network's strides, compared with "
        f"neighbouring frequencies | {means['grid']:.1f} | {', '.join(worst['grid'])} |"
    )


def table(sets: Mapping[str, Any]) -> str:
    """Rows of the tests."""
    lines = [
        "| tested on | network | pairs | PSNR, Y (dB) | SSIM, Y | worse |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, (title, which) in TESTS.items():
        if (one := sets.get(name)) is not None:
            (a, b), (c, d) = one["psnr"], one["ssim"]
            lines.append(
                f"| {title} | {which} | {one['pairs']} | {a:.2f} → {b:.2f} | {c:.3f} → {d:.3f} "
                f"| {one['worse']} |"
            )
    return "\n".join(lines)


def crops(sets: Mapping[str, Any]) -> str:
    """Rows of the comparison with VRGNet."""
    lines = [
        "| pieces | input | ours | prototype | VRGNet, Rain100L | Rain100H | Rain1400 | SPA |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, others in VRGNET.items():
        if one := sets.get(name, {}).get("crops"):
            before, after = one["psnr"]
            lines.append(
                f"| {TESTS[name][0]}, {one['pieces']} | {before:.2f} | {after:.2f} "
                f"| {PROTOTYPE[name]} | {' | '.join(others)} |"
            )
    return "\n".join(lines)


def write_failures(path: Path, networks: Mapping[str, Restorer]) -> None:
    """Where networks do worst on embedded photographs that weren't learnt from."""
    rows = []
    for which, kind in (("streaks", ""), ("drops", SHOWN["drops"])):
        row = []
        for n, name in enumerate(name for name in PHOTOS if name in VALIDATION):
            clean = load_photo(name)
            shown = clean
            if kind:
                shown = synthesize(clean, kind, np.random.default_rng((9, 0, n)), name=name).rainy
            pictures = shown, networks[which].restore(shown), clean
            top, left = worst_place(pictures[1], clean)
            place = np.s_[top : top + PLACE, left : left + PLACE]
            row += [one[place] for one in pictures]
        rows.append(np.hstack(row))
    save_jpeg(path, np.vstack(rows))


def worst_place(restored: np.ndarray, clean: np.ndarray) -> tuple[int, int]:
    """Top and left of the place with the largest squared error."""
    error = ((restored.astype(np.float64) - clean) ** 2).sum(-1)
    sums = uniform_filter(error, PLACE)
    half = PLACE // 2
    inside = sums[half:-half, half:-half]
    top, left = np.unravel_index(np.argmax(inside), inside.shape)
    return int(top), int(left)


def write_before_after(path: Path, network: Restorer) -> None:
    """README's first picture: an embedded photograph that wasn't learnt from, rainy | restored."""
    photo = load_photo("motorcycle")
    rainy = synthesize(photo, "mixture", np.random.default_rng(9), name="motorcycle").rainy
    save_jpeg(path, np.hstack([small(one, 480) for one in (rainy, network.restore(rainy))]))


def write_sheet(path: Path, network: Restorer, kind: str) -> None:
    """Embedded photographs that weren't learnt from: under rain, restored, clean."""
    columns = []
    for n, name in enumerate(name for name in PHOTOS if name in VALIDATION):
        for rain in range(2):
            photo = load_photo(name)
            rng = np.random.default_rng((9, rain, n))
            pair = synthesize(photo, kind, rng, name=name, veil_stays=True)
            pictures = pair.rainy, network.restore(pair.rainy), pair.clean
            columns.append(np.vstack([small(one)[: WIDTH * 2 // 3] for one in pictures]))
    save_jpeg(path, np.hstack(columns))


def small(picture: np.ndarray, width: int = WIDTH) -> np.ndarray:
    """A picture at the width of a sheet's column, or another one."""
    height = round(picture.shape[0] * width / picture.shape[1])
    image = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)


def save_jpeg(path: Path, picture: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=88)
    write_whole(path, file.getvalue())


if __name__ == "__main__":
    typer.run(main)
