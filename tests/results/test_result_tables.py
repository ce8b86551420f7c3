from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from course_lib.results import Measured
from course_lib.results.tables import load_table

HEADER = "fault,rate,seed,psnr,hits,profile,seconds,date,device,threads,versions,parent_commit"
CPU = 'cpu,41.5,2026-11-21T05:30:12Z,"AMD EPYC, 2 cores",1,python 3.11.7; torch 2.11.0,0123456789ab'
GPU = "gpu,41.5,2026-11-22T05:30:12Z,NVIDIA T4,4,python 3.11.7; torch 2.11.0,abcdef012345"
ROWS = (
    f"none,0.0002,0,10.0,5,{CPU}",
    f"none,0.0002,1,12.0,6,{CPU}",
    f"none,0.0002,2,14.0,7,{CPU}",
    f"no detach,0.0002,0,5.5,0,{CPU}",
    f"no detach,1e-05,0,6.5,0,{CPU}",
)

WriteTable = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteTable:
    """write(): the folder of the good table 01_faults; write(row, …): of one with those rows."""

    def write(*rows: str, header: str = HEADER) -> Path:
        (tmp_path / "01_faults.csv").write_text("\n".join([header, *(rows or ROWS)]) + "\n")
        return tmp_path

    return write


def test_measured_is_mean_and_sample_deviation_over_the_seeds(write: WriteTable) -> None:
    table = load_table("01_faults", folder=write())
    row = table.measured(
        "psnr", name="PSNR", unit="dB", claim=20.5, source="report 1", fault="none"
    )
    assert row == Measured(
        name="PSNR",
        value=12,
        unit="dB",
        spread=2,  # of 10, 12, 14: divided by n − 1; by n it would be 1.63
        over="3 seeds",
        claim=20.5,
        source="report 1",
    )


def test_one_seed_has_no_spread(write: WriteTable) -> None:
    table = load_table("01_faults", folder=write())
    row = table.measured("psnr", name="PSNR", fault="no detach", rate=1e-5)
    assert (row.value, row.spread, row.over) == (6.5, None, "1 seed")


def test_spread_over_other_things_than_seeds_is_refused(write: WriteTable) -> None:
    table = load_table("01_faults", folder=write())
    with pytest.raises(ValueError, match=r"differ in fault, rate: .*fault='none', rate=0\.0002\)"):
        table.measured("psnr", name="PSNR")
    with pytest.raises(ValueError, match=r"differ in rate: "):
        table.measured("psnr", name="PSNR", fault="no detach")


def test_settings_and_metrics_are_the_columns_beside_the_seed(write: WriteTable) -> None:
    table = load_table("01_faults", folder=write())
    assert table.settings == ("fault", "rate")
    assert table.metrics == ("psnr", "hits")


def test_select_takes_settings_and_seed(write: WriteTable) -> None:
    table = load_table("01_faults", folder=write())
    assert table.select(fault="none").rows["psnr"].tolist() == [10, 12, 14]
    assert table.select(seed=0, rate=0.0002).rows["fault"].tolist() == ["none", "no detach"]
    assert table.select().rows.equals(table.rows)


def test_settings_that_look_like_gaps_stay_words(write: WriteTable) -> None:
    table = load_table("01_faults", folder=write(*(f"{w},1,0,1,1,{CPU}" for w in ("None", "NA"))))
    assert table.rows["fault"].tolist() == ["None", "NA"]


def test_floats_are_read_to_the_last_bit(write: WriteTable) -> None:
    rate = math.nextafter(0.3, 1)
    table = load_table("01_faults", folder=write(f"none,{rate!r},0,1,1,{CPU}"))
    assert len(table.select(rate=rate).rows) == 1


def test_commit_of_digits_stays_whole(write: WriteTable) -> None:
    origin = CPU.replace("0123456789ab", "001234e56789")
    table = load_table("01_faults", folder=write(f"none,1,0,1,1,{origin}"))
    assert "commit 001234e;" in table.provenance()


def test_provenance_names_all_that_a_reader_needs(write: WriteTable) -> None:
    assert load_table("01_faults", folder=write()).provenance() == (
        "3 seeds, profile cpu, 2026-11-21, AMD EPYC, 2 cores (1 thread), torch 2.11.0, "
        "commit 0123456; remake: make reproduce LESSONS=01"
    )


def test_provenance_of_rows_from_two_machines_names_both(write: WriteTable) -> None:
    later = "cpu,40,2026-11-23T00:00:00Z,Intel Xeon,2,torch 2.12.0; numpy 3,ffffffffffff"
    table = load_table("01_faults", folder=write(*ROWS, f"none,0.0002,3,11,2,{later}"))
    assert table.provenance() == (
        "4 seeds, profile cpu, 2026-11-21 to 2026-11-23, AMD EPYC, 2 cores (1 thread) and "
        "Intel Xeon (2 threads), torch 2.11.0 and torch 2.12.0, commits 0123456 and fffffff; "
        "remake: make reproduce LESSONS=01"
    )
    assert table.select(seed=3).provenance().startswith("1 seed, profile cpu, 2026-11-23, Intel")


def test_rows_of_the_profile_asked_for_are_shown_or_else_those_of_cpu(write: WriteTable) -> None:
    folder = write(*ROWS, f"none,0.0002,0,20,5,{GPU}")
    assert len(load_table("01_faults", folder=folder).rows) == 5
    assert len(load_table("01_faults", profile="smoke", folder=folder).rows) == 5
    gpu = load_table("01_faults", profile="gpu", folder=folder)
    assert gpu.rows["psnr"].tolist() == [20]
    assert "profile gpu, 2026-11-22, NVIDIA T4 (4 threads)" in gpu.provenance()
    assert gpu.provenance().endswith("make reproduce LESSONS=01 PROFILE=gpu")


def test_missing_table_names_the_command_that_makes_it(write: WriteTable) -> None:
    with pytest.raises(
        ValueError, match=r"there are: 01_faults.*`make reproduce LESSONS=03` makes"
    ):
        load_table("03_ablation", folder=write())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: t.select(falt="none"), "no setting 'falt'; there are fault, rate, seed"),
        (lambda t: t.select(fault="nope"), "fault='nope'; there are 'none', 'no detach'"),
        (lambda t: t.select(fault="none", seed=9), "seed=9; there are 0, 1, 2"),
        (lambda t: t.measured("ssim", name="SSIM"), "no metric 'ssim'; there are psnr, hits"),
        (lambda t: t.measured("seed", name="seed"), "no metric 'seed'; there are psnr, hits"),
    ],
)
def test_wrong_words_are_answered_with_the_right_ones(
    write: WriteTable, call: Callable[[object], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(load_table("01_faults", folder=write()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks the columns"),
        ("fault,seed,psnr\nnone,0,1\n", "lacks the columns"),
        (f"{HEADER}\nnone,1,0,,5,{CPU}\n", "line 2 has the psnr '', not a finite number"),
        (f"{HEADER}\n<<<<<<< HEAD\nnone,1,0,1,5,{CPU}\n", "line 2 has 1 cells, not 12"),
        (f"{HEADER}\nnone,1,0,1,5,{GPU}\n", "no runs of profile cpu .it has: gpu."),
    ],
    ids=["empty", "other columns", "gap", "conflict", "only gpu"],
)
def test_damaged_table_is_told_with_the_mend(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "01_faults.csv").write_text(text)
    with pytest.raises(ValueError, match=rf"{message}(.|\n)*make reproduce LESSONS=01"):
        load_table("01_faults", folder=tmp_path)


GOOD = f"{HEADER}\n{ROWS[0]}\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{GOOD}{ROWS[0]}\n", "line 3 has the profile, settings and seed of line 2"),
        # The same settings in other digits, other metrics: still the same run.
        (f"{GOOD}none,2e-4,0,99,5,{CPU}\n", "line 3 has the profile, .* seed of line 2"),
        (f"{GOOD}none,0.0002,,11,5,{CPU}\n", "line 3 has the seed '', not a whole number"),
        (f"{GOOD}none,0.0002,one,11,5,{CPU}\n", "line 3 has the seed 'one'"),
        (f"{GOOD}none,0.0002,1.0,11,5,{CPU}\n", r"line 3 has the seed '1\.0'"),
        (f"{GOOD}none,0.0002,01,11,5,{CPU}\n", "line 3 has the seed '01'"),
        (f"{GOOD}none,0.0002,-1,11,5,{CPU}\n", "line 3 has the seed '-1'"),
        (f"{GOOD}none,0.0002,١,11,5,{CPU}\n", "line 3 has the seed '١'"),
        (f"{GOOD}none,0.0002,1,high,5,{CPU}\n", "line 3 has the psnr 'high', not a finite"),
        (f"{GOOD}none,0.0002,1,nan,5,{CPU}\n", "line 3 has the psnr 'nan'"),
        (f"{GOOD}none,0.0002,1,1e999,5,{CPU}\n", "line 3 has the psnr '1e999'"),
        (f"{GOOD}none,0.0002,1,1,5,{CPU.replace('41.5', 'soon')}\n", "the seconds 'soon'"),
        (f"{GOOD}none,0.0002,1,1,5,{CPU.replace('2026-11-21T05:30:12Z', '')}\n", "has no date"),
        (f"{GOOD}none,0.0002,1,11,5\n", "line 3 has 5 cells, not 12"),
        (f"{GOOD}none,0.0002,1,11,5,{CPU},more\n", "line 3 has 13 cells, not 12"),
        (f"{GOOD}\n", "line 3 has 0 cells, not 12"),
        (f"{GOOD}no\0ne,0.0002,1,11,5,{CPU}\n", "line 3 has a NUL byte: save the file as UTF-8"),
        (f"{GOOD}{'n' * 2000},0.0002,1,11,5,{CPU}\n", "line 3 is no row .*longer than 1000"),
        (f"{GOOD}{'n' * 200_000},0.0002,1,11,5,{CPU}\n", "line 3 is no row of a table .*larger"),
        (f'{GOOD}"none,0.0002,1,11,5,{CPU}\n', "line [34] is no row of a table"),
        (f"{GOOD}none,{'9' * 999},1,11,5,{CPU},1\n", "line 3 has 13 cells"),
        (GOOD.encode("utf-16"), r"line 1 isn't UTF-8 \(byte 0xff\): save the file as UTF-8"),
        (GOOD.encode("utf-16-le"), "line 1 has a NUL byte"),
        (f"{GOOD}früh,0.0002,1,11,5,{CPU}\n".encode("latin-1"), r"line 3 isn't UTF-8 .*0xfc"),
        (GOOD.replace("hits", "psnr"), "column without a name or two of one name"),
        (GOOD.replace("hits", ""), "column without a name or two of one name"),
        (GOOD.replace(",seconds", ""), "lacks the columns"),
        (GOOD.replace("parent_commit", "parent_commit,more"), "lacks the columns"),
        (f"fault,seed,{HEADER[HEADER.index('profile') :]}\nnone,0,{CPU}\n", "has no metrics"),
    ],
)
def test_each_fault_of_a_table_is_told_with_its_file_its_line_and_the_mend(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    path = tmp_path / "01_faults.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=rf"01_faults\.csv\b(.|\n)*{told}(.|\n)*LESSONS=01"):
        load_table("01_faults", folder=tmp_path)


def test_a_table_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "01_faults.csv").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(ValueError, match=r"01_faults\.csv has 1,000,000\.0 MB"):
        load_table("01_faults", folder=tmp_path)


@pytest.mark.parametrize("change", [("\n", "\r\n"), ("fault,", "\ufefffault,")])
def test_what_editors_and_spreadsheets_do_to_a_table_does_no_harm(tmp_path, change) -> None:
    text = "\n".join([HEADER, *ROWS, ""]).replace(*change)
    (tmp_path / "01_faults.csv").write_bytes(text.encode())
    table = load_table("01_faults", folder=tmp_path)
    assert table.select(fault="none").rows["psnr"].tolist() == [10, 12, 14]


def test_the_same_run_at_two_profiles_is_no_duplicate(write: WriteTable) -> None:
    folder = write(ROWS[0], f"none,0.0002,0,20,5,{GPU}")
    assert len(load_table("01_faults", folder=folder).rows) == 1


def test_means_and_claims_of_several_settings_come_one_row_each(write: WriteTable) -> None:
    table = load_table("01_faults", folder=write())
    rows = table.means(["none", "no detach"], "fault", {"psnr": "PSNR", "hits": "H"}, rate=2e-4)
    assert rows == [
        {"fault": "none", "PSNR": 12.0, "H": 6.0},
        {"fault": "no detach", "PSNR": 5.5, "H": 0.0},
    ]
    claims = {"none": (20.0, 8.0), "no detach": (5.0, 1.0)}
    named = {"psnr": "PSNR", "hits": "H"}
    found = table.against(claims, "fault", named, source="report 2", rate=2e-4)
    assert [(one.name, one.value, one.claim) for one in found] == [
        ("PSNR, none", 12.0, 20.0),
        ("PSNR, no detach", 5.5, 5.0),
        ("H, none", 6.0, 8.0),
        ("H, no detach", 0.0, 1.0),
    ]
    assert {one.source for one in found} == {"report 2"}
    with pytest.raises(ValueError, match="has no run with fault='all'"):
        table.means(["all"], "fault", named, rate=2e-4)
    with pytest.raises(ValueError, match="a heading of its own"):
        table.means(["none"], "fault", {"psnr": "fault"}, rate=2e-4)
    with pytest.raises(ValueError, match="'none' has 1 numbers, and there are 2 metrics"):
        table.against({"none": (20.0,)}, "fault", named, source="report 2", rate=2e-4)
