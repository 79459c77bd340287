"""Published weights go where they belong, or the error lists what does not fit."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.container import ProgramError
from include.image_classification.model.artifact import store_model
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.pretrained.reading import read_weights
from include.image_classification.training.pretrained.transplant import transplant
from tests.include.image_classification.training.pretrained.making import (
    published,
    write_safetensors,
)

SHAPE = (3, 40, 40)


@pytest.fixture(scope="module")
def network() -> Any:
    return make_network(18, 3, SHAPE)


def values(network: Any) -> dict[str, Any]:
    return {name: each.data().asnumpy() for name, each in network.collect_params().items()}


def test_all_but_the_last_layer_is_taken(network: Any) -> None:
    before, weights = values(network), published(network)
    transplant(network, weights, "weights", last_layer=False)
    after = values(network)
    for name in ("resnet_dense0_weight", "resnet_dense0_bias", "pixel_mean"):
        assert np.array_equal(after[name], before[name])
    assert np.array_equal(after["resnet_conv0_weight"], weights["conv1.weight"])
    changed = {name for name in after if not np.array_equal(after[name], before[name])}
    assert len(changed) == len(weights) - 3  # fc's two and the counter


def test_what_does_not_fit_is_listed_and_nothing_is_changed(network: Any) -> None:
    before, weights = values(network), published(network, seed=1)
    weights["bn1.weight"] = np.ones(3, np.float32)
    weights["layer9.0.conv1.weight"] = weights.pop("layer1.0.conv1.weight")
    with pytest.raises(ProgramError) as refused:
        transplant(network, weights, "weights", last_layer=False)
    assert str(refused.value) == (
        "the layers of weights do not fit num_layers and image_shape: "
        "missing: layer1.0.conv1.weight; unexpected: layer9.0.conv1.weight; "
        "of another shape: bn1.weight (3 instead of 64)"
    )
    after = values(network)
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_weights_of_another_depth_name_a_few_layers(network: Any) -> None:
    deeper = published(make_network(34, 3, SHAPE))
    with pytest.raises(ProgramError, match=r"unexpected: layer1\.2\.\S+, \S+, \S+ and \d+ more"):
        transplant(network, deeper, "weights", last_layer=False)


def test_a_stem_for_small_images_takes_no_published_weights(network: Any) -> None:
    small = make_network(18, 3, (3, 32, 32))
    with pytest.raises(
        ProgramError, match=re.escape("conv1.weight (64x3x7x7 instead of 64x3x3x3)")
    ):
        transplant(small, published(network), "weights", last_layer=False)


@pytest.mark.parametrize("family", ["torchvision", "mxnet"])
def test_an_own_model_starts_one_with_other_classes(tmp_path: Path, family: str) -> None:
    earlier, later = (make_network(20, classes, (3, 32, 32), family) for classes in (5, 3))
    file = store_model(earlier, tmp_path, 1, (3, 32, 32))
    transplant(later, read_weights(file), file.name, last_layer=False)
    theirs, ours = values(earlier), values(later)
    differing = [n for n in ours if n not in theirs or not np.array_equal(ours[n], theirs[n])]
    last = "fc1" if family == "mxnet" else "resnet_dense0"
    assert set(differing) == {f"{last}_weight", f"{last}_bias"}


def test_the_family_that_fits_is_named(network: Any) -> None:
    other = make_network(20, 3, (3, 32, 32), "mxnet")
    with pytest.raises(ProgramError, match="train with network torchvision"):
        transplant(other, published(network), "weights", last_layer=False)
    with pytest.raises(ProgramError, match="train with network mxnet"):
        transplant(network, values(other), "weights", last_layer=False)


def test_every_layout_is_told_by_its_content(network: Any, tmp_path: Path) -> None:
    weights = published(network)
    named = tmp_path / "without-suffix"
    assert read_weights(write_safetensors(named, weights)).keys() == weights.keys()
    mx.nd.save(str(named), {"arg:a": mx.nd.ones(1), "aux:b": mx.nd.zeros(1)})
    assert read_weights(named).keys() == {"a", "b"}


@pytest.mark.parametrize("start", [b"PK\x03\x04rest of a zip", b"\x80\x02rest of a pickle"])
def test_a_pickle_is_never_opened(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "resnet18.pth").write_bytes(start)
    with pytest.raises(ProgramError, match=r"resnet18.pth is a pickle .* safetensors"):
        read_weights(tmp_path / "resnet18.pth")


def test_parameters_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.params"
    mx.nd.save(str(path), {"arg:a": mx.nd.ones(9)})
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ProgramError, match=r"a\.params is damaged or cut off"):
        read_weights(path)
