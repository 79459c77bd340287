"""Tests of the source and of the decision to refresh."""

from datetime import UTC, datetime
from typing import Any

import pytest

from include.config.versions import ListingDigest
from include.contracts.records import DatasetPointer
from include.decisions.dataset.source import Listing, SourceError, decide_refresh
from include.decisions.dataset.stored_images import StoredImages

TIME = {"LastModified": datetime(2026, 1, 10, tzinfo=UTC)}
REST: dict[str, Any] = {"settings": {}}
CURRENT = DatasetPointer(version="v1", fingerprint="same")


@pytest.mark.parametrize(
    ("current", "fingerprint", "force", "go", "reason"),
    [
        (None, "x", False, True, "no dataset version yet"),
        (CURRENT, "other", False, True, "changed since dataset v1"),
        (CURRENT, "same", True, True, "forced"),
        (CURRENT, "same", False, False, "unchanged since dataset v1"),
    ],
)
def test_decide_refresh(
    current: DatasetPointer | None, fingerprint: str, force: bool, go: bool, reason: str
) -> None:
    decision = decide_refresh(current, fingerprint, force)
    assert decision.go is go
    assert reason in decision.reason


def test_a_source_that_changed_while_it_was_read_is_read_again() -> None:
    """Also if it has returned to its state at the time of the plan."""
    current = CURRENT.model_copy(update={"changed_while_read": True})
    decision = decide_refresh(current, "same", False)
    assert decision.go
    assert "changed while dataset v1 was made" in decision.reason


def test_an_unchanged_source_is_read_again_if_images_are_missing() -> None:
    decision = decide_refresh(CURRENT, "same", force=False, stored=StoredImages(3, 9, 9))
    assert decision.go
    assert "3 images of dataset v1 are missing" in decision.reason


@pytest.mark.parametrize(("marker", "files"), [(None, ["a.tgz", "ok"]), ("ok", ["a.tgz"])])
def test_all_pages_are_listed_without_markers(
    s3: Any, marker: str | None, files: list[str]
) -> None:
    first = {
        "Contents": [{"Key": "raw/", "ETag": '"0"', "Size": 0, **TIME}],
        "IsTruncated": True,
        "NextContinuationToken": "next",
    }
    names = ("a.tgz", "ok")
    second = {"Contents": [{"Key": f"raw/{n}", "ETag": '"1"', "Size": 3, **TIME} for n in names]}
    s3.answer("list_objects_v2", first, Bucket="theirs", Prefix="raw/")
    s3.answer("list_objects_v2", second)
    listing = Listing.read(s3.client, "s3://theirs/raw/", marker)
    expected = ListingDigest("files", {f"raw/{name}": '"1" 3' for name in files})
    assert listing.require_files().digest_with(REST) == expected.digest_with(REST)
    assert listing.has_marker is (marker == "ok")


def test_any_character_may_be_in_the_prefix_of_a_source(s3: Any) -> None:
    prefix = "raw? #1/50 %/a%20b/"
    keys = [f"{prefix}a.jpg", f"{prefix}ok"]
    found = {"Contents": [{"Key": key, "ETag": '"1"', "Size": 3, **TIME} for key in keys]}
    s3.answer("list_objects_v2", found, Bucket="theirs", Prefix=prefix)
    listing = Listing.read(s3.client, f"s3://theirs/{prefix}", "ok")
    assert listing.has_marker
    assert listing.files.count == 1


def test_the_error_for_an_empty_source_names_its_address(s3: Any) -> None:
    s3.answer("list_objects_v2", {})
    with pytest.raises(SourceError, match=r"nothing is at s3://theirs/raw/: upload"):
        Listing.read(s3.client, "s3://theirs/raw/").require_files()
