"""Whole files: what is on the disk after writing went well, and after it didn't."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from course_lib import files


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_drive_without_fsync_is_written_all_the_same(tmp_path, monkeypatch, number) -> None:
    def fsync(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    files.write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_or_broken_disk_is_told_with_the_path_and_the_old_file_stays(
    tmp_path, monkeypatch, number
) -> None:
    files.write_whole(tmp_path / "a", b"old")

    def fsync(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=rf"{os.strerror(number)}: '{tmp_path}/a'") as told:
        files.write_whole(tmp_path / "a", b"new")
    assert told.value.errno == number
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_broken_disk_under_the_folder_is_told_too(tmp_path, monkeypatch) -> None:
    real, calls = os.fsync, 0

    def fsync(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:  # the file is there, its name isn't safe yet
            raise OSError(errno.EIO, "Input/output error")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=f"'{tmp_path}/a'"):
        files.write_whole(tmp_path / "a", b"new")


def test_a_link_stays_a_link_and_permissions_stay(tmp_path) -> None:
    (tmp_path / "drive").mkdir()
    target, link = tmp_path / "drive" / "real", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    files.write_whole(link, b"new", b" and more")
    assert link.is_symlink()
    assert target.read_bytes() == b"new and more"
    assert target.stat().st_mode & 0o777 == 0o640
    assert not list(tmp_path.rglob("*.tmp"))


def test_the_old_file_is_kept_where_asked_for(tmp_path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    files.write_whole(new, b"1", keep=old)
    assert not old.exists()
    files.write_whole(new, b"2", keep=old)
    assert (new.read_bytes(), old.read_bytes()) == (b"2", b"1")


def test_only_what_was_left_of_the_named_files_is_removed(tmp_path) -> None:
    theirs = ["notes.tmp", "a.tmp", "a.12x.tmp", "b.12.tmp", "a.12.tmp.bak", "xa.12.tmp"]
    for name in ["a.12.tmp", "a[1].csv.7.tmp", *theirs]:
        (tmp_path / name).write_text("precious")
    files.remove_unfinished(tmp_path, "a", "a[1].csv")
    assert {path.name for path in tmp_path.iterdir()} == set(theirs)
    files.remove_unfinished(tmp_path / "nowhere", "a")


def test_too_large_a_file_or_a_pipe_is_not_read(tmp_path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(10**12)  # a hole: it takes no room on the disk
    with pytest.raises(files.TooLarge, match=r"large has 1,000,000\.0 MB, and may have 1\.5 MB"):
        files.read_whole(tmp_path / "large", 1_500_000)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        files.read_whole(tmp_path / "pipe")
    (tmp_path / "small").write_bytes(b"12")
    assert files.read_whole(tmp_path / "small", 2) == b"12"
    with pytest.raises(FileNotFoundError):
        files.read_whole(Path(tmp_path / "none"))


def test_text_comes_without_a_mark_and_with_plain_line_ends_and_other_encodings_are_told(
    tmp_path,
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("a\r\nf\u00fc\n".encode("utf-8-sig"))
    assert files.read_text(path) == "a\nf\u00fc\n"
    path.write_bytes("a\nf\u00fc\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"a\.txt, line 2 isn't UTF-8 \(byte 0xfc\): save"):
        files.read_text(path)
    with pytest.raises(files.TooLarge):
        files.read_text(path, 3)


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_is_written_and_one_that_exists_stays(tmp_path, monkeypatch, links):
    if not links:

        def none(*_):
            raise OSError(errno.EPERM, "no hard links here")

        monkeypatch.setattr(os, "link", none)
    path = tmp_path / "a.txt"
    files.write_new(path, b"first")
    with pytest.raises(FileExistsError):
        files.write_new(path, b"second")
    (tmp_path / "b.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        files.write_new(tmp_path / "b.txt", b"second")
    assert path.read_bytes() == b"first"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.txt", "b.txt"]
    assert not (tmp_path / "nowhere").exists()
