"""Tests of publication: each image is in exactly one record, whichever runs are cleared."""

import json
from typing import Any

import pytest

from include.contracts.records import BatchPlan
from include.decisions.batch.publish import Publication, decide_publish, plan_publish, publish_batch
from include.storage.layout import Layout
from include.storage.records import RecordError
from tests.include.decisions.memory_s3 import MemoryS3

PACKAGE = "arn:x/2"
JOB = {"job_name": "j", "seconds": 2, "outputs": {"transform": "s3://t", "result": "s3://r"}}


class Runs:
    """Runs on one bucket, whose jobs always succeed."""

    def __init__(self, layout: Layout) -> None:
        self.s3, self.layout = MemoryS3(), layout
        self.recorded: dict[str, list[str]] = {}

    def predict(
        self, batch: str, forced: bool = False, refused: dict[str, str] | None = None, **tags: str
    ) -> str:
        """Do a run's work up to its publication: its jobs have predicted these photos."""
        self.recorded[batch] = [
            key.split("/")[-2] for key in self.s3.objects if key.endswith("/batch.json")
        ]
        images = {f"{name}.jpg": tag for name, tag in tags.items()}
        plan = {
            "batch": batch, "images": images, "unreadable": {"x.gif": "no photo"},
            "unreadable_tags": {"x.gif": "1"}, "forced": forced,
        }  # fmt: skip
        self.write(self.layout.batch_plan(batch), plan)
        self.write(self.layout.batch_summary(batch), {"uncertain": 1, "drift": None})
        self.write(self.layout.batch_unreadable(batch), {"unreadable": refused or {}})
        return batch

    def write(self, key: str, content: Any) -> None:
        self.s3.objects[key] = json.dumps(content).encode()

    def publish(self, batch: str) -> str | None:
        """Publish a batch, and return the reason if it is skipped."""
        publication = plan_publish(self.s3, self.layout, batch, self.recorded[batch])
        decision = decide_publish(publication)
        if not decision.go:
            return decision.reason
        publish_batch(self.s3, self.layout, publication, PACKAGE, JOB, JOB)
        return None

    def record(self, batch: str) -> dict[str, Any]:
        return self.s3.record(self.layout.batch_record(batch))

    def predicted(self, batch: str) -> list[str]:
        return sorted(self.record(batch)["images"])


@pytest.fixture
def runs(layout: Layout) -> Runs:
    return Runs(layout)


def test_a_cleared_run_does_not_record_what_a_later_run_has_predicted(runs: Runs) -> None:
    """No photo may be in two records."""
    failed = runs.predict("day-1", a="1", b="1")
    later = runs.predict("day-2", a="1", b="1")
    assert runs.publish(later) is None
    reason = runs.publish(failed)
    assert reason is not None
    assert "all 2 images were predicted by other batches before" in reason
    assert f"a.jpg by {later}" in reason
    assert runs.layout.batch_record(failed) not in runs.s3.objects


def test_a_cleared_run_records_what_no_other_run_has_predicted(runs: Runs) -> None:
    """A photo was replaced before the later run; its prediction must not be lost."""
    failed = runs.predict("day-1", a="1", b="1")
    later = runs.predict("day-2", a="2", b="1")
    assert runs.publish(later) is None
    assert runs.publish(failed) is None
    assert runs.predicted(later) == ["a.jpg", "b.jpg"]
    assert runs.predicted(failed) == ["a.jpg"]
    assert runs.record(failed)["elsewhere"] == {"b.jpg": later}
    assert runs.record(failed)["counts"]["images"] == 1


def test_records_that_the_selection_has_seen_are_not_read(runs: Runs) -> None:
    """Otherwise each publication would read everything ever predicted."""
    first = runs.predict("day-1", a="1")
    assert runs.publish(first) is None
    second = runs.predict("day-2", b="1")
    runs.s3.objects[runs.layout.batch_record(first)] = b"no JSON"
    assert runs.publish(second) is None


def test_a_batch_without_a_record_is_ignored(runs: Runs) -> None:
    runs.predict("day-1", a="1")
    assert runs.publish(runs.predict("day-2", a="1")) is None


def test_publishing_twice_changes_nothing(runs: Runs) -> None:
    """The task may be killed after the write, and retried."""
    batch = runs.predict("day-1", a="1")
    assert runs.publish(batch) is None
    assert runs.publish(batch) is None
    assert runs.predicted(batch) == ["a.jpg"]


def test_a_forced_run_records_what_was_predicted_before(runs: Runs) -> None:
    forced = runs.predict("day-2", forced=True, a="1")
    other = runs.predict("day-1", a="1")
    assert runs.publish(other) is None
    assert runs.publish(forced) is None
    assert runs.predicted(other) == runs.predicted(forced) == ["a.jpg"]


def test_photos_that_the_server_could_not_read_are_listed_with_its_reason(runs: Runs) -> None:
    """They count as processed, and not as predicted."""
    batch = runs.predict("day-1", refused={"b.jpg": "is cut off"}, a="1", b="2")
    assert runs.publish(batch) is None
    record = runs.record(batch)
    assert record["images"] == {"a.jpg": "1"}
    assert record["unreadable"] == {"x.gif": "no photo", "b.jpg": "is cut off"}
    assert record["unreadable_tags"] == {"x.gif": "1", "b.jpg": "2"}
    assert record["counts"] == {"images": 1, "elsewhere": 0, "unreadable": 2, "uncertain": 1}
    assert record["package"] == PACKAGE


def test_a_batch_that_the_server_could_not_read_at_all_is_recorded(runs: Runs) -> None:
    batch = runs.predict("day-1", refused={"a.jpg": "is empty"}, a="1")
    assert runs.publish(batch) is None
    assert runs.record(batch)["images"] == {}


@pytest.mark.parametrize("missing", ["batch_plan", "batch_summary", "batch_unreadable"])
def test_a_missing_file_names_the_job_that_writes_it(runs: Runs, missing: str) -> None:
    batch = runs.predict("day-1", a="1")
    del runs.s3.objects[getattr(runs.layout, missing)(batch)]
    with pytest.raises(RecordError, match=r"\.json is missing: .*job.* writes it"):
        runs.publish(batch)


def test_the_reason_of_a_publication() -> None:
    plan = BatchPlan(images={"a": "1", "b": "1"})
    assert decide_publish(Publication(plan, {})).reason == "2 images are processed"
    decision = decide_publish(Publication(plan, {"a": "b1"}))
    assert decision.go
    assert "1 images are processed; 1 images were predicted by other batches" in decision.reason
