"""Training on two hosts, run as local processes, over MXNet's parameter server."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.training.checkpoints.checkpoint_file import read_description
from tests.include.image_classification.training.distribution import slow_validation
from tests.include.image_classification.training.distribution.hosts import Hosts
from tests.include.image_classification.training.distribution.no_batchnorm import MODULE
from tests.include.image_classification.training.job_data import ROOT, make_job
from tests.waiting import LONG

PROGRAM = ("-m", "include.image_classification", "train")
RECIPE = {"augmentation_type": "none", "epochs": "2", "learning_rate": "0.01"}


def test_two_hosts_train_like_one_host_with_the_doubled_batch(tmp_path: Path) -> None:
    """This covers momentum, weight decay and the mean over the batch."""
    two = Hosts(
        tmp_path / "two", ("-m", MODULE, "supervise"), kv_store="dist_sync",
        mini_batch_size="4", **RECIPE,
    )  # fmt: skip
    one = make_job(tmp_path / "one", mini_batch_size="8", **RECIPE)
    single = subprocess.run(
        [sys.executable, "-m", MODULE],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(one), "OMP_NUM_THREADS": "1"},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert single.returncode == 0, single.stdout + single.stderr
    assert two.wait(120) == [0, 0], two.log(0) + two.log(1)
    found, expected = _parameters(two.bases[0]), _parameters(one)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert np.abs(found[name] - values).max() < 1e-5, name
    for name in ("train_accuracy", "validation_accuracy"):  # each image was counted once
        assert _history(two.bases[0])[name] == pytest.approx(_history(one)[name])
    assert not any((two.bases[1] / folder).exists() for folder in ("model", "checkpoints"))


def test_with_dist_async_the_optimizer_runs_on_the_servers(tmp_path: Path) -> None:
    """The servers apply the schedule: a learning rate of 0 in the second epoch changes nothing."""
    two = Hosts(
        tmp_path, ("-m", MODULE, "supervise"), kv_store="dist_async", mini_batch_size="4",
        lr_scheduler_step="1", lr_scheduler_factor="0", momentum="0", **RECIPE,
    )  # fmt: skip
    assert two.wait(120) == [0, 0], two.log(0) + two.log(1)
    after = [_parameters(two.bases[0], epochs) for epochs in (1, 2)]
    assert all(np.array_equal(after[0][name], after[1][name]) for name in after[0])
    biases = [values for name, values in after[0].items() if name.endswith("bias")]
    assert all(values.any() for values in biases)  # biases start from zero, so steps were made
    assert len(_history(two.bases[0])["validation_accuracy"]) == 2


def test_a_host_may_have_no_validation_images(tmp_path: Path) -> None:
    """There may be more hosts than validation images."""
    two = Hosts(tmp_path, PROGRAM, 1, kv_store="dist_sync", mini_batch_size="4", epochs="1")
    assert two.wait(120) == [0, 0], two.log(0) + two.log(1)
    history = _history(two.bases[0])
    assert history["validation_accuracy"][0] in {0, 1}
    assert history["validation_loss"][0] > 0


def test_sigterm_on_one_host_stops_all_and_the_first_keeps_the_model(tmp_path: Path) -> None:
    """The network has BatchNorm, whose statistics are averaged before each validation."""
    two = Hosts(tmp_path, PROGRAM, kv_store="dist_sync", mini_batch_size="4", epochs="100000")
    try:
        _wait_until(lambda: "Saved checkpoint" in two.log(0), two)
        two.programs[1].send_signal(signal.SIGTERM)
        assert two.wait(60) == [0, 0], two.log(0) + two.log(1)
    finally:
        two.kill()
    for number in (0, 1):
        assert re.search(r"Stopped (in|before) epoch", two.log(number))
    assert len(list((two.bases[0] / "model").glob("*.params"))) == 1
    assert _history(two.bases[0])["epochs"] >= 1
    assert not (two.bases[1] / "model").exists()
    assert "accuracy=" in two.log(0)
    assert "accuracy=" not in two.log(1)


def test_sigterm_during_validation_stops_all_hosts_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    """The first host has validated its share, and the second needs another minute."""
    program = ("-m", slow_validation.MODULE, "supervise")
    two = Hosts(tmp_path, program, kv_store="dist_sync", mini_batch_size="4", **RECIPE)
    try:
        _wait_until(lambda: all("validating" in two.log(number) for number in (0, 1)), two)
        two.programs[1].send_signal(signal.SIGTERM)
        assert two.wait(30) == [0, 0], two.log(0) + two.log(1)
    finally:
        two.kill()
    assert all("before epoch 0 was validated" in two.log(number) for number in (0, 1))
    (checkpoint,) = two.bases[0].glob("checkpoints/*.npz")
    assert read_description(checkpoint)["epochs"] == 1
    assert not (two.bases[1] / "checkpoints").exists()


def test_a_killed_worker_ends_all_hosts_within_seconds_with_its_reason(tmp_path: Path) -> None:
    """MXNet alone would let the other host wait forever."""
    two = Hosts(tmp_path, PROGRAM, kv_store="dist_sync", mini_batch_size="4", epochs="100000")
    try:
        _wait_until(lambda: "Train-accuracy" in two.log(0), two)
        children = two.children(0) + two.children(1)
        started = time.monotonic()
        os.kill(two.worker(1), signal.SIGKILL)
        assert two.wait(10) == [1, 1]
        assert time.monotonic() - started < 5
    finally:
        two.kill()
    reason = "algo-2: the training's worker ended with signal 9: see this host's log"
    for base in two.bases:
        assert (base / "output/failure").read_text() == reason
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def _wait_until(condition: Callable[[], bool], two: Hosts) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert all(program.poll() is None for program in two.programs), two.log(0) + two.log(1)
        assert time.monotonic() < deadline, two.log(0) + two.log(1)
        time.sleep(0.05)


def _parameters(base: Path, epochs: int = 2) -> dict[str, Any]:
    """Return the parameters of the checkpoint after an epoch."""
    with np.load(base / f"checkpoints/checkpoint-{epochs % 2}.npz", allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files if name.startswith("parameter/")}


def _history(base: Path) -> Any:
    return json.loads((base / "output/data/training.json").read_text())
