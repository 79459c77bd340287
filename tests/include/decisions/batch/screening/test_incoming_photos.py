"""All in incoming/ is predicted or listed with a reason, once; forced runs reach all of it."""

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
NAMELESS = "not a .jpg, .jpeg or .png"


class Nights:
    """Nights over one bucket, in which at most two images are predicted."""

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
        """Return what a night that succeeds predicts."""
        batch, state = self.plan(forced)
        write_record(self.s3, "b", self.layout.batch_record(batch), state.record())
        return [image.key for image in state.readable]


@pytest.fixture
def nights(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Nights:
    monkeypatch.setattr("include.decisions.batch.plan.choose_batch_model", lambda *_: PACKAGE)
    return Nights(layout, find_pipeline("stanford_cars"))


def test_where_nothing_can_be_read_it_is_listed_once(nights: Nights) -> None:
    """Protects a person who looks for their images from a skipped run that names one of them."""
    nights.upload("a.jpg", "b.png", content=b"no image")
    nights.upload("c.gif", "d/")
    batch, state = nights.plan()
    assert not state.readable
    record: dict[str, Any] = nights.s3.record(nights.layout.batch_record(batch))
    wrong = "is neither JPEG nor PNG"
    assert record["unreadable"] == {"a.jpg": wrong, "b.png": wrong, "c.gif": NAMELESS}
    assert record["counts"] == {"images": 0, "unreadable": 3}
    batch, state = nights.plan()
    assert state.images == []
    assert nights.layout.batch_record(batch) not in nights.s3.objects
    nights.upload("a.jpg")
    assert nights.predict() == ["a.jpg"]


def test_what_is_no_image_by_its_name_is_listed_once(nights: Nights) -> None:
    """Protects a photo with an unexpected name from being passed over in silence."""
    nights.upload("a.jpg", "b.webp", "folder/", "c.jpg.part")
    _, state = nights.plan()
    assert state.record()["unreadable"] == {"b.webp": NAMELESS}
    assert nights.predict() == ["a.jpg"]
    assert nights.plan()[1].images == []


def test_all_that_was_looked_at_is_listed(nights: Nights) -> None:
    """Protects what lies before the first batch's images from being read again every night."""
    nights.upload("a.jpg", "b.jpg", "c.jpg", content=b"no image")
    nights.upload("d.jpg", "e.jpg")
    _, state = nights.plan()
    assert list(state.record()["unreadable"]) == ["a.jpg", "b.jpg", "c.jpg"]
    assert [image.key for image in state.readable] == ["d.jpg"]


def test_forced_runs_go_on_from_where_one_stopped(nights: Nights) -> None:
    """Protects what lies behind the first `max_images` from never being predicted again."""
    nights.upload("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    assert nights.predict() == ["a.jpg", "b.jpg"]
    assert nights.predict() == ["c.jpg", "d.jpg"]
    assert nights.predict() == ["e.jpg"]
    assert nights.predict(forced=True) == ["a.jpg", "b.jpg"]
    assert nights.predict(forced=True) == ["c.jpg", "d.jpg"]
    nights.upload("z.jpg")
    assert nights.predict(forced=True) == ["z.jpg", "e.jpg"]
    assert nights.predict(forced=True) == ["a.jpg", "b.jpg"]
