"""Trainings that are killed or stopped resume and end with the same model."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.model.model_files import epoch_of, parameters_file
from include.image_classification.mxnet_import import mx
from include.image_classification.recordio.record_file import Records
from include.image_classification.serving.model import Model
from include.image_classification.training.input.batches import BatchReader
from tests.include.image_classification.training.interrupted_programs import (
    NEVER,
    run_program,
    stopped_during_validation,
)
from tests.include.image_classification.training.job_data import EFFICIENTNET, make_job

KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from include.image_classification.training import train
from include.image_classification.training.input.batches import BatchReader

training = BatchReader.training
def interrupted(self, epoch, *arguments):
    for number, batch in enumerate(training(self, epoch, *arguments)):
        if epoch == int(sys.argv[1]) and number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch
BatchReader.training = interrupted
train.main([])
"""
STOPPED_IN_THE_LAST_BATCH = """
import os, signal, sys
from include.image_classification.training import train
from include.image_classification.training.input.batches import BatchReader

training = BatchReader.training
def interrupted(self, epoch, *arguments):
    yield from training(self, epoch, *arguments)
    if epoch == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGTERM)
BatchReader.training = interrupted
train.main([])
"""
STOPPED_DURING_VALIDATION = stopped_during_validation(BatchReader)
HYPERPARAMETERS = {
    "epochs": "4",
    "augmentation_type": "none",
    "optimizer": "adam",
    "learning_rate": "0.001",
    "checkpoint_frequency": "2",
    "label_smoothing": "0.1",  # so that the best epoch's temperature differs from 1
}


def run(
    base: Path, epoch: str, program: str = KILLED_IN_THE_MIDDLE
) -> subprocess.CompletedProcess[str]:
    """Train in a process with one thread, which interrupts itself in an epoch."""
    return run_program(base, epoch, program)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training without an interruption."""
    base = make_job(tmp_path_factory.mktemp("uninterrupted") / "job", 40, **HYPERPARAMETERS)
    assert run(base, NEVER).returncode == 0
    return base


@pytest.fixture(scope="module")
def uninterrupted_efficientnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training without an interruption of a network with dropout."""
    folder = tmp_path_factory.mktemp("uninterrupted_efficientnet")
    base = make_job(folder / "job", 40, **HYPERPARAMETERS, **EFFICIENTNET)
    assert run(base, NEVER).returncode == 0
    return base


@pytest.mark.parametrize(
    ("fixture", "network"),
    [("uninterrupted", {}), ("uninterrupted_efficientnet", EFFICIENTNET)],
)
def test_a_training_killed_twice_ends_with_the_same_model(
    request: pytest.FixtureRequest, tmp_path: Path, fixture: str, network: dict[str, str | None]
) -> None:
    """The weights are the same to 1e-5, although the model folder is lost each time."""
    uninterrupted = request.getfixturevalue(fixture)
    resumed = make_job(tmp_path / "resumed", 40, **HYPERPARAMETERS, **network)
    for epoch in ("1", "3"):
        killed = run(resumed, epoch)
        assert killed.returncode == -9, killed.stderr
        shutil.rmtree(resumed / "model")
    ended = run(resumed, NEVER)
    assert ended.returncode == 0, ended.stderr
    assert "Resuming after 3 epochs" in ended.stdout
    assert "Epoch[2]" not in ended.stdout
    _assert_same(resumed, uninterrupted)


def test_an_epoch_whose_validation_is_interrupted_is_not_trained_again(
    uninterrupted: Path, tmp_path: Path
) -> None:
    """The first epoch is interrupted twice, then the second, which checkpoint_frequency keeps."""
    resumed = make_job(tmp_path / "resumed", 40, **HYPERPARAMETERS)
    programs = [STOPPED_IN_THE_LAST_BATCH, STOPPED_DURING_VALIDATION, STOPPED_DURING_VALIDATION]
    for number, (program, epoch) in enumerate(zip(programs, (0, 0, 1), strict=True)):
        stopped = run(resumed, str(epoch), program)
        assert stopped.returncode == 0, stopped.stderr
        assert f"Stopped before epoch {epoch} was validated" in stopped.stdout
        assert ("Epoch[0] Train-accuracy" in stopped.stdout) == (number == 0)
        history = json.loads((resumed / "output" / "data" / "training.json").read_text())
        assert history["epochs"] == epoch
        assert len(history["train_accuracy"]) == len(history["epoch_seconds"]) == epoch
        assert len(list((resumed / "model").glob("*.params"))) == epoch
        shutil.rmtree(resumed / "model", ignore_errors=True)
    ended = run(resumed, NEVER)
    assert ended.returncode == 0, ended.stderr
    assert "Epoch[1] Train-accuracy" not in ended.stdout
    assert "Epoch[1] Validation-accuracy" in ended.stdout
    _assert_same(resumed, uninterrupted)


def test_the_temperature_of_a_resumed_training_is_applied_once(
    uninterrupted: Path, tmp_path: Path
) -> None:
    """The stored models predict the validation images with the cross-entropy of calibration.json.

    The training is killed after its best epoch, and then resumes twice in the same folder.
    """
    resumed = make_job(tmp_path / "resumed", 40, **HYPERPARAMETERS)
    assert run(resumed, "2").returncode == -9
    for _ in range(2):
        ended = run(resumed, NEVER)
        assert ended.returncode == 0, ended.stderr
    for base in (resumed, uninterrupted):
        calibration = json.loads((base / "model" / "calibration.json").read_text())
        assert calibration == _history(base)["calibration"]
        assert calibration["cross_entropy"] < 0.9 * calibration["cross_entropy_unscaled"]
        assert _cross_entropy(base) == pytest.approx(calibration["cross_entropy"], rel=1e-3)


def _cross_entropy(base: Path) -> float:
    """Return the stored model's cross-entropy on the validation images."""
    path = base / "input" / "data" / "validation" / "validation.rec"
    model, losses = Model(base / "model"), []
    for batch in BatchReader(Records.scan([path], 3), (3, 32, 32), 8, threads=1).validation():
        images = list(batch.images[: batch.rows].transpose(0, 2, 3, 1))
        labels = batch.labels[: batch.rows].astype(int)
        losses += list(-np.log(model.probabilities(images)[np.arange(batch.rows), labels]))
    return float(np.mean(losses))


def _assert_same(resumed: Path, uninterrupted: Path) -> None:
    assert _history(resumed) == _history(uninterrupted)
    found, expected = (_parameters(base) for base in (resumed, uninterrupted))
    assert found.keys() == expected.keys() >= {2, 4, _history(uninterrupted)["best_epoch"]}
    for epoch, values in expected.items():
        for name, value in values.items():
            assert np.allclose(found[epoch][name], value, rtol=0, atol=1e-5), name


def _parameters(base: Path) -> dict[int, dict[str, Any]]:
    """Return all parameters in the model folder, by epoch."""
    paths = sorted((base / "model").glob("*.params"))
    best = json.loads((base / "model" / "best-epoch.json").read_text())
    assert parameters_file(base / "model") in paths
    assert best == _history(base)["best_epoch"]
    loaded = {epoch_of(path): mx.nd.load(str(path)) for path in paths}
    return {
        epoch: {name: array.asnumpy() for name, array in arrays.items()}
        for epoch, arrays in loaded.items()
    }


def _history(base: Path) -> dict[str, Any]:
    history = json.loads((base / "output" / "data" / "training.json").read_text())
    return {
        name: history[name]
        for name in ("best_epoch", "train_accuracy", "validation_accuracy", "epochs", "calibration")
    }
