"""What the page says of jobs, durations and disk space."""

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
from include.local_aws.status.wording import duration, size
from include.local_aws.store import Store
from tests.include.local_aws.keys import KEYS


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (59.6, "1 min"), (185, "3 min 5 s"),
     (7800, "2 h 10 min"), (3600, "1 h"), (86400 * 4 + 3600 * 3, "4 d 3 h")],
)  # fmt: skip
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_600, "1.0 MB"), (12_340, "12 kB"),
     (1_400_000_000, "1.4 GB"), (10**18, "1000000 TB")],
)  # fmt: skip
def test_sizes(count: int, said: str) -> None:
    assert size(count) == said


@settings(deadline=None)
@given(st.floats(min_value=0, max_value=1e9), st.integers(min_value=0, max_value=10**15))
def test_figures_are_short_whatever_they_are(seconds: float, count: int) -> None:
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
    ("line", "epochs", "share"),
    [("Epoch[4] Train-accuracy=0.5", "10", 0.5), ("Epoch 3/12", None, 0.25),
     ("epoch: 9", "10", 1.0), ("no number", "10", None), ("Epoch[3]", None, None),
     ("Epoch[3]", "many", None), ("Epoch[3]", "0", None), ("Epoch 99", "10", 1.0)],
)  # fmt: skip
def test_progress_is_read_from_the_log(
    tmp_path: Path, line: str, epochs: str | None, share: float | None
) -> None:
    logs = LogFiles(tmp_path)
    stream = logs.new_stream(TRAINING.log_group, "a/algo-1")
    stream.write_text(f"1 {line}\n2 and then something else\n")
    told = {"HyperParameters": {"epochs": epochs} if epochs else {}}
    shown = jobs.row(TRAINING, _body(**told, SecondaryStatus="Training"), logs)
    assert shown.share == share
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


def test_what_is_under_way_is_shown_however_much_is_newer(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.sqlite")
    store.insert("training-job", "old", _body(TrainingJobName="old", CreationTime=1.0))
    for number in range(5):
        ended = {"TrainingJobStatus": "Completed", "TrainingEndTime": time.time()}
        store.insert("training-job", f"n{number}", _body(TrainingJobName=f"n{number}", **ended))
    shown = jobs.jobs(store, LogFiles(tmp_path), most=3)
    assert shown.rows[0].name == "old"
    assert (len(shown.rows), shown.total) == (3, 6)
    assert (shown.counts["running"], shown.counts["completed"]) == (1, 5)
    store.close()


@settings(deadline=None)
@given(lines=st.lists(st.text("ab\u00e9", max_size=9), max_size=30), most=st.integers(1, 200))
def test_the_tail_of_a_log_is_its_last_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], most: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "tail"
    file.write_text("".join(f"{n} {line}\n" for n, line in enumerate(lines)))
    found = tail(file, most)
    assert [event.message for event in found] == lines[len(lines) - len(found) :]
    assert file.stat().st_size - (found[0].start if found else file.stat().st_size) <= most
    whole, end = log_view.since(file, found[-1].start if found else 0)
    assert [event.message for event in whole] == (lines[-1:] if found else lines)
    assert end == file.stat().st_size


def test_storage_is_told_by_part_and_bucket(tmp_path: Path) -> None:
    place = Settings(root=tmp_path, port=1, images=tmp_path / "images.json", credentials=KEYS)
    data = place.storage / "data"
    for file, length in {
        data / "my-bucket_1.dat": 50_000,
        data / "my-bucket_12.dat": 50_000,
        data / "1.dat": 8192,
        place.logs / "a/b": 20_000,
        place.database: 8192,
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * length)
    (place.logs / "loop").symlink_to(tmp_path)
    usage = storage.measure(place)
    assert list(usage.buckets) == ["my-bucket"]
    assert usage.buckets["my-bucket"] >= 100_000
    assert usage.parts["S3"] >= 108_000
    assert 20_000 <= usage.parts["logs"] < 100_000
    assert usage.parts["state"] >= 8192
    assert 0 < usage.free < usage.total
