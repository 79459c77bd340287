"""Jobs that train a part of the layers: what changes, what is logged, and what is served."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.model.artifact import store_model
from include.image_classification.recordio.framing import RecordWriter
from include.image_classification.recordio.image_records import pack_image
from include.image_classification.recordio.record_file import Records
from include.image_classification.serving.model import Model
from include.image_classification.training.input.batches import BatchReader
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.networks.parts import (
    Part,
    later_parameters,
    part_parameters,
)
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.training.fine_tuning.fine_tuning_jobs import (
    Arrays,
    history,
    initial,
    make_continued_job,
    read_parameters,
)
from tests.include.image_classification.training.job_data import (
    make_job,
    make_png,
    start_program,
    write_records,
)

FINE_TUNING = {
    "optimizer": "adam",
    "learning_rate": "0.01",
    "epochs": "3",
    "calibration": "none",
}
OF_RESNET: dict[str, str | None] = {"network": "torchvision", "num_layers": "20"}
OF_EFFICIENTNET: dict[str, str | None] = {"network": "efficientnet_lite0", "num_layers": None}
SHAPE = (3, 32, 32)


def run(base: Path, threads: int = 1) -> str:
    """Run the command `train`, and return its log."""
    process = start_program(base, "train", OMP_NUM_THREADS=str(threads))
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def stored(base: Path) -> Arrays:
    """Return the parameters of the best epoch."""
    number = history(base)["best_epoch"]
    return read_parameters(base / "model" / f"image-classification-{number:04d}.params")


def changed(before: Arrays, after: Arrays) -> set[str]:
    """Return the names of the parameters that differ, without MXNet's prefix."""
    assert before.keys() == after.keys()
    names = {name for name in before if not np.array_equal(before[name], after[name])}
    return {name.partition(":")[2] for name in names}


def network_of(trained: Trained) -> tuple[Any, dict[str, str | None]]:
    """Return a network of a job's kind, and the hyperparameters of its kind."""
    is_resnet = (
        "resnet_" in (trained.base / "model" / "image-classification-symbol.json").read_text()
    )
    changes = OF_RESNET if is_resnet else OF_EFFICIENTNET
    return make_network(20, 3, SHAPE, str(changes["network"])), changes


@pytest.mark.parametrize("part", ["head", "last_stages"])
def test_only_the_layers_of_the_part_change(
    trained_family: Trained, tmp_path: Path, part: Part
) -> None:
    network, kind = network_of(trained_family)
    model = trained_family.base / "model"
    base = make_continued_job(tmp_path, model, fine_tune=part, **FINE_TUNING, **kind)
    before = initial(model)
    output = run(base)
    after = stored(base)
    expected = part_parameters(network, part)
    # BatchNorm of a layer whose gradients are 0 may stay as it is, the weights of none do.
    assert changed(before, after) <= expected
    assert {name for name in expected if name.endswith("weight")} <= changed(before, after)
    assert "Features of train: 24 of 24 images" in output
    assert "Features of validation: 40 of 40 images" in output
    assert len(re.findall(r"Epoch\[\d\] Train-accuracy=", output)) == 3


def test_the_logged_accuracy_is_that_of_the_complete_model(
    trained: Trained, tmp_path: Path
) -> None:
    """The server computes the stored network; the training computed features and the last layer."""
    base = make_continued_job(tmp_path, trained.base / "model", fine_tune="head", **FINE_TUNING)
    run(base)
    path = base / "input" / "data" / "validation" / "validation.rec"
    model, correct = Model(base / "model"), 0
    for batch in BatchReader(Records.scan([path], 3), SHAPE, 8, threads=1).validation():
        images = list(batch.images[: batch.rows].transpose(0, 2, 3, 1))
        classes = model.probabilities(images).argmax(axis=1)
        correct += int((classes == batch.labels[: batch.rows]).sum())
    assert max(history(base)["validation_accuracy"]) == pytest.approx(correct / 40)


def test_head_first_trains_the_last_layer_and_then_all(trained: Trained, tmp_path: Path) -> None:
    changes = {**FINE_TUNING, "head_epochs": "2", "checkpoint_frequency": "1"}
    base = make_continued_job(tmp_path, trained.base / "model", **changes)
    network, _ = network_of(trained)
    before = initial(trained.base / "model")
    output = run(base)
    epochs = [
        read_parameters(base / "model" / f"image-classification-{number:04d}.params")
        for number in range(1, 6)
    ]
    head = part_parameters(network, "head")
    assert changed(before, epochs[1]) == head
    assert changed(epochs[1], epochs[2]) > head
    assert re.findall(r"Epoch\[(\d)\] Train-accuracy=", output) == ["0", "1", "2", "3", "4"]
    assert len(history(base)["validation_accuracy"]) == 5


def test_the_last_layer_may_have_a_learning_rate_of_its_own(
    trained: Trained, tmp_path: Path
) -> None:
    """Adam's first step is the learning rate, for each parameter with a gradient."""
    changes = {**FINE_TUNING, "epochs": "1", "mini_batch_size": "24", "learning_rate": "0.001"}
    base = make_continued_job(
        tmp_path, trained.base / "model", head_learning_rate="0.01", eps="1e-15", **changes
    )
    network, _ = network_of(trained)
    before = initial(trained.base / "model")
    run(base)
    after, head = stored(base), part_parameters(network, "head")
    for name in changed(before, after):
        if name.endswith(("weight", "bias")):
            step = np.abs(after[f"arg:{name}"] - before[f"arg:{name}"]).max()
            assert step == pytest.approx(0.01 if name in head else 0.001, rel=0.02), name


def test_a_single_class_can_be_trained(tmp_path: Path) -> None:
    changes = {**FINE_TUNING, "num_classes": "1", "top_k": None, "epochs": "1"}
    base = make_one_class_job(tmp_path, **changes)
    output = run(base)
    assert "Validation-accuracy=1.000000" in output


def make_one_class_job(base: Path, **changes: str | None) -> Path:
    """Create a job of one class, whose initial weights are an untrained network's."""
    make_job(base, 0, fine_tune="head", **changes)
    for channel in ("train", "validation"):
        write_records(base / "input" / "data" / channel / f"{channel}.rec", [0] * 12)
    store_model(make_network(20, 1, SHAPE), base / "input" / "data" / "model", 1, SHAPE)
    return base


def test_several_labels_per_image_can_be_trained(tmp_path: Path) -> None:
    changes = {**FINE_TUNING, "multi_label": "1", "top_k": None, "epochs": "2"}
    base = make_job(tmp_path, 0, fine_tune="head", **changes)
    for channel in ("train", "validation"):
        with (base / "input" / "data" / channel / f"{channel}.rec").open("wb") as file:
            writer = RecordWriter(file)
            for number in range(24):
                labels = [number % 2, 1, 0]
                writer.write(pack_image(labels, number, make_png(number % 2, number)))
    store_model(
        make_network(20, 3, SHAPE), base / "input" / "data" / "model", 1, SHAPE, multi_label=True
    )
    run(base)
    assert history(base)["validation_accuracy"][-1] >= 2 / 3  # two of three labels are constant


def test_first_stages_keep_weights_and_statistics(trained_family: Trained, tmp_path: Path) -> None:
    """EfficientNet-Lite0 is trained on two devices, with larger images than those served."""
    network, kind = network_of(trained_family)
    model = trained_family.base / "model"
    changes = {**FINE_TUNING, "mini_batch_size": "16", "head_epochs": "1", "training_size": "36"}
    base = make_continued_job(
        tmp_path, model, frozen_stages="2", checkpoint_frequency="1", **changes, **kind
    )
    before = initial(model)
    run(base, threads=2)
    expected = later_parameters(network, 2)
    found = changed(before, read_parameters(base / "model" / "image-classification-0004.params"))
    assert found <= expected
    assert {name for name in expected if name.endswith("weight")} <= found
    assert Model(base / "model").shape == SHAPE


def test_each_device_computes_a_part_of_all_layers(trained_family: Trained, tmp_path: Path) -> None:
    """The job continues from its checkpoint as if it had not been interrupted."""
    _, kind = network_of(trained_family)
    model = trained_family.base / "model"
    changes = {**FINE_TUNING, "mini_batch_size": "16", "epochs": "2", **kind}
    whole = make_continued_job(tmp_path / "whole", model, **changes)
    run(whole, threads=2)
    first = make_continued_job(tmp_path / "first", model, **{**changes, "epochs": "1"})
    run(first, threads=2)
    rest = make_continued_job(tmp_path / "rest", model, **changes)
    shutil.copytree(first / "checkpoints", rest / "checkpoints")
    assert "Resuming after 1 epochs" in run(rest, threads=2)
    assert history(rest)["validation_loss"] == pytest.approx(
        history(whole)["validation_loss"], rel=1e-4
    )
