"""Jobs, durations, logs and disk usage on the status page."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.local_aws.jobs.kinds import TRAINING
from include.local_aws.observability.logs import LogFiles, tail
from include.local_aws.settings import Settings
from include.local_aws.status import jobs, log_view, storage
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
    [("Epoch[4] Train-accuracy=0.5", "10", 0.5), ("Epoch 3/12", None, 0.25),
     ("epoch: 9", "10", 1.0), ("no number", "10", None), ("Epoch[3]", None, None),
     ("Epoch[3]", "many", None), ("Epoch[3]", "0", None), ("Epoch 99", "10", 1.0)],
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
