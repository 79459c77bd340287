"""The decision to start a fetch job: not for files that are in S3 and unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from include.config.sections.web_file import WebFile
from include.decisions.dataset.fetch import decide_fetch, delete_fetch_request, write_fetch_request
from include.decisions.dataset.source import SourceError
from include.storage.layout import Layout
from tests.include.image_classification.fetching.files import CONTENT, sha256_of, web_file
from tests.include.image_classification.fetching.mirror import Mirror

LOOPBACK = "127.0.0.0/8"


def put(s3: Any, layout: Layout, file: WebFile, **metadata: str) -> None:
    key = f"{layout.source}{file.file_name}"
    s3.put_object(Bucket=layout.bucket, Key=key, Body=CONTENT, Metadata=metadata)


def mark(url: str) -> str:
    from include.common.guarded_http import AllowedHosts
    from include.common.web_request import request_file

    with request_file(url, allowed=AllowedHosts.parse(LOOPBACK)) as response:
        assert response.state.mark is not None
        return response.state.mark


def test_a_file_that_is_not_in_s3_is_fetched(client: Any, layout: Layout) -> None:
    decision = decide_fetch(client, layout, [web_file("https://a.b/a.tgz")])
    assert (decision.go, decision.reason) == (True, "a.tgz: it is not in S3 yet")


def test_without_files_nothing_is_fetched(client: Any, layout: Layout) -> None:
    assert not decide_fetch(client, layout, []).go


def test_a_file_is_fetched_if_its_first_mirror_has_another_state(
    client: Any, layout: Layout, first: Mirror
) -> None:
    file = web_file(first.serve("/a.tgz", CONTENT))
    put(client, layout, file, state=mark(file.mirrors[0]))
    assert not decide_fetch(client, layout, [file], LOOPBACK).go
    first.serve("/a.tgz", CONTENT, etag='"two"')
    decision = decide_fetch(client, layout, [file], LOOPBACK)
    assert decision.go
    assert "has changed" in decision.reason


def test_a_file_without_etag_and_date_may_always_have_changed(
    client: Any, layout: Layout, first: Mirror
) -> None:
    file = web_file(first.serve("/a.tgz", CONTENT, etag=None, modified=None))
    put(client, layout, file)
    assert decide_fetch(client, layout, [file], LOOPBACK).go


def test_a_stored_file_with_the_expected_sha256_is_not_requested(
    client: Any, layout: Layout, first: Mirror
) -> None:
    file = web_file(first.serve("/a.tgz", CONTENT), sha256=sha256_of(CONTENT))
    put(client, layout, file, sha256=sha256_of(CONTENT))
    assert not decide_fetch(client, layout, [file], LOOPBACK).go
    assert first.requests == []
    put(client, layout, file, sha256="0" * 64)
    assert decide_fetch(client, layout, [file], LOOPBACK).go


def test_a_mirror_that_the_worker_cannot_reach_is_left_to_the_job(
    client: Any, layout: Layout, first: Mirror
) -> None:
    """Workers may have no way to the web. The address is shown without its query."""
    file = web_file(first.serve("/a.tgz?t0ken", CONTENT))
    put(client, layout, file, state="x")
    decision = decide_fetch(client, layout, [file])
    assert decision.go
    assert "cannot be read by this task" in decision.reason
    assert "t0ken" not in decision.reason


def test_an_invalid_variable_is_a_permanent_error(client: Any, layout: Layout) -> None:
    with pytest.raises(SourceError, match="Airflow Variable fetch_allowed_hosts"):
        decide_fetch(client, layout, [], "127.0.0.1/8")


def test_the_request_is_deleted_and_may_be_missing(client: Any, layout: Layout) -> None:
    write_fetch_request(client, layout, [web_file("https://a.b/a.tgz?t0ken")], "")
    for _ in range(2):
        delete_fetch_request(client, layout)
    assert client.list_objects_v2(Bucket=layout.bucket)["KeyCount"] == 0
