"""Tests of the comparison of the ages of dataset versions."""

from typing import Any

import pytest

from include.decisions.promotion.freshness import Freshness, compare_data
from include.decisions.registry.packages import Package
from include.storage.layout import Layout
from include.storage.records import RecordError

CHAMPION = Package("arn:x/3", "Approved", "image:1", "s3://b/m", {"dataset_version": "d2"})
EARLIER, LATER = "2026-03-01T02:00:00+00:00", "2026-03-02T02:00:00+00:00"


def compare(s3: Any, layout: Layout, **versions: str | None) -> Freshness:
    """Compare the first version with the champion's; the values are their `created` times."""
    for version, created in versions.items():
        if created is None:
            s3.refuse("get_object", "NoSuchKey")
            continue
        expected = {"Bucket": "some-bucket", "Key": f"{layout.dataset(version)}dataset.json"}
        s3.answer("get_object", s3.json({"version": version, "created": created}), **expected)
    return compare_data(s3.client, layout, next(iter(versions)), CHAMPION)


def test_a_version_that_was_created_later_is_newer(s3: Any, layout: Layout) -> None:
    found = compare(s3, layout, d3=LATER, d2=EARLIER)
    assert found.newer
    assert str(found) == (
        "judged with newer data: dataset d3 of 2026-03-02 02:00:00 is newer than the champion's d2 "
        "of 2026-03-01 02:00:00"
    )


def test_a_version_that_was_created_earlier_is_not_newer(s3: Any, layout: Layout) -> None:
    """A training on an earlier version must be significantly better than the champion."""
    found = compare(s3, layout, d1=EARLIER, d2=LATER)
    assert not found.newer
    assert str(found).startswith("judged as on the same data: dataset d1 of 2026-03-01 02:00:00 is")


def test_times_are_compared_across_time_zones(s3: Any, layout: Layout) -> None:
    """05:00 in Berlin is before 04:30 UTC, although its text sorts after it."""
    found = compare(s3, layout, d3="2026-03-02T05:00:00+01:00", d2="2026-03-02T04:30:00+00:00")
    assert not found.newer


def test_for_the_same_version_no_record_is_read(s3: Any, layout: Layout) -> None:
    found = compare_data(s3.client, layout, "d2", CHAMPION)
    assert (found.newer, found.reason) == (False, "the champion was trained on dataset d2, too")


def test_a_version_of_unknown_age_is_not_newer(s3: Any, layout: Layout) -> None:
    """A missing record must not bypass the significance test."""
    found = compare(s3, layout, d3=LATER, d2=None)
    assert not found.newer
    assert "the age of dataset d2 is unknown: its dataset.json is missing" in found.reason
    unknown = Package("arn:x/3", "Approved", "image:1", "s3://b/m", {})
    assert not compare_data(s3.client, layout, "d3", unknown).newer


@pytest.mark.parametrize("record", [{}, {"created": None}, {"created": "yesterday"}])
def test_a_record_without_a_valid_time_raises(s3: Any, layout: Layout, record: Any) -> None:
    s3.answer("get_object", s3.json({"version": "d3", **record}))
    with pytest.raises(RecordError, match=r"d3/dataset\.json has no valid `created`"):
        compare_data(s3.client, layout, "d3", CHAMPION)
