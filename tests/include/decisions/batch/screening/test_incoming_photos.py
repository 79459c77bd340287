"""Tests of planning: all incoming images are predicted, or listed with a reason, once."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from include.config import Pipeline, find_pipeline
from include.decisions.batch.plan import BatchState, plan_batch, record_unreadable_batch
from include.decisions.registry.packages import Package
from include.storage.layout import Layout
from include.storage.records import write_record
from tests.include.decisions.memory_s3 import MemoryS3

PACKAGE = Package("arn:x/2", "Approved", "image:1", "s3://b/m", {"dataset_version": "d1"})
NOT_AN_IMAGE = "not a .jpg, .jpeg or .png"


class Runs:
    """Runs on one bucket, which predict at most two images each."""

    def __init__(self, layout: Layout, pipeline: Pipeline) -> None:
        self.s3, self.layout = MemoryS3(), layout
        batch = pipeline.batch.model_copy(update={"max_images": 2})
        self.pipeline = pipeline.model_copy(update={"batch": batch})
        self.day = 0

    def upload(self, *keys: str, content: bytes | None = None) -> None:
        for number, key in enumerate(keys):
            buffer = io.BytesIO()
            Image.new("RGB", (8 + number, 8)).save(buffer, "JPEG")
            body = buffer.getvalue() if content is None else content
            self.s3.objects[f"{self.layout.incoming}{key}"] = body

    def plan(self, forced: bool = False) -> tuple[str, BatchState]:
        self.day += 1
        state = plan_batch(self.s3, None, self.layout, self.pipeline, forced)
        batch = state.name(datetime(2026, 1, self.day, tzinfo=UTC))
        record_unreadable_batch(self.s3, self.layout, batch, state)
        return batch, state

    def predict(self, forced: bool = False) -> list[str]:
        """Return the images that a successful run predicts."""
        batch, state = self.plan(forced)
        write_record(self.s3, "b", self.layout.batch_record(batch), state.plan(batch))
        return [image.key for image in state.readable]


@pytest.fixture
def runs(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.setattr("include.decisions.batch.plan.choose_batch_model", lambda *_: PACKAGE)
    return Runs(layout, find_pipeline("stanford_cars"))


def test_if_no_image_is_readable_they_are_listed_once(runs: Runs) -> None:
    """The reason of the skipped run names only one of them; the record has all."""
    runs.upload("a.jpg", "b.png", content=b"no image")
    runs.upload("c.gif", "d/")
    batch, state = runs.plan()
    assert not state.readable
    record: dict[str, Any] = runs.s3.record(runs.layout.batch_record(batch))
    reason = "is neither JPEG nor PNG"
    assert record["unreadable"] == {"a.jpg": reason, "b.png": reason, "c.gif": NOT_AN_IMAGE}
    assert record["counts"] == {"images": 0, "unreadable": 3}
    batch, state = runs.plan()
    assert state.images == []
    assert runs.layout.batch_record(batch) not in runs.s3.objects
    runs.upload("a.jpg")
    assert runs.predict() == ["a.jpg"]


def test_files_with_other_endings_are_listed_once(runs: Runs) -> None:
    """A photo with an unexpected name must not be ignored silently."""
    runs.upload("a.jpg", "b.webp", "folder/", "c.jpg.part")
    _, state = runs.plan()
    assert state.plan("b").unreadable == {"b.webp": NOT_AN_IMAGE}
    assert runs.predict() == ["a.jpg"]
    assert runs.plan()[1].images == []


def test_all_checked_images_are_listed(runs: Runs) -> None:
    """Otherwise unreadable images before the batch's first image would be read in every run."""
    runs.upload("a.jpg", "b.jpg", "c.jpg", content=b"no image")
    runs.upload("d.jpg", "e.jpg")
    _, state = runs.plan()
    assert list(state.plan("b").unreadable) == ["a.jpg", "b.jpg", "c.jpg"]
    assert [image.key for image in state.readable] == ["d.jpg"]


def test_forced_runs_take_the_images_predicted_longest_ago(runs: Runs) -> None:
    """Otherwise images after the first `max_images` would never be predicted again."""
    runs.upload("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    assert runs.predict() == ["a.jpg", "b.jpg"]
    assert runs.predict() == ["c.jpg", "d.jpg"]
    assert runs.predict() == ["e.jpg"]
    assert runs.predict(forced=True) == ["a.jpg", "b.jpg"]
    assert runs.predict(forced=True) == ["c.jpg", "d.jpg"]
    runs.upload("z.jpg")
    assert runs.predict(forced=True) == ["z.jpg", "e.jpg"]
    assert runs.predict(forced=True) == ["a.jpg", "b.jpg"]
