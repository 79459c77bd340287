"""Tests of redirects, private addresses, and tokens in URLs."""

from __future__ import annotations

import logging
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from include.common import guarded_http
from include.common.guarded_http import AddressRefused
from include.config.sections.web_file import WebFile
from include.image_classification.fetching.files import FetchError, UnavailableFileError
from include.storage.layout import Layout
from tests.include.image_classification.fetching.conftest import SourceFolder, fetch_source
from tests.include.image_classification.fetching.files import CONTENT, web_file
from tests.include.image_classification.fetching.mirror import Mirror


def test_redirects_are_followed_only_to_http_and_https(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    target = second.serve("/there.tgz", CONTENT, cuts=[2500])
    url = first.serve("/a.tgz", b"", redirect=target)
    assert fetch_source(s3, layout, [web_file(url)]) == ["a.tgz"]
    assert second.ranges == [None, "bytes=2500-"]
    assert source_folder.content("a.tgz") == CONTENT
    elsewhere = first.serve("/b.tgz", b"", redirect="file:///etc/passwd")
    with pytest.raises(UnavailableFileError, match="302"):
        fetch_source(s3, layout, [web_file(elsewhere)])


def test_a_redirect_from_https_to_http_is_rejected() -> None:
    redirects = guarded_http._Redirects()
    with pytest.raises(AddressRefused, match="from https to http://b/x, which is refused"):
        redirects.redirect_request(Request("https://a/x"), None, 302, "", {}, "http://b/x")
    assert isinstance(
        redirects.redirect_request(Request("https://a/x"), None, 302, "", {}, "https://b/x"),
        Request,
    )
    with pytest.raises(HTTPError):
        redirects.redirect_request(
            Request("https://a/x", data=b"", method="PUT"), None, 302, "", {}, "https://b/x"
        )


def test_a_mirror_at_a_private_address_is_a_permanent_error_unless_allowed(
    s3: Any, layout: Layout, first: Mirror
) -> None:
    file = web_file(first.serve("/a.tgz", CONTENT))
    with pytest.raises(
        UnavailableFileError, match=r"127.0.0.1 is at 127.0.0.1, which is no public address"
    ):
        fetch_source(s3, layout, [file], "")
    assert first.requests == []
    with pytest.raises(
        UnavailableFileError, match=r"Airflow Variable fetch_allowed_hosts: '127.0.0.1/8'"
    ):
        fetch_source(s3, layout, [file], "127.0.0.1/8")
    assert fetch_source(s3, layout, [file], "127.0.0.1") == ["a.tgz"]


def _all_objects(s3: Any, layout: Layout) -> str:
    """Return the keys, metadata and contents of all objects as text."""
    found = []
    for entry in s3.list_objects_v2(Bucket=layout.bucket).get("Contents", []):
        stored = s3.get_object(Bucket=layout.bucket, Key=entry["Key"])
        found.append(f"{entry['Key']} {stored['Metadata']} {stored['Body'].read()!r}")
    return "\n".join(found)


def test_a_token_in_a_url_is_neither_logged_nor_stored(
    s3: Any, layout: Layout, first: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    """A presigned URL gives access to the file, and more users can read logs and metadata."""
    caplog.set_level(logging.INFO)
    url = first.serve("/a.tgz?sig=t0ken", CONTENT, cuts=[1500, 0, 0, 0])
    with pytest.raises(FetchError, match=r"/a\.tgz cannot be read: .*bytes early") as raised:
        fetch_source(s3, layout, [web_file(url)])
    drafted = _all_objects(s3, layout)
    assert "draft.json" in drafted
    first.requests.clear()
    assert fetch_source(s3, layout, [web_file(url)]) == ["a.tgz"]
    assert set(first.ranges) == {"bytes=1000-"}  # the draft was found by its URL
    stored = _all_objects(s3, layout)
    assert f"'origin': '{first.url}/a.tgz'" in stored
    for text in (str(raised.value), drafted, stored, caplog.text):
        assert "t0ken" not in text


@pytest.mark.parametrize(
    "address", ["http://user:t0ken@127.0.0.1/a.tgz", "http://127.0.0.1:9/a ?t0ken=/b"]
)
def test_the_error_for_an_invalid_url_does_not_have_its_token(
    s3: Any, layout: Layout, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    unchecked = WebFile.model_construct(mirrors=[address])  # the YAML's validation rejects it
    with pytest.raises(UnavailableFileError, match="cannot be requested") as raised:
        fetch_source(s3, layout, [unchecked])
    assert "t0ken" not in str(raised.value) + caplog.text


def test_the_error_for_a_rejected_redirect_does_not_have_a_token() -> None:
    old = Request("https://a.b/c")
    with pytest.raises(AddressRefused, match=r"from https to http://d/e, which is refused"):
        guarded_http._Redirects().redirect_request(old, None, 302, "", {}, "http://d/e?t0ken=1")
