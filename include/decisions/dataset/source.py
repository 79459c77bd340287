"""Is the source unchanged since the current dataset version was made?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

from include.common.errors import PermanentError
from include.decisions.decision import Decision


class SourceError(PermanentError):
    """There is nothing to read at the source; the text names the place and the fix."""


@dataclass(frozen=True)
class Listing:
    """What is below a source's prefix.

    Attributes:
        uri: An s3:// folder, with its slash.
        objects: What S3 lists there, by key; folder markers are left out.
    """

    uri: str
    objects: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, s3: Any, uri: str) -> Listing:
        """List a source; there may be nothing.

        Args:
            s3: A boto3 S3 client.
            uri: An s3:// folder, with its slash.
        """
        bucket, prefix = split(uri)
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [entry for page in pages for entry in page.get("Contents", [])]
        return cls(uri, {entry["Key"]: entry for entry in found if not entry["Key"].endswith("/")})

    def files(self, marker: str | None = None) -> dict[str, str]:
        """Return the source's files: each object's key with its ETag and size.

        Args:
            marker: The name, below the prefix, of an object that is no file of the source.
        """
        without = f"{split(self.uri)[1]}{marker}" if marker else None
        return {
            key: f"{entry['ETag']} {entry['Size']}"
            for key, entry in self.objects.items()
            if key != without
        }

    def require_files(self, marker: str | None = None) -> dict[str, str]:
        """Return the source's files, of which there must be one.

        Raises:
            SourceError: Nothing is there.
        """
        files = self.files(marker)
        if not files:
            told = f"nothing is at {self.uri}: upload the raw data there, or set source.uri"
            raise SourceError(told)
        return files


def split(uri: str) -> tuple[str, str]:
    """Return the bucket and the prefix of an s3:// folder."""
    parts = urlparse(uri)
    return parts.netloc, parts.path.lstrip("/")


def decide_refresh(
    current: Mapping[str, Any] | None, fingerprint: str, force: bool, missing: int = 0
) -> Decision:
    """Decide whether to make a dataset version.

    Args:
        current: The pointer to the current dataset version, or None before the first.
        fingerprint: The source's state together with the settings that read it.
        force: A person asked for it, whatever the state.
        missing: How many images of the current version are not in the store.
    """
    if current is None:
        return Decision(True, "there is no dataset version yet")
    version = current["version"]
    if current.get("fingerprint") != fingerprint:
        return Decision(True, f"the source or its settings changed since dataset {version}")
    if current.get("changed_while_read"):
        return Decision(True, f"the source changed while dataset {version} was made from it")
    if missing:
        return Decision(True, f"{missing} images of dataset {version} are missing from the store")
    if force:
        return Decision(True, f"forced, though nothing changed since dataset {version}")
    return Decision(False, f"the source is unchanged since dataset {version} was made from it")
