"""Decide whether files of the web have to be fetched, and write the request for the job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from include.common.addresses import redact_url
from include.common.guarded_http import AllowedHosts
from include.common.web_request import MirrorError, RangeNotSatisfiableError, request_file
from include.config.sections.web_file import WebFile
from include.contracts.records import FetchRequest, WebFileRequest
from include.decisions.dataset.source import SourceError
from include.decisions.decision import Decision
from include.storage.layout import Layout
from include.storage.records import write_record

TIMEOUT = 10.0
"""Seconds without an answer after which the job asks the server instead."""

MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


def decide_fetch(
    s3: Any, layout: Layout, files: Sequence[WebFile], allowed_hosts: str = ""
) -> Decision:
    """Decide whether to start a job: unless all files are in S3 in their present state.

    For a file without a SHA-256, the headers of its first mirror are compared. If they cannot be
    read from here, the job finds out, with all mirrors.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        files: The files with their mirrors.
        allowed_hosts: The Airflow Variable `fetch_allowed_hosts`: hosts and networks with
            addresses that are not public but allowed, separated by commas.

    Raises:
        SourceError: `allowed_hosts` is invalid.
    """
    try:
        allowed = AllowedHosts.parse(allowed_hosts)
    except ValueError as error:
        raise SourceError(f"Airflow Variable {error}") from error
    if not files:
        return Decision(False, "source.urls names no files for this deployment")
    for file in files:
        if reason := _reason_to_fetch(s3, layout, file, allowed):
            return Decision(True, f"{file.file_name}: {reason}")
    return Decision(False, f"{len(files)} files of source.urls are in S3, and unchanged")


def write_fetch_request(
    s3: Any, layout: Layout, files: Sequence[WebFile], allowed_hosts: str
) -> None:
    """Write what the job has to fetch, with complete addresses, until the job has ended."""
    request = FetchRequest(
        files=[
            WebFileRequest(
                name=file.file_name,
                mirrors=list(file.mirrors),
                size=file.size,
                max_bytes=file.max_bytes,
                sha256=file.sha256,
            )
            for file in files
        ],
        allowed_hosts=allowed_hosts,
    )
    write_record(s3, layout.bucket, layout.fetch_request, request)


def delete_fetch_request(s3: Any, layout: Layout) -> None:
    """Delete the request, whose addresses may contain tokens; nothing happens without one."""
    s3.delete_object(Bucket=layout.bucket, Key=layout.fetch_request)


def _reason_to_fetch(s3: Any, layout: Layout, file: WebFile, allowed: AllowedHosts) -> str:
    """Return why a file may have to be fetched, or ""."""
    present = _metadata(s3, layout, file)
    if present is None:
        return "it is not in S3 yet"
    if file.sha256:
        return "" if present.get("sha256") == file.sha256 else "it has another sha256"
    url = file.mirrors[0]
    try:
        with request_file(url, allowed=allowed, timeout=TIMEOUT) as response:
            mark = response.state.mark
    except (MirrorError, RangeNotSatisfiableError) as error:
        return f"{redact_url(url)} cannot be read by this task ({error})"
    return "" if mark and present.get("state") == mark else f"{redact_url(url)} has changed"


def _metadata(s3: Any, layout: Layout, file: WebFile) -> dict[str, str] | None:
    """Return the metadata of a file in the source's folder, or None if it is missing."""
    key = f"{layout.source}{file.file_name}"
    try:
        found: dict[str, str] = s3.head_object(Bucket=layout.bucket, Key=key)["Metadata"]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return None
    return found
