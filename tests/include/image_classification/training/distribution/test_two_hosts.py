"""Two hosts, played by two processes of this machine, over MXNet's own parameter server."""

import json
import os
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
from tests.include.image_classification.training.distribution import judging
from tests.include.image_classification.training.distribution.hosts import Hosts
from tests.include.image_classification.training.distribution.plain import MODULE
from tests.include.image_classification.training.making import ROOT, make_job
from tests.waiting import LONG

PROGRAM = ("-m", "include.image_classification", "train")
RECIPE = {"augmentation_type": "none", "epochs": "2", "learning_rate": "0.01"}


def test_two_hosts_learn_what_one_learns_with_the_doubled_batch(tmp_path: Path) -> None:
    """Momentum, weight decay and the mean over the batch count once, each record counts once."""
    two = Hosts(
        tmp_path / "two", ("-m", MODULE, "supervise"), kv_store="dist_sync",
        mini_batch_size="4", **RECIPE,
    )  # fmt: skip
    one = make_job(tmp_path / "one", mini_batch_size="8", **RECIPE)
    alone = subprocess.run(
        [sys.executable, "-m", MODULE],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(one), "OMP_NUM_THREADS": "1"},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert two.ended(120) == [0, 0], two.log(0) + two.log(1)
    together, expected = _parameters(two.bases[0]), _parameters(one)
    assert together.keys() == expected.keys()
    for name, values in expected.items():
        assert np.abs(together[name] - values).max() < 1e-5, name
    for name in ("train_accuracy", "validation_accuracy"):  # every image was seen, and once
        assert _history(two.bases[0])[name] == pytest.approx(_history(one)[name])
    assert not any((two.bases[1] / folder).exists() for folder in ("model", "checkpoints"))


def test_without_waiting_for_each_other_the_servers_make_every_hosts_steps(tmp_path: Path) -> None:
    """dist_async: the optimizer, with its schedule and what must not decay, runs on the servers.

    At a learning rate of nothing from the second epoch on, the parameters stay what they were.
    """
    two = Hosts(
        tmp_path, ("-m", MODULE, "supervise"), kv_store="dist_async", mini_batch_size="4",
        lr_scheduler_step="1", lr_scheduler_factor="0", momentum="0", **RECIPE,
    )  # fmt: skip
    assert two.ended(120) == [0, 0], two.log(0) + two.log(1)
    after = [_parameters(two.bases[0], epochs) for epochs in (1, 2)]
    assert all(np.array_equal(after[0][name], after[1][name]) for name in after[0])
    biases = [values for name, values in after[0].items() if name.endswith("bias")]
    assert all(values.any() for values in biases)  # they start from zero: steps were made
    assert len(_history(two.bases[0])["validation_accuracy"]) == 2


def test_a_host_may_have_nothing_to_validate_with(tmp_path: Path) -> None:
    """Protects a training of more hosts than validation images: the others' figures count."""
    two = Hosts(tmp_path, PROGRAM, 1, kv_store="dist_sync", mini_batch_size="4", epochs="1")
    assert two.ended(120) == [0, 0], two.log(0) + two.log(1)
    history = _history(two.bases[0])
    assert history["validation_accuracy"][0] in {0, 1}
    assert history["validation_loss"][0] > 0


def test_when_one_host_is_told_to_stop_all_stop_and_the_first_keeps_the_model(
    tmp_path: Path,
) -> None:
    """The real networks: BatchNorm's statistics are averaged before each validation."""
    two = Hosts(tmp_path, PROGRAM, kv_store="dist_sync", mini_batch_size="4", epochs="100000")
    try:
        _await(lambda: "Saved checkpoint" in two.log(0), two)
        two.programs[1].send_signal(signal.SIGTERM)
        assert two.ended(60) == [0, 0], two.log(0) + two.log(1)
    finally:
        two.kill()
    assert all("Told to stop" in two.log(number) for number in (0, 1))
    assert len(list((two.bases[0] / "model").glob("*.params"))) == 1
    assert _history(two.bases[0])["epochs"] >= 1
    assert not (two.bases[1] / "model").exists()
    assert "accuracy=" in two.log(0)
    assert "accuracy=" not in two.log(1)


def test_a_stop_while_they_judge_unequally_many_batches_ends_all_with_the_epochs_checkpoint(
    tmp_path: Path,
) -> None:
    """The first has judged its share when the second, which has a minute before it, is told."""
    program = ("-m", judging.MODULE, "supervise")
    two = Hosts(tmp_path, program, kv_store="dist_sync", mini_batch_size="4", **RECIPE)
    try:
        _await(lambda: all("judging" in two.log(number) for number in (0, 1)), two)
        two.programs[1].send_signal(signal.SIGTERM)
        assert two.ended(30) == [0, 0], two.log(0) + two.log(1)
    finally:
        two.kill()
    assert all("before epoch 0 was judged" in two.log(number) for number in (0, 1))
    (checkpoint,) = two.bases[0].glob("checkpoints/*.npz")
    assert read_description(checkpoint)["epochs"] == 1
    assert not (two.bases[1] / "checkpoints").exists()


def test_a_killed_worker_ends_the_job_within_seconds_and_everywhere_with_its_reason(
    tmp_path: Path,
) -> None:
    """MXNet alone would let the other host wait for ever."""
    two = Hosts(tmp_path, PROGRAM, kv_store="dist_sync", mini_batch_size="4", epochs="100000")
    try:
        _await(lambda: "Train-accuracy" in two.log(0), two)
        left = two.children(0) + two.children(1)
        began = time.monotonic()
        os.kill(two.worker(1), signal.SIGKILL)
        assert two.ended(10) == [1, 1]
        assert time.monotonic() - began < 5
    finally:
        two.kill()
    reason = "algo-2: the training's worker was ended by signal 9: see this host's log"
    for base in two.bases:
        assert (base / "output/failure").read_text() == reason
    assert not any(Path(f"/proc/{pid}").exists() for pid in left)


def _await(happened: Callable[[], bool], two: Hosts) -> None:
    deadline = time.monotonic() + LONG
    while not happened():
        assert all(program.poll() is None for program in two.programs), two.log(0) + two.log(1)
        assert time.monotonic() < deadline, two.log(0) + two.log(1)
        time.sleep(0.05)


def _parameters(base: Path, epochs: int = 2) -> dict[str, Any]:
    """The parameters after so many epochs."""
    with np.load(base / f"checkpoints/checkpoint-{epochs % 2}.npz", allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files if name.startswith("parameter/")}


def _history(base: Path) -> Any:
    return json.loads((base / "output/data/training.json").read_text())
