"""Addresses of datasets that are no longer available."""

from __future__ import annotations

from urllib.parse import urlparse

STANFORD_CARS = (
    # First reported in github.com/pytorch/vision/issues/7545, on 29 April 2023.
    ("ai.stanford.edu", "/~jkrause/car", "has answered 404 since April 2023 at the latest"),
    ("imagenet.stanford.edu", "/internal/car196", "no longer serves it"),
)
"""Host, beginning of the path, and status of the address."""


def unavailable_hint(url: str, source: str) -> str:
    """Return what to do about a URL that its dataset has left, or "".

    Args:
        url: The URL that could not be read.
        source: The folder to which the files may be uploaded instead.
    """
    parts = urlparse(url)
    for host, path, status in STANFORD_CARS:
        if parts.hostname == host and parts.path.startswith(path):
            return (
                f" (the original address of Stanford Cars, {host}, {status}: list mirrors that "
                f"have the files, or upload the archives to {source} and remove urls)"
            )
    return ""
