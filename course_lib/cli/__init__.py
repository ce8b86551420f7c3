"""The command line, `course`. Heavy modules are imported only when a command runs."""

from __future__ import annotations

import enum
import io
import logging
import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from course_lib.text import printable, words

app = typer.Typer(
    help='The course "Clearing the Rain": run its lessons, build its notebooks, look after it.',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Real rain sets on this machine.", no_args_is_help=True)
app.add_typer(data_app, name="data")
models_app = typer.Typer(help="Networks that restore photographs.", no_args_is_help=True)
app.add_typer(models_app, name="models")

SOLUTIONS, BUILD = Path("solutions"), Path("build")


class ProfileName(enum.StrEnum):
    """The profiles, and ``auto``."""

    auto = "auto"
    smoke = "smoke"
    cpu = "cpu"
    gpu = "gpu"
    paper = "paper"


class EditionName(enum.StrEnum):
    """The editions of the notebooks."""

    instructor = "instructor"
    student = "student"


def main() -> None:
    """Run the command line; bad input ends it with a one-line message and status 2."""
    # A terminal that lacks a character, or a file name that is no UTF-8, ends no command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except ModuleNotFoundError as error:
        from course_lib.cli import health

        if not health.is_of_lab(error.name or ""):
            raise
        print(f"course: {error.name} isn't installed; {health.LAB_MEND}", file=sys.stderr)
        sys.exit(2)
    except (ValueError, OSError) as error:
        print(f"course: {printable(words(error))}", file=sys.stderr)
        sys.exit(2)


@app.command()
def doctor() -> None:
    """Check versions, device, memory, disk and folders; say what is missing and how to fix it."""
    from course_lib.cli import health, show

    findings = health.examine()
    show.findings(findings)
    raise typer.Exit(int(any(finding.state == "missing" for finding in findings)))


@app.command()
def run(
    lessons: Annotated[
        list[str] | None, typer.Argument(help="numbers such as 00 01; all if none")
    ] = None,
    profile: Annotated[
        ProfileName, typer.Option(help="the size; auto looks at the hardware")
    ] = ProfileName.auto,
    edition: Annotated[
        EditionName, typer.Option(help="student runs the notebooks unattempted")
    ] = EditionName.instructor,
    pretrained: Annotated[
        bool, typer.Option("--pretrained", help="load pretrained weights instead of training")
    ] = False,
    cell_minutes: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="stop a cell that runs longer, 0 for never; by default ten times what the whole "
            "lesson takes, at least 10",
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(min=0, help="lessons at a time; 0: one a core where little is trained"),
    ] = 0,
) -> None:
    """Run lessons and write a report of their results and resources."""
    from course_lib import hardware, profiles
    from course_lib.authoring import release, report, runner, source
    from course_lib.authoring.execute import Limits
    from course_lib.cli import show

    limits = None
    if cell_minutes is not None:
        limits = Limits(seconds=math.ceil(60 * cell_minutes) or None)
    known = source.read_all(SOLUTIONS)
    chosen = runner.select(known, lessons or [])
    name = profiles.pick_name(profile.value)
    folder = runner.run_folder(BUILD, name, edition.value, pretrained=pretrained).absolute()
    if jobs == 0:
        jobs = hardware.usable_cores() if name == "smoke" or pretrained else 1
    try:
        with show.RunWatcher() as watcher:
            runs = runner.run_lessons(
                chosen,
                profile=name,
                edition=edition.value,
                folder=folder,
                watcher=watcher,
                published=release.read(Path("pyproject.toml")),
                pretrained=pretrained,
                limits=limits,
                jobs=jobs,
            )
    except KeyboardInterrupt:
        logging.disable()  # asyncio would speak of the kernel's end when the process ends
        typer.echo("course: interrupted; the lesson's kernel has ended", err=True)
        raise typer.Exit(130) from None
    others = [lesson for lesson in known if lesson not in chosen]
    shown = sorted([*runs, *runner.load_runs(folder, others)], key=lambda run: run.lesson)
    path = report.write_report(shown, folder)
    show.results(runs)
    show.report(runs, path)
    raise typer.Exit(int(not all(run.passed for run in runs)))


@app.command()
def build(
    check: Annotated[
        bool, typer.Option("--check", help="change nothing; fail if a file is out of date")
    ] = False,
) -> None:
    """Generate the student notebooks from solutions/, and the generated parts of README."""
    from course_lib.authoring import builder

    if not check:
        for path in builder.build_all(Path()):
            typer.echo(f"wrote {path}")
        return
    stale = builder.stale(Path())
    for line in stale:
        typer.echo(line, err=True)
    raise typer.Exit(int(bool(stale)))


@app.command()
def reproduce(
    lessons: Annotated[
        list[str] | None, typer.Argument(help="numbers such as 01; all that have tables if none")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="change nothing; repeat one random run per table")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="compute existing rows again")] = False,
    profile: Annotated[
        ProfileName, typer.Option(help="the size; auto is gpu with CUDA, else cpu; cpu to verify")
    ] = ProfileName.auto,
) -> None:
    """Compute result tables, recorded runs and pretrained weights; resumes where it stopped."""
    import numpy as np

    from course_lib import experiments, profiles
    from course_lib.authoring.reproduce import reproduce
    from course_lib.authoring.verify import verify as verify_assets
    from course_lib.cli import show_reproduce

    if verify and fresh:
        raise ValueError(
            "--verify changes nothing and --fresh computes everything again: use one of them"
        )
    declared = [experiments.of(lesson) for lesson in lessons or experiments.lessons()]
    # Every table has rows of profile cpu, but not always of gpu.
    auto = "cpu" if verify and profile is ProfileName.auto else profile.value
    name = profiles.pick_name(auto)
    well = True
    try:
        with show_reproduce.RowWatcher() as watcher:
            for one in declared:
                if verify:
                    rng = np.random.default_rng()
                    found = verify_assets(one, profile=name, rng=rng, watcher=watcher)
                    show_reproduce.verification(found)
                    well &= found.passed
                else:
                    made = reproduce(one, profile=name, watcher=watcher, fresh=fresh)
                    show_reproduce.outcomes(made)
                    well &= not any(outcome.stale for outcome in made)
    except KeyboardInterrupt:
        kept = f"; finished runs are on disk: {watcher.ended} in this session"
        typer.echo(f"course: interrupted{'' if verify else kept}", err=True)
        raise typer.Exit(130) from None
    raise typer.Exit(int(not well))


@app.command("check-zoo")
def check_zoo(
    exercises: Annotated[
        list[str] | None, typer.Argument(help="such as 01.3; all when left out")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="of the checks' random inputs; a new one when left out")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="judge each answer this often, without mutants")
    ] = None,
    record: Annotated[
        Path, typer.Option(help="where --seeds keeps its verdicts, to go on from")
    ] = BUILD / "zoo.jsonl",
    mutants: Annotated[bool, typer.Option(help="make mutants of the references too")] = True,
    jobs: Annotated[int, typer.Option(min=0, help="processes; 0: one a core")] = 0,
) -> None:
    """Run wrong answers, valid alternatives and mutants of the reference past every check."""
    import torch

    from course_lib import hardware
    from course_lib.authoring.many_seeds import judge_many
    from course_lib.authoring.zoo import run_zoo
    from course_lib.cli import show

    # On tensors so small a second thread gains nothing, and costs much on a busy machine.
    torch.set_num_threads(1)
    jobs = jobs or hardware.usable_cores()
    if seeds is None:
        toured = run_zoo(exercises or None, seed=seed, mutants=mutants, jobs=jobs)
        show.zoo(toured)
        raise typer.Exit(int(not toured.ok))
    record.parent.mkdir(parents=True, exist_ok=True)
    raise typer.Exit(int(not show.seeds(judge_many(exercises or None, seeds, record, jobs=jobs))))


@app.command()
def restore(
    photos: Annotated[list[Path], typer.Argument(help="photographs, and folders of them")],
    out: Annotated[Path, typer.Option("--out", "-o", help="folder for the restored copies")],
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-n",
            help="auto tells streaks from drops; else streaks, drops, or a file of your own",
        ),
    ] = "auto",
    suffix: Annotated[str, typer.Option(help="added to each name after _")] = "restored",
    ext: Annotated[
        str,
        typer.Option(
            help="format of the copies, such as png; auto keeps it. Pictures with transparency "
            "become a PNG where the format can't hold it"
        ),
    ] = "auto",
    tile: Annotated[
        int,
        typer.Option(
            "--tile",
            "-t",
            min=0,
            help="side of a tile, 256 pixels or more; less takes less memory, 0 doesn't tile",
        ),
    ] = 768,
    compare: Annotated[
        bool, typer.Option("--compare", help="write a page with sliders into the folder")
    ] = False,
) -> None:
    """Remove rain from photographs. The originals stay as they are; no file is overwritten.

    You can interrupt the command. If you run it again, it continues where it stopped. Links to
    folders aren't followed. The exit status is 0 if every photograph was restored, 1 if some
    failed, 2 if the command couldn't begin or go on, 130 if it was interrupted.
    """
    import torch

    from course_lib.cli import show_restore
    from course_lib.restoration import jobs
    from course_lib.restoration.choice import Chooser

    settings = jobs.CopySettings(suffix=suffix, ext=ext, tile=tile)
    planned = jobs.plan(photos, out, settings)
    choose = Chooser(model, device="cuda" if torch.cuda.is_available() else "cpu")
    show_restore.not_read(jobs.not_read(photos))
    with show_restore.RestoreWatcher(len(planned)) as watcher:
        outcomes = []
        for outcome in jobs.run(planned, choose, settings, progress=watcher.progress):
            watcher.done(outcome)
            outcomes.append(outcome)
    whole = [one for one in outcomes if one.state != "failed"]
    if compare and whole:
        from course_lib.authoring.compare import write_comparison

        show_restore.compared(*write_comparison(whole, out))
    raise typer.Exit(int(len(whole) < len(outcomes)))


@models_app.command("list")
def models_list() -> None:
    """List the networks: what they remove and what was measured."""
    from course_lib.cli import show_restore
    from course_lib.restoration import networks
    from course_lib.systems import real_esrgan

    show_restore.networks(
        {name: networks.read_about(name) for name in networks.names()}
        | {real_esrgan.TWIN: real_esrgan.about_shipped()}
    )
    show_restore.released()


@models_app.command("fetch")
def models_fetch(
    name: Annotated[str, typer.Argument(help="such as real-esrgan; see `course models list`")],
) -> None:
    """Fetch weights that others have released, into the user's cache."""
    from course_lib.cli import show_restore
    from course_lib.models import released

    with show_restore.bar(f"fetching {name}") as progress:
        source = released.fetch_released(name, progress=progress)
    typer.echo(f"{name}: {source}; in {released.path_of(name)}")


@models_app.command("show")
def models_show(
    name: Annotated[str, typer.Argument(help="such as streaks; see `course models list`")],
) -> None:
    """Show the card of a network: training, photographs, measurements, licence."""
    from course_lib.cli import show_restore
    from course_lib.models import released
    from course_lib.restoration import cards, networks
    from course_lib.systems import real_esrgan

    if name in released.RELEASED:
        show_restore.card(released.card(name))
        return
    if name == real_esrgan.TWIN:
        show_restore.card(cards.text(name, real_esrgan.about_shipped()))
        return
    show_restore.card(cards.text(networks.find(name).stem, networks.read_about(name)))


@data_app.command("list")
def data_list() -> None:
    """Show the known sets of real rain: where they are, what they contain, their terms."""
    from course_lib.cli import show
    from course_lib.data import registry

    show.sets(registry.list_sets())


@data_app.command("add")
def data_add(
    name: Annotated[str, typer.Argument(help="such as rain100l; see `course data list`")],
    path: Annotated[Path, typer.Argument(help="the folder that holds the set")],
) -> None:
    """Register the folder of a set; nothing is copied or changed."""
    from course_lib.cli import show
    from course_lib.data import rain_sets, registry

    typer.echo(f"{name} is {registry.add(name, path)}")
    show.sets([one for one in registry.list_sets() if one.name in rain_sets.parts(name)])


@data_app.command("verify")
def data_verify(
    name: Annotated[str, typer.Argument(help="such as rain100l; see `course data list`")],
) -> None:
    """Read a whole set and name every bad file."""
    from course_lib.cli import show
    from course_lib.data import registry

    reports = registry.verify(name)
    show.verified(reports)
    raise typer.Exit(int(any(report.bad for report in reports)))


@data_app.command("credits")
def data_credits() -> None:
    """Show the authors and licences of the course's photographs."""
    from course_lib.cli import show
    from course_lib.data.photos import PHOTOS

    show.credits(PHOTOS)
