"""What a data engineer wants to know and do in the morning: two clicks from the overview at most.

Filling in a form is not a click, sending it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from model_page.rendering import clock
from tests.plugins.model_page import car_store
from tests.plugins.model_page.browsing import Visitor
from tests.plugins.model_page.car_store import BATCH, CARS, DATASETS, DEPLOYED, HOSTILE, NIGHT
from tests.plugins.model_page.stage import BUCKET

MOST_CLICKS = 2
TITLE, RUNNING_JOB = "Stanford Cars", "stanford-cars-train-0f5e"
MINIMAL_YAML = """description: pastries
source: {layout: class_folders}
training:
  algorithm: custom
  instance: {instance_type: ml.c5.xlarge, volume_gb: 10, max_runtime_minutes: 60}
  hyperparameters: {epochs: 4, mini_batch_size: 32, image_shape: "3,224,224"}
"""


@pytest.fixture
def morning(visitor: Visitor) -> Iterator[Visitor]:
    """A user on the overview, whose clicks are counted until the end of the test."""
    yield visitor
    assert visitor.clicks <= MOST_CLICKS
    assert visitor.errors == []


def test_a_the_champions_accuracy_and_its_deployment(morning: Visitor) -> None:
    morning.shows("72.1\N{NO-BREAK SPACE}%", clock(DEPLOYED))
    assert morning.clicks == 0


def test_b_why_last_night_trained_nothing(morning: Visitor) -> None:
    reason = f"nothing new to learn: {car_store.job_of(4)} trained on RecordIO 6a90e2d17c55"
    morning.stage.decision(False, reason, NIGHT.isoformat())
    morning.open()
    morning.shows(f"trained nothing: {reason}")
    assert morning.clicks == 0


def test_b_why_last_nights_candidate_does_not_serve(morning: Visitor) -> None:
    morning.click(TITLE)
    morning.shows("trained, waits for approval", "promotion.approval requires a user's approval")


def test_c_retraining_with_other_hyperparameters(morning: Visitor) -> None:
    morning.click("Train now", morning.card(TITLE))
    morning.shows("epochs (now 30)")
    morning.page.get_by_label("epochs").fill("9")
    morning.click("Train now")
    morning.shows("Nightly training", "queued")
    assert morning.airflow.triggered == [("stanford_cars__nightly_training", {"epochs": 9}, "ana")]


@pytest.fixture
def training(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """A user whose pipeline trains: three of 30 epochs are complete."""
    described: dict[str, Any] = {
        "TrainingJobStatus": "InProgress", "SecondaryStatus": "Training",
        "HyperParameters": {"epochs": "30"}, "TrainingStartTime": NIGHT,
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1},
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/{car_store.PIPELINE}/models/"},
    }  # fmt: skip
    sagemaker, logs = visitor.stage.sagemaker, visitor.stage.installation.logs
    summary = {"TrainingJobSummaries": [{"TrainingJobName": RUNNING_JOB}]}
    # In moto, a training is complete as soon as it is created.
    monkeypatch.setattr(sagemaker, "list_training_jobs", lambda **_: summary)
    monkeypatch.setattr(sagemaker, "describe_training_job", lambda TrainingJobName: described)
    logs.create_log_group(logGroupName="/aws/sagemaker/TrainingJobs")
    logs.create_log_stream(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=f"{RUNNING_JOB}/algo-1-1"
    )
    for epoch in range(3):
        log_epoch(visitor, epoch)
    visitor.airflow.add_run("stanford_cars__nightly_training", "manual__2", "running")
    return visitor


def log_epoch(visitor: Visitor, epoch: int) -> None:
    """Write what a training logs at the end of an epoch."""
    moment = int(1000 * (NIGHT + timedelta(seconds=60 * (epoch + 1))).timestamp())
    lines = (f"Train-accuracy={0.3 + epoch / 10}", f"Validation-accuracy={0.25 + epoch / 10}")
    visitor.stage.installation.logs.put_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs",
        logStreamName=f"{RUNNING_JOB}/algo-1-1",
        logEvents=[{"timestamp": moment, "message": f"Epoch[{epoch}] {line}"} for line in lines],
    )


def test_d_the_training_curve_while_it_runs(training: Visitor, morning: Visitor) -> None:
    morning.click(TITLE)
    morning.shows("3 of 30", "45.0\N{NO-BREAK SPACE}%", "left, estimated")
    curve = morning.page.get_by_role("img", name="Accuracy by epoch")
    box = curve.bounding_box()
    assert box
    assert box["height"] > 100
    log_epoch(morning, 3)
    morning.shows("4 of 30", "55.0\N{NO-BREAK SPACE}%")


def test_e_which_photos_are_misclassified(morning: Visitor) -> None:
    morning.click("Mistakes", morning.card(TITLE))
    matrix = json.loads(morning.page.locator("#matrix-data").text_content() or "")
    truth, label = CARS[8], CARS[6]
    classes = matrix["classes"]
    morning.click_cell(classes.index(truth), classes.index(label), len(classes))
    morning.shows(f"{truth} classified as {label}: 1 of 40 photos")
    morning.page.wait_for_load_state("networkidle")
    photo = morning.page.get_by_alt_text(f"photo of {truth}, classified as {label}")
    assert photo.evaluate("image => image.naturalWidth") > 100


def test_f_rolling_back_to_the_release_before(morning: Visitor) -> None:
    morning.click("Roll back", morning.card(TITLE))
    morning.shows("Newer approved packages are rejected", "package 1, top-1 61.2")
    morning.page.get_by_label("Why").fill("slow")
    morning.click("Roll back")
    morning.shows("queued")
    conf = {"release": 1, "why": "slow"}
    assert morning.airflow.triggered == [("stanford_cars__endpoint_rollback", conf, "ana")]


def test_g_adding_a_data_set(
    morning: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pastries.yaml").write_text(MINIMAL_YAML)
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    morning.open()
    morning.click("Refresh the dataset", morning.card("Pastries"))
    morning.shows("s3://some-bucket/pastries/source/")
    morning.click("Refresh the dataset")
    morning.shows("queued")
    assert morning.airflow.triggered == [("pastries__dataset_refresh", {}, "ana")]


def test_h_a_mistake_in_a_yaml(
    morning: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = MINIMAL_YAML.replace("epochs: 4", "epochs: many")
    (tmp_path / "broken.yaml").write_text(broken)
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    morning.open()
    morning.shows("broken.yaml", "training.hyperparameters.epochs", "many")
    assert morning.clicks == 0


def test_i_predicting_new_photos(morning: Visitor) -> None:
    morning.click("Predict new photos", morning.card(TITLE))
    morning.shows("s3://some-bucket/stanford_cars/incoming/")
    morning.click("Predict new photos")
    morning.shows("queued")
    assert morning.airflow.triggered == [("stanford_cars__batch_inference", {}, "ana")]


def test_i_the_results_of_a_batch(morning: Visitor) -> None:
    morning.click("Batches", morning.card(TITLE))
    morning.click(BATCH)
    morning.shows("Uncertain photos: 8", HOSTILE, "beyond a limit")
    gallery = morning.page.frame_locator("iframe.embedded")
    gallery.get_by_role("heading", name="Gallery").wait_for()


def test_j_stopping_a_training(training: Visitor, morning: Visitor) -> None:
    morning.click(TITLE)
    morning.page.get_by_label("Why").fill("wrong data")
    morning.click("Stop the training")
    morning.shows("Nightly training")
    ((path, change),) = morning.airflow.changed
    assert path.endswith("manual__2/taskInstances/track_train")
    assert change["new_state"] == "failed"
    assert change["note"] == "stopped on the model page by ana: wrong data"


def test_k_the_lineage_from_the_endpoint_to_the_source(morning: Visitor) -> None:
    morning.click(TITLE)
    steps = morning.page.locator(".lineage li").all_inner_texts()
    assert [tuple(step.splitlines()[:2]) for step in steps] == [
        ("Endpoint", "stanford-cars"),
        ("Package", "4"),
        ("Training", car_store.job_of(4)),
        ("RecordIO", "6a90e2d17c55"),
        ("Dataset", DATASETS[1]),
        ("Source", "s3://some-bucket/stanford_cars/source/"),
        ("Labels", "labels/"),
    ]


def test_l_notifications(morning: Visitor) -> None:
    morning.click("Health")
    morning.shows("failure, approval, promotion, drift, stale, deadline")
    morning.click("Send a test message")
    morning.shows("The test message went to the log only")


def test_approving_a_candidate(morning: Visitor) -> None:
    morning.click("candidate 5 waits for approval")
    morning.shows("Approving deploys package 5 in place of package 4")
    morning.click("Approve and deploy")
    morning.shows("Endpoint update", "queued")
    conf = {"package_version": 5}
    assert morning.airflow.triggered == [("stanford_cars__endpoint_update", conf, "ana")]
