import numpy as np
import pytest
import torch

from course_lib.models.residual_unet import ResidualUNet
from course_lib.restoration import networks as networks_module
from course_lib.restoration.networks import load_network, names, read_about, save_network
from course_lib.tensor_files import write_tensors
from tests.restoration.conftest import SMALL, about

PICTURE = np.random.default_rng(0).integers(0, 256, (30, 21, 3), dtype=np.uint8)


def test_a_network_comes_back_as_half_precision_holds_it(networks):
    restorer = load_network("streaks", folder=networks)
    torch.manual_seed(0)
    network = ResidualUNet((4,), (1,))
    torch.nn.init.normal_(network.last.weight, std=0.02)
    for mine, theirs in zip(
        restorer.network.state_dict().values(), network.state_dict().values(), strict=True
    ):
        assert mine.dtype == torch.float32
        assert torch.equal(mine, theirs.half().float())
    assert not restorer.network.training
    restored = restorer.restore(PICTURE)
    assert restored.shape == PICTURE.shape
    assert restored.dtype == np.uint8
    assert (restored != PICTURE).any()


def test_a_file_is_loaded_by_its_path(networks):
    by_path = load_network(networks / "drops.safetensors", folder=networks)
    by_name = load_network("drops", folder=networks)
    assert by_path.digest == by_name.digest
    assert by_path.digest != load_network("streaks", folder=networks).digest


def test_names_are_those_of_the_folder(networks):
    assert names(networks) == ["drops", "streaks"]
    assert read_about("drops", networks)["title"] == "drops"


def test_an_unknown_name_is_told_what_there_is(networks):
    with pytest.raises(ValueError, match="no network 'fog': there are drops, streaks"):
        load_network("fog", folder=networks)
    with pytest.raises(ValueError, match=r"there is no file nowhere\.safetensors"):
        load_network("nowhere.safetensors", folder=networks)


def test_a_flipped_bit_is_noticed(networks):
    path = networks / "drops.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 4
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"drops.safetensors is damaged"):
        load_network("drops", folder=networks)


def test_a_file_of_another_program_is_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_bytes(b"PK\3\4 a pickle, perhaps")
    with pytest.raises(ValueError, match=r"other\.safetensors"):
        load_network(path)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"kind": "os.system"}, "known are ResidualUNet"),
        ({"kind": []}, "known are ResidualUNet"),
        ({"kind": "RainClassifier", "widths": []}, "can't be built"),
        ({**SMALL, "widths": [4, [1]]}, "can't be built"),
        ({**SMALL, "widths": [4096] * 8, "blocks": [4096] * 8}, "impossible size"),
        ({**SMALL, "depth": 3}, "can't be built"),
        ({**SMALL, "widths": [10**9]}, "impossible size"),
        ({**SMALL, "widths": [8]}, "doesn't hold the weights of its network"),
    ],
)
def test_a_header_that_names_no_network_of_the_weights_is_refused(tmp_path, how, message):
    path = tmp_path / "a.safetensors"
    save_network(path, ResidualUNet((4,), (1,)), about(network=how))
    with pytest.raises(ValueError, match=message):
        load_network(path)


def test_a_large_network_without_its_weights_costs_no_memory(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    how = {**SMALL, "widths": [4096], "blocks": [8]}  # 10 GB
    save_network(path, ResidualUNet((4,), (1,)), about(network=how))
    with pytest.raises(ValueError, match="doesn't hold the weights of its network"):
        load_network(path)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    network = ResidualUNet((4,), (1,))
    write_tensors(
        tmp_path / "a.safetensors",
        {key: one.half() * float("nan") for key, one in network.state_dict().items()},
        about(),
    )
    with pytest.raises(ValueError, match="holds weights that aren't finite"):
        load_network(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "wrong", [{"measured": 3}, {"training": [1]}, {"network": 5}, {"title": 1}]
)
def test_a_header_with_garbled_parts_is_refused(tmp_path, wrong):
    save_network(tmp_path / "a.safetensors", ResidualUNet((4,), (1,)), about(**wrong))
    with pytest.raises(ValueError, match=f"its header lacks {next(iter(wrong))}"):
        read_about(tmp_path / "a.safetensors")


def test_what_cannot_be_saved_is_refused(tmp_path):
    network = ResidualUNet((4,), (1,))
    with pytest.raises(ValueError, match=r"ends with \.safetensors"):
        save_network(tmp_path / "a.pt", network, about())
    with pytest.raises(ValueError, match="states its removes"):
        save_network(tmp_path / "a.safetensors", network, {"title": "", "network": SMALL})
    torch.nn.init.constant_(network.last.bias, 1e6)
    with pytest.raises(ValueError, match=r"last\.bias isn't finite in half precision"):
        save_network(tmp_path / "a.safetensors", network, about())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [torch.int8, torch.complex64, torch.float8_e4m3fn])
def test_weights_of_another_type_are_refused(tmp_path, kind):
    path = tmp_path / "a.safetensors"
    tensors = {key: one.to(kind) for key, one in ResidualUNet((4,), (1,)).state_dict().items()}
    write_tensors(path, tensors, about())
    with pytest.raises(
        ValueError, match=r"holds \S+ as torch\.\w+, and weights are torch\.float32"
    ):
        load_network(path)


def test_values_that_are_not_finite_are_told(tmp_path):
    path = tmp_path / "a.safetensors"
    state = ResidualUNet((4,), (1,)).state_dict()
    write_tensors(path, {key: one.double() * 1e300 + 1e300 for key, one in state.items()}, about())
    with pytest.raises(ValueError, match="holds weights that aren't finite"):
        load_network(path)
    write_tensors(path, {key: one + 1e30 for key, one in state.items()}, about())
    with pytest.raises(ValueError, match=r"a\.safetensors gives values that aren't finite"):
        load_network(path).restore(PICTURE)


def test_tiles_too_small_for_a_network_are_made_larger(networks):
    restorer = load_network("streaks", folder=networks)
    assert restorer.restore(PICTURE, tile=1).shape == PICTURE.shape


def test_released_weights_remove_no_rain():
    with pytest.raises(ValueError, match="real-esrgan enlarges photographs and removes no rain"):
        load_network("real-esrgan")


def test_a_small_file_cannot_ask_for_hours_or_for_all_memory(tmp_path):
    path = tmp_path / "a.safetensors"
    deep = {"kind": "ResidualUNet", "widths": [1] * 14, "blocks": [1] * 14}
    save_network(path, ResidualUNet([1] * 14, [1] * 14), about(network=deep))
    with pytest.raises(ValueError, match="a multiple of 16384 pixels; at most 512 are allowed"):
        load_network(path)
    many = {**SMALL, "widths": [1] * 4, "blocks": [4096] * 4}
    save_network(path, ResidualUNet((4,), (1,)), about(network=many))
    with pytest.raises(ValueError, match="more blocks than it holds weights"):
        load_network(path)


def test_a_file_too_large_for_a_network_is_not_read(tmp_path):
    path = tmp_path / "huge.safetensors"
    with path.open("wb") as file:
        file.truncate(networks_module.LIMIT + 1)
    assert networks_module.LIMIT < 1e9
    with pytest.raises(ValueError, match=r"has 200\.0 MB, and may have 200 MB at most"):
        load_network(path)


@pytest.mark.parametrize("pixels", [0, -4])
def test_a_network_that_works_at_no_pixels_is_refused(tmp_path, pixels):
    path = tmp_path / "a.safetensors"
    save_network(path, ResidualUNet((4,), (1,)), about(works_at=pixels))
    with pytest.raises(ValueError, match="its header lacks works_at"):
        load_network(path)


def test_large_pictures_are_restored_by_way_of_a_small_copy(tmp_path):
    """The network darkens; the change is enlarged, and fine detail stays."""
    network = ResidualUNet((4,), (1,))
    torch.nn.init.constant_(network.last.bias, 2 * 16 / 255)
    path = tmp_path / "a.safetensors"
    save_network(path, network, about(works_at=1000))
    picture = np.random.default_rng(0).integers(60, 200, (90, 120, 3), dtype=np.uint8)
    restored = load_network(path).restore(picture)
    assert np.abs(picture.astype(int) - restored - 16).max() <= 1
    assert load_network(path).restore(picture / 255).dtype == np.float64


@pytest.mark.parametrize(
    "how",
    [
        {"kind": "RASPP", "width": 1, "stages": [1] * 19_000},
        {"kind": "RASPP", "width": 1, "rates": [0] * 200_000},
        {"kind": "UNetGenerator", "depth": 4096},
        {"kind": "ResidualUNet", "widths": [1] * 6000, "blocks": [1] * 6000},
    ],
    ids=lambda how: how["kind"],
)
def test_a_header_that_asks_for_many_layers_is_refused_at_once_in_few_words(tmp_path, how):
    path = tmp_path / "a.safetensors"
    save_network(path, ResidualUNet((4,), (1,)), about(network=how))
    with pytest.raises(ValueError, match="impossible size") as said:
        load_network(path)
    assert len(str(said.value)) < 400 + len(str(path))


@pytest.mark.parametrize("form", ["negative strides", "read-only", "list"])
def test_arrays_of_any_layout_are_restored_by_way_of_a_small_copy(tmp_path, form):
    path = tmp_path / "a.safetensors"
    save_network(path, ResidualUNet((4,), (1,)), about(works_at=500))
    picture = np.random.default_rng(0).random((40, 50, 3), np.float32)
    given = picture[::-1, :, ::-1] if form == "negative strides" else picture
    if form == "read-only":
        given.flags.writeable = False
    restored = load_network(path).restore(given.tolist() if form == "list" else given)
    np.testing.assert_allclose(restored, given, atol=1e-5)
