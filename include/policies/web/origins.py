"""Addresses that data sets were published at and that are gone."""

from __future__ import annotations

from urllib.parse import urlparse

STANFORD_CARS = (
    ("ai.stanford.edu", "/~jkrause/car"),
    ("imagenet.stanford.edu", "/internal/car196"),
)
"""Of ai.stanford.edu, github.com/pytorch/vision/issues/7545 first told of a 404 in April 2023."""


def gone(url: str, source: str) -> str:
    """Return what to do about a URL that its data set has left, or nothing.

    Args:
        url: What could not be read.
        source: Where the files may be uploaded instead.
    """
    parts = urlparse(url)
    if not any(
        parts.hostname == host and parts.path.startswith(path) for host, path in STANFORD_CARS
    ):
        return ""
    return (
        " (the original address of Stanford Cars no longer serves it: give addresses that do as "
        f"mirrors, or upload the archives to {source} and leave urls out)"
    )
