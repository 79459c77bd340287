"""Tests of fetching on SeaweedFS: a killed task is resumed, uploads are detected."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.config.sections.web_file import WebFile
from include.decisions.dataset.readiness import SourceNotReadyError, require_finished_uploads
from include.decisions.dataset.source import Listing
from include.image_classification.fetching.draft import PART
from include.local_aws.storage.objects import Objects
from include.local_aws.storage.seaweedfs import SeaweedFS
from include.local_run.drive.checksum import PART as UPLOAD_PART
from include.local_run.drive.upload import Mirror as Upload
from include.storage.layout import Layout
from tests.include.image_classification.fetching.conftest import fetch_source
from tests.include.image_classification.fetching.mirror import Mirror
from tests.include.local_aws.keys import KEYS
from tests.waiting import LONG

CONTENT = random.Random(3).randbytes(2 * PART + 12345)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = SeaweedFS(tmp_path_factory.mktemp("s3"), KEYS)
    store.start()
    yield store.endpoint_url
    store.stop()


@pytest.fixture
def weed(endpoint: str, layout: Layout) -> Any:
    client = Objects(endpoint, KEYS).client
    if layout.bucket not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=layout.bucket)
    return client


def _fetch(endpoint: str, layout: Layout, file: WebFile) -> None:
    fetch_source(Objects(endpoint, KEYS).client, layout, [file])


def _parts(s3: Any, layout: Layout) -> list[int]:
    uploads = s3.list_multipart_uploads(Bucket=layout.bucket, Prefix=layout.fetching)
    return [
        part["PartNumber"]
        for upload in uploads.get("Uploads", [])
        for part in s3.list_parts(
            Bucket=layout.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
        ).get("Parts", [])
    ]


def test_after_a_kill_the_next_task_resumes_at_the_last_part(
    endpoint: str, weed: Any, layout: Layout, first: Mirror
) -> None:
    url = first.serve("/a.tgz", CONTENT, stalls=PART + 1000)
    file = WebFile(mirrors=[url])
    task = multiprocessing.get_context("fork").Process(target=_fetch, args=(endpoint, layout, file))
    task.start()
    deadline = time.monotonic() + LONG
    while not _parts(weed, layout):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert task.pid is not None
    os.kill(task.pid, signal.SIGKILL)
    task.join()
    first.resume()
    first.requests.clear()
    assert fetch_source(weed, layout, [file]) == ["a.tgz"]
    assert first.ranges == [f"bytes={PART}-"]
    key = f"{layout.source}a.tgz"
    assert weed.get_object(Bucket=layout.bucket, Key=key)["Body"].read() == CONTENT
    assert _parts(weed, layout) == []
    listed = weed.list_objects_v2(Bucket=layout.bucket, Prefix=layout.fetching)
    assert listed.get("Contents", []) == []
    assert fetch_source(weed, layout, [file]) == []


def test_an_unfinished_upload_is_detected_and_make_run_finishes_its_own(
    weed: Any, layout: Layout, tmp_path: Path
) -> None:
    prefix = "other/source/"
    unfinished = weed.create_multipart_upload(Bucket=layout.bucket, Key=f"{prefix}big.tgz")
    weed.upload_part(
        Bucket=layout.bucket,
        Key=unfinished["Key"],
        UploadId=unfinished["UploadId"],
        PartNumber=1,
        Body=b"x",
    )
    uri, now = layout.uri(prefix), datetime.now(UTC)
    with pytest.raises(SourceNotReadyError, match=r"other/source/big\.tgz is being uploaded"):
        require_finished_uploads(weed, Listing.read(weed, uri), now)
    files = {"big.tgz": tmp_path / "big.tgz", "small.jpg": tmp_path / "small.jpg"}
    files["big.tgz"].write_bytes(CONTENT[: UPLOAD_PART + 1])
    files["small.jpg"].write_bytes(b"photo")
    for expected in ((2, 0), (0, 0)):  # the second time by the ETags, without the notes
        upload = Upload(weed, layout.bucket, tmp_path / f"notes-{expected[0]}.json")
        assert upload.mirror(prefix, files, lambda done, total: None) == expected
    require_finished_uploads(weed, Listing.read(weed, uri), datetime.now(UTC))
