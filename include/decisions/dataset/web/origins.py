"""Addresses that data sets were published at and that are gone."""

from __future__ import annotations

from urllib.parse import urlparse

STANFORD_CARS = (
    # First told of in github.com/pytorch/vision/issues/7545, on 29 April 2023.
    ("ai.stanford.edu", "/~jkrause/car", "has answered 404 since April 2023 at the latest"),
    ("imagenet.stanford.edu", "/internal/car196", "no longer serves it"),
)
"""Host, beginning of the path, and what is known of it."""


def gone(url: str, source: str) -> str:
    """Return what to do about a URL that its data set has left, or nothing.

    Args:
        url: What could not be read.
        source: Where the files may be uploaded instead.
    """
    parts = urlparse(url)
    for host, path, known in STANFORD_CARS:
        if parts.hostname == host and parts.path.startswith(path):
            return (
                f" (the original address of Stanford Cars, {host}, {known}: give addresses that "
                f"serve it as mirrors, or upload the archives to {source} and leave urls out)"
            )
    return ""
