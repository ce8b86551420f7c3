from __future__ import annotations

import csv
import hashlib
import io
import runpy
import struct
import tarfile
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from course_lib.data.folders import PictureFolder

SCRIPT = Path(__file__).parents[2] / "data_scripts/free_photographs.py"


def picture(height: int, shade: int, form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((height, 30, 3), shade, np.uint8)).save(file, form)
    return file.getvalue()


def resources(files: dict[str, bytes]) -> bytes:
    """A Qt resource archive, version 3, with these files in /course/resource/animals."""
    folders = ["", "course", "resource", "animals"]
    names, offsets = b"", []
    for name in [*folders[1:], *files]:
        offsets.append(len(names))
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    tree = struct.pack(">IHIIQ", 0, 2, 1, 1, 0)
    for n in range(3):
        count = len(files) if n == 2 else 1
        tree += struct.pack(">IHIIQ", offsets[n], 2, count, n + 2, 0)
    data = b""
    for n, content in enumerate(files.values()):
        tree += struct.pack(">IHHHIQ", offsets[3 + n], 0, 0, 0, len(data), 0)
        data += struct.pack(">I", len(content)) + content
    start = 24
    header = struct.pack(
        ">4s5I", b"qres", 3, start, start + len(tree), start + len(tree) + len(data), 0
    )
    return header + tree + data + names


def package(files: dict[str, bytes]) -> bytes:
    """A Debian package with these files."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:xz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./usr/share/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    whole = b"!<arch>\n"
    for name, content in (("debian-binary", b"2.0"), ("data.tar.xz", tar.getvalue())):
        whole += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        whole += content + b"\n" * (len(content) % 2)
    return whole


@pytest.fixture
def server(tmp_path):
    """A server of packages on this machine; its folder."""
    folder = tmp_path / "debian/pool/main"
    folder.mkdir(parents=True)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "debian")
    with HTTPServer(("127.0.0.1", 0), handler) as running:
        answering = threading.Thread(target=running.serve_forever)
        answering.start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        answering.join()


@pytest.fixture
def fetch(server, tmp_path):
    """The script as a function, for a package of two photographs."""
    folder, address = server
    deb = package(
        {
            "backgrounds/Tall.jpg": picture(2160, 60, "JPEG"),
            "games/animals.rcc": resources({"cat.webp": picture(40, 200, "WEBP")}),
        }
    )
    (folder / "some_1_all.deb").write_bytes(deb)
    with (tmp_path / "list.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("name", "package", "member", "author", "licence"))
        rows.writerow(("tall", "some", "usr/share/backgrounds/Tall.jpg", "Ann", "CC0 1.0"))
        rows.writerow(
            ("cat", "some", "usr/share/games/animals.rcc:animals/cat.webp", "Bo", "CC BY 4.0")
        )
    script = runpy.run_path(str(SCRIPT))
    inside = script["main"].__globals__
    inside["LIST"] = tmp_path / "list.csv"
    inside["PACKAGES"] = {"some": ("some_1_all.deb", len(deb), hashlib.sha256(deb).hexdigest())}
    app = typer.Typer()
    app.command()(script["main"])
    return lambda *arguments: CliRunner().invoke(
        app, [str(tmp_path / "photos"), "--mirror", address, *map(str, arguments)]
    )


def test_photographs_come_out_of_packages(fetch, server, tmp_path):
    said = fetch()
    assert said.exit_code == 0, said.output
    pictures = PictureFolder(tmp_path / "photos")
    found = {name: pictures[n] for n, name in enumerate(pictures.names)}
    assert {name: one.shape for name, one in found.items()} == {
        "cat": (40, 30, 3),
        "tall": (1080, 15, 3),
    }
    assert abs(int(found["cat"].mean()) - 200) < 3
    assert "| cat.jpg | some | Bo, CC BY 4.0 |" in (tmp_path / "photos/README.md").read_text()
    (server[0] / "some_1_all.deb").unlink()
    assert {one.suffix for one in (tmp_path / "photos").iterdir()} == {".jpg", ".md"}
    again = fetch()  # all are there, so nothing is fetched
    assert again.exit_code == 0, again.output


def test_another_file_than_the_listed_one_is_refused(fetch, server, tmp_path):
    deb = server[0] / "some_1_all.deb"
    deb.write_bytes(deb.read_bytes()[:-1] + b"?")
    said = fetch()
    assert said.exit_code == 2
    assert "is another file" in " ".join(said.output.replace("│", " ").split())
    assert not list((tmp_path / "photos").iterdir())


def test_a_package_that_is_gone_may_lie_in_a_folder(fetch, server, tmp_path):
    moved = tmp_path / "debs"
    moved.mkdir()
    (server[0] / "some_1_all.deb").rename(moved / "some_1_all.deb")
    said = fetch()
    assert said.exit_code == 2
    assert "name that by --packages" in " ".join(said.output.replace("│", " ").split())
    (moved / "some_1_all.deb").rename(moved / "some_4%3a1_all.deb")  # as apt names it
    assert fetch("--packages", moved).exit_code == 0
    assert [one.name for one in moved.iterdir()] == ["some_4%3a1_all.deb"]


def test_the_list_names_each_photograph_once_with_its_author():
    script = runpy.run_path(str(SCRIPT))
    listed = script["read_list"]()
    assert len({one.name for one in listed}) == len(listed) > 80
    assert all(all(one) for one in listed)
    assert {one.package for one in listed} == set(script["PACKAGES"])


def test_without_a_mirror_the_message_says_what_to_name(fetch):
    said = fetch("--mirror", "")
    assert said.exit_code == 2
    assert "Name another mirror of Debian's archive by --mirror" in " ".join(
        said.output.replace("│", " ").split()
    )
