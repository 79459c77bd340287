"""Copying of weights into networks, and the errors when layers do not fit."""

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.model.artifact import store_model
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.pretrained.copy_weights import copy_weights
from include.image_classification.training.pretrained.reading import read_weights
from tests.include.image_classification.training.pretrained.pytorch.checkpoint_files import (
    Writer,
    write_legacy,
    write_zip,
)
from tests.include.image_classification.training.pretrained.weight_files import (
    published_weights,
    write_safetensors,
)

SHAPE = (3, 40, 40)


@pytest.fixture(scope="module")
def network() -> Any:
    return make_network(18, 3, SHAPE)


def values(network: Any) -> dict[str, Any]:
    return {name: value.data().asnumpy() for name, value in network.collect_params().items()}


@pytest.fixture(scope="module")
def efficientnet() -> Any:
    return make_network(0, 3, SHAPE, "efficientnet_lite0")


@pytest.mark.parametrize(
    ("fixture", "kept", "copied"),
    [
        ("network", "resnet_dense0", {"resnet_conv0_weight": "conv1.weight"}),
        (
            "efficientnet",
            "efficientnet_lite0_fc",
            {
                "efficientnet_lite0_conv_stem_weight": "_conv_stem.weight",
                "efficientnet_lite0_bn1_gamma": "_bn1.weight",
                "efficientnet_lite0_blocks15_expand_conv_weight": "_blocks.15._expand_conv.weight",
                "efficientnet_lite0_blocks0_bn2_running_var": "_blocks.0._bn2.running_var",
            },
        ),
    ],
)
def test_all_layers_but_the_last_are_copied(
    request: pytest.FixtureRequest, fixture: str, kept: str, copied: dict[str, str]
) -> None:
    network = request.getfixturevalue(fixture)
    before, weights = values(network), published_weights(network)
    copy_weights(network, weights, "weights", last_layer=False)
    after = values(network)
    for name in (f"{kept}_weight", f"{kept}_bias", "pixel_mean", "pixel_spread"):
        assert np.array_equal(after[name], before[name])
    for name, published in copied.items():
        assert np.array_equal(after[name], weights[published])
    changed = {name for name in after if not np.array_equal(after[name], before[name])}
    assert len(changed) == len(weights) - 3  # fc's two and the counter


def test_weights_that_are_not_finite_are_refused_and_nothing_is_changed(network: Any) -> None:
    before, weights = values(network), published_weights(network, seed=1)
    weights["bn1.weight"] = np.full_like(weights["bn1.weight"], np.inf)
    with pytest.raises(CommandError, match=r"weights that are not finite, in bn1\.weight: "):
        copy_weights(network, weights, "weights", last_layer=False)
    assert all(np.array_equal(value, before[name]) for name, value in values(network).items())


def test_layers_that_do_not_fit_are_listed_and_nothing_is_changed(network: Any) -> None:
    before, weights = values(network), published_weights(network, seed=1)
    weights["bn1.weight"] = np.ones(3, np.float32)
    weights["layer9.0.conv1.weight"] = weights.pop("layer1.0.conv1.weight")
    with pytest.raises(CommandError) as raised:
        copy_weights(network, weights, "weights", last_layer=False)
    assert str(raised.value) == (
        "the layers of weights do not fit num_layers and image_shape: "
        "missing: layer1.0.conv1.weight; unexpected: layer9.0.conv1.weight; "
        "of another shape: bn1.weight (3 instead of 64)"
    )
    after = values(network)
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_the_list_of_layers_is_shortened(network: Any) -> None:
    deeper = published_weights(make_network(34, 3, SHAPE))
    with pytest.raises(CommandError, match=r"unexpected: layer1\.2\.\S+, \S+, \S+ and \d+ more"):
        copy_weights(network, deeper, "weights", last_layer=False)


def test_published_weights_do_not_fit_the_stem_for_thumbnails(network: Any) -> None:
    small = make_network(18, 3, (3, 32, 32))
    with pytest.raises(
        CommandError, match=re.escape("conv1.weight (64x3x7x7 instead of 64x3x3x3)")
    ):
        copy_weights(small, published_weights(network), "weights", last_layer=False)


def test_weights_of_another_size_of_the_family_are_listed(efficientnet: Any) -> None:
    """EfficientNet-Lite1 has more blocks."""
    weights = published_weights(efficientnet, seed=1)
    weights["_blocks.16._bn1.weight"] = np.ones(3, np.float32)
    weights["_conv_head.weight"] = weights["_conv_head.weight"][:7]
    with pytest.raises(CommandError) as raised:
        copy_weights(efficientnet, weights, "weights", last_layer=False)
    assert str(raised.value) == (
        "the layers of weights do not fit network efficientnet_lite0 and the channels of "
        "image_shape: unexpected: _blocks.16._bn1.weight; "
        "of another shape: _conv_head.weight (7x320x1x1 instead of 1280x320x1x1)"
    )


LAST_LAYERS = {
    "torchvision": "resnet_dense0",
    "mxnet": "fc1",
    "efficientnet_lite0": "efficientnet_lite0_fc",
}


@pytest.mark.parametrize("family", LAST_LAYERS)
def test_a_stored_model_is_copied_into_a_network_of_other_classes(
    tmp_path: Path, family: str
) -> None:
    first, second = (make_network(20, classes, (3, 32, 32), family) for classes in (5, 3))
    file = store_model(first, tmp_path, 1, (3, 32, 32))
    copy_weights(second, read_weights(file), file.name, last_layer=False)
    old, new = values(first), values(second)
    differing = [n for n in new if n not in old or not np.array_equal(new[n], old[n])]
    last = LAST_LAYERS[family]
    assert set(differing) == {f"{last}_weight", f"{last}_bias"}


@pytest.mark.parametrize(("family", "other"), list(itertools.permutations(LAST_LAYERS, 2)))
def test_the_error_names_the_family_that_fits(
    network: Any, efficientnet: Any, family: str, other: str
) -> None:
    networks = {
        "torchvision": network,
        "mxnet": make_network(20, 3, (3, 32, 32), "mxnet"),
        "efficientnet_lite0": efficientnet,
    }
    stored = values(networks[family])
    published = {} if family == "mxnet" else published_weights(networks[family])
    for weights in filter(None, (stored, published)):
        with pytest.raises(CommandError, match=f"weights has .*: train with network {family}$"):
            copy_weights(networks[other], weights, "weights", last_layer=False)


def test_the_content_decides_the_format(network: Any, tmp_path: Path) -> None:
    weights = published_weights(network)
    path = tmp_path / "without-suffix"
    assert read_weights(write_safetensors(path, weights)).keys() == weights.keys()
    mx.nd.save(str(path), {"arg:a": mx.nd.ones(1), "aux:b": mx.nd.zeros(1)})
    assert read_weights(path).keys() == {"a", "b"}


@pytest.mark.parametrize("start", [b"PK\x03\x04rest of a zip", b"\x80\x02rest of a pickle"])
def test_a_damaged_checkpoint_of_pytorch_is_rejected(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "resnet18.pth").write_bytes(start)
    with pytest.raises(CommandError, match=r"resnet18.pth is damaged, .* checkpoint of PyTorch"):
        read_weights(tmp_path / "resnet18.pth")


def test_a_header_of_safetensors_may_begin_like_a_pickle(tmp_path: Path) -> None:
    """The length of the header is 128, whose byte is that of a pickle."""
    weights = {"a": np.ones(1, np.float32)}
    path = write_safetensors(tmp_path / "a", weights)
    length = int.from_bytes(path.read_bytes()[:8], "little")
    path = write_safetensors(path, {"a" * (1 + 128 - length): weights["a"]})
    assert path.read_bytes()[:1] == b"\x80"
    assert len(read_weights(path)) == 1


@pytest.mark.parametrize("write", [write_legacy, write_zip])
def test_a_checkpoint_of_pytorch_is_copied(network: Any, tmp_path: Path, write: Writer) -> None:
    weights = published_weights(network, seed=2)
    copy_weights(network, read_weights(write(tmp_path / "a", weights)), "a", last_layer=False)
    assert np.array_equal(values(network)["resnet_conv0_weight"], weights["conv1.weight"])


def test_a_params_file_that_is_cut_off_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.params"
    mx.nd.save(str(path), {"arg:a": mx.nd.ones(9)})
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CommandError, match=r"a\.params is damaged or cut off"):
        read_weights(path)
