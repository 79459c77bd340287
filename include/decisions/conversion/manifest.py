"""The S3 manifest of a conversion's input: the images of the train and validation splits."""

from __future__ import annotations

import json
import logging
from typing import Any

from include.decisions.dataset.split import manifest_rows
from include.sagemaker_requests import manifest
from include.storage.layout import Layout
from include.storage.records import write_record

CONVERTED = frozenset({"train", "validation"})
"""The splits that are converted; the test split's photos are sent to the model unconverted."""

HEAD_BYTES = 4096
"""Enough to read the folder at the start of an S3 manifest; a key has at most 1,024 bytes."""

log = logging.getLogger(__name__)


def ensure_conversion_manifest(s3: Any, layout: Layout, version: str) -> None:
    """Write a dataset version's conversion manifest if it is missing or of another bucket.

    The refresh job writes the manifest with the version. Versions of earlier releases lack it, and
    that of a version copied from another bucket names the other bucket.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.

    Raises:
        RecordError: The version's manifest is missing.
    """
    key, folder = layout.conversion_manifest(version), layout.uri(layout.images)
    if json.dumps(folder).encode() in _head(s3, layout.bucket, key):
        return
    listing = manifest(folder, _converted_keys(s3, layout, version))
    write_record(s3, layout.bucket, key, listing)
    log.info("%s was missing or named another bucket: it was written again", layout.uri(key))


def _head(s3: Any, bucket: str, key: str) -> bytes:
    """Return an object's first bytes; b"" if the object is missing or empty."""
    try:
        response = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{HEAD_BYTES - 1}")
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in {"NoSuchKey", "InvalidRange"}:
            raise
        return b""
    head: bytes = response["Body"].read()
    return head


def _converted_keys(s3: Any, layout: Layout, version: str) -> list[str]:
    """Return the keys of the images to convert, sorted and without duplicates."""
    rows = manifest_rows(s3, layout, version)
    return sorted({row["key"] for row in rows if row["split"] in CONVERTED})
