"""Tests of the settle time of a source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.decisions.dataset.readiness import SourceNotReadyError
from include.decisions.dataset.settled import require_settled
from include.decisions.dataset.source import Listing
from include.storage.layout import Layout

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=3)
FIVE = timedelta(minutes=5)
A_PART = 5 * 1024 * 1024


class Source:
    """A source in S3, which is checked at given minutes."""

    def __init__(self, s3: Any, layout: Layout) -> None:
        self.s3, self.layout = s3, layout

    def put(self, name: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.layout.bucket, Key=self.layout.source + name, Body=content)

    def upload(self, name: str) -> None:
        """Upload a file in parts; S3 gives the time at which the upload began."""
        target = {"Bucket": self.layout.bucket, "Key": self.layout.source + name}
        upload = self.s3.create_multipart_upload(**target)["UploadId"]
        parts = [
            {
                "PartNumber": number,
                "ETag": self.s3.upload_part(
                    **target, UploadId=upload, PartNumber=number, Body=b"x" * A_PART
                )["ETag"],
            }
            for number in (1, 2)
        ]
        self.s3.complete_multipart_upload(
            **target, UploadId=upload, MultipartUpload={"Parts": parts}
        )

    def check(self, minute: float, settle: timedelta = FIVE, *fetched: str) -> None:
        """Check the source; the LastModified of all objects is three hours ago."""
        listing = Listing(self.layout.uri(self.layout.source), fetched=fetched)
        found = self.s3.list_objects_v2(Bucket=self.layout.bucket, Prefix=self.layout.source)
        for entry in found["Contents"]:
            listing.add({**entry, "LastModified": LONG_AGO})
        now = NOW + timedelta(minutes=minute)
        require_settled(self.s3, self.layout, listing, settle, now)


@pytest.fixture
def source(layout: Layout) -> Iterator[Source]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=layout.bucket)
        yield Source(s3, layout)


def test_a_long_upload_has_not_settled_when_it_ends(source: Source) -> None:
    """Its LastModified is old by then, but another file may still be uploaded."""
    source.put("a.zip", b"whole")
    with pytest.raises(SourceNotReadyError, match="first seen at 2026-01-10T12:00"):
        source.check(0)
    source.upload("b.zip")
    with pytest.raises(SourceNotReadyError, match="first seen at 2026-01-10T12:10"):
        source.check(10)
    source.check(20)


def test_a_state_must_last_for_the_settle_time(source: Source) -> None:
    source.put("a.zip", b"one")
    for minute in (0, 4):
        with pytest.raises(SourceNotReadyError, match="must stay unchanged for 5 minutes"):
            source.check(minute)
    source.check(5)
    source.check(60 * 24)


@pytest.mark.parametrize("change", ["replaced", "removed", "added"])
def test_any_change_restarts_the_settle_time(source: Source, change: str) -> None:
    source.put("a.zip", b"one")
    source.put("b.zip", b"one")
    with pytest.raises(SourceNotReadyError):
        source.check(0)
    if change == "removed":
        source.s3.delete_object(Bucket=source.layout.bucket, Key=f"{source.layout.source}a.zip")
    else:
        source.put("a.zip" if change == "replaced" else "c.zip", b"two")
    with pytest.raises(SourceNotReadyError):
        source.check(10)
    source.check(15)


def test_without_a_settle_time_and_for_fetched_files_there_is_no_wait(
    source: Source,
) -> None:
    source.put("a.zip", b"one")
    source.check(0, timedelta())
    with pytest.raises(SourceNotReadyError):
        source.check(0, FIVE, "fetched.zip")
    source.put("fetched.zip", b"whole")
    source.check(10, FIVE, "fetched.zip")
