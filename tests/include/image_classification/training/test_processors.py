"""The number of devices and threads of a training."""

import os

import pytest

from include.image_classification.training.hyperparameters import Hyperparameters, parse
from include.image_classification.training.processors import choose_devices
from tests.include.image_classification.training.job_data import EFFICIENTNET, settings_with


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(6))
    for name in ("OMP_NUM_THREADS", "MXNET_CPU_TEMP_COPY", "MXNET_CPU_PARALLEL_RAND_COPY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def settings(**changes: str | None) -> Hyperparameters:
    return parse(settings_with(**{**EFFICIENTNET, **changes}))


@pytest.mark.parametrize(("rows", "devices", "threads"), [(64, 6, 1), (16, 2, 3), (8, 1, 6)])
def test_each_processor_is_a_device_unless_its_rows_were_too_few(
    rows: int, devices: int, threads: int
) -> None:
    assert choose_devices(settings(mini_batch_size=str(rows)), hosts=1) == devices
    assert os.environ["OMP_NUM_THREADS"] == str(threads)


def test_layers_after_frozen_ones_are_trained_in_float32_on_all_devices() -> None:
    chosen = settings(mini_batch_size="64", precision_dtype="bfloat16", frozen_stages="3")
    assert choose_devices(chosen, hosts=1) == 6


def test_a_limit_of_threads_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert choose_devices(settings(mini_batch_size="64"), hosts=1) == 2
    assert os.environ["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("changes", "hosts"),
    [
        ({"network": "torchvision", "num_layers": "20"}, 1),
        ({"precision_dtype": "bfloat16"}, 1),
        ({}, 2),
    ],
)
def test_other_trainings_leave_the_processors_to_openmp(
    changes: dict[str, str | None], hosts: int
) -> None:
    assert choose_devices(settings(mini_batch_size="64", **changes), hosts) == 1
    assert "OMP_NUM_THREADS" not in os.environ
