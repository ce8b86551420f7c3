"""`course restore` and `course models`, as people call them."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.restoration import networks


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "storm <b>.png"
    noise = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def call(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def own(tmp_path: Path) -> Path:
    """A network of a user's own, in a file."""
    from course_lib.models.residual_unet import ResidualUNet

    how = {"kind": "ResidualUNet", "widths": [4], "blocks": [1]}
    path = tmp_path / "own.safetensors"
    about = {"title": "Mine.", "removes": "nothing", "network": how}
    networks.save_network(path, ResidualUNet((4,), (1,)), about)
    return path


def test_a_photograph_is_restored_with_a_network_from_a_file(photo, tmp_path):
    out = tmp_path / "out"
    said = call("restore", photo, "--out", out, "--model", own(tmp_path))
    assert said.exit_code == 0, said.output
    assert f"→ {out}/storm <b>_restored.png" in said.output
    assert "1 photograph: 1 restored" in said.output
    with Image.open(out / "storm <b>_restored.png") as restored, Image.open(photo) as before:
        np.testing.assert_array_equal(np.asarray(restored), np.asarray(before))


def test_the_page_of_comparisons_holds_both_pictures_and_needs_no_other_file(photo, tmp_path):
    out = tmp_path / "out"
    command = ("restore", photo, "--out", out, "--model", own(tmp_path), "--compare")
    assert call(*command).exit_code == 0
    page = (out / "compare.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 2
    assert "<b>" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert f"Before and after: {out / 'compare.html'}\n" in call(*command).output
    (out / "compare.html").write_text("my page")
    said = call(*command)
    assert f"Before and after: {out / 'compare_2.html'}" in said.output
    assert (out / "compare.html").read_text() == "my page"


def test_many_photographs_are_compared_on_several_pages(photo, tmp_path, monkeypatch):
    from course_lib.authoring import compare

    monkeypatch.setattr(compare, "PER_PAGE", 2)
    out, photos = tmp_path / "out", [tmp_path / f"{n}.png" for n in range(3)]
    for one in photos:
        one.write_bytes(photo.read_bytes())
    said = call("restore", *photos, "--out", out, "--model", own(tmp_path), "--compare")
    assert f"Before and after: {out / 'compare.html'}, {out / 'compare_2.html'}" in said.output
    counts = [
        (out / name).read_text(encoding="utf-8").count("data:image/jpeg;base64,")
        for name in ("compare.html", "compare_2.html")
    ]
    assert counts == [4, 2]


def test_what_failed_is_told_and_decides_the_exit_status(photo, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    said = call("restore", photo, broken, "--out", tmp_path / "out", "--model", own(tmp_path))
    assert said.exit_code == 1
    assert "2 photographs: 1 restored, 1 failed" in said.output
    assert "broken.jpg is not a sound picture" in said.output
    assert said.output.endswith(f"Failed: {broken}\n")


def test_names_cannot_command_the_terminal(tmp_path):
    path = tmp_path / "a\x1b[31m\n[red].png"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    said = call("restore", path, "--out", tmp_path / "out", "--model", own(tmp_path))
    assert said.exit_code == 0
    assert "\x1b" not in said.output
    assert "a�[31m�[red].png" in said.output
    assert (tmp_path / "out/a\x1b[31m\n[red]_restored.png").exists()


def test_a_wrong_name_of_a_network_ends_the_command_before_anything_is_written(photo, tmp_path):
    said = call("restore", photo, "--out", tmp_path / "out", "--model", "fog")
    assert "no network 'fog'" in str(said.exception)
    assert not (tmp_path / "out").exists()


def test_the_networks_of_the_course_are_listed_with_cards():
    said = call("models", "list")
    assert said.exit_code == 0
    for name in networks.names():
        assert name in said.output
        card = call("models", "show", name)
        assert card.exit_code == 0
        assert card.output.startswith(f"# {name}\n")


def test_a_name_in_an_error_cannot_command_the_terminal(tmp_path, capsys, monkeypatch):
    from course_lib.cli import main

    name = f"{tmp_path}/a\x1b[31m.png"
    monkeypatch.setattr("sys.argv", ["course", "restore", name, "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "there is no file or folder" in said


def test_pictures_of_other_formats_are_told_of(photo, tmp_path):
    (tmp_path / "phone.heic").write_bytes(b"")
    out = tmp_path / "out"
    said = call("restore", tmp_path, "--out", out, "--model", own(tmp_path))
    assert said.exit_code == 0, said.output
    assert f"Left out: {tmp_path}/phone.heic. Convert them to JPEG or PNG." in said.output


def test_a_photograph_that_has_gone_costs_only_its_place_on_the_page(photo, tmp_path, monkeypatch):
    from course_lib.authoring import compare
    from course_lib.data.pictures import read_picture

    def gone(path):
        if path == photo:
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return read_picture(path)

    monkeypatch.setattr(compare, "read_picture", gone)
    command = ("restore", photo, "--out", tmp_path / "out", "--model", own(tmp_path), "--compare")
    said = call(*command)
    assert said.exit_code == 0, said.output
    assert f"Not on the page: {photo}: No such file or directory" in said.output


def test_the_photograph_that_failed_is_named(photo, tmp_path):
    out = tmp_path / f"{photo.name}_out"
    assert call("restore", photo, "-o", out, "-n", own(tmp_path)).exit_code == 0
    (out / f"{photo.stem}_restored.png").write_bytes(b"mine")
    said = call("restore", photo, "-o", out, "-n", own(tmp_path))
    assert f"✗ {photo}: {out}" in said.output


def test_a_page_whose_name_is_taken_by_anything_gets_the_next_one(photo, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "compare.html").mkdir()
    command = ("restore", photo, "--out", out, "--model", own(tmp_path), "--compare")
    assert f"Before and after: {out / 'compare_2.html'}" in call(*command).output
