"""The list of the images that a conversion downloads: those of the train and validation splits."""

from __future__ import annotations

import json
import logging
from typing import Any

from include.decisions.dataset.split import manifest_rows
from include.sagemaker_requests import manifest
from include.storage.layout import Layout
from include.storage.records import write_record

CONVERTED = frozenset({"train", "validation"})
"""The splits that become records; test photos are sent to the model as they are."""

HEAD = 4096
"""Bytes that hold the folder which an S3 manifest begins with; a key has 1,024 at most."""

log = logging.getLogger(__name__)


def ensure_conversion_manifest(s3: Any, layout: Layout, version: str) -> None:
    """Make sure that a dataset version has its conversion manifest.

    The refresh job writes it with the version. A version from before it did, and one that was
    copied here from another bucket, get theirs here: by one pass over the version's manifest.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        version: The dataset version.

    Raises:
        RecordError: The version's manifest is missing.
    """
    key, folder = layout.conversion_manifest(version), layout.uri(layout.images)
    if json.dumps(folder).encode() in _head(s3, layout.bucket, key):
        return
    listing = manifest(folder, _converted_keys(s3, layout, version))
    write_record(s3, layout.bucket, key, listing)
    log.info("%s was missing or of another bucket: written anew", layout.uri(key))


def _head(s3: Any, bucket: str, key: str) -> bytes:
    """Return an object's first bytes; none where there is no such object, or an empty one."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{HEAD - 1}")
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in {"NoSuchKey", "InvalidRange"}:
            raise
        return b""
    head: bytes = answer["Body"].read()
    return head


def _converted_keys(s3: Any, layout: Layout, version: str) -> list[str]:
    """Return the keys of the images that become records, each once and in order."""
    rows = manifest_rows(s3, layout, version)
    return sorted({row["key"] for row in rows if row["split"] in CONVERTED})
