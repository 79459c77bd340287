"""The source's objects, and the decision to refresh the dataset."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from include.common.errors import PermanentError
from include.common.incoming import HALF_WRITTEN
from include.common.s3_uri import split_s3_uri
from include.common.text import FirstNames
from include.config.versions import ListingDigest
from include.contracts.records import DatasetPointer
from include.decisions.dataset.stored_images import StoredImages
from include.decisions.decision import Decision

NEVER_EMPTY = frozenset({".tgz", ".gz", ".tar", ".zip", ".bz2", ".xz", ".mat", ".lst", ".csv"})
"""Endings of files that are unfinished if they are empty. Empty photos are quarantined later."""


ALL_STORED = StoredImages()


class SourceError(PermanentError):
    """The source cannot be read; the text names it and the fix."""


class Listing:
    """What a refresh needs to know of the objects below a source's prefix.

    The memory that it needs does not depend on their number.

    Attributes:
        uri: The s3:// folder, ending with a slash.
        files: The listing `files` of the source's fingerprint: ETag and size by key, without the
            completeness marker.
        has_marker: Whether the completeness marker exists.
        unfinished: The files that are unfinished by their names, or because they are empty.
    """

    def __init__(self, uri: str, marker: str | None = None, fetched: Collection[str] = ()) -> None:
        """Create the listing of an empty source.

        Args:
            uri: The s3:// folder, ending with a slash.
            marker: The name, below the prefix, of the completeness marker.
            fetched: The names of the files that the pipeline itself fetches, which are complete
                and whose times do not matter.
        """
        self.uri = uri
        prefix = split_s3_uri(uri)[1]
        self._marker = f"{prefix}{marker}" if marker else None
        self._fetched = frozenset(f"{prefix}{name}" for name in fetched)
        self.files = ListingDigest("files")
        self._state = ListingDigest("objects")
        self.has_marker = False
        self.unfinished = FirstNames()

    @classmethod
    def read(
        cls, s3: Any, uri: str, marker: str | None = None, fetched: Collection[str] = ()
    ) -> Listing:
        """List a source, which may be empty; `s3` is a boto3 S3 client."""
        listing = cls(uri, marker, fetched)
        bucket, prefix = split_s3_uri(uri)
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                listing.add(entry)
        return listing

    def add(self, entry: Mapping[str, Any]) -> None:
        """Add an entry of S3's listing; folder markers are left out."""
        key, tag, size = entry["Key"], entry["ETag"], entry["Size"]
        if key.endswith("/"):
            return
        if key not in self._fetched:
            self._state.add(key, [tag, size, entry["LastModified"].isoformat()])
            if _is_unfinished(key, size):
                self.unfinished.add(key)
        if key == self._marker:
            self.has_marker = True
        else:
            self.files.add(key, f"{tag} {size}")

    @property
    def state(self) -> str:
        """A hash that changes also if an object is written again with the same content."""
        return self._state.digest_with({"uri": self.uri})

    def require_files(self) -> ListingDigest:
        """Return the source's files, at least one.

        Raises:
            SourceError: The source is empty.
        """
        if not self.files.count:
            raise SourceError(
                f"nothing is at {self.uri}: upload the raw data there, or set source.uri"
            )
        return self.files


def _is_unfinished(key: str, size: int) -> bool:
    suffix = PurePosixPath(key).suffix.lower()
    return suffix in HALF_WRITTEN or (size == 0 and suffix in NEVER_EMPTY)


def decide_refresh(
    current: DatasetPointer | None,
    fingerprint: str,
    force: bool,
    stored: StoredImages = ALL_STORED,
    labels: str = "",
) -> Decision:
    """Decide whether to make a new dataset version.

    Args:
        current: The pointer to the current dataset version, or None before the first one.
        fingerprint: The hash of the state of source and labels, and of the settings.
        force: Whether a user wants a refresh in any case.
        stored: Whether the images of the current version are in S3.
        labels: The hash of the labels of users, for the reason.
    """
    if current is None:
        return Decision(True, "there is no dataset version yet")
    version = current.version
    if current.labels_fingerprint != labels:
        return Decision(True, f"labels/ changed since dataset {version}")
    if current.fingerprint != fingerprint:
        return Decision(True, f"the source or its settings changed since dataset {version}")
    if current.changed_while_read:
        return Decision(True, f"the source changed while dataset {version} was made from it")
    if stored.missing:
        return Decision(True, f"{stored} of dataset {version} are missing in S3")
    if force:
        return Decision(True, f"forced, though nothing changed since dataset {version}")
    return Decision(False, f"the source is unchanged since dataset {version} was made from it")
