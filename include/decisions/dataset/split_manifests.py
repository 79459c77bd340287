"""The S3 manifests of a dataset version's splits, the inputs of conversion and evaluation."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from include.contracts.dataset import CONVERTED
from include.decisions.dataset.manifest_rows import manifest_rows
from include.storage.layout import Layout

HEAD_BYTES = 4096
"""Enough to read the folder at the start of an S3 manifest; a key has at most 1,024 bytes."""

log = logging.getLogger(__name__)


def ensure_conversion_manifest(s3: Any, layout: Layout, version: str) -> None:
    """Write the manifest of a dataset version's train and validation images if necessary.

    The arguments and errors are those of `ensure_evaluation_manifest`.
    """
    _ensure(s3, layout, version, layout.conversion_manifest(version), frozenset(CONVERTED))


def ensure_evaluation_manifest(s3: Any, layout: Layout, version: str, split: str) -> None:
    """Write the manifest of a split's images if it is missing or of another bucket.

    The refresh job writes the manifests with the version. Versions of earlier releases lack them,
    and those of a version copied from another bucket name the other bucket.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.
        split: "validation" or "test".

    Raises:
        RecordError: The version's manifest is missing.
    """
    _ensure(s3, layout, version, layout.split_manifest(version, split), frozenset({split}))


def _ensure(s3: Any, layout: Layout, version: str, key: str, splits: frozenset[str]) -> None:
    folder = layout.uri(layout.images)
    if json.dumps(folder).encode() in _head(s3, layout.bucket, key):
        return
    with tempfile.TemporaryFile() as file:
        _write(file, folder, _sorted_keys(s3, layout, version, splits))
        file.seek(0)
        s3.put_object(Bucket=layout.bucket, Key=key, Body=file, ContentType="application/json")
    log.info("%s was missing or named another bucket: it was written again", layout.uri(key))


def _write(file: IO[bytes], folder: str, keys: Iterator[str]) -> None:
    file.write(b"[" + json.dumps({"prefix": folder}).encode())
    file.writelines(b",\n" + json.dumps(key).encode() for key in keys)
    file.write(b"]\n")


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


def _sorted_keys(s3: Any, layout: Layout, version: str, splits: frozenset[str]) -> Iterator[str]:
    """Yield the keys of the splits' images, sorted and without duplicates, in bounded memory."""
    # An empty name is a database in a temporary file, of which SQLite keeps 2 MB in memory.
    with contextlib.closing(sqlite3.connect("")) as table:
        table.execute("CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID")
        rows = manifest_rows(s3, layout, version)
        keys = ((row["key"],) for row in rows if row["split"] in splits)
        table.executemany("INSERT OR IGNORE INTO keys VALUES (?)", keys)
        for (key,) in table.execute("SELECT key FROM keys ORDER BY key"):
            yield key
