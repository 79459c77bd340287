"""Fetch the source's files from the web: new and changed files are copied to S3."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from include.common.addresses import redact_url
from include.common.guarded_http import AllowedHosts
from include.config.sections.web_file import WebFile
from include.decisions.dataset.source import SourceError
from include.decisions.dataset.web import draft_store
from include.decisions.dataset.web.draft import DraftLocation
from include.decisions.dataset.web.origins import unavailable_hint
from include.decisions.dataset.web.progress import Progress
from include.decisions.dataset.web.request import MirrorError
from include.decisions.dataset.web.transfer import Transfer
from include.storage.layout import Layout

log = logging.getLogger(__name__)


class FetchError(Exception):
    """A file could not be fetched from any mirror; a retry may succeed."""


def fetch_source(
    s3: Any, layout: Layout, files: Sequence[WebFile], allowed_hosts: str = ""
) -> list[str]:
    """Copy new and changed files from the web to the source's folder in S3.

    Bytes are streamed to the parts of a draft outside the source. A file may therefore be larger
    than memory and disk, a retry resumes after the last part, and the source's object is replaced
    in one step after size and SHA-256 were checked.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        files: The files with their mirrors.
        allowed_hosts: The Airflow Variable `fetch_allowed_hosts`: hosts and networks with
            addresses that are not public but allowed, separated by commas.

    Returns:
        The names of the fetched files. Files that are in S3 in the same state, or with the
        expected SHA-256, are not fetched.

    Raises:
        SourceError: All mirrors of a file failed with permanent errors, or `allowed_hosts` is
            invalid.
        FetchError: A mirror failed with a retryable error, such as an unreachable server.
    """
    try:
        allowed = AllowedHosts.parse(allowed_hosts)
    except ValueError as error:
        raise SourceError(f"Airflow Variable {error}") from error
    keep = [_folder(layout, file) for file in files]
    draft_store.delete_stale_drafts(s3, layout.bucket, layout.fetching, keep)
    return [file.file_name for file in files if _fetch(s3, layout, file, allowed)]


def _folder(layout: Layout, file: WebFile) -> str:
    return f"{layout.fetching}{file.file_name}/"


def _fetch(s3: Any, layout: Layout, file: WebFile, allowed: AllowedHosts) -> bool:
    target = f"{layout.source}{file.file_name}"
    location = DraftLocation(s3, layout.bucket, _folder(layout, file), target)
    present = _metadata(location)
    if file.sha256 and present.get("sha256") == file.sha256:
        fetched = False
    else:
        state = None if file.sha256 else present.get("state")
        transfer = Transfer(location, file, state, Progress(file.file_name).update, allowed)
        fetched = _from_mirrors(transfer, location, layout, file)
    if not fetched:
        log.info("%s is in S3 already, and unchanged", file.file_name)
        draft_store.delete_draft(location)
    return fetched


def _from_mirrors(
    transfer: Transfer, location: DraftLocation, layout: Layout, file: WebFile
) -> bool:
    errors: dict[str, MirrorError] = {}
    for url in file.mirrors:
        try:
            return transfer.fetch(url)
        except MirrorError as error:
            log.warning("%s cannot be read: %s", redact_url(url), error)
            errors[url] = error
    message = _message(errors, layout.uri(layout.source))
    if all(error.permanent for error in errors.values()):
        draft_store.delete_draft(location)
        raise SourceError(message)
    raise FetchError(message)


def _message(errors: Mapping[str, MirrorError], source: str) -> str:
    reasons = "; ".join(
        f"{redact_url(url)} cannot be read: {error}" for url, error in errors.items()
    )
    hints = dict.fromkeys(unavailable_hint(url, source) for url in errors)
    return f"{reasons}: see source.urls{''.join(hints)}"


def _metadata(location: DraftLocation) -> dict[str, str]:
    """Return the metadata of the source's object; {} if it does not exist."""
    try:
        found = location.s3.head_object(Bucket=location.bucket, Key=location.target)["Metadata"]
    except location.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey", "NotFound"}:
            raise
        return {}
    metadata: dict[str, str] = found
    return metadata
