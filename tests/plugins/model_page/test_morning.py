"""What a data engineer does in the morning, in a browser: each within two clicks of the overview.

Skipped where Chromium or Playwright is not installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from model_page import addresses
from model_page.app import create_app
from tests.plugins.model_page.browsing import CHROMIUM, serving
from tests.plugins.model_page.fake_airflow import FakeAirflow
from tests.plugins.model_page.stage import BUCKET, CLASSES, Stage

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

A, B, C = CLASSES
HOSTILE = 'x"><img src=x onerror=document.title="attacked">.png'
BATCH = "20261112T053000-aa"
VIEWS = ("", "mistakes", "review", "history", "data", "batches", f"batches/{BATCH}", "try",
         "package/2", "compare?a=1&b=2", "action/rollback", "action/train")  # fmt: skip


class Morning:
    """A browser on the overview, the installation that it shows, and the clicks so far."""

    def __init__(self, page: Page, url: str, airflow: FakeAirflow, stage: Stage) -> None:
        self.page, self.url, self.airflow, self.stage = page, url, airflow, stage
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(url + addresses.page())

    def click(self, *names: str) -> None:
        """Click links or buttons, one after the other, by the beginning of their texts."""
        for name in names:
            text = re.compile(f"^{re.escape(name)}")
            found = self.page.get_by_role("link", name=text).or_(
                self.page.get_by_role("button", name=text)
            )
            found.first.click()

    def shows(self, *texts: str) -> None:
        for text in texts:
            playwright.expect(self.page.locator("main")).to_contain_text(text)


def fill(stage: Stage, airflow: FakeAirflow) -> None:
    """Fill an installation: two releases, mistakes, a batch with an uncertain photo."""
    stage.dataset(source={"uri": "s3://some-bucket/merch/source/", "files": ["train.zip"]})
    for number, top1 in ((1, 0.61), (2, 0.72)):
        job = f"merch-train-{number}"
        stage.package(job, top1=top1)
        stage.evaluation(job, top1=top1)
        keys = stage.photos(job, [(A, A, 0.9), (A, B, 0.95), (C, A if number == 1 else C, 0.6)])
    for key in keys:
        stage.put(stage.layout.image(key), b"png", "image/png")
    stage.release(1, datetime(2026, 11, 1, tzinfo=UTC))
    stage.serve(2, datetime(2026, 11, 12, 2, 14, tzinfo=UTC))
    stage.decision(False, "nothing new to learn: merch-train-2 trained on RecordIO r1")
    airflow.add_run("merch__nightly_training", "scheduled__1")
    batch = BATCH
    stage.put(f"{stage.layout.incoming}{HOSTILE}", b"png", "image/png")
    head = stage.s3.head_object(Bucket=BUCKET, Key=f"{stage.layout.incoming}{HOSTILE}")
    tags = {HOSTILE: head["ETag"].strip('"')}
    stage.put(stage.layout.batch_record(batch), {"batch": batch, "images": tags})
    distance = {"distance": 0.612345, "p": 0.0001}
    drift = {"images": 300, "reference_images": 400, "classes": distance,
             "confidence": {**distance, "mean": 0.5, "reference_mean": 0.8}}  # fmt: skip
    report = {"images": 1, "uncertain": 1, "classes": {A: 1}, "drift": drift}
    stage.put(stage.layout.batch_summary(batch), report)
    quoted = HOSTILE.replace('"', '""')
    table = f'file,label,probability,label_2,probability_2\n"{quoted}",{A},0.41,{B},0.39\n'
    for name in ("uncertain.csv", "predictions.csv"):
        stage.put(f"{stage.layout.batch_report(batch)}{name}", table)
    stage.put(f"{stage.layout.batch_report(batch)}gallery.html", "<h1>gallery</h1>", "text/html")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as started:
        # Chromium's own sandbox does not work in containers; pages are of this test only.
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def morning(stage: Stage, browser: Browser) -> Iterator[Morning]:
    airflow = FakeAirflow()
    fill(stage, airflow)
    airflow.app.mount(addresses.PREFIX, create_app(lambda: stage.installation))
    with serving(airflow.app) as url:
        context = browser.new_context()
        context.set_default_timeout(60_000)
        context.add_cookies([{"name": "_token", "value": "ana", "url": url}])
        yield Morning(context.new_page(), url, airflow, stage)
        context.close()


def test_the_champions_accuracy_and_its_deployment_need_no_click(morning: Morning) -> None:
    morning.shows("72.0", "12 Nov 2026 02:14 UTC")


def test_why_last_night_trained_nothing(morning: Morning) -> None:
    morning.shows("trained nothing: nothing new to learn")
    morning.click("Merch")
    morning.shows("trained nothing", "merch-train-2 trained on RecordIO r1")


def test_retraining_with_other_hyperparameters(morning: Morning) -> None:
    morning.click("Merch", "Train now")
    morning.page.get_by_label("epochs").fill("9")
    morning.click("Train now")
    morning.shows("Nightly training")
    assert morning.airflow.triggered == [("merch__nightly_training", {"epochs": 9}, "ana")]


def test_misclassified_photos_by_a_click_on_the_matrix(morning: Morning) -> None:
    morning.click("Merch", "Mistakes")
    morning.shows("Mistakes: 1 of 3 photos")
    matrix = json.loads(morning.page.locator("#matrix-data").text_content() or "")
    row, column = matrix["classes"].index(A), matrix["classes"].index(B)
    box = morning.page.locator("#matrix").bounding_box()
    assert box
    cell = box["width"] / len(matrix["classes"])
    position: Any = {"x": (column + 0.5) * cell, "y": (row + 0.5) * cell}
    morning.page.locator("#matrix").click(position=position)
    morning.shows(f"{A} classified as {B}: 1 of 3 photos")


def test_the_slider_of_the_minimum_probability(morning: Morning) -> None:
    morning.click("Merch", "Mistakes")
    morning.page.get_by_role("slider").fill("35")
    morning.shows("at least 70.0 %", "66.7 % answered", "50.0 % right")


def test_rolling_back(morning: Morning) -> None:
    morning.click("Merch", "Roll back")
    morning.shows("Newer approved packages are rejected")
    morning.page.get_by_role("radio").last.check()
    morning.page.get_by_label("Why").fill("slow")
    morning.click("Roll back")
    morning.shows("queued")
    conf = {"release": 1, "why": "slow"}
    assert morning.airflow.triggered == [("merch__endpoint_rollback", conf, "ana")]


def test_rejecting_a_package_sends_the_pressed_button(morning: Morning) -> None:
    """A form is disabled when it is sent, which must not lose the button's value."""
    morning.click("Merch", "model package 2")
    morning.page.get_by_label("Why").fill("confuses donuts")
    morning.click("Reject")
    morning.shows("rejected on the model page by ana: confuses donuts")


def test_a_mistake_in_a_yaml(
    morning: Morning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.yaml").write_text("source: {layout: nothing}\n")
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    morning.page.reload()
    morning.shows("broken.yaml")


def test_the_results_of_a_batch(morning: Morning) -> None:
    morning.click("Merch", "Batches")
    morning.shows("20261112T053000-aa")
    morning.click("20261112T053000-aa")
    morning.shows(HOSTILE)
    gallery = morning.page.frame_locator("iframe.embedded")
    playwright.expect(gallery.get_by_role("heading")).to_have_text("gallery")
    with morning.page.expect_download() as download:
        morning.click("predictions.csv")
    assert download.value.suggested_filename == "merch-20261112T053000-aa-predictions.csv"


def test_stopping_a_training(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    described: dict[str, Any] = {
        "TrainingJobStatus": "InProgress", "HyperParameters": {"epochs": "10"},
        "ResourceConfig": {}, "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/merch/models/"},
    }  # fmt: skip
    sagemaker, logs = morning.stage.sagemaker, morning.stage.installation.logs
    summary = {"TrainingJobSummaries": [{"TrainingJobName": "merch-train-9"}]}
    monkeypatch.setattr(sagemaker, "list_training_jobs", lambda **_: summary)
    monkeypatch.setattr(sagemaker, "describe_training_job", lambda TrainingJobName: described)
    monkeypatch.setattr(logs, "describe_log_streams", lambda **_: {"logStreams": []})
    morning.airflow.add_run("merch__nightly_training", "scheduled__2", "running")
    morning.click("Merch")
    morning.page.get_by_text("Stop this training").click()
    morning.click("Stop the training")
    morning.shows("Nightly training")
    assert morning.airflow.changed[0][1]["new_state"] == "failed"


def test_the_lineage_and_the_test_message(morning: Morning) -> None:
    morning.click("Merch")
    steps = morning.page.locator(".lineage li").all_inner_texts()
    assert [step.splitlines()[0] for step in steps] == [
        "Endpoint", "Package", "Training", "RecordIO", "Dataset", "Source", "Labels",
    ]  # fmt: skip
    morning.page.goto(morning.url + addresses.page())
    morning.click("Health", "Send a test message")
    morning.shows("The test message went to the log only")


def test_labels_by_keys_with_undo(morning: Morning) -> None:
    morning.click("Merch", "Review")
    morning.shows("0 of 2 labelled")
    morning.page.keyboard.press("2")
    morning.shows("Undo the last label")
    labels = morning.stage.s3.list_objects_v2(Bucket=BUCKET, Prefix="merch/labels/")["Contents"]
    body = morning.stage.s3.get_object(Bucket=BUCKET, Key=labels[0]["Key"])["Body"].read()
    assert json.loads(body)["who"] == "ana"
    morning.page.keyboard.press("z")
    playwright.expect(morning.page.get_by_role("button", name="Undo")).to_have_count(0)
    labels = morning.stage.s3.list_objects_v2(Bucket=BUCKET, Prefix="merch/labels/")["Contents"]
    assert len(labels) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_is_wider_than_a_phone_or_runs_foreign_scripts(
    morning: Morning, scheme: Any
) -> None:
    morning.page.emulate_media(color_scheme=scheme)
    for width in (390, 1280, 1920):
        morning.page.set_viewport_size({"width": width, "height": 900})
        for view in VIEWS:
            answer = morning.page.goto(f"{morning.url}{addresses.PREFIX}/merch/{view}")
            assert answer
            assert answer.status == 200, view
            overflow = morning.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, (view, width)
            assert "attacked" not in morning.page.title()
    assert morning.errors == []
