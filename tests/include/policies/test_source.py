"""A refresh runs when the source or its settings changed, and not otherwise."""

from typing import Any

import pytest

from include.policies.source import SourceError, decide_refresh, list_source

CURRENT = {"version": "v1", "fingerprint": "same"}


@pytest.mark.parametrize(
    ("current", "fingerprint", "force", "go", "reason"),
    [
        (None, "x", False, True, "no dataset version yet"),
        (CURRENT, "other", False, True, "changed since dataset v1"),
        (CURRENT, "same", True, True, "forced"),
        (CURRENT, "same", False, False, "unchanged since dataset v1"),
    ],
)
def test_the_decision(
    current: dict[str, str] | None, fingerprint: str, force: bool, go: bool, reason: str
) -> None:
    decision = decide_refresh(current, fingerprint, force)
    assert decision.go is go
    assert reason in decision.reason


def test_every_page_of_the_source_counts_and_folder_markers_do_not(s3: Any) -> None:
    first = {
        "Contents": [{"Key": "raw/", "ETag": '"0"', "Size": 0}],
        "IsTruncated": True,
        "NextContinuationToken": "next",
    }
    second = {"Contents": [{"Key": "raw/a.tgz", "ETag": '"1"', "Size": 3}]}
    s3.answer("list_objects_v2", first, Bucket="theirs", Prefix="raw/")
    s3.answer("list_objects_v2", second)
    assert list_source(s3.client, "s3://theirs/raw/") == {"raw/a.tgz": '"1" 3'}


def test_an_empty_source_says_where_to_upload(s3: Any) -> None:
    s3.answer("list_objects_v2", {})
    with pytest.raises(SourceError, match=r"nothing is at s3://theirs/raw/: upload"):
        list_source(s3.client, "s3://theirs/raw/")
