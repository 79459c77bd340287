"""Tests of the detection of unfinished uploads."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.config.sections.source import Source
from include.decisions.dataset.readiness import (
    SourceNotReadyError,
    decide_complete,
    require_finished_uploads,
    settle_time,
)
from include.decisions.dataset.source import Listing

URI = "s3://theirs/raw/"
NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)


def _listing(
    *names: str, size: int = 3, marker: str | None = None, fetched: tuple[str, ...] = ()
) -> Listing:
    listing = Listing(URI, marker, fetched)
    for name in sorted(names):
        entry = {"Key": f"raw/{name}", "ETag": '"1"', "Size": size, "LastModified": NOW}
        listing.add(entry)
    return listing


def _uploads(s3: Any, **ages: timedelta) -> None:
    uploads = [
        {"Key": f"raw/{name}", "UploadId": name, "Initiated": NOW - age}
        for name, age in ages.items()
    ]
    s3.answer("list_multipart_uploads", {"Uploads": uploads}, Bucket="theirs", Prefix="raw/")


def test_a_source_without_unfinished_uploads_passes(s3: Any) -> None:
    _uploads(s3)
    require_finished_uploads(s3.client, _listing("a.tgz"), NOW)


def test_an_unfinished_upload_raises(s3: Any) -> None:
    _uploads(s3, one=timedelta(hours=1))
    with pytest.raises(SourceNotReadyError, match=r"^s3://theirs/raw/: raw/one is being uploaded"):
        require_finished_uploads(s3.client, _listing("a.tgz"), NOW)


def test_an_abandoned_upload_is_ignored(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    _uploads(s3, old=timedelta(days=2))
    with caplog.at_level(logging.WARNING):
        require_finished_uploads(s3.client, _listing("a.tgz"), NOW)
    assert caplog.messages == [
        "s3://theirs/raw/: raw/old: uploads that began over a day ago are ignored"
    ]


def test_without_the_permission_to_list_uploads_the_refresh_continues(
    s3: Any, caplog: pytest.LogCaptureFixture
) -> None:
    s3.refuse("list_multipart_uploads", "AccessDenied")
    require_finished_uploads(s3.client, _listing("a.tgz"), NOW)
    assert "s3:ListBucketMultipartUploads is not allowed" in caplog.text


def test_files_that_the_pipeline_fetches_are_complete_whatever_their_names(s3: Any) -> None:
    _uploads(s3)
    require_finished_uploads(s3.client, _listing("a.part", fetched=("a.part",)), NOW)


@pytest.mark.parametrize("name", ["cars_train.tgz.part", "x/photo.JPG.crdownload", "a.tmp"])
def test_a_file_with_the_name_of_an_unfinished_file_raises(s3: Any, name: str) -> None:
    _uploads(s3)
    with pytest.raises(SourceNotReadyError, match=rf"raw/{name} is half-written: finish or remove"):
        require_finished_uploads(s3.client, _listing("a.tgz", name), NOW)


def test_an_empty_archive_raises_and_an_empty_photo_does_not(s3: Any) -> None:
    _uploads(s3)
    require_finished_uploads(s3.client, _listing("rose/1.jpg", "_SUCCESS", size=0), NOW)
    _uploads(s3)
    with pytest.raises(SourceNotReadyError, match=r"raw/d\.zip is half-written"):
        require_finished_uploads(s3.client, _listing("d.zip", size=0), NOW)


def test_the_error_names_three_keys_and_counts_the_others(s3: Any) -> None:
    _uploads(s3)
    with pytest.raises(SourceNotReadyError, match=r"raw/0\.tmp, raw/1\.tmp, raw/2\.tmp and 2 more"):
        require_finished_uploads(s3.client, _listing(*(f"{n}.tmp" for n in range(5))), NOW)


def test_a_source_without_its_marker_is_not_complete() -> None:
    missing = decide_complete(_listing("a.tgz", "sub/_SUCCESS", marker="_SUCCESS"), "_SUCCESS")
    assert not missing.go
    assert missing.reason == "s3://theirs/raw/_SUCCESS is missing: the source is not complete yet"
    assert decide_complete(_listing("a.tgz", "_SUCCESS", marker="_SUCCESS"), "_SUCCESS").go
    assert decide_complete(_listing(), None).go


@pytest.mark.parametrize(
    ("settings", "deployment", "minutes"),
    [
        ({}, "prod", 5),
        ({}, "local", 0),
        ({"settle_minutes": 3}, "local", 3),
        ({"complete_marker": "_SUCCESS"}, "prod", 0),
        ({"urls": ["https://a.b/c.zip"]}, "prod", 0),
    ],
)
def test_settle_time(settings: dict[str, Any], deployment: str, minutes: int) -> None:
    source = Source(layout="class_folders", **settings)
    assert settle_time(source, deployment) == timedelta(minutes=minutes)
