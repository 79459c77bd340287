"""Fixtures: S3 in memory, with parts so small that a test file has several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import moto.s3.models
import pytest
from moto import mock_aws

from include.config.sections.web_file import WebFile
from include.decisions.dataset import fetch
from include.decisions.dataset.web import draft
from include.storage.layout import Layout

PART = 1000


def fetch_source(s3: Any, layout: Layout, files: Sequence[WebFile]) -> list[str]:
    """Fetch as the DAG does; the test's mirrors on loopback are allowed."""
    return fetch.fetch_source(s3, layout, files, "127.0.0.0/8")


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
