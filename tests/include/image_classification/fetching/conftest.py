"""Fixtures: S3 in memory, with parts so small that a test file has several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import moto.s3.models
import pytest
from moto import mock_aws

from include.config.sections.web_file import WebFile
from include.contracts.records import FetchRequest
from include.decisions.dataset.fetch import write_fetch_request
from include.image_classification.fetching import draft
from include.image_classification.fetching.files import Places, fetch_files
from include.storage.layout import Layout

PART = 1000


def fetch_source(
    s3: Any, layout: Layout, files: Sequence[WebFile], allowed: str = "127.0.0.0/8"
) -> list[str]:
    """Fetch as the job does, with the plan's request; the test's mirrors on loopback are allowed.

    The request is passed on without S3, so that tests see the keys that the job writes.
    """
    written: list[FetchRequest] = []
    recorder = Recorder(written)
    write_fetch_request(recorder, layout, files, allowed)
    return list(fetch_files(Places(s3, layout.bucket, layout.source, layout.fetching), written[0]))


class Recorder:
    """Takes the request that would be written to S3."""

    def __init__(self, written: list[FetchRequest]) -> None:
        self._written = written

    def put_object(self, Body: bytes, **_: Any) -> None:
        self._written.append(FetchRequest.model_validate_json(Body))


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, layout: Layout) -> Iterator[Any]:
    monkeypatch.setattr(draft, "PART", PART)
    monkeypatch.setattr(moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", 1)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=layout.bucket)
        yield client


class SourceFolder:
    """Reads the source and the drafts in S3."""

    def __init__(self, s3: Any, layout: Layout) -> None:
        self.s3, self.layout = s3, layout

    def content(self, name: str) -> bytes | None:
        """Return a file of the source, or None."""
        try:
            key = f"{self.layout.source}{name}"
            body: bytes = self.s3.get_object(Bucket=self.layout.bucket, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None
        return body

    def keys(self) -> list[str]:
        """Return the keys of all objects."""
        found = self.s3.list_objects_v2(Bucket=self.layout.bucket).get("Contents", [])
        return [entry["Key"] for entry in found]

    def uploads(self) -> list[str]:
        """Return the keys of all unfinished uploads."""
        found = self.s3.list_multipart_uploads(Bucket=self.layout.bucket).get("Uploads", [])
        return [entry["Key"] for entry in found]


@pytest.fixture
def source_folder(s3: Any, layout: Layout) -> SourceFolder:
    return SourceFolder(s3, layout)
