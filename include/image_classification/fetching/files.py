"""Fetch files from the web: new and changed files are copied to the source's folder in S3."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from include.common.addresses import redact_url
from include.common.guarded_http import AllowedHosts
from include.common.web_request import MirrorError
from include.contracts import files
from include.contracts.records import FetchRequest, WebFileRequest
from include.image_classification.container import CommandError
from include.image_classification.fetching import draft_store
from include.image_classification.fetching.draft import DraftLocation
from include.image_classification.fetching.origins import unavailable_hint
from include.image_classification.fetching.progress import Progress
from include.image_classification.fetching.transfer import Transfer
from include.image_classification.s3_access import find_object

log = logging.getLogger(__name__)


class UnavailableFileError(CommandError):
    """A file cannot be fetched before a user has changed something; the text names the fix."""


class FetchError(CommandError):
    """A file could not be fetched from any mirror; a retry may succeed."""


@dataclass(frozen=True)
class Places:
    """The folders of files and of drafts in S3.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The bucket of both.
        source: The prefix of the complete files, with its slash.
        drafts: The prefix of unfinished downloads, with its slash.
    """

    s3: Any
    bucket: str
    source: str
    drafts: str

    def of(self, file: WebFileRequest) -> DraftLocation:
        """Return the location of a file's draft."""
        folder, target = f"{self.drafts}{file.name}/", f"{self.source}{file.name}"
        return DraftLocation(self.s3, self.bucket, folder, target)


def fetch_files(places: Places, request: FetchRequest) -> Iterator[str]:
    """Copy new and changed files from the web to the source's folder in S3.

    Bytes are streamed to the parts of a draft outside the source. A file may therefore be larger
    than memory and disk, a retry resumes after the last part, and the source's object is replaced
    in one step after size and SHA-256 were checked.

    Args:
        places: The folders in S3.
        request: The files with their mirrors, and the hosts that are allowed.

    Yields:
        The name of each file when it has been fetched. Files that are in S3 in the same state, or
        with the expected SHA-256, are not fetched.

    Raises:
        UnavailableFileError: All mirrors of a file failed with permanent errors, or the allowed
            hosts are invalid.
        FetchError: A mirror failed with a retryable error, such as an unreachable server.
    """
    try:
        allowed = AllowedHosts.parse(request.allowed_hosts)
    except ValueError as error:
        raise UnavailableFileError(f"Airflow Variable {error}") from error
    keep = [places.of(file).folder for file in request.files]
    keep.append(f"{places.drafts}{files.FETCH_REQUEST}")
    draft_store.delete_stale_drafts(places.s3, places.bucket, places.drafts, keep)
    for file in request.files:
        if _fetch(places, file, allowed):
            yield file.name


def _fetch(places: Places, file: WebFileRequest, allowed: AllowedHosts) -> bool:
    location = places.of(file)
    present = _metadata(location)
    if file.sha256 and present.get("sha256") == file.sha256:
        fetched = False
    else:
        state = None if file.sha256 else present.get("state")
        transfer = Transfer(location, file, state, Progress(file.name).update, allowed)
        fetched = _from_mirrors(transfer, location, places, file)
    if not fetched:
        log.info("%s is in S3 already, and unchanged", file.name)
        draft_store.delete_draft(location)
    return fetched


def _from_mirrors(
    transfer: Transfer, location: DraftLocation, places: Places, file: WebFileRequest
) -> bool:
    errors: dict[str, MirrorError] = {}
    for url in file.mirrors:
        try:
            return transfer.fetch(url)
        except MirrorError as error:
            log.warning("%s cannot be read: %s", redact_url(url), error)
            errors[url] = error
    message = _message(errors, f"s3://{places.bucket}/{places.source}")
    if all(error.permanent for error in errors.values()):
        draft_store.delete_draft(location)
        raise UnavailableFileError(message)
    raise FetchError(message)


def _message(errors: Mapping[str, MirrorError], source: str) -> str:
    reasons = "; ".join(
        f"{redact_url(url)} cannot be read: {error}" for url, error in errors.items()
    )
    hints = dict.fromkeys(unavailable_hint(url, source) for url in errors)
    return f"{reasons}: see source.urls{''.join(hints)}"


def _metadata(location: DraftLocation) -> dict[str, str]:
    """Return the metadata of the source's object; {} if it does not exist."""
    if find_object(location.s3, location.bucket, location.target) is None:
        return {}
    found = location.s3.head_object(Bucket=location.bucket, Key=location.target)
    metadata: dict[str, str] = found["Metadata"]
    return metadata
