"""Tests of wrong files and failing mirrors."""

from __future__ import annotations

from typing import Any

import pytest

from include.common import guarded_http
from include.common import web_request as request
from include.image_classification.fetching.files import FetchError, UnavailableFileError
from include.storage.layout import Layout
from tests.include.image_classification.fetching.conftest import SourceFolder, fetch_source
from tests.include.image_classification.fetching.files import CONTENT, OTHER, sha256_of, web_file
from tests.include.image_classification.fetching.mirror import Mirror


def test_a_wrong_file_does_not_replace_the_old_one(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    fetch_source(s3, layout, [web_file(first.serve("/a.tgz", b"old"))])
    wrong = web_file(
        first.serve("/a.tgz", OTHER, etag='"two"'),
        second.serve("/a.tgz", b"much shorter"),
        sha256=sha256_of(CONTENT),
        size=3500,
    )
    with pytest.raises(UnavailableFileError) as caught:
        fetch_source(s3, layout, [wrong])
    assert str(caught.value) == (
        f"{first.url}/a.tgz cannot be read: its sha256 is {sha256_of(OTHER)}, expected is "
        f"{sha256_of(CONTENT)}; {second.url}/a.tgz cannot be read: it has 12 bytes, "
        "expected are 3500: see source.urls"
    )
    assert source_folder.content("a.tgz") == b"old"
    assert source_folder.uploads() == []
    assert source_folder.keys() == ["stanford_cars/source/a.tgz"]


def test_a_wrong_file_is_fetched_from_the_next_mirror(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    urls = (first.serve("/a.tgz", OTHER), second.serve("/a.tgz", CONTENT))
    fetch_source(s3, layout, [web_file(*urls, sha256=sha256_of(CONTENT))])
    assert source_folder.content("a.tgz") == CONTENT


def test_a_file_shorter_than_its_content_length_is_incomplete(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, length=4000)
    with pytest.raises(FetchError, match=r"a\.tgz cannot be read: .*\(3500 bytes received\)"):
        fetch_source(s3, layout, [web_file(url)])
    assert source_folder.content("a.tgz") is None


def test_a_file_without_content_length_needs_a_size(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    """The end of the connection may be the end of the file or a failure."""
    url = first.serve("/a.tgz", CONTENT, lengthless=True, cuts=[None, 2500])
    with pytest.raises(UnavailableFileError, match="does not give the file's size: set `size`"):
        fetch_source(s3, layout, [web_file(url)])
    assert fetch_source(s3, layout, [web_file(url, size=3500)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == CONTENT


def test_an_empty_file_is_rejected(s3: Any, layout: Layout, first: Mirror) -> None:
    for statuses, reason in ([], "it is empty"), ([204], "204 No Content instead of the file"):
        url = first.serve("/a.tgz", b"", statuses=statuses)
        with pytest.raises(UnavailableFileError, match=reason):
            fetch_source(s3, layout, [web_file(url)])


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, UnavailableFileError),
        (403, UnavailableFileError),
        (410, UnavailableFileError),
        (503, FetchError),
    ],
)
def test_permanent_and_retryable_errors(
    s3: Any, layout: Layout, first: Mirror, status: int, error: type[Exception]
) -> None:
    url = first.serve("/a.tgz", CONTENT, statuses=[status, 200])
    with pytest.raises(error, match=rf"/a\.tgz cannot be read: {status} .*: see source\.urls"):
        fetch_source(s3, layout, [web_file(url)])
    assert fetch_source(s3, layout, [web_file(url)]) == ["a.tgz"]


def test_one_retryable_mirror_makes_the_failure_retryable(
    s3: Any, layout: Layout, first: Mirror
) -> None:
    urls = (f"{first.url}/missing.tgz", "http://127.0.0.1:9/a.tgz")
    with pytest.raises(FetchError, match=r"missing\.tgz cannot be read: 404 .*; http.*refused"):
        fetch_source(s3, layout, [web_file(*urls)])


def test_a_server_without_a_response_times_out(
    s3: Any, layout: Layout, first: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(request, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.tgz"
        with pytest.raises(FetchError, match="timed out"):
            fetch_source(s3, layout, [web_file(url)])


def test_a_file_that_announces_too_many_bytes_is_not_read(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT)
    with pytest.raises(
        UnavailableFileError, match="it has 3500 bytes, and max_bytes allows 3499: raise it"
    ):
        fetch_source(s3, layout, [web_file(url, max_bytes=3499)])
    assert (source_folder.keys(), source_folder.uploads()) == ([], [])
    assert fetch_source(s3, layout, [web_file(url, max_bytes=3500)]) == ["a.tgz"]


def test_a_file_larger_than_its_size_is_not_read_to_the_end(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    """The server does not give the size, and the file could fill the bucket."""
    url = first.serve("/a.tgz", CONTENT * 1000, lengthless=True)
    with pytest.raises(UnavailableFileError, match="it does not end, and size allows 3500"):
        fetch_source(s3, layout, [web_file(url, size=3500)])
    assert (source_folder.keys(), source_folder.uploads()) == ([], [])


def test_the_error_for_stanfords_former_addresses_has_a_hint(
    s3: Any, layout: Layout, first: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", first.url)
    monkeypatch.setattr(guarded_http, "_check_proxied", lambda *_: None)  # resolves names
    old = "http://ai.stanford.edu/~jkrause/car196/cars_train.tgz"
    older = "http://imagenet.stanford.edu/internal/car196/cars_train.tgz"
    place = "s3://some-bucket/stanford_cars/source/"
    fix = f"list mirrors that have the files, or upload the archives to {place}"
    with pytest.raises(UnavailableFileError) as caught:
        fetch_source(s3, layout, [web_file(old, older)])
    assert str(caught.value) == (
        f"{old} cannot be read: 404 Not Found; {older} cannot be read: 404 Not Found: see "
        "source.urls (the original address of Stanford Cars, ai.stanford.edu, has answered 404 "
        f"since April 2023 at the latest: {fix} and remove urls) (the original address of "
        f"Stanford Cars, imagenet.stanford.edu, no longer serves it: {fix} and remove urls)"
    )
    with pytest.raises(UnavailableFileError) as caught:
        fetch_source(s3, layout, [web_file("http://ai.stanford.edu/~else/cars.tgz")])
    assert "original address" not in str(caught.value)
