"""Checkpoint files: what they restore, and damaged, unfinished and rejected ones."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
from include.image_classification.training.checkpoints.checkpoint_file import (
    DamagedCheckpointError,
    read_checkpoint,
    write_checkpoint,
)
from include.image_classification.training.checkpoints.checkpoints import Checkpoints, identity
from include.image_classification.training.checkpoints.periodic_models import PeriodicModels
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.loop.history import History
from include.image_classification.training.loop.optimizer import make_trainer
from tests.include.image_classification.training.job_data import SETTINGS


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
    train, validation, speed = ([0.5] * epochs for _ in range(3))
    return History(best, train, validation, speed)


def restore(
    tiny: Tiny, folder: Path, store: Callable[[Any, History], object] = lambda *_: None
) -> History:
    checkpoints = Checkpoints[History](folder, identity(tiny.settings, {"train": 24}))
    return checkpoints.restore(tiny.network, tiny.trainer, History(), store)


def save(folder: Path, tiny: Tiny, epochs: int, best: int = 1, interval: int = 1) -> None:
    """Save a checkpoint after the first epoch of one step, and one in each interval."""
    checkpoints = Checkpoints[History](folder, identity(tiny.settings, {"train": 24}))
    for epoch in range(1, epochs + 1):
        tiny.step(epoch)
        if epoch <= best:
            checkpoints.keep_best(tiny.network)
        if (epoch - 1) % interval == 0:
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
        second,
        tmp_path,
        lambda net, history: stored.append((net.weight.data().asnumpy(), history.best_epoch)),
    )
    [(weight, epoch)] = stored
    assert epoch == 1
    assert np.array_equal(weight, best)
    assert not np.array_equal(second.weight, best)


def test_a_periodic_model_has_the_temperature_of_its_epoch(tmp_path: Path) -> None:
    """The checkpoint's parameters, with which the training goes on, have none."""
    tiny, models = Tiny(), tmp_path / "model"
    periodic = PeriodicModels(models, tmp_path, 1)
    checkpoints = Checkpoints[History](tmp_path, identity(tiny.settings, {"train": 24}), periodic)
    for epoch in (1, 2):
        checkpoints.keep_periodic(tiny.network, epoch, 2.0 * epoch)
        checkpoints.keep_best(tiny.network)
        checkpoints.save(tiny.network, tiny.trainer, history_of(epoch, epoch))
    shutil.rmtree(models)
    checkpoints.restore(tiny.network, tiny.trainer, History(), lambda *_: None)
    for epoch in (1, 2):
        stored = mx.nd.load(str(models / f"image-classification-{epoch:04d}.params"))
        assert np.allclose(stored["arg:tiny_weight"].asnumpy() * 2 * epoch, tiny.weight)


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


def test_the_previous_checkpoint_is_that_of_an_earlier_epoch_if_not_all_are_saved(
    tmp_path: Path,
) -> None:
    """Short epochs have no checkpoint of their own. The last epoch is saved again, validated."""
    tiny = Tiny()
    save(tmp_path, tiny, epochs=5, interval=2)
    checkpoints = Checkpoints[History](tmp_path, identity(tiny.settings, {"train": 24}))
    checkpoints.restore(tiny.network, tiny.trainer, History(), lambda *_: None)
    for epochs in (7, 7):
        checkpoints.save(tiny.network, tiny.trainer, history_of(epochs, 1))
    newest = max(tmp_path.iterdir(), key=lambda path: read_checkpoint(path)[0]["epochs"])
    newest.write_bytes(b"damaged")
    assert restore(Tiny(), tmp_path) == history_of(5, 1)


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


def test_a_training_with_defaults_resumes_from_a_checkpoint_of_an_earlier_version() -> None:
    """The earlier version had no hyperparameter that freezes layers."""
    names = {"fine_tune", "head_epochs", "head_learning_rate"}
    assert not names & identity(Tiny().settings, {}).keys()
    head = Tiny(fine_tune="head")
    assert identity(head.settings, {}).keys() & names == {"fine_tune"}


@pytest.mark.parametrize("change", [{"epochs": "9"}, {"calibration": "none"}])
def test_a_training_can_resume_with_more_epochs_or_without_calibration(
    tmp_path: Path, change: dict[str, str]
) -> None:
    save(tmp_path, Tiny(), epochs=2)
    assert restore(Tiny(**change), tmp_path) == history_of(2, 1)


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
