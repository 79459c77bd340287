"""A training job with the planned fingerprint, whose candidate is not registered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from include.decisions.registry.packages import Package
from include.decisions.training.existing_job import ExistingJob, model_exists
from include.decisions.training.image_digest import PinnedImage
from include.decisions.training.plan import TrainingState, decide_training
from include.decisions.training.warm_start import TrainingStart

URI = "s3://some-bucket/cars/models/cars-train-1/output/model.tar.gz"
JOB = ExistingJob("cars-train-1", 1, "completed", URI)
PACKAGE = Package("arn/1", "Approved", "image:1", URI, {"training_job": "cars-train-0"})
STATE = TrainingState(
    pipeline="cars",
    dataset_version="d1",
    recordio="r1",
    shards=1,
    hyperparameters={},
    fingerprint="f1",
    network="resnet-18",
    start=TrainingStart("scratch"),
    image=PinnedImage("image@sha256:1"),
    earlier=None,
)


@pytest.mark.parametrize(
    ("job", "force", "goes_on", "reason"),
    [
        (None, False, True, "was not trained on with these settings and this code yet; starting"),
        (JOB, False, True, "cars-train-1 trained on RecordIO r1 .* evaluates its model"),
        (JOB, True, True, "forced, though cars-train-1 trained on RecordIO r1 .*; starting from"),
        (replace(JOB, status="failed"), False, True, "cars-train-1 did not give a usable model"),
        (replace(JOB, status="running"), False, True, "this run does, and starts no second"),
        (replace(JOB, status="running"), True, True, "this run does, and starts no second"),
        (replace(JOB, status="interrupted"), False, True, "interrupted: this training continues"),
        (replace(JOB, status="failed", run="other"), False, True, "did not give a usable model"),
        (replace(JOB, run="other"), False, False, "run other trains .*cars-train-1, completed"),
        (replace(JOB, run="other"), True, True, "forced, though cars-train-1"),
        (replace(JOB, status="running", run="other"), False, False, "other trains .* running"),
        (replace(JOB, status="running", run="other"), True, False, "has not ended"),
        (replace(JOB, status="interrupted", run="other"), False, False, "interrupted.: it eval"),
    ],
)
def test_what_a_run_does_with_a_job_that_trains_the_same(
    job: ExistingJob | None, force: bool, goes_on: bool, reason: str
) -> None:
    decision = decide_training(STATE, force, job)
    assert decision.go is goes_on
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(decision.reason)


@pytest.mark.parametrize("run", [None, "other"])
def test_a_registered_training_is_skipped_whatever_its_job_does(run: str | None) -> None:
    state = replace(STATE, earlier=PACKAGE)
    decision = decide_training(state, False, replace(JOB, run=run))
    assert not decision.go
    assert decision.reason.startswith("nothing new to learn: cars-train-0")
    assert decide_training(state, True, JOB).reason.startswith("forced, though cars-train-0")


@pytest.mark.parametrize(("code", "exists"), [(None, True), ("404", False), ("403", True)])
def test_only_a_model_that_s3_does_not_find_is_lost(
    s3: Any, code: str | None, exists: bool
) -> None:
    key = "cars/models/cars-train-1/output/model.tar.gz"
    if code is None:
        s3.answer("head_object", {}, Bucket="some-bucket", Key=key)
    else:
        s3.refuse("head_object", code)
    assert model_exists(s3.client, URI) is exists


def test_the_model_may_have_any_key(s3: Any) -> None:
    key = "my models?/#1/50 %20/model.tar.gz"
    s3.answer("head_object", {}, Bucket="some-bucket", Key=key)
    assert model_exists(s3.client, f"s3://some-bucket/{key}")


def test_an_outage_of_s3_is_not_a_lost_model(s3: Any) -> None:
    s3.refuse("head_object", "503")
    with pytest.raises(s3.client.exceptions.ClientError):
        model_exists(s3.client, URI)
