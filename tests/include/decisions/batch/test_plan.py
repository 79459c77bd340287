"""Tests of the plan of a batch."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from include.config import Deployment, find_pipeline
from include.decisions.batch.incoming import IncomingImage, find_new_images
from include.decisions.batch.plan import (
    BatchState,
    batch_requests,
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
    frames = [Image.new("RGB", (32, 32), color) for color in ("red", "blue")]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def listing(folder: str, **tags: str) -> dict[str, Any]:
    entries = [
        {"Key": f"stanford_cars/{folder}/{key}", "ETag": tag, "Size": 10}
        for key, tag in tags.items()
    ]
    return {"Contents": entries}


def list_batches(s3: Any, *batches: str) -> None:
    """Prepare the listing of the batches' folders."""
    root = "stanford_cars/batches/"
    s3.answer(
        "list_objects_v2",
        {"CommonPrefixes": [{"Prefix": f"{root}{batch}/"} for batch in batches]},
        Bucket="some-bucket",
        Prefix=root,
        Delimiter="/",
    )
    s3.refuse("get_object", "NoSuchKey")  # there is no summary yet


def test_images_are_new_if_no_successful_batch_has_them(s3: Any, layout: Layout) -> None:
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
def test_an_image_is_decoded_completely(content: bytes, expected: str | None) -> None:
    found = problem(content)
    assert found is None if expected is None else expected in str(found)


def test_an_image_too_large_for_a_request_is_left_out_without_reading_it(
    s3: Any, layout: Layout
) -> None:
    large = IncomingImage("large.jpg", '"1"', 2000)
    assert find_unreadable_images(s3.client, layout, [large], 1000) == {
        "large.jpg": "has 2000 bytes, and a request allows 1000"
    }


@pytest.mark.parametrize(
    ("key", "part"),
    [("a//b.jpg", "''"), ("/b.jpg", "''"), ("a/./b.jpg", "'.'"), ("../b.jpg", "'..'")],
)
def test_images_with_invalid_file_names_are_left_out(
    s3: Any, layout: Layout, key: str, part: str
) -> None:
    """For example a//b.jpg and a/b.jpg would be the same file in a job."""
    images = [IncomingImage(key, '"1"', 10)]
    found = find_unreadable_images(s3.client, layout, images, 1000)
    assert found == {key: f"has a part {part} in its name, which is invalid as a file name"}
    long = IncomingImage(f"{'x' * 248}.jpg", '"1"', 10)
    assert "251 bytes" in find_unreadable_images(s3.client, layout, [long], 1000)[long.key]


def test_without_a_model_the_run_is_skipped(
    s3: Any, sagemaker: Any, registry: Any, layout: Layout
) -> None:
    registry.serves_nothing()
    registry.lists(ModelApprovalStatus="Approved")
    cars = find_pipeline("stanford_cars")
    state = plan_batch(s3.client, sagemaker.client, layout, cars, everything=False)
    decision = decide_batch(state, RECORD)
    assert not decision.go
    assert "run nightly training, or approve a model" in decision.reason


def test_the_serving_package_predicts_even_if_a_newer_one_is_approved(
    s3: Any, sagemaker: Any, registry: Any, layout: Layout
) -> None:
    """The stub has no answer about approved packages."""
    registry.serves(2)
    registry.describes(2, dataset_version="d1")
    s3.answer("list_objects_v2", {})
    list_batches(s3)
    cars = find_pipeline("stanford_cars")
    state = plan_batch(s3.client, sagemaker.client, layout, cars, everything=False)
    assert state.package is not None
    assert state.package.version == "2"


def test_a_batch_averages_in_the_precision_of_its_package(
    s3: Any, layout: Layout, deployment: Deployment
) -> None:
    facts = {"dataset_version": "d1", "serving_precision": "int8"}
    package = Package("arn:x/7", "Approved", "image:1", "s3://b/m.tar.gz", facts)
    cars = find_pipeline("stanford_cars", "local")
    batch = cars.batch.model_copy(update={"flip_average": True})
    cars = cars.model_copy(update={"batch": batch})
    s3.answer("list_objects_v2", {"KeyCount": 0})  # labels of the incoming images
    local = replace(deployment, name="local")
    requests = batch_requests(s3.client, layout, cars, local, "b1", BatchState([], {}, package))
    environment = requests["transform"]["config"]["Environment"]
    assert environment == {"FLIP_AVERAGE": "true", "SERVING_PRECISION": "int8"}


def test_unreadable_images_do_not_block_the_images_after_them(
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
    limited = cars.model_copy(update={"batch": cars.batch.model_copy(update={"max_images": 1})})
    state = plan_batch(s3.client, sagemaker.client, layout, limited, everything=False)
    assert [image.key for image in state.readable] == ["b.jpg"]
    assert list(state.plan("b1").unreadable) == ["a.jpg"]


def test_the_reason_has_the_numbers_of_images() -> None:
    assert "no new images" in decide_batch(BatchState([], {}, PACKAGE), RECORD).reason
    unreadable = decide_batch(BatchState([A], {"a.jpg": "is empty"}, PACKAGE), RECORD)
    assert not unreadable.go
    assert f"for example a.jpg: is empty; {RECORD} lists all of them" in unreadable.reason
    decision = decide_batch(BatchState([A, B], {"a.jpg": "is empty"}, PACKAGE), RECORD)
    assert decision.go
    assert decision.reason == "1 new images for model package 2, 1 left out as unreadable"


def test_a_batchs_name_depends_on_its_images_only() -> None:
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
def test_find_evaluated_job_needs_stored_predictions(
    s3: Any, layout: Layout, metadata: dict[str, str], found: int | None, expected: str | None
) -> None:
    if found is not None:
        key = "stanford_cars/evaluations/t1/answers.csv"
        request = {"Bucket": "some-bucket", "Prefix": key, "MaxKeys": 1}
        s3.answer("list_objects_v2", {"KeyCount": found}, **request)
    package = Package("arn:x/2", "Approved", "image:1", "s3://b/m", metadata)
    assert find_evaluated_job(s3.client, layout, package) == expected


def test_the_next_run_reads_the_published_record(s3: Any, layout: Layout) -> None:
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
    counts = summary.counts
    assert (counts.images, counts.elsewhere, counts.unreadable, counts.uncertain) == (1, 0, 1, 1)
    assert summary.drift is None
    assert summary.figures().keys().isdisjoint({"images", "elsewhere", "unreadable"})
    s3.answer("list_objects_v2", listing("incoming", **{A.key: A.tag, B.key: B.tag}))
    list_batches(s3, "b1")
    s3.answer("get_object", s3.json(written[-1]))
    assert find_new_images(s3.client, layout) == []
