"""Create, find, publish and delete drafts in S3."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import quote

from include.common.addresses import redact_url
from include.common.web_state import FileState
from include.image_classification.fetching.draft import (
    BLOCK,
    MAX_COPY_BYTES,
    Draft,
    DraftLocation,
    DraftNote,
    note_as_json,
    part_size,
)
from include.image_classification.s3_access import find_object


def create_draft(location: DraftLocation, state: FileState, sha256: str | None) -> Draft:
    """Create an empty draft; an earlier draft at this location is deleted."""
    delete_draft(location)
    upload = location.s3.create_multipart_upload(
        **location.s3_args, Metadata={"state": state.mark or "unknown"}
    )["UploadId"]
    note = DraftNote(upload, state, sha256, part_size(state.size))
    body = json.dumps(note_as_json(note)).encode()
    location.s3.put_object(Bucket=location.bucket, Key=location.note, Body=body)
    return Draft(location, note)


def find_draft(location: DraftLocation) -> Draft | None:
    """Return the draft of an earlier task, or None."""
    if find_object(location.s3, location.bucket, location.note) is None:
        return None
    response = location.s3.get_object(Bucket=location.bucket, Key=location.note)
    note = DraftNote.read(json.loads(response["Body"].read()))
    if (size := _size(location)) is not None:
        return Draft(location, note, offset=size, completed=True)
    parts, offset = _whole_parts(location, note)
    return Draft(location, note, parts, offset) if parts else None


def delete_draft(location: DraftLocation) -> None:
    """Delete a draft and its unfinished uploads."""
    delete_stale_drafts(location.s3, location.bucket, location.folder)


def publish_draft(location: DraftLocation, metadata: dict[str, str]) -> None:
    """Copy the completed draft to its target in one step, and delete the draft."""
    source = {"Bucket": location.bucket, "Key": location.content}
    extra = {"Metadata": metadata, "MetadataDirective": "REPLACE"}
    size = location.s3.head_object(**source)["ContentLength"]
    if size <= MAX_COPY_BYTES:
        location.s3.copy_object(
            CopySource=source, Bucket=location.bucket, Key=location.target, **extra
        )
    else:
        location.s3.copy(source, location.bucket, location.target, ExtraArgs=extra)
    delete_draft(location)


def compute_sha256(location: DraftLocation) -> str:
    """Return the SHA-256 of a completed draft."""
    body = location.s3.get_object(**location.s3_args)["Body"]
    digest = hashlib.sha256()
    for block in iter(lambda: body.read(BLOCK), b""):
        digest.update(block)
    return digest.hexdigest()


def source_metadata(url: str, state: FileState, sha256: str | None) -> dict[str, str]:
    """Return the metadata of the source's object; S3 allows 2 KB of ASCII."""
    marks = {"state": state.mark, "sha256": sha256}
    return {
        "origin": quote(redact_url(url), safe=":/%~+,;@")[:1000],
        **{k: v for k, v in marks.items() if v},
    }


def delete_stale_drafts(s3: Any, bucket: str, folder: str, keep: Collection[str] = ()) -> None:
    """Delete the drafts below a folder, except for those in the folders to keep."""
    for key, upload in _uploads(s3, bucket, folder):
        if not key.startswith(tuple(keep)):
            _abort(s3, bucket, key, upload)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    for key in [entry["Key"] for page in pages for entry in page.get("Contents", [])]:
        if not key.startswith(tuple(keep)):
            s3.delete_object(Bucket=bucket, Key=key)


def _size(location: DraftLocation) -> int | None:
    """Return the size of a completed draft, or None if the draft is not completed."""
    found = find_object(location.s3, location.bucket, location.content)
    return None if found is None else int(found["Size"])


def _uploads(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    # The list is complete before the caller aborts the first upload.
    uploads = [(entry["Key"], entry["UploadId"]) for p in pages for entry in p.get("Uploads", [])]
    yield from uploads


def _abort(s3: Any, bucket: str, key: str, upload: str) -> None:
    try:
        s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":  # it has ended in the meantime
            raise


def _whole_parts(location: DraftLocation, note: DraftNote) -> tuple[dict[int, str], int]:
    """Return the complete parts without a gap, from the first on, and their total size."""
    pages = location.s3.get_paginator("list_parts").paginate(
        **location.s3_args, UploadId=note.upload
    )
    try:
        found = {
            entry["PartNumber"]: entry["ETag"]
            for page in pages
            for entry in page.get("Parts", [])
            if entry["Size"] == note.part
        }
    except location.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise
        return {}, 0
    parts: dict[int, str] = {}
    while (number := len(parts) + 1) in found:
        parts[number] = found[number]
    return parts, len(parts) * note.part
