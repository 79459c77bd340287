"""Tests of fetching files that are new, changed or unchanged."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

import pytest

from include.common.web_state import FileState
from include.image_classification.fetching import progress
from include.image_classification.fetching.files import FetchError
from include.storage.layout import Layout
from tests.include.image_classification.fetching.conftest import SourceFolder, fetch_source
from tests.include.image_classification.fetching.files import CONTENT, OTHER, sha256_of, web_file
from tests.include.image_classification.fetching.mirror import LONG_AGO, Mirror


def test_a_file_is_fetched_once_for_each_state(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    file = web_file(first.serve("/cars%20train.tgz", CONTENT))
    assert fetch_source(s3, layout, [file]) == ["cars train.tgz"]
    assert fetch_source(s3, layout, [file]) == []
    first.serve("/cars%20train.tgz", OTHER, etag='"two"')
    assert fetch_source(s3, layout, [file]) == ["cars train.tgz"]
    assert source_folder.keys() == ["stanford_cars/source/cars train.tgz"]
    assert source_folder.content("cars train.tgz") == OTHER
    assert source_folder.uploads() == []


def test_a_file_without_etag_and_date_is_fetched_each_time(
    s3: Any, layout: Layout, first: Mirror
) -> None:
    """The ETag in S3 stays the same, so that the refresh is skipped nevertheless."""
    file = web_file(first.serve("/a.tgz", CONTENT, etag=None, modified=None))
    tags = []
    for _ in range(2):
        assert fetch_source(s3, layout, [file]) == ["a.tgz"]
        head = s3.head_object(Bucket=layout.bucket, Key=f"{layout.source}a.tgz")
        tags.append(head["ETag"])
    assert tags[0] == tags[1]
    assert head["Metadata"]["sha256"] == sha256_of(CONTENT)


def test_a_stored_file_with_the_expected_sha256_is_not_requested(
    s3: Any, layout: Layout, first: Mirror
) -> None:
    file = web_file(
        first.serve("/a.tgz", CONTENT), sha256=sha256_of(CONTENT), name="cars_train.tgz"
    )
    assert fetch_source(s3, layout, [file]) == ["cars_train.tgz"]
    first.pages.clear()
    first.requests.clear()
    assert fetch_source(s3, layout, [file]) == []
    assert first.requests == []


def test_drafts_of_files_that_are_no_longer_in_the_yaml_are_deleted(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503])
    with pytest.raises(FetchError):
        fetch_source(s3, layout, [web_file(url)])
    assert source_folder.uploads() != []
    fetch_source(s3, layout, [web_file(first.serve("/b.tgz", CONTENT))])
    assert source_folder.uploads() == []
    assert source_folder.keys() == ["stanford_cars/source/b.tgz"]


def test_progress_is_logged_with_bytes_share_and_rate(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reporter = progress.Progress("a.tgz", interval=0)
    reporter.update(5_000_000, 10_000_000)
    reporter.update(7_500_000, None)
    assert caplog.messages[0] == "a.tgz: 5.0 of 10.0 MB (50%), 0.0 MB/s"
    assert caplog.messages[1].startswith("a.tgz: 7.5 MB, ")


def test_a_state_of_an_earlier_version_is_read() -> None:
    """Its record has the URL instead of the hash."""
    headers = {"ETag": '"one"', "Last-Modified": LONG_AGO}
    state = FileState.of("http://a/b?t0ken", 7, headers)
    old = {
        "url": "http://a/b?t0ken",
        "size": 7,
        "etag": '"one"',
        "modified": LONG_AGO,
        "validator": '"one"',
    }
    assert FileState.read(old) == state
    assert FileState.read(asdict(state)) == state
