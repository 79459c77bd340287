"""Only data that was made later is newer; all else is judged as on the same data."""

from typing import Any

import pytest

from include.decisions.promotion.freshness import Freshness, compare_data
from include.decisions.registry.packages import Package
from include.storage.layout import Layout
from include.storage.records import RecordError

CHAMPION = Package("arn:x/3", "Approved", "image:1", "s3://b/m", {"dataset_version": "d2"})
EARLIER, LATER = "2026-03-01T02:00:00+00:00", "2026-03-02T02:00:00+00:00"


def compare(s3: Any, layout: Layout, **made: str | None) -> Freshness:
    """Compare the first version with the champion's, as two records tell when they were made."""
    for version, created in made.items():
        if created is None:
            s3.refuse("get_object", "NoSuchKey")
            continue
        expected = {"Bucket": "some-bucket", "Key": f"{layout.dataset(version)}dataset.json"}
        s3.answer("get_object", s3.json({"version": version, "created": created}), **expected)
    return compare_data(s3.client, layout, next(iter(made)), CHAMPION)


def test_a_version_that_was_made_later_is_newer(s3: Any, layout: Layout) -> None:
    found = compare(s3, layout, d3=LATER, d2=EARLIER)
    assert found.newer
    assert str(found) == (
        "judged with newer data: dataset d3 of 2026-03-02 02:00:00 is newer than the champion's d2 "
        "of 2026-03-01 02:00:00"
    )


def test_another_version_that_was_made_earlier_is_not_newer(s3: Any, layout: Layout) -> None:
    """Training on an earlier version by its name must not be let off the test against chance."""
    found = compare(s3, layout, d1=EARLIER, d2=LATER)
    assert not found.newer
    assert str(found).startswith("judged as on the same data: dataset d1 of 2026-03-01 02:00:00 is")


def test_moments_are_compared_and_not_their_texts(s3: Any, layout: Layout) -> None:
    """05:00 in Berlin is before 04:30 UTC, though its text comes after."""
    found = compare(s3, layout, d3="2026-03-02T05:00:00+01:00", d2="2026-03-02T04:30:00+00:00")
    assert not found.newer


def test_the_same_version_needs_no_record(s3: Any, layout: Layout) -> None:
    found = compare_data(s3.client, layout, "d2", CHAMPION)
    assert (found.newer, found.why) == (False, "dataset d2 is the champion's, too")


def test_what_cannot_be_known_to_be_newer_is_not(s3: Any, layout: Layout) -> None:
    """A record that is gone must not be a way around the test against chance."""
    found = compare(s3, layout, d3=LATER, d2=None)
    assert not found.newer
    assert "dataset.json of dataset d2 is gone" in found.why
    unknown = Package("arn:x/3", "Approved", "image:1", "s3://b/m", {})
    assert not compare_data(s3.client, layout, "d3", unknown).newer


@pytest.mark.parametrize("record", [{}, {"created": None}, {"created": "yesterday"}])
def test_a_record_without_a_moment_is_named(s3: Any, layout: Layout, record: Any) -> None:
    s3.answer("get_object", s3.json(record))
    with pytest.raises(RecordError, match=r"d3/dataset\.json does not say when it was created"):
        compare_data(s3.client, layout, "d3", CHAMPION)
