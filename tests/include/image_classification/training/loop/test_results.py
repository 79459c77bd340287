"""When the best model and the checkpoints are written."""

from pathlib import Path
from typing import Any

import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.checkpoints.checkpoints import Checkpoints, identity
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.loop.history import History
from include.image_classification.training.loop.optimizer import make_trainer
from include.image_classification.training.loop.results import Results
from tests.include.image_classification.training.job_data import SETTINGS


class Training:
    """Epochs that set the only weight to their number; epoch 3 is the best."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.settings = parse(SETTINGS)
        self.layer = mx.gluon.nn.Dense(1, in_units=1, use_bias=False, prefix="layer_")
        self.layer.initialize()
        self.folder, self.now, self.stored = folder, 0.0, list[tuple[int, float]]()
        patch.setattr(f"{Results.__module__}.time.monotonic", lambda: self.now)
        self.history = History()
        self.results = Results(
            self.layer,
            make_trainer(self.settings, self.layer),
            Checkpoints(folder, identity(self.settings, {})),
            self.store,
        )

    def store(self, network: Any, history: History) -> str:
        self.stored.append((history.best_epoch, network.weight.data().asnumpy().item()))
        return "model"

    def epoch(self, seconds: float, *, now: bool = False) -> None:
        number = len(self.history.train_accuracy) + 1
        self.layer.weight.set_data(mx.nd.array([[number]]))
        self.history.train_accuracy.append(0.5)
        if number <= 3:
            self.history.best_epoch = number
            self.results.keep_best()
        self.history.validation_accuracy.append(0.1 * number)
        self.now += seconds
        self.results.save(self.history, now=now)

    @property
    def saved_epochs(self) -> int:
        return Checkpoints[History](self.folder, identity(self.settings, {})).trained_epochs()


def test_short_epochs_are_written_every_few_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, saved = Training(tmp_path, monkeypatch), []
    for _ in range(6):
        training.epoch(seconds=2)
        saved.append(training.saved_epochs)
    assert saved == [1, 1, 1, 4, 4, 4]
    # The fourth epoch was not the best: the third one's weights are stored.
    assert training.stored == [(1, 1.0), (3, 3.0)]
    assert training.layer.weight.data().asnumpy().item() == 6


def test_each_longer_epoch_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(tmp_path, monkeypatch)
    for number in range(1, 4):
        training.epoch(seconds=5)
        assert training.saved_epochs == number
    assert training.stored == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_the_last_epoch_is_written_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(tmp_path, monkeypatch)
    training.epoch(seconds=1)
    training.epoch(seconds=1, now=True)
    assert training.saved_epochs == 2
    assert training.stored == [(1, 1.0), (2, 2.0)]


def test_a_stopped_training_stores_its_best_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path, monkeypatch)
    for _ in range(3):
        training.epoch(seconds=1)
    training.layer.weight.set_data(mx.nd.array([[99.0]]))  # in the middle of an epoch
    training.results.store_best(training.history)
    assert training.stored == [(1, 1.0), (3, 3.0)]
    assert training.saved_epochs == 1
