"""Stages that keep their weights."""

import itertools

import pytest

from include.contracts.networks import MAX_FROZEN_STAGES
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.networks.parts import (
    later_parameters,
    part_parameters,
    stage_numbers,
)
from include.image_classification.training.networks.split import split_symbol

SHAPE = (3, 32, 32)


@pytest.mark.parametrize(
    ("family", "layers", "frozen", "first"),
    [
        ("efficientnet_lite0", 0, 1, "efficientnet_lite0_blocks0_depthwise_conv_weight"),
        ("efficientnet_lite0", 0, 3, "efficientnet_lite0_blocks3_expand_conv_weight"),
        ("efficientnet_lite0", 0, 4, "efficientnet_lite0_blocks5_expand_conv_weight"),
        ("mxnet", 20, 2, "stage2_unit1_bn1_gamma"),
    ],
)
def test_the_first_trained_layer_is_that_of_the_next_stage(
    family: str, layers: int, frozen: int, first: str
) -> None:
    network = make_network(layers, 3, SHAPE, family)
    names = [name for name in network.collect_params() if name in later_parameters(network, frozen)]
    assert names[0] == first


@pytest.mark.parametrize(
    ("family", "layers", "side", "frozen", "shape"),
    [
        ("torchvision", 18, 64, 1, (64, 16, 16)),
        ("torchvision", 18, 64, 3, (128, 8, 8)),
        ("mxnet", 18, 64, 1, (64, 16, 16)),
        ("mxnet", 18, 64, 3, (128, 8, 8)),
        ("mxnet", 20, 32, 2, (16, 32, 32)),
        ("efficientnet_lite0", 0, 64, 3, (24, 16, 16)),
    ],
)
def test_what_is_frozen_ends_with_the_output_of_the_last_frozen_stage(
    family: str, layers: int, side: int, frozen: int, shape: tuple[int, ...]
) -> None:
    network = make_network(layers, 3, (3, side, side), family)
    part, _ = split_symbol(network(mx.sym.var("data")), later_parameters(network, frozen))
    _, (output,), _ = part.infer_shape(data=(1, 3, side, side))
    assert output[1:] == shape


@pytest.mark.parametrize("family", ["torchvision", "mxnet", "efficientnet_lite0"])
def test_each_stage_more_freezes_more_layers_and_never_the_last(family: str) -> None:
    network = make_network(20, 3, SHAPE, family)
    later = [later_parameters(network, frozen) for frozen in range(4)]
    assert later[0] == set(network.collect_params())
    assert all(fewer < more for more, fewer in itertools.pairwise(later))


def test_a_network_without_stages_is_a_single_one() -> None:
    network = mx.gluon.nn.Dense(3, in_units=4, prefix="all_")
    assert stage_numbers(network) == {"all_weight": 1, "all_bias": 1}


def test_of_the_shortest_network_the_last_layer_remains() -> None:
    network = make_network(20, 3, SHAPE)
    later = later_parameters(network, MAX_FROZEN_STAGES)
    assert later == part_parameters(network, "head")
