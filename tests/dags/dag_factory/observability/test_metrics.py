"""The metrics that tasks send: the names of the catalogue, and what Airflow makes of them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dag_factory.observability import metrics
from include.contracts.records import BatchCounts, BatchRecord
from include.contracts.records.report import ConfidenceDrift, Distance, DriftReport

ROOT = Path(__file__).parents[4]

SEND = """
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
from dag_factory.observability import metrics
metrics.send("merch", top1=0.9, predicted_photos=24, age_days=None)
"""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The values by names of all metrics that are sent."""
    found: dict[str, float] = {}

    def keep(name: str, value: float, tags: dict[str, str]) -> None:
        assert tags == {"pipeline": "merch"}
        found[name.removeprefix("image_model.")] = value

    monkeypatch.setattr("sagemaker_jobs.metrics.gauge", keep)
    monkeypatch.setattr("sagemaker_jobs.metrics.count", keep)
    return found


def serving(monkeypatch: pytest.MonkeyPatch, figures: Any) -> Any:
    monkeypatch.setattr("sagemaker_jobs.metrics.are_sent", lambda: True)
    monkeypatch.setattr("include.decisions.endpoint.serving_figures.serving_figures", figures)
    pipeline = SimpleNamespace(name="merch", slug="merch")
    return SimpleNamespace(sagemaker=None, pipeline=pipeline)


def batch(images: int, uncertain: int | None, drift: DriftReport | None) -> BatchRecord:
    counts = BatchCounts(images=images, unreadable=1, uncertain=uncertain)
    return BatchRecord(batch="b", counts=counts, drift=drift)


def test_each_metric_of_the_catalogue_is_sent_by_a_function_of_the_module(
    sent: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = {"top1": 0.9, "top5": 1.0, "calibration_error": 0.02}
    figures = {"age_days": 3.5, "release": 7, **scores}
    metrics.send_serving_model(serving(monkeypatch, lambda *_: figures))
    metrics.send_candidate("merch", {"top1": 0.8, "cost_usd": 0.41, "reason": "better"})
    metrics.send_dataset("merch", {"images": 96, "quarantined": 4, "classes": 3})
    drift = DriftReport(
        images=8,
        reference_images=9,
        classes=Distance(distance=0.2, p=0.5),
        confidence=ConfidenceDrift(distance=0.3, p=0.5, mean=0.5, reference_mean=0.9),
    )
    metrics.send_batch("merch", batch(8, 2, drift))
    assert sent.keys() == metrics.GAUGES.keys() | metrics.COUNTERS.keys()
    assert sent["uncertain_share"] == 0.25
    assert sent["training_cents"] == pytest.approx(41)


def test_unknown_figures_are_left_out_and_a_batch_without_photos_has_no_share(
    sent: dict[str, float],
) -> None:
    metrics.send_candidate("merch", {"top1": 0.8, "cost_usd": None})
    metrics.send_batch("merch", batch(0, 0, None))
    assert sent == {
        "candidate_top1": 0.8,
        "batch_photos": 0,
        "predicted_photos": 0,
        "batch_unreadable": 1,
    }


def test_a_name_outside_of_the_catalogue_is_an_error() -> None:
    with pytest.raises(KeyError, match="topp1"):
        metrics.send("merch", topp1=0.9)


def test_an_outage_of_sagemaker_fails_no_task(
    sent: dict[str, float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def out(*_: Any) -> Any:
        raise ConnectionError("no route")

    metrics.send_serving_model(serving(monkeypatch, out))
    assert sent == {}
    assert "no metrics of the model that serves: no route" in caplog.text


def test_without_a_backend_sagemaker_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any) -> Any:
        raise AssertionError("asked")

    run = serving(monkeypatch, asked)
    monkeypatch.undo()
    monkeypatch.setattr("include.decisions.endpoint.serving_figures.serving_figures", asked)
    metrics.send_serving_model(run)


def send(tmp_path: Path, **settings: str) -> str:
    """Send metrics in a process of their own, as a task does; return its output."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")},
        **{f"AIRFLOW__METRICS__{name}": value for name, value in settings.items()},
        "AIRFLOW_HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in (".", "plugins", "dags")),
    }
    done = subprocess.run(
        [sys.executable, "-c", SEND], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("tags", "lines"),
    [
        (
            "True",
            {
                "airflow.image_model.top1,pipeline=merch:0.9|g",
                "airflow.image_model.predicted_photos,pipeline=merch:24|c",
            },
        ),
        (
            "False",
            {
                "airflow.image_model.top1.merch:0.9|g",
                "airflow.image_model.predicted_photos.merch:24|c",
            },
        ),
    ],
)
def test_statsd_gets_the_pipeline_as_a_tag_or_as_the_end_of_the_name(
    tmp_path: Path, tags: str, lines: set[str]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        port = str(server.getsockname()[1])
        send(tmp_path, STATSD_ON="True", STATSD_PORT=port, STATSD_INFLUXDB_ENABLED=tags)
        received: set[str] = set()
        while not received >= lines:  # Airflow sends metrics of its own, too.
            received.add(server.recv(1024).decode())
    assert {line for line in received if "image_model" in line} == lines


def test_opentelemetry_gets_the_pipeline_as_an_attribute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "console")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    output = send(tmp_path, OTEL_ON="True")
    exported, _ = json.JSONDecoder().raw_decode(output[output.index("{") :])
    (scope,) = exported["resource_metrics"][0]["scope_metrics"]
    found = {metric["name"]: metric["data"]["data_points"][0] for metric in scope["metrics"]}
    assert found["airflow.image_model.top1"]["value"] == 0.9
    assert found["airflow.image_model.top1"]["attributes"] == {"pipeline": "merch"}
    assert found["airflow.image_model.predicted_photos"]["value"] == 24
