"""Tests of resuming downloads."""

from __future__ import annotations

from typing import Any

import pytest

from include.image_classification.fetching.files import FetchError
from include.storage.layout import Layout
from tests.include.image_classification.fetching.conftest import SourceFolder, fetch_source
from tests.include.image_classification.fetching.files import CONTENT, OTHER, sha256_of, web_file
from tests.include.image_classification.fetching.mirror import LONG_AGO, Mirror, Page


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("sha256", [None, sha256_of(CONTENT)])
def test_a_cut_connection_is_resumed(
    s3: Any,
    layout: Layout,
    first: Mirror,
    source_folder: SourceFolder,
    ranges: bool,
    sha256: str | None,
) -> None:
    """In the middle of a part, or from the start if the server ignores ranges."""
    url = first.serve("/a.tgz", CONTENT, cuts=[2500, 100], ranges=ranges)
    if ranges:
        assert fetch_source(s3, layout, [web_file(url, sha256=sha256)]) == ["a.tgz"]
        assert first.ranges == [None, "bytes=2500-", "bytes=2600-"]
        assert first.requests[1][1]["If-Range"] == '"one"'
    else:
        first.pages["/a.tgz"].cuts = [2500]
        assert fetch_source(s3, layout, [web_file(url, sha256=sha256)]) == ["a.tgz"]
        assert first.ranges == [None, "bytes=2500-"]
    assert source_folder.content("a.tgz") == CONTENT


def test_a_file_that_changed_between_two_connections_is_fetched_from_the_start(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    changed = Page(OTHER, etag='"two"')
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], changes=1, then=changed)
    assert fetch_source(s3, layout, [web_file(url)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == OTHER


def test_a_file_that_shrank_between_two_connections_is_fetched_from_the_start(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    """The server ignores If-Range and responds with 416."""
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], changes=1, then=Page(b"short"))
    assert fetch_source(s3, layout, [web_file(url)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == b"short"


def test_with_a_weak_etag_a_download_is_not_resumed(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, etag='W/"one"', cuts=[2500])
    assert fetch_source(s3, layout, [web_file(url)]) == ["a.tgz"]
    assert first.ranges == [None, None]
    assert source_folder.content("a.tgz") == CONTENT


def test_without_an_etag_an_old_last_modified_is_the_validator(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, etag=None, cuts=[2500])
    assert fetch_source(s3, layout, [web_file(url)]) == ["a.tgz"]
    assert first.requests[1][1]["If-Range"] == LONG_AGO
    assert source_folder.content("a.tgz") == CONTENT


def test_a_range_with_a_wrong_start_is_not_used(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], shifted=7)
    assert fetch_source(s3, layout, [web_file(url)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == CONTENT


def test_with_a_known_sha256_the_next_mirror_resumes(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    urls = (
        first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503]),
        second.serve("/b.tgz", CONTENT, etag='"else"'),
    )
    assert fetch_source(s3, layout, [web_file(*urls, sha256=sha256_of(CONTENT))]) == ["a.tgz"]
    assert second.ranges == ["bytes=2500-"]
    assert source_folder.content("a.tgz") == CONTENT


@pytest.mark.parametrize("etag", ['"one"', '"else"'])
def test_without_a_sha256_the_next_mirror_resumes_only_with_the_same_strong_etag(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder, etag: str
) -> None:
    same = etag == '"one"'
    served = CONTENT if same else OTHER
    urls = (
        first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503]),
        second.serve("/b.tgz", served, etag=etag),
    )
    assert fetch_source(s3, layout, [web_file(*urls)]) == ["a.tgz"]
    assert second.requests[0][1]["If-Range"] == '"one"'
    assert source_folder.content("a.tgz") == served


def test_wrong_bytes_of_two_mirrors_are_fetched_again_from_one(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    """The second mirror is not given up because of the first mirror's wrong bytes."""
    urls = (
        first.serve("/a.tgz", OTHER, cuts=[2500], statuses=[200, 503]),
        second.serve("/a.tgz", CONTENT),
    )
    assert fetch_source(s3, layout, [web_file(*urls, sha256=sha256_of(CONTENT))]) == ["a.tgz"]
    assert second.ranges == ["bytes=2500-", None]
    assert source_folder.content("a.tgz") == CONTENT


def test_a_later_task_resumes_after_the_stored_parts(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    """The hash of the earlier parts is not known, so that the file is read back from S3."""
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503, 503])
    file = web_file(url, sha256=sha256_of(CONTENT))
    with pytest.raises(FetchError, match="503"):
        fetch_source(s3, layout, [file])
    assert source_folder.uploads() == ["stanford_cars/fetching/a.tgz/content"]
    assert source_folder.content("a.tgz") is None
    first.pages["/a.tgz"].statuses.clear()
    first.requests.clear()
    assert fetch_source(s3, layout, [file]) == ["a.tgz"]
    assert first.ranges == ["bytes=2000-"]
    assert source_folder.content("a.tgz") == CONTENT
    assert source_folder.uploads() == []
    assert source_folder.keys() == ["stanford_cars/source/a.tgz"]


def test_a_later_task_replaces_wrong_parts(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", OTHER, cuts=[2500], statuses=[200, 503])
    file = web_file(url, sha256=sha256_of(CONTENT))
    with pytest.raises(FetchError):
        fetch_source(s3, layout, [file])
    first.serve("/a.tgz", CONTENT)
    assert fetch_source(s3, layout, [file]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == CONTENT


def test_a_later_task_starts_again_if_the_parts_are_of_another_state(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503])
    with pytest.raises(FetchError):
        fetch_source(s3, layout, [web_file(url)])
    first.serve("/a.tgz", OTHER, etag='"two"')
    assert fetch_source(s3, layout, [web_file(url)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == OTHER
    assert source_folder.uploads() == []


@pytest.mark.parametrize("step", ["draft.Draft.complete", "draft_store.publish_draft"])
@pytest.mark.parametrize("known", [True, False])
def test_after_a_kill_at_the_end_nothing_is_fetched_again(
    s3: Any,
    layout: Layout,
    first: Mirror,
    source_folder: SourceFolder,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    known: bool,
) -> None:
    """Without a SHA-256 the server is asked for the file's state only."""
    content = CONTENT[:3000]
    file = web_file(first.serve("/a.tgz", content), sha256=sha256_of(content) if known else None)
    with monkeypatch.context() as patch:
        patch.setattr(f"include.image_classification.fetching.{step}", _killed)
        with pytest.raises(KeyboardInterrupt):
            fetch_source(s3, layout, [file])
    first.pages["/a.tgz"].cuts = [0] * 9
    first.requests.clear()
    assert fetch_source(s3, layout, [file]) == ["a.tgz"]
    assert first.ranges == ([] if known else [None])
    assert source_folder.content("a.tgz") == content
    assert source_folder.keys() == ["stanford_cars/source/a.tgz"]


def test_a_complete_draft_of_a_file_that_has_changed_is_not_published(
    s3: Any,
    layout: Layout,
    first: Mirror,
    source_folder: SourceFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = web_file(first.serve("/a.tgz", CONTENT))
    with monkeypatch.context() as patch:
        patch.setattr("include.image_classification.fetching.draft_store.publish_draft", _killed)
        with pytest.raises(KeyboardInterrupt):
            fetch_source(s3, layout, [file])
    first.serve("/a.tgz", OTHER, etag='"two"')
    assert fetch_source(s3, layout, [file]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == OTHER


def _killed(*args: Any) -> None:
    raise KeyboardInterrupt
