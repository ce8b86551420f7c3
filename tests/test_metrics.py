import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchvision.models import AlexNet_Weights

from course_lib import metrics
from course_lib.metrics import (
    high_frequency_energy,
    lpips,
    output_diversity,
    psnr,
    rgb_to_y,
    ssim,
)


@pytest.fixture(params=[(40, 57), (64, 64)], ids=["wide", "square"])
def pair(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    clean = rng.integers(0, 256, (*request.param, 3), dtype=np.uint8)
    noise = rng.integers(-20, 21, clean.shape)
    return (clean + noise).clip(0, 255).astype(np.uint8), clean


def y_by_skimage(picture: np.ndarray) -> np.ndarray:
    return rgb2ycbcr(picture)[..., 0] / 255


def test_luma_is_matlabs(pair: tuple[np.ndarray, np.ndarray]) -> None:
    np.testing.assert_allclose(rgb_to_y(pair[0] / 255), y_by_skimage(pair[0]), atol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_psnr_equals_scikit_image(pair: tuple[np.ndarray, np.ndarray], dtype: str) -> None:
    restored, clean = (p if dtype == "uint8" else p.astype(dtype) / 255 for p in pair)
    expected = peak_signal_noise_ratio(pair[1], pair[0], data_range=255)
    assert psnr(restored, clean) == pytest.approx(expected, abs=1e-6)
    expected_y = peak_signal_noise_ratio(*map(y_by_skimage, reversed(pair)), data_range=1)
    assert psnr(restored, clean, channel="y_matlab") == pytest.approx(expected_y, abs=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_ssim_equals_scikit_image(pair: tuple[np.ndarray, np.ndarray], dtype: str) -> None:
    restored, clean = (p if dtype == "uint8" else p.astype(dtype) / 255 for p in pair)
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = structural_similarity(*pair, data_range=255, channel_axis=2, **gaussian)
    assert ssim(restored, clean) == pytest.approx(expected, abs=1e-6)
    expected_y = structural_similarity(*map(y_by_skimage, pair), data_range=1, **gaussian)
    assert ssim(restored, clean, channel="y_matlab") == pytest.approx(expected_y, abs=1e-6)


def test_equal_pictures_score_perfectly(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert psnr(pair[1], pair[1]) == float("inf")
    assert ssim(pair[1], pair[1]) == pytest.approx(1)


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_bad_pictures_are_refused_with_what_was_given(metric) -> None:
    good = np.zeros((16, 16, 3), np.uint8)
    with pytest.raises(ValueError, match=r"\[-1, 0\]"):
        metric(good / 1.0 - np.eye(16)[..., None], good)
    with pytest.raises(TypeError, match="int64"):
        metric(good.astype(np.int64), good)
    with pytest.raises(ValueError, match=r"\(16, 15, 3\)"):
        metric(good[:, 1:], good)
    with pytest.raises(ValueError, match=r"\(2, 16, 16, 3\).*one by one and average"):
        metric(np.stack([good, good]), np.stack([good, good]))
    with pytest.raises(ValueError, match=r"\(16, 16\).*np\.dstack\(\[grey\] \* 3\)"):
        metric(good[..., 0], good[..., 0])
    with pytest.raises(ValueError, match="'Y'"):
        metric(good, good, channel="Y")


def test_ssim_names_the_window_when_the_picture_is_too_small() -> None:
    tiny = np.zeros((8, 30, 3), np.uint8)
    with pytest.raises(ValueError, match=r"8×30.*11-pixel"):
        ssim(tiny, tiny)


def test_lpips_without_weights_is_none_and_touches_no_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(
        torch.hub, "load_state_dict_from_url", lambda *a, **k: pytest.fail("download tried")
    )
    picture = np.zeros((64, 64, 3), np.uint8)
    assert lpips(picture, picture) is None


def test_lpips_refuses_what_is_no_pair_of_large_enough_pictures() -> None:
    good = np.zeros((64, 80, 3), np.uint8)
    with pytest.raises(ValueError, match=r"at least 64×64, these are 50×80"):
        lpips(good[:50], good[:50])
    with pytest.raises(ValueError, match=r"\(64, 79, 3\)"):
        lpips(good[:, 1:], good)
    with pytest.raises(ValueError, match=r"\(2, 64, 80, 3\).*one by one and average"):
        lpips(np.stack([good, good]), np.stack([good, good]))


def test_blur_lowers_and_noise_raises_high_frequency_energy() -> None:
    from skimage.data import coffee
    from skimage.filters import gaussian

    photo = coffee()[:128, :128] / 255
    noise = np.random.default_rng(0).normal(0, 0.05, photo.shape)
    energy = high_frequency_energy(photo)
    assert high_frequency_energy(gaussian(photo, 2, channel_axis=2)) < 0.3 * energy
    assert high_frequency_energy((photo + noise).clip(0, 1)) > 1.5 * energy


def test_diversity_is_the_mean_distance_of_different_outputs() -> None:
    outputs = torch.rand(5, 3, 7, 4, generator=torch.Generator().manual_seed(0))
    distances = [(a - b).abs().mean() for i, a in enumerate(outputs) for b in outputs[:i]]
    assert output_diversity(outputs) == pytest.approx(float(sum(distances) / 10), rel=1e-5)
    assert output_diversity(outputs[:1].expand(4, -1, -1, -1)) == 0


def test_diversity_of_one_output_is_an_error() -> None:
    with pytest.raises(ValueError, match="got 1"):
        output_diversity(torch.zeros(1, 3, 2, 2))


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where torch's cache keeps the weights of LPIPS; nothing is there yet."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints" / "alexnet-owt-7be5be79.pth"


def test_lpips_with_weights_is_torchmetrics_on_the_unit_range(
    monkeypatch: pytest.MonkeyPatch, cached: Path
) -> None:
    from torchmetrics.functional.image import learned_perceptual_image_patch_similarity
    from torchvision.models import alexnet

    torch.manual_seed(0)  # untrained weights stand in for the real ones, which take a download
    torch.save(alexnet().state_dict(), cached)
    digest = hashlib.sha256(cached.read_bytes()).hexdigest()
    monkeypatch.setattr(metrics, "ALEXNET_SHA256", digest)
    rng = np.random.default_rng(0)
    restored, clean = rng.integers(0, 256, (2, 64, 72, 3), dtype=np.uint8)
    assert lpips(clean, clean) == pytest.approx(0, abs=1e-6)
    x, y = (torch.from_numpy(p / 255).float().permute(2, 0, 1)[None] for p in (restored, clean))
    expected = learned_perceptual_image_patch_similarity(x, y, net_type="alex", normalize=True)
    assert lpips(restored, clean) == pytest.approx(float(expected), abs=1e-5)


class _Command:
    """Unpickling it runs a command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.command,)


@pytest.mark.parametrize("known", [False, True], ids=["unknown hash", "even with the right hash"])
@pytest.mark.parametrize("force", [False, True], ids=["", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"])
def test_a_pickle_under_the_weights_name_does_not_run(
    known: bool, force: bool, monkeypatch: pytest.MonkeyPatch, cached: Path, tmp_path: Path
) -> None:
    if force:
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    ran = tmp_path / "ran"
    torch.save({"features.0.weight": _Command(f"touch {ran}")}, cached)
    if known:
        digest = hashlib.sha256(cached.read_bytes()).hexdigest()
        monkeypatch.setattr(metrics, "ALEXNET_SHA256", digest)
    picture = np.zeros((64, 64, 3), np.uint8)
    for download in (False, True):
        with pytest.raises((ValueError, pickle.UnpicklingError)):
            lpips(picture, picture, download=download)
    assert not ran.exists()


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\3\4 half a file"])
def test_other_content_under_the_weights_name_is_told_with_both_hashes(
    content: bytes, cached: Path
) -> None:
    cached.write_bytes(content)
    picture = np.zeros((64, 64, 3), np.uint8)
    found = hashlib.sha256(content).hexdigest()
    told = rf"alexnet-owt-7be5be79\.pth .*{found}.*7be5be791159.*delete it.*download=True"
    with pytest.raises(ValueError, match=told):
        lpips(picture, picture)
    assert cached.read_bytes() == content


def test_weights_of_another_alexnet_in_the_cache_start_no_download(
    monkeypatch: pytest.MonkeyPatch, cached: Path
) -> None:
    monkeypatch.setattr(
        torch.hub, "download_url_to_file", lambda *a, **k: pytest.fail("download tried")
    )
    cached.with_name("alexnet-owt-4df8aa71.pth").write_bytes(b"older")
    picture = np.zeros((64, 64, 3), np.uint8)
    assert lpips(picture, picture) is None


def test_a_download_is_checked_against_the_whole_hash(
    monkeypatch: pytest.MonkeyPatch, cached: Path
) -> None:
    asked = []

    def fetch(url: str, path: str, hash_prefix: str) -> None:
        asked.append((url, path, hash_prefix))
        Path(path).write_bytes(b"something else")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    picture = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(ValueError, match="isn't the published file"):
        lpips(picture, picture, download=True)
    assert asked == [(AlexNet_Weights.DEFAULT.url, str(cached), metrics.ALEXNET_SHA256)]
    assert metrics.ALEXNET_SHA256.startswith("7be5be79")  # as the published name says


def test_the_linear_layers_that_torchmetrics_ships_are_the_published_ones() -> None:
    from torchmetrics.functional.image import lpips as published

    path = Path(published.__file__).parent / "lpips_models" / "alex.pth"
    weights = metrics._read_weights(path, metrics._LINEAR_SHA256, "")
    assert sorted(weights) == [f"lin{k}.model.1.weight" for k in range(5)]
