"""Checkpoints: an interrupted training resumes and ends with the same model."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.model.model_files import epoch_of, parameters_file
from include.image_classification.mxnet_import import mx
from include.image_classification.training.checkpoints.checkpoint_file import (
    DamagedCheckpointError,
    read_checkpoint,
    write_checkpoint,
)
from include.image_classification.training.checkpoints.checkpoints import Checkpoints, identity
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.loop.history import History
from include.image_classification.training.loop.optimizer import make_trainer
from tests.include.image_classification.training.job_data import ROOT, SETTINGS, make_job

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
STOPPED_DURING_VALIDATION = """
import os, signal, sys
from include.image_classification.training import train
from include.image_classification.training.input.batches import BatchReader

validation, validated = BatchReader.validation, []
def interrupted(self):
    for number, batch in enumerate(validation(self)):
        if number == 1 and len(validated) == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGTERM)
        yield batch
    validated.append(self)
BatchReader.validation = interrupted
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
NEVER = "-1"
HYPERPARAMETERS = {
    "epochs": "4",
    "augmentation_type": "none",
    "optimizer": "adam",
    "learning_rate": "0.001",
    "checkpoint_frequency": "2",
}


def run(
    base: Path, epoch: str, program: str = KILLED_IN_THE_MIDDLE
) -> subprocess.CompletedProcess[str]:
    """Train in a process with one thread, which interrupts itself in an epoch."""
    return subprocess.run(
        [sys.executable, "-c", program, epoch],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training without an interruption."""
    base = make_job(tmp_path_factory.mktemp("uninterrupted") / "job", **HYPERPARAMETERS)
    assert run(base, NEVER).returncode == 0
    return base


def test_a_training_killed_twice_ends_with_the_same_model(
    uninterrupted: Path, tmp_path: Path
) -> None:
    """The weights are the same to 1e-5, although the model folder is lost each time."""
    resumed = make_job(tmp_path / "resumed", **HYPERPARAMETERS)
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
    resumed = make_job(tmp_path / "resumed", **HYPERPARAMETERS)
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
        for name in ("best_epoch", "train_accuracy", "validation_accuracy", "epochs")
    }


class Tiny:
    """A network with one layer, and its trainer."""

    def __init__(self, **changes: str) -> None:
        self.settings = parse(SETTINGS | {"learning_rate": "0.01"} | changes)
        mx.random.seed(1)
        self.network = mx.gluon.nn.Dense(3, in_units=4, prefix="tiny_")
        self.network.initialize(mx.init.Normal(1), force_reinit=True)
        self.trainer = make_trainer(self.settings, self.network)

    def step(self, seed: int) -> None:
        data = mx.nd.array(np.random.default_rng(seed).normal(size=(2, 4)))
        with mx.autograd.record():
            loss = (self.network(data) ** 2).sum()
        loss.backward()
        self.trainer.step(2)

    @property
    def weight(self) -> Any:
        return self.network.weight.data().asnumpy()


def history_of(epochs: int, best: int) -> History:
    return History(best, *([0.5] * epochs for _ in range(3)))


def restore(
    tiny: Tiny, folder: Path, store: Callable[[Any, int], object] = lambda *_: None
) -> History:
    checkpoints = Checkpoints[History](folder, identity(tiny.settings, {"train": 24}))
    return checkpoints.restore(tiny.network, tiny.trainer, History(), store)


def save(folder: Path, tiny: Tiny, epochs: int, best: int = 1) -> None:
    """Save a checkpoint after each epoch of one step."""
    checkpoints = Checkpoints[History](folder, identity(tiny.settings, {"train": 24}))
    for epoch in range(1, epochs + 1):
        tiny.step(epoch)
        checkpoints.save(tiny.network, tiny.trainer, history_of(epoch, min(best, epoch)))


@pytest.mark.parametrize("optimizer", ["sgd", "nag", "adam", "rmsprop"])
def test_the_optimizer_state_is_restored(tmp_path: Path, optimizer: str) -> None:
    first = Tiny(optimizer=optimizer)
    save(tmp_path, first, epochs=3)
    second = Tiny(optimizer=optimizer)
    assert restore(second, tmp_path) == history_of(3, 1)
    for tiny in (first, second):
        tiny.step(9)
    assert np.array_equal(first.weight, second.weight)


def test_the_best_parameters_are_stored_and_the_last_are_trained_further(tmp_path: Path) -> None:
    first = Tiny()
    save(tmp_path, first, epochs=1)
    best = first.weight
    save(tmp_path, Tiny(), epochs=3)
    second, stored = Tiny(), []
    restore(
        second, tmp_path, lambda net, epoch: stored.append((net.weight.data().asnumpy(), epoch))
    )
    [(weight, epoch)] = stored
    assert epoch == 1
    assert np.array_equal(weight, best)
    assert not np.array_equal(second.weight, best)


@pytest.mark.parametrize("damage", ["cut", "altered", "emptied"])
def test_if_the_newest_checkpoint_is_damaged_the_previous_one_is_restored(
    tmp_path: Path, damage: str
) -> None:
    save(tmp_path, Tiny(), epochs=3)
    newest = tmp_path / "checkpoint-1.npz"
    content = bytearray(newest.read_bytes())
    if damage == "altered":
        content[content.index(b"tiny_weight") + 160] ^= 255
    newest.write_bytes(content[: {"cut": len(content) // 2, "emptied": 0}.get(damage)])
    assert restore(Tiny(), tmp_path) == history_of(2, 1)


def test_if_all_checkpoints_are_damaged_the_training_starts_from_the_beginning(
    tmp_path: Path,
) -> None:
    save(tmp_path, Tiny(), epochs=1)
    (tmp_path / "checkpoint-1.npz").write_bytes(b"no checkpoint")
    assert restore(Tiny(), tmp_path) == History()


def test_an_unfinished_checkpoint_is_deleted(tmp_path: Path) -> None:
    save(tmp_path, Tiny(), epochs=2)
    unfinished = tmp_path / "checkpoint-1.unfinished"
    unfinished.write_bytes(b"unfinished")
    assert restore(Tiny(), tmp_path) == history_of(2, 1)
    assert not unfinished.exists(), "SageMaker would copy it to S3"


def test_two_checkpoints_are_kept(tmp_path: Path) -> None:
    save(tmp_path, Tiny(), epochs=7)
    assert len(list(tmp_path.iterdir())) == 2


def test_checkpoints_of_other_settings_are_rejected(tmp_path: Path) -> None:
    save(tmp_path, Tiny(), epochs=1)
    other = Tiny(mini_batch_size="4", seed="3")
    message = "another training: mini_batch_size was 8 and is now 4; seed was 0 and is now 3: use"
    with pytest.raises(CommandError, match=message):
        restore(other, tmp_path)


def test_checkpoints_of_another_number_of_images_are_rejected(tmp_path: Path) -> None:
    save(tmp_path, Tiny(), epochs=1)
    tiny = Tiny()
    checkpoints = Checkpoints[History](tmp_path, identity(tiny.settings, {"train": 25}))
    with pytest.raises(CommandError, match="number of train images was 24 and is now 25"):
        checkpoints.restore(tiny.network, tiny.trainer, History(), lambda *_: None)


def test_a_training_can_resume_with_more_epochs(tmp_path: Path) -> None:
    save(tmp_path, Tiny(), epochs=2)
    assert restore(Tiny(epochs="9"), tmp_path) == history_of(2, 1)


def test_a_failed_write_keeps_the_previous_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint-0.npz"
    write_checkpoint(path, {"epochs": 1}, {"a": np.ones(3)})

    def fails(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(OSError, match="no space"):
        write_checkpoint(path, {"epochs": 2}, {"a": np.zeros(3)})
    assert read_checkpoint(path)[0] == {"epochs": 1}


def test_a_file_with_pickled_objects_is_rejected(tmp_path: Path) -> None:
    """A pickle could run code."""
    path = tmp_path / "checkpoint-0.npz"
    np.savez(path, description=np.array([{"epochs": 1}], dtype=object))
    with pytest.raises(DamagedCheckpointError):
        read_checkpoint(path)
