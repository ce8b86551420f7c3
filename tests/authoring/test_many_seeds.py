import json

import numpy as np
import pytest
import torch

from course_lib.authoring import many_seeds
from course_lib.authoring.many_seeds import judge_many
from course_lib.authoring.zoo import Entry, Record
from course_lib.cli import show

NAMES = ("first", "second", "third")


@pytest.fixture
def judged(monkeypatch):
    """A zoo of three answers; the second is misjudged with one seed in four."""
    seen = []

    def judge(entry, *, seed):
        seen.append((entry.name, seed))
        ok = entry.name != "second" or seed % 4 != 2
        return Record(
            exercise=entry.exercise, kind=entry.kind, name=entry.name, expected="", ok=ok,
            status="wrong", diagnosis="so", seed=seed,
            milliseconds=5000 if entry.name == "third" else 1,
        )  # fmt: skip

    listed = [Entry(exercise="99.1", kind="wrong", name=name, answer=np.abs) for name in NAMES]
    monkeypatch.setattr(many_seeds, "exercise_ids", lambda: ["99.1"])
    monkeypatch.setattr(many_seeds, "_entries", lambda exercise_id: listed)
    monkeypatch.setattr(many_seeds, "judge", judge)
    return seen


def test_each_answer_is_judged_with_every_seed_and_slow_ones_once(judged, tmp_path):
    lines = list(judge_many(None, 8, tmp_path / "zoo.jsonl"))
    assert [line["answers"] for line in lines] == [3, 2, 2, 2, 2, 2, 2, 2]
    assert judged.count(("third", 0)) == 1 == len([name for name, _ in judged if name == "third"])
    assert [line["seed"] for line in lines if line["misjudged"]] == [2, 6]
    assert lines[2]["misjudged"] == [["wrong", "second", "wrong", "so"]]


def test_a_stop_loses_one_seed_at_most(judged, tmp_path):
    record = tmp_path / "zoo.jsonl"
    going = judge_many(None, 4, record)
    next(going), next(going)
    going.close()
    with record.open("ab") as file:
        file.write('{"exercise": "99.1 −'.encode()[:-1])  # a kill in the middle of a character
    judged.clear()
    assert len(list(judge_many(None, 4, record))) == 4
    assert judged == [("first", 2), ("second", 2), ("first", 3), ("second", 3)]
    assert len([json.loads(line) for line in record.read_text().splitlines()]) == 4


def test_more_seeds_go_on_from_the_record(judged, tmp_path):
    list(judge_many(None, 2, tmp_path / "zoo.jsonl"))
    judged.clear()
    assert len(list(judge_many(None, 3, tmp_path / "zoo.jsonl"))) == 3
    assert judged == [("first", 2), ("second", 2)]


def test_changed_code_is_judged_anew(judged, tmp_path, monkeypatch):
    record = tmp_path / "zoo.jsonl"
    list(judge_many(None, 4, record))
    judged.clear()
    monkeypatch.setattr(many_seeds, "_digest", lambda exercise_id: "other code")
    list(judge_many(None, 4, record))
    assert {name for name, _ in judged} == set(NAMES)


def test_a_foreign_file_is_refused(judged, tmp_path):
    record = tmp_path / "notes.txt"
    record.write_text("my notes\n")
    with pytest.raises(ValueError, match=r"notes.txt, line 1 is no verdict"):
        list(judge_many(None, 1, record))
    assert record.read_text() == "my notes\n"


def test_the_table_counts_and_names_what_was_misjudged(judged, tmp_path, capsys):
    assert not show.seeds(judge_many(None, 4, tmp_path / "zoo.jsonl"))
    told = capsys.readouterr().out
    assert "99.1 wrong second: 1 of 4 seeds misjudge it, seed 2: wrong: so" in told
    assert told.splitlines()[-1].split() == ["99.1", "3", "4", "9", "1"]


def test_the_real_zoo_can_be_judged(tmp_path):
    torch.manual_seed(0)
    (line,) = judge_many(["02.2"], 1, tmp_path / "zoo.jsonl", jobs=2)
    assert line["answers"] > 30
    assert not line["misjudged"]
