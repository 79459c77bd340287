"""The rows of a dataset version's manifest, read as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from include.contracts.dataset import ManifestRow
from include.storage.layout import Layout
from include.storage.records import RecordError

CHUNK_BYTES = 64 * 1024


def manifest_rows(s3: Any, layout: Layout, version: str) -> Iterator[ManifestRow]:
    """Yield the rows of a dataset version's manifest, one for each image.

    Only for versions of earlier releases, and for those that have few images or were copied from
    another bucket: a manifest may have a million rows.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.

    Raises:
        RecordError: The version's manifest is missing.
    """
    key = layout.dataset_manifest(version)
    try:
        lines = s3.get_object(Bucket=layout.bucket, Key=key)["Body"].iter_lines(CHUNK_BYTES)
    except s3.exceptions.NoSuchKey as error:
        raise RecordError(f"{layout.uri(key)} is missing: dataset refresh writes it") from error
    yield from (json.loads(line) for line in lines if line)
