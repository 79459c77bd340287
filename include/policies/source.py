"""Is the source unchanged since the current dataset version was made?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlparse

from include.policies.decision import Decision


class SourceError(Exception):
    """There is nothing to read at the source; the text names the place and the fix."""


def list_source(s3: Any, uri: str) -> dict[str, str]:
    """Return what is at a source: each object's key with its ETag and size.

    Args:
        s3: A boto3 S3 client.
        uri: An s3:// folder, with its slash.

    Raises:
        SourceError: Nothing is there.
    """
    parts = urlparse(uri)
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=parts.netloc, Prefix=parts.path.lstrip("/")
    )
    objects = [entry for page in pages for entry in page.get("Contents", [])]
    files = {
        entry["Key"]: f"{entry['ETag']} {entry['Size']}"
        for entry in objects
        if not entry["Key"].endswith("/")
    }
    if not files:
        raise SourceError(f"nothing is at {uri}: upload the raw data there, or set source.uri")
    return files


def decide_refresh(current: Mapping[str, Any] | None, fingerprint: str, force: bool) -> Decision:
    """Decide whether to make a dataset version.

    Args:
        current: The pointer to the current dataset version, or None before the first.
        fingerprint: The source's state together with the settings that read it.
        force: A person asked for it, whatever the state.
    """
    if current is None:
        return Decision(True, "there is no dataset version yet")
    version = current["version"]
    if current.get("fingerprint") != fingerprint:
        return Decision(True, f"the source or its settings changed since dataset {version}")
    if force:
        return Decision(True, f"forced, though nothing changed since dataset {version}")
    return Decision(False, f"the source is unchanged since dataset {version} was made from it")
