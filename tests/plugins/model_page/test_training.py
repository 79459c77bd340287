"""A training job: its curve from the log, the time left, and stopping it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_page import addresses
from tests.plugins.model_page.conftest import Site
from tests.plugins.model_page.stage import BUCKET

JOB = "merch-train-abc123"
STARTED = datetime(2026, 11, 12, 2, 0, tzinfo=UTC)


@pytest.fixture
def running(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A training in its third of ten epochs; an epoch takes a minute."""
    described: dict[str, Any] = {
        "TrainingJobName": JOB, "TrainingJobStatus": "InProgress", "SecondaryStatus": "Training",
        "HyperParameters": {"epochs": "10", "learning_rate": "0.01"},
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2},
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/merch/models/"},
        "TrainingStartTime": STARTED,
    }  # fmt: skip
    sagemaker, logs = site.stage.sagemaker, site.stage.installation.logs
    monkeypatch.setattr(sagemaker, "describe_training_job", lambda TrainingJobName: described)
    summary = {"TrainingJobSummaries": [{"TrainingJobName": JOB}]}
    monkeypatch.setattr(sagemaker, "list_training_jobs", lambda **_: summary)
    lines = [
        "Epoch[0] Train-accuracy=0.3", "Epoch[0] Validation-accuracy=0.25",
        "Epoch[1] Train-accuracy=0.5", "Epoch[1] Validation-accuracy=0.45",
        "Epoch[2] Train-accuracy=nan", "Epoch[2] Batch [20] Speed: 176.2 samples/sec",
    ]  # fmt: skip
    events = [
        {"message": line, "timestamp": 1000 * (STARTED + timedelta(seconds=30 * n)).timestamp()}
        for n, line in enumerate(lines, 1)
    ]
    site.read = []  # type: ignore[attr-defined]

    def get_log_events(nextToken: str = "", **_: Any) -> dict[str, Any]:
        site.read.append(nextToken)  # type: ignore[attr-defined]
        return {"events": [] if nextToken else events, "nextForwardToken": "end"}

    monkeypatch.setattr(logs, "get_log_events", get_log_events)
    streams = {"logStreams": [{"logStreamName": f"{JOB}/algo-1-1"}]}
    monkeypatch.setattr(logs, "describe_log_streams", lambda **_: streams)
    site.airflow.add_run("merch__nightly_training", "scheduled__1", "running")
    return site


def test_the_curve_of_a_running_training(running: Site) -> None:
    training = running.json("merch", "training", JOB)["training"]
    points = [(p["epoch"], p["training"], p["validation"]) for p in training["points"]]
    assert points == [(1, 0.3, 0.25), (2, 0.5, 0.45)]
    assert training["epochs"] == 10
    assert training["seconds_left"] == pytest.approx(8 * 60)
    assert training["cost_usd"] > 0
    page = running.get("merch", "training", JOB)
    assert 'data-refresh="5"' in page
    assert "2<span" in page


def test_a_log_is_read_on_from_where_it_was(running: Site) -> None:
    running.get("merch", "training", JOB)
    running.get("merch", "training", JOB)
    assert running.read == ["", "end", "end"]  # type: ignore[attr-defined]


def test_the_pipelines_page_shows_it_with_a_button_to_stop(running: Site) -> None:
    page = running.get("merch")
    assert f'href="{addresses.page("merch", "training", JOB)}"' in page
    assert "Stop the training" in page
    running.log_in("ben")
    assert "Stop the training" not in running.get("merch")


def test_trainings_of_others_are_not_shown(running: Site) -> None:
    for job in ("stanford-cars-train-1", "..%2fx", "a b"):
        path = f"{addresses.PREFIX}/merch/training/{job}"
        assert running.client.get(path).status_code == 404


def test_the_champions_accuracy_is_drawn_for_comparison(running: Site) -> None:
    running.stage.evaluation("merch-train-1", top1=0.7)
    running.stage.serve(running.stage.package("merch-train-1"))
    assert "package 1, on its test photos" in running.get("merch", "training", JOB)
