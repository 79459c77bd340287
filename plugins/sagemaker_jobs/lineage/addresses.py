"""The S3 URIs that a job reads, from its description or its request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def input_uris(job: Mapping[str, Any]) -> list[str]:
    """Return the S3 URIs of a job's inputs, in their order and without repetition.

    Args:
        job: The description of a processing, training or transform job, or the request that
            creates it. The input of a transform job that is a manifest is the manifest.
    """
    return list(dict.fromkeys(uri for uri in _input_uris(job) if uri))


def _input_uris(job: Mapping[str, Any]) -> Iterable[str]:
    for item in job.get("ProcessingInputs", ()):
        yield item.get("S3Input", {}).get("S3Uri", "")
    for channel in job.get("InputDataConfig", ()):
        yield _source(channel)
    yield _source(job.get("TransformInput", {}))


def _source(item: Mapping[str, Any]) -> str:
    return str(item.get("DataSource", {}).get("S3DataSource", {}).get("S3Uri", ""))
