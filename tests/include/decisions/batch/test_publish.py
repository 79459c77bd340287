"""Tests of publication: each image is in exactly one record, whichever runs are cleared."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from include.common.csv_cells import escape_cell
from include.contracts.records import BatchPlan
from include.decisions.batch.incoming import find_new_images
from include.decisions.batch.plan import BatchState, write_batch_plan
from include.decisions.batch.publish import Publication, decide_publish, plan_publish, publish_batch
from include.decisions.registry.packages import Package
from include.storage.layout import Layout
from include.storage.records import RecordError
from tests.include.decisions.memory_s3 import MemoryS3

PACKAGE = Package("arn:x/2", "Approved", "image:1", "s3://b/m", {"dataset_version": "d1"})
JOB = {"job_name": "j", "seconds": 2, "outputs": {"transform": "s3://t", "result": "s3://r"}}


class Runs:
    """Runs on one bucket, whose jobs always succeed."""

    def __init__(self, layout: Layout) -> None:
        self.s3, self.layout = MemoryS3(), layout

    def upload(self, **photos: str) -> None:
        for name, content in photos.items():
            self.s3.objects[f"{self.layout.incoming}{name}.jpg"] = content.encode()

    def new(self) -> list[str]:
        return [image.key for image in find_new_images(self.s3, self.layout)]

    def predict(self, day: int, forced: bool = False) -> str:
        """Do a run's work up to its publication, and return its batch."""
        images = find_new_images(self.s3, self.layout, forced)
        state = BatchState(images, {}, PACKAGE, forced)
        batch = state.name(datetime(2026, 1, day, tzinfo=UTC))
        write_batch_plan(self.s3, self.layout, batch, state)
        self.write_table(batch, *(image.key for image in images))
        report = {"images": len(images), "uncertain": 0, "drift": None}
        self.s3.objects[self.layout.batch_summary(batch)] = json.dumps(report).encode()
        return batch

    def write_table(self, batch: str, *keys: str) -> None:
        """Write a table of predictions with rows of these images."""
        text = io.StringIO()
        rows = [["file", "label"], *([escape_cell(key), "cat"] for key in keys)]
        csv.writer(text).writerows(rows)
        self.s3.objects[self.layout.batch_table(batch)] = text.getvalue().encode()

    def publish(self, batch: str) -> str | None:
        """Publish a batch, and return the reason if it is skipped."""
        publication = plan_publish(self.s3, self.layout, batch)
        decision = decide_publish(publication)
        if not decision.go:
            return decision.reason
        publish_batch(self.s3, self.layout, publication, JOB, JOB)
        return None

    def predicted(self, batch: str) -> list[str]:
        return sorted(self.s3.record(self.layout.batch_record(batch))["images"])


@pytest.fixture
def runs(layout: Layout) -> Runs:
    return Runs(layout)


def test_a_cleared_run_does_not_record_what_a_later_run_has_predicted(runs: Runs) -> None:
    """No photo may be in two records."""
    runs.upload(a="1", b="1")
    failed = runs.predict(day=1)
    later = runs.predict(day=2)
    assert runs.publish(later) is None
    reason = runs.publish(failed)
    assert reason is not None
    assert "all 2 images were predicted by other batches before" in reason
    assert f"a.jpg by {later}" in reason
    assert runs.layout.batch_record(failed) not in runs.s3.objects


def test_a_cleared_run_records_what_no_other_run_has_predicted(runs: Runs) -> None:
    """A photo was replaced before the later run; its prediction must not be lost."""
    runs.upload(a="1", b="1")
    failed = runs.predict(day=1)
    runs.upload(a="2")
    later = runs.predict(day=2)
    assert runs.publish(later) is None
    assert runs.publish(failed) is None
    assert runs.predicted(later) == ["a.jpg", "b.jpg"]
    assert runs.predicted(failed) == ["a.jpg"]
    record = runs.s3.record(runs.layout.batch_record(failed))
    assert record["elsewhere"] == {"b.jpg": later}
    assert record["counts"]["images"] == 1
    assert runs.new() == []


def test_the_order_of_publication_may_differ_from_the_order_of_runs(runs: Runs) -> None:
    """A photo is not predicted again because a later run's record has its earlier content."""
    runs.upload(a="1")
    first = runs.predict(day=3)
    runs.upload(a="2")
    cleared = runs.predict(day=2)
    assert runs.publish(cleared) is None
    assert runs.publish(first) is None
    assert runs.new() == []


def test_publishing_twice_changes_nothing(runs: Runs) -> None:
    """The task may be killed after the write, and retried."""
    runs.upload(a="1")
    batch = runs.predict(day=1)
    assert runs.publish(batch) is None
    assert runs.publish(batch) is None
    assert runs.predicted(batch) == ["a.jpg"]


def test_a_forced_run_records_what_was_predicted_before(runs: Runs) -> None:
    runs.upload(a="1")
    first = runs.predict(day=1)
    assert runs.publish(first) is None
    assert runs.new() == []
    forced = runs.predict(day=2, forced=True)
    assert runs.publish(forced) is None
    assert runs.predicted(first) == runs.predicted(forced) == ["a.jpg"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["a.jpg"], r"1 of 2 images have no row in .*predictions\.csv \(b\.jpg\): clear submit_tr"),
        (["a.jpg", "b.jpg", "old.jpg"], r"1 rows of .* were not planned \(old\.jpg\): delete"),
        ([], r"2 of 2 images have no row in .*\(a\.jpg, b\.jpg\)"),
    ],
)
def test_a_table_with_missing_or_further_rows_is_rejected(
    runs: Runs, keys: list[str], message: str
) -> None:
    """An image without a prediction must stay new."""
    runs.upload(a="1", b="1")
    batch = runs.predict(day=1)
    runs.write_table(batch, *keys)
    with pytest.raises(RecordError, match=message):
        runs.publish(batch)
    assert runs.new() == ["a.jpg", "b.jpg"]


def test_a_missing_table_raises(runs: Runs) -> None:
    runs.upload(a="1")
    batch = runs.predict(day=1)
    del runs.s3.objects[runs.layout.batch_table(batch)]
    with pytest.raises(RecordError, match=r"predictions\.csv is missing: job j writes it"):
        runs.publish(batch)


def test_names_with_special_characters_are_matched(runs: Runs) -> None:
    """Commas, quotes, line ends and formulas in names."""
    runs.upload(**{'a, "b"\n\u00e9\r': "1", "=1+1": "1", "'=1+1": "1"})
    assert runs.publish(runs.predict(day=1)) is None


def test_the_reason_of_a_publication() -> None:
    plan = BatchPlan(images={"a": "1", "b": "1"})
    assert decide_publish(Publication(plan, {})).reason == "2 images are predicted"
    decision = decide_publish(Publication(plan, {"a": "b1"}))
    assert decision.go
    assert "1 images are predicted; 1 images were predicted by other batches" in decision.reason
