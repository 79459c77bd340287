"""Jobs, durations, logs and disk usage on the status page."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.local_aws.jobs.kinds import TRAINING
from include.local_aws.observability.cloudwatch.metrics import EndpointMetrics
from include.local_aws.observability.logs import LogFiles, tail
from include.local_aws.settings import Settings
from include.local_aws.status import curve, data, jobs, log_view, storage, traffic
from include.local_aws.status.formatting import duration, size
from include.local_aws.store import Store
from tests.include.local_aws.keys import KEYS


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (59.6, "1 min"), (185, "3 min 5 s"),
     (7800, "2 h 10 min"), (3600, "1 h"), (86400 * 4 + 3600 * 3, "4 d 3 h")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_600, "1.0 MB"), (12_340, "12 kB"),
     (1_400_000_000, "1.4 GB"), (10**18, "1000000 TB")],
)  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


@settings(deadline=None)
@given(st.floats(min_value=0, max_value=1e9), st.integers(min_value=0, max_value=10**15))
def test_formatted_values_are_short(seconds: float, count: int) -> None:
    assert re.fullmatch(r"[\d.]+ (s|min|h|d)( \d+ (s|min|h))?", duration(seconds))
    assert len(size(count)) <= 7


def _body(**fields: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "a",
        "TrainingJobStatus": "InProgress",
        "CreationTime": time.time() - 60,
        "TrainingStartTime": time.time() - 50,
        **fields,
    }


@pytest.mark.parametrize(
    ("line", "epochs", "progress"),
    [("Epoch[4] Train-accuracy=0.5", "10", 0.5), ("Epoch[4] Batch [20]\tSpeed: 57.1", "10", 0.4),
     ("Epoch 3/12 - loss: 0.5", None, 0.25), ("Epoch 3/12", None, 2 / 12),
     ("Epoch: [3][20/100] loss: 0.5", "10", 0.3), ("epoch: 9", "10", 0.9),
     ("no number", "10", None),
     ("Epoch[3]", None, None), ("Epoch[3]", "many", None), ("Epoch[3]", "0", None),
     ("Epoch 0/10", None, 0.0), ("Epoch 99", "10", 1.0)],
)  # fmt: skip
def test_progress_is_read_from_the_log(
    tmp_path: Path, line: str, epochs: str | None, progress: float | None
) -> None:
    logs = LogFiles(tmp_path)
    stream = logs.new_stream(TRAINING.log_group, "a/algo-1")
    stream.write_text(f"1 {line}\n2 and then something else\n")
    hyperparameters = {"HyperParameters": {"epochs": epochs} if epochs else {}}
    shown = jobs.row(TRAINING, _body(**hyperparameters, SecondaryStatus="Training"), logs)
    assert shown.progress == progress
    assert (shown.note, shown.status, shown.tone) == (
        "and then something else",
        "Training",
        "busy",
    )


def test_a_job_in_the_queue_waits(tmp_path: Path) -> None:
    body = _body(SecondaryStatus="Starting")
    del body["TrainingStartTime"]
    shown = jobs.row(TRAINING, body, LogFiles(tmp_path))
    assert (shown.status, shown.tone, 59 < shown.seconds < 90) == (
        "Waiting",
        "idle",
        True,
    )


def test_progress_counts_the_epochs_of_the_last_layer(tmp_path: Path) -> None:
    logs = LogFiles(tmp_path)
    logs.new_stream(TRAINING.log_group, "a/algo-1").write_text("1 Epoch[4] Train-accuracy=0.5\n")
    body = _body(HyperParameters={"epochs": "6", "head_epochs": "4"})
    assert jobs.row(TRAINING, body, logs).progress == 0.5


def test_jobs_in_progress_are_always_shown(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.sqlite")
    store.insert("training-job", "old", _body(TrainingJobName="old", CreationTime=1.0))
    for number in range(5):
        ended = {"TrainingJobStatus": "Completed", "TrainingEndTime": time.time()}
        store.insert("training-job", f"n{number}", _body(TrainingJobName=f"n{number}", **ended))
    shown = jobs.jobs(store, LogFiles(tmp_path), limit=3)
    assert shown.rows[0].name == "old"
    assert (len(shown.rows), shown.total) == (3, 6)
    assert (shown.counts["running"], shown.counts["completed"]) == (1, 5)
    store.close()


@settings(deadline=None)
@given(lines=st.lists(st.text("ab\u00e9", max_size=9), max_size=30), limit=st.integers(1, 200))
def test_the_tail_of_a_log_has_complete_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], limit: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "tail"
    file.write_text("".join(f"{n} {line}\n" for n, line in enumerate(lines)))
    found = tail(file, limit)
    assert [event.message for event in found] == lines[len(lines) - len(found) :]
    assert file.stat().st_size - (found[0].start if found else file.stat().st_size) <= limit
    rest, end = log_view.since(file, found[-1].start if found else 0)
    assert [event.message for event in rest] == (lines[-1:] if found else lines)
    assert end == file.stat().st_size


def test_disk_usage_is_measured_by_part_and_bucket(tmp_path: Path) -> None:
    server = Settings(root=tmp_path, port=1, images=tmp_path / "images.json", credentials=KEYS)
    data = server.storage / "data"
    for file, length in {
        data / "my-bucket_1.dat": 50_000,
        data / "my-bucket_12.dat": 50_000,
        data / "1.dat": 8192,
        server.logs / "a/b": 20_000,
        server.database: 8192,
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * length)
    (server.logs / "loop").symlink_to(tmp_path)
    usage = storage.measure(server)
    assert list(usage.buckets) == ["my-bucket"]
    assert usage.buckets["my-bucket"] >= 100_000
    assert usage.parts["S3"] >= 108_000
    assert 20_000 <= usage.parts["logs"] < 100_000
    assert usage.parts["state"] >= 8192
    assert 0 < usage.free < usage.total


def _curve(tmp_path: Path, lines: str, **fields: Any) -> list[curve.Chart]:
    logs = LogFiles(tmp_path)
    logs.new_stream(TRAINING.log_group, "a/algo-1").write_text(lines)
    definitions = [
        {"Name": "train:accuracy", "Regex": "Train-accuracy=([0-9.]+)"},
        {"Name": "validation:accuracy", "Regex": "Validation-accuracy=([0-9.]+)"},
        {"Name": "once", "Regex": "Once=([0-9.]+)"},
    ]
    algorithm = {"MetricDefinitions": definitions}
    return curve.charts(TRAINING, _body(AlgorithmSpecification=algorithm, **fields), logs)


def test_metrics_of_the_same_name_share_a_chart(tmp_path: Path) -> None:
    (chart,) = _curve(
        tmp_path,
        "1000 Train-accuracy=0.25\n2000 Validation-accuracy=0.5\n3000 Train-accuracy=0.75\n"
        "5000 Validation-accuracy=0.5\n5000 Once=1\n",
    )
    assert (chart.title, chart.low, chart.high, chart.seconds) == ("accuracy", 0.25, 0.75, 4)
    train, validation = chart.lines
    assert (train.name, train.last, train.points) == (
        "train:accuracy",
        0.75,
        "0.0,110.0 160.0,0.0",
    )
    assert validation.points == "80.0,55.0 320.0,55.0"


def test_a_long_curve_has_few_points_and_ends_with_the_last_value(tmp_path: Path) -> None:
    lines = "".join(f"{n}000 Train-accuracy=0.{n:04}\n" for n in range(1001))
    (chart,) = _curve(tmp_path, lines)
    points = chart.lines[0].points.split()
    assert len(points) <= 200
    assert points[-1] == "320.0,0.0"


def test_without_two_values_there_is_no_curve(tmp_path: Path) -> None:
    assert _curve(tmp_path, "1000 Train-accuracy=0.25\n1000 Train-accuracy=nan\n") == []


@pytest.mark.parametrize(
    ("uri", "path"),
    [("s3://bucket/a b/c.jpg", "/s3/bucket/a%20b/c.jpg"), ("s3://bucket", "/s3/bucket/"),
     ("s3://bucket/a?b#c", "/s3/bucket/a%3Fb%23c"), ("https://host/a", ""), ("file:///etc", ""),
     ("s3://bucket/\"><script>", "/s3/bucket/%22%3E%3Cscript%3E")],
)  # fmt: skip
def test_only_addresses_in_s3_have_a_page(uri: str, path: str) -> None:
    assert data.s3_path(uri) == path


@pytest.mark.parametrize(
    ("tag", "url"),
    [
        (
            "cars__training/submit_train/manual__2026-01-02T03:04:05+00:00",
            "http://airflow/dags/cars__training/runs/manual__2026-01-02T03%3A04%3A05%2B00%3A00"
            "/tasks/submit_train",
        ),
        ("cars__training/submit_train", ""),
        ("", ""),
        ("dag/task/" + "r" * 247, ""),
    ],
)
def test_a_job_leads_to_the_task_that_its_tag_names(tag: str, url: str) -> None:
    assert data.airflow_url("http://airflow/", {data.TASK_TAG: tag}) == url
    assert data.airflow_url("", {data.TASK_TAG: tag}) == ""


def test_traffic_counts_the_last_hour_by_minute() -> None:
    metrics = EndpointMetrics()
    meter = metrics.meter("cars", "new", "config-2")
    for status, seconds in ((200, 0.01), (200, 0.02), (500, 0.5)):
        meter.record(status, seconds, 0.001)
    metrics.meter("other", "new", "config-2").record(200, 9, 9)
    new, old = traffic.traffic(metrics, "cars", ["new", "old"])
    assert (new.requests, new.errors, sum(new.minutes), len(new.minutes)) == (3, 1, 3, 60)
    assert new.p50 == pytest.approx(0.02, rel=0.03)
    assert new.p95 == pytest.approx(0.5, rel=0.03)
    assert (old.requests, old.p50, old.busiest) == (0, None, 1)
