"""The source's objects, and the decision to refresh the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.common.errors import PermanentError
from include.common.s3_uri import split_s3_uri
from include.contracts.records import DatasetPointer
from include.decisions.decision import Decision


class SourceError(PermanentError):
    """The source cannot be read; the text names it and the fix."""


@dataclass(frozen=True)
class Listing:
    """The objects below a source's prefix.

    Attributes:
        uri: The s3:// folder, ending with a slash.
        objects: The entries of S3's listing by key, without folder markers.
    """

    uri: str
    objects: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, s3: Any, uri: str) -> Listing:
        """List a source, which may be empty.

        Args:
            s3: A boto3 S3 client.
            uri: The s3:// folder, ending with a slash.
        """
        bucket, prefix = split_s3_uri(uri)
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [entry for page in pages for entry in page.get("Contents", [])]
        return cls(uri, {entry["Key"]: entry for entry in found if not entry["Key"].endswith("/")})

    def files(self, marker: str | None = None) -> dict[str, str]:
        """Return the source's files: ETag and size by key.

        Args:
            marker: The name, below the prefix, of the completeness marker, which is left out.
        """
        without = f"{split_s3_uri(self.uri)[1]}{marker}" if marker else None
        return {
            key: f"{entry['ETag']} {entry['Size']}"
            for key, entry in self.objects.items()
            if key != without
        }

    def require_files(self, marker: str | None = None) -> dict[str, str]:
        """Return the source's files, at least one.

        Raises:
            SourceError: The source is empty.
        """
        files = self.files(marker)
        if not files:
            raise SourceError(
                f"nothing is at {self.uri}: upload the raw data there, or set source.uri"
            )
        return files


def decide_refresh(
    current: DatasetPointer | None,
    fingerprint: str,
    force: bool,
    missing: int = 0,
    labels: str = "",
) -> Decision:
    """Decide whether to make a new dataset version.

    Args:
        current: The pointer to the current dataset version, or None before the first one.
        fingerprint: The hash of the state of source and labels, and of the settings.
        force: Whether a user wants a refresh in any case.
        missing: How many images of the current version are missing in S3.
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
    if missing:
        return Decision(True, f"{missing} images of dataset {version} are missing in S3")
    if force:
        return Decision(True, f"forced, though nothing changed since dataset {version}")
    return Decision(False, f"the source is unchanged since dataset {version} was made from it")
