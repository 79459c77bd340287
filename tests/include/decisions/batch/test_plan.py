"""A batch holds what is new and readable, and a retry finds the same batch again."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from include.config import find_pipeline
from include.decisions.batch.incoming import IncomingImage, find_new_images
from include.decisions.batch.plan import (
    BatchState,
    decide_batch,
    find_evaluated_job,
    plan_batch,
    write_batch_plan,
)
from include.decisions.batch.publish import decide_publish, plan_publish, publish_batch
from include.decisions.batch.screening.check import problem
from include.decisions.batch.screening.incoming_photos import find_unreadable_images
from include.decisions.registry.packages import Package
from include.storage.layout import Layout

PACKAGE = Package("arn:x/2", "Approved", "image:1", "s3://b/m", {"dataset_version": "d1"})
RECORD = "s3://b/batches/b1/batch.json"
A, B = IncomingImage("a.jpg", '"1"', 10), IncomingImage("sub/b.PNG", '"2"', 20)


def photo(kind: str = "JPEG", size: tuple[int, int] = (32, 32), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind)
    return buffer.getvalue()


def animated_png() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def listing(folder: str, **tags: str) -> dict[str, Any]:
    entries = [
        {"Key": f"stanford_cars/{folder}/{key}", "ETag": tag, "Size": 10}
        for key, tag in tags.items()
    ]
    return {"Contents": entries}


def list_batches(s3: Any, *batches: str) -> None:
    """Answer which batches there are; what lies in them is more with every night."""
    root = "stanford_cars/batches/"
    s3.answer(
        "list_objects_v2",
        {"CommonPrefixes": [{"Prefix": f"{root}{batch}/"} for batch in batches]},
        Bucket="some-bucket",
        Prefix=root,
        Delimiter="/",
    )
    s3.refuse("get_object", "NoSuchKey")  # the summary, which there is not yet


def test_new_is_what_no_successful_batch_has(s3: Any, layout: Layout) -> None:
    record = {
        "images": {"seen.jpg": '"1"', "replaced.jpg": '"1"'},
        "unreadable_tags": {"broken.jpg": '"1"'},
    }
    incoming = {
        "seen.jpg": '"1"',
        "replaced.jpg": '"2"',
        "broken.jpg": '"1"',
        "new.jpeg": '"1"',
        "b/": '"1"',
        "c_$folder$": '"1"',
        "d.jpg.part": '"1"',
        "notes.txt": '"1"',
    }
    s3.answer("list_objects_v2", listing("incoming", **incoming))
    list_batches(s3, "b1", "b2")
    s3.answer("get_object", s3.json(record))
    s3.refuse("get_object", "NoSuchKey")
    found = [image.key for image in find_new_images(s3.client, layout)]
    assert found == ["new.jpeg", "notes.txt", "replaced.jpg"]


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (photo(), None),
        (photo("PNG"), None),
        (photo("GIF"), "is neither JPEG nor PNG"),
        (b"hello", "is neither JPEG nor PNG"),
        (b"", "is empty"),
        (photo()[:-80], "cannot be decoded"),
        (photo()[:-20] + photo()[-2:], "is damaged"),
        (photo()[:-2] + b"\0" * 2 + photo()[-2:], None),
        (photo("PNG")[:60], "cannot be decoded"),
        (photo("PNG")[:-12], "is cut off"),
        (animated_png(), "is an animated PNG"),
        (photo("PNG", (10_001, 10_000), "1"), "has 10001 x 10000 pixels"),
    ],
)
def test_an_image_is_decoded_to_the_end(content: bytes, expected: str | None) -> None:
    found = problem(content)
    assert found is None if expected is None else expected in str(found)


def test_an_image_that_no_request_carries_is_left_out_unread(s3: Any, layout: Layout) -> None:
    large = IncomingImage("large.jpg", '"1"', 2000)
    assert find_unreadable_images(s3.client, layout, [large], 1000) == {
        "large.jpg": "2000 bytes, and a request carries 1000"
    }


@pytest.mark.parametrize(
    ("key", "part"),
    [("a//b.jpg", "''"), ("/b.jpg", "''"), ("a/./b.jpg", "'.'"), ("../b.jpg", "'..'")],
)
def test_names_that_are_not_those_of_files_are_left_out(
    s3: Any, layout: Layout, key: str, part: str
) -> None:
    """Protects from two images that are one file to a job, as a//b.jpg and a/b.jpg."""
    images = [IncomingImage(key, '"1"', 10)]
    found = find_unreadable_images(s3.client, layout, images, 1000)
    assert found == {key: f"has a part {part} in its name, which no file's name has"}
    long = IncomingImage(f"{'x' * 248}.jpg", '"1"', 10)
    assert "251 bytes" in find_unreadable_images(s3.client, layout, [long], 1000)[long.key]


def test_before_the_first_model_there_is_nothing_to_do(
    s3: Any, sagemaker: Any, registry: Any, layout: Layout
) -> None:
    registry.serves_nothing()
    registry.lists(ModelApprovalStatus="Approved")
    cars = find_pipeline("stanford_cars")
    state = plan_batch(s3.client, sagemaker.client, layout, cars, everything=False)
    decision = decide_batch(state, RECORD)
    assert not decision.go
    assert "nightly training comes first" in decision.reason


def test_what_serves_answers_though_a_newer_package_is_approved(
    s3: Any, sagemaker: Any, registry: Any, layout: Layout
) -> None:
    """The registry is not asked for approved packages: a better one would answer otherwise."""
    registry.serves(2)
    registry.describes(2, dataset_version="d1")
    s3.answer("list_objects_v2", {})
    list_batches(s3)
    cars = find_pipeline("stanford_cars")
    state = plan_batch(s3.client, sagemaker.client, layout, cars, everything=False)
    assert state.package is not None
    assert state.package.version == "2"


def test_images_that_cannot_be_read_do_not_keep_others_waiting_forever(
    s3: Any, sagemaker: Any, registry: Any, layout: Layout
) -> None:
    registry.serves(2)
    registry.describes(2, dataset_version="d1")
    incoming = listing("incoming", **{"a.jpg": '"1"', "b.jpg": '"1"', "c.jpg": '"1"'})
    incoming["Contents"][0]["Size"] = 10**9
    s3.answer("list_objects_v2", incoming)
    list_batches(s3)
    s3.answer("get_object", s3.body(photo()))
    cars = find_pipeline("stanford_cars")
    few = cars.model_copy(update={"batch": cars.batch.model_copy(update={"max_images": 1})})
    state = plan_batch(s3.client, sagemaker.client, layout, few, everything=False)
    assert [image.key for image in state.readable] == ["b.jpg"]
    assert list(state.record()["unreadable"]) == ["a.jpg"]


def test_the_decisions_reason_counts_the_images() -> None:
    assert "no new images" in decide_batch(BatchState([], {}, PACKAGE), RECORD).reason
    nothing = decide_batch(BatchState([A], {"a.jpg": "is empty"}, PACKAGE), RECORD)
    assert not nothing.go
    assert f"such as a.jpg: is empty; all are listed in {RECORD}" in nothing.reason
    some = decide_batch(BatchState([A, B], {"a.jpg": "is empty"}, PACKAGE), RECORD)
    assert some.go
    assert some.reason == "1 new images for model package 2, 1 left out as unreadable"


def test_a_retry_finds_the_batch_again_and_other_images_are_another() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    name = BatchState([A, B], {}, PACKAGE).name(when)
    assert name.startswith("20260102T030405-")
    assert name == BatchState([A, B], {"a.jpg": "x"}, PACKAGE).name(when)
    assert name != BatchState([A], {}, PACKAGE).name(when)


@pytest.mark.parametrize(
    ("metadata", "found", "expected"),
    [
        ({"training_job": "t1"}, 1, "t1"),
        ({"training_job": "t1"}, 0, None),
        ({}, None, None),
    ],
)
def test_a_batch_is_compared_with_an_evaluation_that_is_still_there(
    s3: Any, layout: Layout, metadata: dict[str, str], found: int | None, expected: str | None
) -> None:
    if found is not None:
        key = "stanford_cars/evaluations/t1/answers.csv"
        place = {"Bucket": "some-bucket", "Prefix": key, "MaxKeys": 1}
        s3.answer("list_objects_v2", {"KeyCount": found}, **place)
    package = Package("arn:x/2", "Approved", "image:1", "s3://b/m", metadata)
    assert find_evaluated_job(s3.client, layout, package) == expected


def test_the_record_is_what_the_next_night_reads(s3: Any, layout: Layout) -> None:
    state = BatchState([A, B], {"a.jpg": "is empty"}, PACKAGE)
    job = {"job_name": "j", "seconds": 2, "outputs": {"transform": "s3://t", "result": "s3://r"}}
    written: list[Any] = []
    s3.client.meta.events.register(
        "provide-client-params.s3.PutObject",
        lambda params, **_: written.append(json.loads(params["Body"])),
    )
    s3.answer("put_object", {})
    s3.answer("put_object", {})
    write_batch_plan(s3.client, layout, "b1", state)
    listed, plan = written
    assert listed == [{"prefix": "s3://some-bucket/stanford_cars/incoming/"}, "sub/b.PNG"]
    s3.answer("get_object", s3.json(plan))
    list_batches(s3, "b1")
    publication = plan_publish(s3.client, layout, "b1")
    assert decide_publish(publication).go
    s3.answer("get_object", s3.body(b"file,label\nsub/b.PNG,cat\n"))
    key = "stanford_cars/batches/b1/report/report.json"
    s3.answer("get_object", s3.json({"uncertain": 1, "drift": None}), Bucket="some-bucket", Key=key)
    s3.answer("put_object", {})
    summary = publish_batch(s3.client, layout, publication, job, job)
    assert summary["counts"] == {"images": 1, "elsewhere": 0, "unreadable": 1, "uncertain": 1}
    assert summary["drift"] is None
    assert "images" not in summary
    s3.answer("list_objects_v2", listing("incoming", **{A.key: A.tag, B.key: B.tag}))
    list_batches(s3, "b1")
    s3.answer("get_object", s3.json(written[-1]))
    assert find_new_images(s3.client, layout) == []
