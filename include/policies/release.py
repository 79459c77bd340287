"""Releases: one folder for each model that was deployed, with all that tells why it serves.

A release is written when its endpoint has passed the smoke test, so that a folder means a model
that did serve well; rolling back chooses among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.pipeline.layout import Layout
from include.policies.records import read_record, write_record

MANIFEST = "release.json"
"""Written last: a folder without it is of a release that was never finished."""


@dataclass(frozen=True)
class Release:
    """A model that was deployed.

    Attributes:
        version: Its model package's number in the registry.
        deployed: When it was deployed last, as ISO 8601 with its time zone.
        endpoint_config: The endpoint configuration that served it.
        model: The SageMaker model in that configuration.
    """

    version: int
    deployed: str
    endpoint_config: str
    model: str


def write_release(
    s3: Any,
    layout: Layout,
    planned: Mapping[str, Any],
    endpoint: Mapping[str, Any],
    smoke: Mapping[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """Write a release's folder, its manifest last, and return the manifest.

    Beside the manifest, release.json, are the requests of model, configuration and endpoint, and
    copies of the evaluation and the verdict that it was promoted by, where those are still there.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        planned: What was deployed: `package` with its lineage, `model`, `endpoint_config`,
            `endpoint`, and `previous`, the configuration that served before, or None.
        endpoint: What the endpoint became.
        smoke: What the smoke test found.
        now: The present moment, with its time zone.
    """
    package: Mapping[str, str] = planned["package"]
    folder = layout.release(int(package["version"]))
    requests = {name: planned[name] for name in ("model", "endpoint_config", "endpoint")}
    write_record(s3, layout.bucket, f"{folder}requests.json", requests)
    for name, record in _judgement(s3, layout, package.get("training_job")):
        write_record(s3, layout.bucket, f"{folder}{name}", record)
    manifest = {
        "stage": "release",
        "version": int(package["version"]),
        "deployed": now.isoformat(timespec="seconds"),
        "endpoint": endpoint["endpoint_name"],
        "endpoint_config": endpoint["endpoint_config_name"],
        "model": planned["model"]["config"]["ModelName"],
        "previous_endpoint_config": planned["previous"],
        "smoke_test": dict(smoke),
        "lineage": dict(package),
    }
    write_record(s3, layout.bucket, f"{folder}{MANIFEST}", manifest)
    return manifest


def list_releases(s3: Any, layout: Layout) -> list[Release]:
    """Return the pipeline's releases, the one that was deployed last first."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=layout.releases, Delimiter="/"
    )
    folders = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
    manifests = (read_record(s3, layout.bucket, f"{folder}{MANIFEST}") for folder in folders)
    found = [
        Release(each["version"], each["deployed"], each["endpoint_config"], each["model"])
        for each in manifests
        if each
    ]
    return sorted(found, key=_deployed, reverse=True)


def _deployed(release: Release) -> datetime:
    return datetime.fromisoformat(release.deployed)


def _judgement(
    s3: Any, layout: Layout, training_job: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    if not training_job:
        return
    for key in (layout.evaluation_report(training_job), layout.evaluation_verdict(training_job)):
        record = read_record(s3, layout.bucket, key)
        if record is not None:
            yield key.rsplit("/", 1)[-1], record
