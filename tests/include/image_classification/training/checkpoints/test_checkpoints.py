"""A training that is interrupted goes on, and ends where it would have ended anyway."""

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

from include.image_classification.container import ProgramError
from include.image_classification.model.model_files import epoch_of, parameters_file
from include.image_classification.mxnet_import import mx
from include.image_classification.training.checkpoints.checkpoint_file import (
    DamagedCheckpoint,
    read_checkpoint,
    write_checkpoint,
)
from include.image_classification.training.checkpoints.checkpoints import Checkpoints, identity
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.loop.history import History
from include.image_classification.training.loop.optimizer import make_trainer
from tests.include.image_classification.training.making import ROOT, SETTINGS, make_job

KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from include.image_classification.training import batches, train

whole = batches.BatchReader.training
def cut(self, epoch, *arguments):
    for number, batch in enumerate(whole(self, epoch, *arguments)):
        if epoch == int(sys.argv[1]) and number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch
batches.BatchReader.training = cut
train.main([])
"""
STOPPED_WHILE_JUDGING = """
import os, signal, sys
from include.image_classification.training import batches, train

whole, judged = batches.BatchReader.validation, []
def cut(self):
    for number, batch in enumerate(whole(self)):
        if number == 1 and len(judged) == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGTERM)
        yield batch
    judged.append(self)
batches.BatchReader.validation = cut
train.main([])
"""
STOPPED_IN_THE_LAST_BATCH = """
import os, signal, sys
from include.image_classification.training import batches, train

whole = batches.BatchReader.training
def cut(self, epoch, *arguments):
    yield from whole(self, epoch, *arguments)
    if epoch == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGTERM)
batches.BatchReader.training = cut
train.main([])
"""
NEVER = "-1"
TOLD = {
    "epochs": "4",
    "augmentation_type": "none",
    "optimizer": "adam",
    "learning_rate": "0.001",
    "checkpoint_frequency": "2",
}


def run(
    base: Path, at: str, program: str = KILLED_IN_THE_MIDDLE
) -> subprocess.CompletedProcess[str]:
    """Train in a process of one thread, which ends itself in an epoch, or while it judges one."""
    return subprocess.run(
        [sys.executable, "-c", program, at],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that nothing interrupted."""
    base = make_job(tmp_path_factory.mktemp("whole") / "job", **TOLD)
    assert run(base, NEVER).returncode == 0
    return base


def test_killed_twice_is_as_if_never_interrupted(whole: Path, tmp_path: Path) -> None:
    """The same weights to 1e-5, the same history, though the machine was lost each time."""
    parts = make_job(tmp_path / "parts", **TOLD)
    for epoch in ("1", "3"):
        killed = run(parts, epoch)
        assert killed.returncode == -9, killed.stderr
        shutil.rmtree(parts / "model")
    ended = run(parts, NEVER)
    assert ended.returncode == 0, ended.stderr
    assert "Going on after 3 epochs" in ended.stdout
    assert "Epoch[2]" not in ended.stdout
    _assert_same(parts, whole)


def test_stopped_while_it_judges_an_epoch_is_not_trained_again(whole: Path, tmp_path: Path) -> None:
    """In the first epoch twice, then in the second, whose parameters checkpoint_frequency keeps."""
    parts = make_job(tmp_path / "parts", **TOLD)
    programs = [STOPPED_IN_THE_LAST_BATCH, STOPPED_WHILE_JUDGING, STOPPED_WHILE_JUDGING]
    for number, (program, epoch) in enumerate(zip(programs, (0, 0, 1), strict=True)):
        stopped = run(parts, str(epoch), program)
        assert stopped.returncode == 0, stopped.stderr
        assert f"Told to stop before epoch {epoch} was judged" in stopped.stdout
        assert ("Epoch[0] Train-accuracy" in stopped.stdout) == (number == 0)
        told = json.loads((parts / "output" / "data" / "training.json").read_text())
        assert told["epochs"] == len(told["train_accuracy"]) == len(told["epoch_seconds"]) == epoch
        assert len(list((parts / "model").glob("*.params"))) == epoch
        shutil.rmtree(parts / "model", ignore_errors=True)
    ended = run(parts, NEVER)
    assert ended.returncode == 0, ended.stderr
    assert "Epoch[1] Train-accuracy" not in ended.stdout
    assert "Epoch[1] Validation-accuracy" in ended.stdout
    _assert_same(parts, whole)


def _assert_same(parts: Path, whole: Path) -> None:
    assert _history(parts) == _history(whole)
    mine, theirs = (_parameters(base) for base in (parts, whole))
    assert mine.keys() == theirs.keys() >= {2, 4, _history(whole)["best_epoch"]}
    for number, values in theirs.items():
        for name, value in values.items():
            assert np.allclose(mine[number][name], value, rtol=0, atol=1e-5), name


def _parameters(base: Path) -> dict[int, dict[str, Any]]:
    """All parameters in the model folder, by epoch; the best is named."""
    paths = sorted((base / "model").glob("*.params"))
    best = json.loads((base / "model" / "best-epoch.json").read_text())
    assert parameters_file(base / "model") in paths
    assert best == _history(base)["best_epoch"]
    loaded = {epoch_of(path): mx.nd.load(str(path)) for path in paths}
    return {e: {name: v.asnumpy() for name, v in each.items()} for e, each in loaded.items()}


def _history(base: Path) -> dict[str, Any]:
    told = json.loads((base / "output" / "data" / "training.json").read_text())
    return {
        name: told[name]
        for name in ("best_epoch", "train_accuracy", "validation_accuracy", "epochs")
    }


class Tiny:
    """The smallest network with a trainer, and a step that changes both."""

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


def after(epochs: int, best: int) -> History:
    return History(best, *([0.5] * epochs for _ in range(3)))


def restored(
    tiny: Tiny, folder: Path, store: Callable[[Any, int], object] = lambda *_: None
) -> History:
    kept = Checkpoints[History](folder, identity(tiny.settings, {"train": 24}))
    return kept.restore(tiny.network, tiny.trainer, History(), store)


def saved(folder: Path, tiny: Tiny, epochs: int, best: int = 1) -> None:
    """Store as many checkpoints as there were epochs, one step each."""
    kept = Checkpoints[History](folder, identity(tiny.settings, {"train": 24}))
    for epoch in range(1, epochs + 1):
        tiny.step(epoch)
        kept.save(tiny.network, tiny.trainer, after(epoch, min(best, epoch)))


@pytest.mark.parametrize("optimizer", ["sgd", "nag", "adam", "rmsprop"])
def test_the_optimizer_goes_on_with_what_it_has_learnt(tmp_path: Path, optimizer: str) -> None:
    first = Tiny(optimizer=optimizer)
    saved(tmp_path, first, epochs=3)
    second = Tiny(optimizer=optimizer)
    assert restored(second, tmp_path) == after(3, 1)
    for tiny in (first, second):
        tiny.step(9)
    assert np.array_equal(first.weight, second.weight)


def test_the_best_parameters_are_stored_again_and_the_last_are_gone_on_from(
    tmp_path: Path,
) -> None:
    first = Tiny()
    saved(tmp_path, first, epochs=1)
    best = first.weight
    saved(tmp_path, Tiny(), epochs=3)
    second, stored = Tiny(), []
    restored(
        second, tmp_path, lambda net, epoch: stored.append((net.weight.data().asnumpy(), epoch))
    )
    ((weight, epoch),) = stored
    assert epoch == 1
    assert np.array_equal(weight, best)
    assert not np.array_equal(second.weight, best)


@pytest.mark.parametrize("damage", ["cut", "altered", "emptied"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path, damage: str) -> None:
    saved(tmp_path, Tiny(), epochs=3)
    newest = tmp_path / "checkpoint-1.npz"
    content = bytearray(newest.read_bytes())
    if damage == "altered":
        content[content.index(b"tiny_weight") + 160] ^= 255
    newest.write_bytes(content[: {"cut": len(content) // 2, "emptied": 0}.get(damage)])
    assert restored(Tiny(), tmp_path) == after(2, 1)


def test_only_damaged_checkpoints_start_anew(tmp_path: Path) -> None:
    saved(tmp_path, Tiny(), epochs=1)
    (tmp_path / "checkpoint-1.npz").write_bytes(b"no checkpoint")
    assert restored(Tiny(), tmp_path) == History()


def test_a_checkpoint_that_was_not_finished_is_not_seen(tmp_path: Path) -> None:
    saved(tmp_path, Tiny(), epochs=2)
    half = tmp_path / "checkpoint-1.unfinished"
    half.write_bytes(b"half")
    assert restored(Tiny(), tmp_path) == after(2, 1)
    assert not half.exists(), "it would be copied to S3 for nothing"


def test_two_checkpoints_are_kept_however_long_it_takes(tmp_path: Path) -> None:
    saved(tmp_path, Tiny(), epochs=7)
    assert len(list(tmp_path.iterdir())) == 2


def test_the_checkpoints_of_another_training_are_refused_by_what_differs(tmp_path: Path) -> None:
    saved(tmp_path, Tiny(), epochs=1)
    other = Tiny(mini_batch_size="4", seed="3")
    message = "another training: mini_batch_size was 8 and is 4; seed was 0 and is 3: give each"
    with pytest.raises(ProgramError, match=message):
        restored(other, tmp_path)


def test_other_images_are_another_training(tmp_path: Path) -> None:
    saved(tmp_path, Tiny(), epochs=1)
    tiny = Tiny()
    kept = Checkpoints[History](tmp_path, identity(tiny.settings, {"train": 25}))
    with pytest.raises(ProgramError, match="number of train images was 24 and is 25"):
        kept.restore(tiny.network, tiny.trainer, History(), lambda *_: None)


def test_more_epochs_go_on(tmp_path: Path) -> None:
    saved(tmp_path, Tiny(), epochs=2)
    assert restored(Tiny(epochs="9"), tmp_path) == after(2, 1)


def test_a_failed_write_leaves_the_former_file(
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


def test_a_file_with_objects_is_never_loaded(tmp_path: Path) -> None:
    """Such a file could run code."""
    path = tmp_path / "checkpoint-0.npz"
    np.savez(path, description=np.array([{"epochs": 1}], dtype=object))
    with pytest.raises(DamagedCheckpoint):
        read_checkpoint(path)
