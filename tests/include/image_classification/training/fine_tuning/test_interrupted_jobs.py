"""Trainings of a part of the layers resume after a kill, and end with the same model."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from include.image_classification.training.fine_tuning.feature_reader import FeatureReader
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.training.fine_tuning.fine_tuning_jobs import (
    history,
    make_continued_job,
    read_parameters,
)
from tests.include.image_classification.training.interrupted_programs import (
    NEVER,
    run_program,
    stopped_during_validation,
)

KILLED_IN_AN_EPOCH = """
import os, signal, sys
from include.image_classification.training import train
from include.image_classification.training.loop import fit

train_epoch = fit.TrainingLoop.train_epoch
def interrupted(self, epoch, stop):
    step, steps = self._step, []
    def killing_step(batch, metric):
        steps.append(batch)
        if epoch == int(sys.argv[1]) and len(steps) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        step(batch, metric)
    self._step = killing_step
    return train_epoch(self, epoch, stop)
fit.TrainingLoop.train_epoch = interrupted
train.main([])
"""
STOPPED_IN_THE_FEATURES = """
import os, signal
from include.image_classification.training import train
from include.image_classification.training.networks.frozen_features import FrozenFeatures

call = FrozenFeatures.__call__
def interrupted(self, pixels):
    os.kill(os.getpid(), signal.SIGTERM)
    return call(self, pixels)
FrozenFeatures.__call__ = interrupted
train.main([])
"""
STOPPED_IN_A_VALIDATION = stopped_during_validation(FeatureReader)
SETTINGS = {
    "optimizer": "adam",
    "learning_rate": "0.003",
    "epochs": "3",
    "augmentation_type": "crop",
    "checkpoint_frequency": "1",
}
PARTS = {
    "head": {**SETTINGS, "fine_tune": "head"},
    "last_stages": {**SETTINGS, "fine_tune": "last_stages"},
    "head first, then all": {**SETTINGS, "head_epochs": "2", "epochs": "2"},
    "averaged": {**SETTINGS, "head_epochs": "1", "epochs": "2", "ema_decay": "0.7"},
}


def run(
    base: Path, epoch: str = NEVER, program: str = KILLED_IN_AN_EPOCH
) -> subprocess.CompletedProcess[str]:
    """Train in a process with one thread, which interrupts itself."""
    return run_program(base, epoch, program)


def assert_same(resumed: Path, uninterrupted: Path) -> None:
    """Check that two jobs have the same history and models."""
    for key in ("validation_accuracy", "train_loss", "best_epoch", "learning_rate"):
        assert history(resumed)[key] == pytest.approx(history(uninterrupted)[key]), key
    names = sorted(path.name for path in (uninterrupted / "model").glob("*.params"))
    assert names == sorted(path.name for path in (resumed / "model").glob("*.params"))
    for name in names:
        found = read_parameters(resumed / "model" / name)
        expected = read_parameters(uninterrupted / "model" / name)
        for parameter, values in expected.items():
            assert np.allclose(found[parameter], values, rtol=0, atol=1e-5), parameter


@pytest.mark.parametrize("settings", PARTS.values(), ids=list(PARTS))
def test_a_training_killed_in_each_epoch_ends_with_the_same_model(
    trained: Trained, tmp_path: Path, settings: dict[str, str | None]
) -> None:
    """The model folder is lost each time. With head_epochs, two kills are in either phase."""
    model = trained.base / "model"
    uninterrupted = make_continued_job(tmp_path / "uninterrupted", model, **settings)
    assert run(uninterrupted).returncode == 0
    resumed = make_continued_job(tmp_path / "resumed", model, **settings)
    for epoch in range(1, len(history(uninterrupted)["train_accuracy"])):
        killed = run(resumed, str(epoch))
        assert killed.returncode == -9, killed.stderr
        shutil.rmtree(resumed / "model")
    ended = run(resumed)
    assert ended.returncode == 0, ended.stderr
    assert "Resuming after" in ended.stdout
    assert_same(resumed, uninterrupted)


def test_a_validation_at_the_end_of_the_first_phase_is_repeated(
    trained: Trained, tmp_path: Path
) -> None:
    settings, model = PARTS["head first, then all"], trained.base / "model"
    uninterrupted = make_continued_job(tmp_path / "uninterrupted", model, **settings)
    assert run(uninterrupted).returncode == 0
    resumed = make_continued_job(tmp_path / "resumed", model, **settings)
    stopped = run(resumed, "1", STOPPED_IN_A_VALIDATION)
    assert "Stopped before epoch 1 was validated" in stopped.stdout, stopped.stderr
    assert history(resumed)["epochs"] == 1
    ended = run(resumed)
    assert "Epoch[1] Train-accuracy" not in ended.stdout, ended.stderr
    assert "Epoch[1] Validation-accuracy" in ended.stdout
    assert_same(resumed, uninterrupted)


def test_sigterm_while_features_are_computed_keeps_the_best_model_so_far(
    trained: Trained, tmp_path: Path
) -> None:
    base = make_continued_job(tmp_path / "job", trained.base / "model", **PARTS["head"])
    stopped = run(base, program=STOPPED_IN_THE_FEATURES)
    assert stopped.returncode == 0, stopped.stderr
    assert "Stopped before epoch 0: the best model so far is kept" in stopped.stdout
    assert "Stopped before the first epoch was validated: there is no model" in stopped.stdout
    assert not list(base.glob("model/*.params"))
    assert run(base, "2").returncode == -9
    shutil.rmtree(base / "model")
    stopped = run(base, program=STOPPED_IN_THE_FEATURES)
    assert "Stopped before epoch 2: the best model so far is kept" in stopped.stdout
    assert history(base)["epochs"] == 2
    assert list(base.glob("model/*.params"))
