"""Tests of the plan of a conversion."""

from typing import Any

import pytest

from include.config import find_pipeline
from include.config.versions import conversion_settings, recordio_version
from include.contracts.records import RecordioCounts, RecordioPointer, RecordioReport
from include.decisions.conversion.plan import ConversionState, decide_conversion, plan_conversion
from include.storage.layout import Layout
from include.storage.records import RecordError

DONE = RecordioReport(
    version="r1",
    dataset_version="d1",
    counts=RecordioCounts(train=2, classes=2),
    created="2026-01-01",
)


@pytest.mark.parametrize(
    ("report", "current", "force", "go", "reason"),
    [
        (None, None, False, True, "does not exist yet"),
        (DONE, "r0", False, True, "exists, but r0 is current"),
        (DONE, "r1", True, True, "forced"),
        (DONE, "r1", False, False, "RecordIO r1 of dataset d1 exists since 2026-01-01"),
    ],
)
def test_decide_conversion(
    report: RecordioReport | None, current: str | None, force: bool, go: bool, reason: str
) -> None:
    decision = decide_conversion(ConversionState("d1", "r1", report, current), force)
    assert decision.go is go
    assert reason in decision.reason


def test_the_param_dataset_version_selects_another_version(s3: Any, layout: Layout) -> None:
    cars = find_pipeline("stanford_cars")
    key = "stanford_cars/dataset/versions/d7/dataset.json"
    s3.answer("get_object", s3.json({"version": "d7"}), Bucket="some-bucket", Key=key)
    s3.refuse("get_object", "NoSuchKey")
    s3.refuse("get_object", "NoSuchKey")
    s3.refuse("get_object", "NoSuchKey")
    state = plan_conversion(s3.client, layout, cars, "d7")
    version = recordio_version("d7", cars.conversion)
    assert state == ConversionState("d7", version, None, None, named=True)


@pytest.mark.parametrize(
    ("settings", "shards", "objects", "earlier"),
    [
        ({}, None, 1, "stanford_cars/recordio/r0/"),
        ({}, 3, 1, "stanford_cars/recordio/r0/of-3/"),
        ({"quality": 1}, None, None, None),
        ({}, None, 0, None),
    ],
    ids=["one instance", "several instances", "other settings", "deleted by a user"],
)
def test_records_are_copied_from_the_current_version_if_possible(
    s3: Any,
    layout: Layout,
    settings: dict[str, int],
    shards: int | None,
    objects: int | None,
    earlier: str | None,
) -> None:
    cars = find_pipeline("stanford_cars")
    current = RecordioPointer(
        version="r0",
        dataset_version="d1",
        settings={**conversion_settings(cars.conversion), **settings},
        counts=RecordioCounts(train=2, classes=2),
        shards=shards or 1,
    )
    s3.answer("get_object", s3.json({"version": "d7"}))
    s3.answer("get_object", {**s3.json(current.as_json()), "ETag": '"e"'})
    s3.refuse("get_object", "NoSuchKey")
    if objects is not None:
        index = f"stanford_cars/recordio/r0/{'of-3/' if shards else ''}index/"
        request = {"Bucket": "some-bucket", "Prefix": index, "MaxKeys": 1}
        s3.answer("list_objects_v2", {"KeyCount": objects}, **request)
    assert plan_conversion(s3.client, layout, cars, None).earlier == earlier


def test_the_error_for_a_missing_dataset_names_dataset_refresh(s3: Any, layout: Layout) -> None:
    s3.refuse("get_object", "NoSuchKey")
    with pytest.raises(RecordError, match=r"current\.json is missing: dataset refresh writes it"):
        plan_conversion(s3.client, layout, find_pipeline("stanford_cars"), None)
