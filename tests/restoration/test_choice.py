import numpy as np
import pytest
import torch

from course_lib.restoration.choice import CROP, Chooser, kind_of_rain, pieces


@pytest.mark.parametrize("size", [(3000, 4000), (500, 300), (160, 160), (20, 900), (1, 1)])
def test_pieces_have_one_size_and_lie_in_the_picture(size):
    picture = np.zeros((*size, 3), np.uint8)
    found = pieces(picture)
    assert {one.shape for one in found} == {(min(CROP, size[0]), min(CROP, size[1]), 3)}
    assert 1 <= len(found) <= 30


def test_pieces_reach_all_borders():
    rows, columns = np.mgrid[:400, :700]
    found = pieces(np.stack([rows // 2, columns // 3, rows * 0], axis=-1).astype(np.uint8))
    assert {one[0, 0, 0] for one in found} >= {0}
    assert max(one[-1, -1, 0] for one in found) == 399 // 2
    assert max(one[-1, -1, 1] for one in found) == 699 // 3


def test_the_likelier_kind_is_chosen_and_named(networks):
    choose = Chooser("auto", folder=networks)
    classifier = choose._loaded["rain_kind"].network
    with torch.no_grad():
        classifier.linear.weight.zero_()
        classifier.linear.bias.copy_(torch.tensor([0.0, 3.0, 3.0]))
    found = kind_of_rain(classifier, np.zeros((50, 50, 3), np.uint8))
    assert found == pytest.approx({"streaks": 0.024, "drops": 0.488, "no rain": 0.488}, abs=0.001)
    network, why = choose(np.zeros((50, 50, 3), np.uint8))
    assert (network.name, why) == ("drops", "it looks like drops (49%)")


def test_a_photograph_without_rain_goes_to_the_network_that_changes_least(networks):
    choose = Chooser("auto", folder=networks)
    classifier = choose._loaded["rain_kind"].network
    with torch.no_grad():
        classifier.linear.weight.zero_()
        classifier.linear.bias.copy_(torch.tensor([0.0, 2.0, 9.0]))
    warning = "it shows hardly any rain; check that no fine detail was lost"
    network, why = choose(np.zeros((50, 50, 3), np.uint8))
    assert (network.name, why) == ("streaks", warning)
    with torch.no_grad():
        classifier.linear.bias.copy_(torch.tensor([0.0, 2.0, 3.0]))  # 26 % drops
    network, why = choose(np.zeros((50, 50, 3), np.uint8))
    assert (network.name, why) == ("streaks", warning)


def test_a_named_network_is_taken_without_looking(networks):
    network, why = Chooser("streaks", folder=networks)(np.zeros((0, 0, 3), np.uint8))
    assert (network.name, why) == ("streaks", "chosen by --model")


@pytest.mark.parametrize("by", ["name", "file"])
def test_the_classifier_restores_nothing(networks, by):
    model = "rain_kind" if by == "name" else str(networks / "rain_kind.safetensors")
    with pytest.raises(ValueError, match="only classifies rain"):
        Chooser(model, folder=networks)


def test_an_unknown_network_is_an_error_before_any_photograph(networks):
    with pytest.raises(ValueError, match="no network 'fog'"):
        Chooser("fog", folder=networks)
