"""The training of a job inside this process: what it computes before and after the epochs."""

import shutil
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from include.image_classification.container import CommandError
from include.image_classification.model.artifact import store_model
from include.image_classification.training import job
from include.image_classification.training.fine_tuning.feature_cache import feature_dtype
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.input.batches import Batch
from include.image_classification.training.input.open_channels import open_channel
from include.image_classification.training.networks.network import make_network
from tests.include.image_classification.training.job_data import make_job, settings_with

Run = Callable[..., None]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a job with a channel `model` and these hyperparameters."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))

    def run_job(**changes: str) -> None:
        model, shape = tmp_path / "input" / "data" / "model", (3, 32, 32)
        if not model.exists():
            make_job(tmp_path)
            store_model(make_network(20, 3, shape), model, 1, shape)
        train, validation = (open_channel(channel, 3) for channel in ("train", "validation"))
        job.TrainingJob(parse(settings_with(**changes)), train, validation).run(threading.Event())

    return run_job


def test_int8_is_calibrated_on_images_of_the_size_that_is_served(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[Any] = []

    def record_shapes(_: Path, *channels: Iterable[Batch] | threading.Event) -> None:
        for channel in channels:
            if not isinstance(channel, threading.Event):
                shapes.extend({batch.images.shape[1:] for batch in channel})

    monkeypatch.setattr(job, "add_int8", record_shapes)
    run(epochs="1", int8="auto", training_size="36")
    assert shapes == [(3, 32, 32), (3, 32, 32)]


def test_features_that_will_not_fit_into_memory_are_refused_before_the_first_phase(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "feature_dtype", partial(feature_dtype, limit=20_000))
    with pytest.raises(CommandError, match=r"the features of 24 images .* GiB in float16"):
        run(fine_tune="last_stages", head_epochs="1", epochs="1")
    assert not list((tmp_path / "checkpoints").glob("*"))


def test_a_training_that_resumes_does_not_need_its_initial_weights(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(epochs="1")
    model = tmp_path / "input" / "data" / "model"
    shutil.rmtree(model)
    model.mkdir()
    with caplog.at_level("INFO"):
        run(epochs="2")
    assert "Resuming after 1 epochs from a checkpoint" in caplog.text
