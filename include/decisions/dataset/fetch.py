"""Sources that are files on the web: which of them have to be fetched, and fetching them."""

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
from include.decisions.dataset.web.origins import gone
from include.decisions.dataset.web.progress import Progress
from include.decisions.dataset.web.request import MirrorError
from include.decisions.dataset.web.transfer import Transfer
from include.storage.layout import Layout

log = logging.getLogger(__name__)


class FetchError(Exception):
    """A file cannot be had at present: another try may find a mirror in order."""


def fetch_source(
    s3: Any, layout: Layout, files: Sequence[WebFile], allowed_hosts: str = ""
) -> list[str]:
    """Copy what is new or changed on the web into the source's folder in S3.

    Bytes are streamed through parts of a draft beside the source, so that a file may be larger
    than memory and disk, a later try goes on where this one ended, and the source's own object
    is replaced in one step, after size and SHA-256 were found right.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        files: What to copy, and from where.
        allowed_hosts: The Airflow Variable `fetch_allowed_hosts`: hosts and networks that may be
            fetched from though their addresses are not public, separated by commas.

    Returns:
        The names of the files that were fetched; those that are there in the same state, or with
        the SHA-256 that is expected, are left alone.

    Raises:
        SourceError: No mirror has a file, for reasons that last; all mirrors are named. Or
            `allowed_hosts` cannot be read.
        FetchError: A mirror may have it later: it is away, has a fault, or stopped too early.
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
    place = DraftLocation(s3, layout.bucket, _folder(layout, file), target)
    present = _metadata(place)
    if file.sha256 and present.get("sha256") == file.sha256:
        fetched = False
    else:
        state = None if file.sha256 else present.get("state")
        transfer = Transfer(place, file, state, Progress(file.file_name).at, allowed)
        fetched = _from_mirrors(transfer, place, layout, file)
    if not fetched:
        log.info("%s is there already, and unchanged", file.file_name)
        draft_store.delete_draft(place)
    return fetched


def _from_mirrors(transfer: Transfer, place: DraftLocation, layout: Layout, file: WebFile) -> bool:
    refusals: dict[str, MirrorError] = {}
    for url in file.mirrors:
        try:
            return transfer.take(url)
        except MirrorError as error:
            log.warning("%s cannot be read: %s", redact_url(url), error)
            refusals[url] = error
    told = _told(refusals, layout.uri(layout.source))
    if all(error.lasting for error in refusals.values()):
        draft_store.delete_draft(place)
        raise SourceError(told)
    raise FetchError(told)


def _told(refusals: Mapping[str, MirrorError], source: str) -> str:
    reasons = "; ".join(
        f"{redact_url(url)} cannot be read: {error}" for url, error in refusals.items()
    )
    hints = dict.fromkeys(gone(url, source) for url in refusals)
    return f"{reasons}: see source.urls{''.join(hints)}"


def _metadata(place: DraftLocation) -> dict[str, str]:
    """Return what the source's file says of itself; nothing where there is none."""
    try:
        found = place.s3.head_object(Bucket=place.bucket, Key=place.target)["Metadata"]
    except place.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey", "NotFound"}:
            raise
        return {}
    metadata: dict[str, str] = found
    return metadata
