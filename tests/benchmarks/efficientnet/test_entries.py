"""The benchmarks of EfficientNet-Lite0, with one small batch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import inference, pairs, training
from benchmarks.efficientnet import int8
from benchmarks.efficientnet.plain_network import plain_network
from benchmarks.efficientnet.training import make_batches
from benchmarks.training import CLASSES, InMemory, PlainLoop, ProjectLoop
from include.image_classification.model.int8_decision import is_served
from include.image_classification.training.networks.network import make_network

SHAPE = (3, 32, 32)


def values(network: Any) -> dict[str, Any]:
    parameters = network.collect_params().items()
    return {
        name: value.data().asnumpy().copy()
        for name, value in parameters
        if value.grad_req == "write"
    }


def test_both_loops_train_all_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SHAPE", SHAPE)
    reader = InMemory(make_batches(1, SHAPE))
    network = make_network(0, CLASSES, SHAPE, "efficientnet_lite0")
    plain = plain_network(CLASSES)
    loops = (
        (network, ProjectLoop(network, reader, tmp_path, "float32")),
        (plain, PlainLoop(plain, reader)),
    )
    for trained, loop in loops:
        before = values(trained)
        loop.epoch()
        after = values(trained)
        assert len(after) == 3 * 49 + 2
        assert not [name for name in before if np.array_equal(before[name], after[name])]


def test_the_int8_form_is_compared_with_the_faster_of_both_float32_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "SIDE", SHAPE[1])
    monkeypatch.setattr(inference, "SHAPE", SHAPE)
    monkeypatch.setattr(inference, "BATCHES", 1)
    monkeypatch.setattr(pairs, "PAIRS", 1)
    ratios = []

    def compare(*arguments: Any) -> pairs.Ratio:
        ratios.append(pairs.compare(*arguments))
        return ratios[-1]

    monkeypatch.setattr(int8, "compare", compare)
    result = int8.serving(tmp_path)
    assert len(ratios) == 2
    assert result["ratio"] == min(ratio["ratio"] for ratio in ratios)
    assert is_served(tmp_path / "model")
