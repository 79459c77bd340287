"""No image is in two records and none is lost, in whatever order runs fail and are cleared."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from include.common.csv_cells import escape_cell
from include.decisions.batch.incoming import find_new_images
from include.decisions.batch.plan import BatchState, write_batch_plan
from include.decisions.batch.publish import Publication, decide_publish, plan_publish, publish_batch
from include.decisions.registry.packages import Package
from include.storage.layout import Layout
from include.storage.records import RecordError
from tests.include.decisions.memory_s3 import MemoryS3

PACKAGE = Package("arn:x/2", "Approved", "image:1", "s3://b/m", {"dataset_version": "d1"})
JOB = {"job_name": "j", "seconds": 2, "outputs": {"transform": "s3://t", "result": "s3://r"}}


class Nights:
    """Nights over one bucket, whose jobs always succeed."""

    def __init__(self, layout: Layout) -> None:
        self.s3, self.layout = MemoryS3(), layout

    def upload(self, **photos: str) -> None:
        for name, content in photos.items():
            self.s3.objects[f"{self.layout.incoming}{name}.jpg"] = content.encode()

    def new(self) -> list[str]:
        return [image.key for image in find_new_images(self.s3, self.layout)]

    def predict(self, day: int, forced: bool = False) -> str:
        """Do all that a night does, up to its publish."""
        images = find_new_images(self.s3, self.layout, forced)
        state = BatchState(images, {}, PACKAGE, forced)
        batch = state.name(datetime(2026, 1, day, tzinfo=UTC))
        write_batch_plan(self.s3, self.layout, batch, state)
        self.answer(batch, *(image.key for image in images))
        report = {"images": len(images), "uncertain": 0, "drift": None}
        self.s3.objects[self.layout.batch_summary(batch)] = json.dumps(report).encode()
        return batch

    def answer(self, batch: str, *keys: str) -> None:
        """Leave the table of a report that has rows of these images."""
        text = io.StringIO()
        rows = [["file", "label"], *([escape_cell(key), "cat"] for key in keys)]
        csv.writer(text).writerows(rows)
        self.s3.objects[self.layout.batch_table(batch)] = text.getvalue().encode()

    def publish(self, batch: str) -> str | None:
        """Publish a night; return why it is skipped."""
        publication = plan_publish(self.s3, self.layout, batch)
        decision = decide_publish(publication)
        if not decision.go:
            return decision.reason
        publish_batch(self.s3, self.layout, publication, JOB, JOB)
        return None

    def predicted(self, batch: str) -> list[str]:
        return sorted(self.s3.record(self.layout.batch_record(batch))["images"])


@pytest.fixture
def nights(layout: Layout) -> Nights:
    return Nights(layout)


def test_a_cleared_night_does_not_count_what_a_later_one_has_predicted(nights: Nights) -> None:
    """Protects from the same photos in two records."""
    nights.upload(a="1", b="1")
    failed = nights.predict(day=1)
    later = nights.predict(day=2)
    assert nights.publish(later) is None
    reason = nights.publish(failed)
    assert reason is not None
    assert "all 2 images were predicted by other batches before" in reason
    assert f"a.jpg by {later}" in reason
    assert nights.layout.batch_record(failed) not in nights.s3.objects


def test_a_cleared_night_keeps_what_no_other_has_predicted(nights: Nights) -> None:
    """Protects the answer to a photo that was replaced before the next night saw it."""
    nights.upload(a="1", b="1")
    failed = nights.predict(day=1)
    nights.upload(a="2")
    later = nights.predict(day=2)
    assert nights.publish(later) is None
    assert nights.publish(failed) is None
    assert nights.predicted(later) == ["a.jpg", "b.jpg"]
    assert nights.predicted(failed) == ["a.jpg"]
    record = nights.s3.record(nights.layout.batch_record(failed))
    assert record["elsewhere"] == {"b.jpg": later}
    assert record["counts"]["images"] == 1
    assert nights.new() == []


def test_the_order_of_records_is_not_that_of_contents(nights: Nights) -> None:
    """Protects from predicting a photo again whose earlier content a later run's record holds."""
    nights.upload(a="1")
    first = nights.predict(day=3)
    nights.upload(a="2")
    cleared = nights.predict(day=2)
    assert nights.publish(cleared) is None
    assert nights.publish(first) is None
    assert nights.new() == []


def test_publishing_again_changes_nothing(nights: Nights) -> None:
    """Protects a retry of a publish that was killed after it had written."""
    nights.upload(a="1")
    batch = nights.predict(day=1)
    assert nights.publish(batch) is None
    assert nights.publish(batch) is None
    assert nights.predicted(batch) == ["a.jpg"]


def test_a_forced_night_counts_what_was_predicted_before(nights: Nights) -> None:
    nights.upload(a="1")
    first = nights.predict(day=1)
    assert nights.publish(first) is None
    assert nights.new() == []
    forced = nights.predict(day=2, forced=True)
    assert nights.publish(forced) is None
    assert nights.predicted(first) == nights.predicted(forced) == ["a.jpg"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["a.jpg"], r"1 of 2 images have no row in .*predictions\.csv \(b\.jpg\): clear submit_tr"),
        (["a.jpg", "b.jpg", "old.jpg"], r"1 rows of .* were not planned \(old\.jpg\): delete"),
        ([], r"2 of 2 images have no row in .*\(a\.jpg, b\.jpg\)"),
    ],
)
def test_an_image_without_an_answer_is_not_predicted(
    nights: Nights, keys: list[str], message: str
) -> None:
    """Protects an image whose answer was lost on the way from never being predicted."""
    nights.upload(a="1", b="1")
    batch = nights.predict(day=1)
    nights.answer(batch, *keys)
    with pytest.raises(RecordError, match=message):
        nights.publish(batch)
    assert nights.new() == ["a.jpg", "b.jpg"]


def test_a_report_without_its_table_is_named(nights: Nights) -> None:
    nights.upload(a="1")
    batch = nights.predict(day=1)
    del nights.s3.objects[nights.layout.batch_table(batch)]
    with pytest.raises(RecordError, match=r"predictions\.csv is missing: job j writes it"):
        nights.publish(batch)


def test_a_name_with_anything_in_it_is_found_again(nights: Nights) -> None:
    """Protects photos with commas, quotes, line ends and formulas in their names."""
    nights.upload(**{'a, "b"\n\u00e9\r': "1", "=1+1": "1", "'=1+1": "1"})
    assert nights.publish(nights.predict(day=1)) is None


def test_the_reason_counts_and_names() -> None:
    plan: dict[str, Any] = {"images": {"a": "1", "b": "1"}}
    assert decide_publish(Publication(plan, {})).reason == "2 images are predicted"
    some = decide_publish(Publication(plan, {"a": "b1"}))
    assert some.go
    assert "1 images are predicted; 1 images were predicted by other batches" in some.reason
