"""Releases: records of deployed models that passed their smoke test.

Each deployment of a model has a folder of its own with its requests, evaluation and verdict. A
rollback chooses among the releases. Records are never overwritten: deploying a model again, as a
rollback does, adds a folder beside the earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.contracts.records import ReleaseChange, ReleaseRecord
from include.storage.layout import Layout
from include.storage.records import read_record, read_valid_record, write_record

MANIFEST = "release.json"
"""The file that is written last: a folder without it is of an unfinished deployment.

Earlier versions of this project wrote it directly below `releases/<number>/`; these files are still
read.
"""

RELEASED_BY = "endpoint update"
"""What writes a release, for error messages."""


@dataclass(frozen=True)
class Release:
    """A deployment of a model.

    Attributes:
        version: The number of its model package in the registry.
        deployed: The time of the deployment, as ISO 8601 with its time zone.
        endpoint_config: The endpoint configuration of the deployment.
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
    run: str,
    now: datetime,
) -> ReleaseRecord:
    """Record a deployment in a folder of its own, and return its manifest, release.json.

    The folder also has the requests of model, configuration and endpoint, and copies of the
    candidate's evaluation and verdict if these still exist. Then the pipeline's changed.json names
    the deployment. A second call for the same deployment writes changed.json only, since the first
    call may have been killed before, and returns the first call's manifest.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        planned: The run's plan: `package` with its lineage, `model`, `endpoint_config`,
            `endpoint`, and `previous`, the configuration that served before, or None.
        endpoint: The summary of the endpoint after the update.
        smoke: The result of the smoke test.
        run: The DAG run of the deployment, as `<dag id>/<run id>`.
        now: The current time, timezone-aware.
    """
    package: Mapping[str, str] = planned["package"]
    version = int(package["version"])
    manifest = ReleaseRecord(
        stage="release",
        version=version,
        deployed=now.isoformat(timespec="seconds"),
        run=run,
        endpoint=endpoint["endpoint_name"],
        endpoint_config=endpoint["endpoint_config_name"],
        model=planned["model"]["config"]["ModelName"],
        previous_endpoint_config=planned["previous"],
        smoke_test=dict(smoke),
        lineage=dict(package),
    )
    recorded = _recorded(s3, layout, manifest)
    if recorded is None:
        recorded = manifest
        folder = layout.release_deployment(version, f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
        requests = {name: planned[name] for name in ("model", "endpoint_config", "endpoint")}
        write_record(s3, layout.bucket, f"{folder}requests.json", requests)
        for name, record in _evaluation_records(s3, layout, package.get("training_job")):
            write_record(s3, layout.bucket, f"{folder}{name}", record)
        write_record(s3, layout.bucket, f"{folder}{MANIFEST}", manifest)
    change = ReleaseChange(version=version, deployed=recorded.deployed)
    write_record(s3, layout.bucket, layout.release_change, change)
    return recorded


def list_deployments(s3: Any, layout: Layout) -> list[Release]:
    """Return all recorded deployments of the pipeline, the last first."""
    found = [
        Release(record.version, record.deployed, record.endpoint_config, record.model)
        for record in _manifests(s3, layout, layout.releases)
    ]
    return sorted(found, key=_deployed, reverse=True)


def list_releases(s3: Any, layout: Layout) -> list[Release]:
    """Return the last deployment of each released model, the latest first."""
    last: dict[int, Release] = {}
    for release in list_deployments(s3, layout):
        last.setdefault(release.version, release)
    return list(last.values())


def _recorded(s3: Any, layout: Layout, manifest: ReleaseRecord) -> ReleaseRecord | None:
    """Return the manifest of the same deployment that an earlier call wrote, or None."""
    for known in _manifests(s3, layout, layout.release(manifest.version)):
        if known.model_copy(update={"deployed": manifest.deployed}) == manifest:
            return known
    return None


def _manifests(s3: Any, layout: Layout, prefix: str) -> Iterator[ReleaseRecord]:
    """Yield the manifests below a prefix, including those of earlier versions' location."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=layout.bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", []):
            if entry["Key"].rsplit("/", 1)[-1] != MANIFEST:
                continue
            record = read_valid_record(s3, layout.bucket, entry["Key"], RELEASED_BY, ReleaseRecord)
            if record is not None:
                yield record


def _deployed(release: Release) -> datetime:
    return datetime.fromisoformat(release.deployed)


def _evaluation_records(
    s3: Any, layout: Layout, training_job: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and content of evaluation.json and verdict.json, if they exist."""
    if not training_job:
        return
    for key in (layout.evaluation_report(training_job), layout.evaluation_verdict(training_job)):
        record = read_record(s3, layout.bucket, key)
        if record is not None:
            yield key.rsplit("/", 1)[-1], record
