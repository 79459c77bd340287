"""Check and merge the reports of a conversion that ran on several instances."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from include.contracts.dataset import CONVERTED
from include.contracts.records import RecordioCounts, RecordioReport, ShardReport
from include.storage.layout import Layout
from include.storage.records import RecordError, need_valid_record

COMMON_FIELDS = ("stage", "version", "dataset_version", "settings", "hosts", "expected")
"""The fields that have the same value in the reports of all instances."""

MAX_NAMES = 3
"""How many images an error message names."""


def merge_shards(s3: Any, layout: Layout, version: str, shards: int) -> RecordioReport:
    """Return the recordio.json of a version that several instances have converted.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The RecordIO version.
        shards: The number of instances.

    Raises:
        RecordError: An instance's report is missing, the reports are not of one conversion, an
            image is in no shard or in several, or a record file is missing or of another
            conversion.
    """
    folder = layout.recordio_files(version, shards)
    reports = _reports(s3, layout.bucket, layout.recordio_shards(version, shards), version, shards)
    for split in CONVERTED:
        _check_split(s3, layout, reports, split)
        _check_files(s3, layout.bucket, f"{folder}{split}/", _file_names(reports, split))
    first = reports[0]
    return RecordioReport(
        stage=first.stage,
        version=first.version,
        dataset_version=first.dataset_version,
        settings=first.settings,
        counts=RecordioCounts(**first.expected, classes=first.counts.classes),
        shards=shards,
        reused=sum(report.reused for report in reports),
        bytes=sum(report.bytes for report in reports),
        seconds=max(report.seconds for report in reports),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _reports(s3: Any, bucket: str, folder: str, version: str, shards: int) -> list[ShardReport]:
    """Return the instances' reports by host name, which is the order of the record files."""
    keys = [key for key in _keys(s3, bucket, folder) if key.endswith(".json")]
    made_by = "the im2rec job"
    reports = [need_valid_record(s3, bucket, key, made_by, ShardReport) for key in keys]
    reports.sort(key=lambda report: report.host)
    where = f"s3://{bucket}/{folder}"
    if len(reports) < shards:
        names = ", ".join(report.host for report in reports) or "none"
        raise RecordError(
            f"{len(reports)} of {shards} instances have written a report to {where} ({names}): "
            "convert again"
        )
    if difference := _difference(reports, version, shards):
        raise RecordError(
            f"the reports in {where} do not belong together: {difference}; delete them and "
            "convert again"
        )
    return reports


def _difference(reports: Sequence[ShardReport], version: str, shards: int) -> str:
    """Return why the reports are not of one conversion, or ""."""
    first = reports[0]
    if len(reports) > shards:
        return f"there are {len(reports)}, but the job had {shards} instances"
    if (first.version, first.hosts) != (version, shards):
        return (
            f"the report of {first.host} is not of a conversion to RecordIO {version} by "
            f"{shards} instances"
        )
    for report, name in itertools.product(reports, COMMON_FIELDS):
        if getattr(report, name) != getattr(first, name):
            return f"{first.host} and {report.host} differ in {name}"
    return ""


def _check_split(s3: Any, layout: Layout, reports: Sequence[ShardReport], split: str) -> None:
    """Check that each image of the split is in exactly one of the shards."""
    dataset, expected = reports[0].dataset_version, reports[0].expected[split]
    times = bytearray(expected)
    identifiers = (report.identifiers[split] for report in reports)
    for number in itertools.chain.from_iterable(identifiers):
        if number not in range(expected):
            raise RecordError(
                f"the shards of the {split} split contain record {number}, but dataset {dataset} "
                f"has only {expected} images in this split: convert again"
            )
        times[number] = min(times[number] + 1, 2)
    missing_fix = (
        f"check that they are in {layout.uri(layout.images)}: run dataset refresh with Force, "
        "which stores images of the current version again, or restore them; then convert again"
    )
    double_fix = "the job's input `images` must be ShardedByS3Key; convert again"
    for wrong, where, fix in ((2, "more than one shard", double_fix), (0, "no shard", missing_fix)):
        if numbers := [number for number, count in enumerate(times) if count == wrong]:
            images = _name_images(s3, layout, dataset, split, numbers)
            raise RecordError(f"{len(numbers)} {split} images are in {where} ({images}): {fix}")


def _name_images(s3: Any, layout: Layout, version: str, split: str, numbers: Sequence[int]) -> str:
    """Name the first few images by their record numbers, which are ranks in the order of hashes."""
    key = layout.dataset_manifest(version)
    lines = s3.get_object(Bucket=layout.bucket, Key=key)["Body"].iter_lines()
    rows = (json.loads(line) for line in lines if line)
    images = sorted(
        (row["sha256"], row["key"], row["path"]) for row in rows if row["split"] == split
    )
    first = [images[number] for number in numbers[:MAX_NAMES]]
    names = [f"{key} ({path})" for _, key, path in first]
    return ", ".join(names) + (", ..." if len(numbers) > MAX_NAMES else "")


def _file_names(reports: Sequence[ShardReport], split: str) -> set[str]:
    """Return the names of the record files; an instance without images writes no file."""
    numbered = enumerate(report.identifiers[split] for report in reports)
    return {f"{split}-{number:05}.rec" for number, identifiers in numbered if identifiers}


def _check_files(s3: Any, bucket: str, folder: str, expected: set[str]) -> None:
    """Check that a channel's folder has exactly these files: training reads all files in it."""
    found = {key.removeprefix(folder) for key in _keys(s3, bucket, folder)}
    for names, problem in (
        (sorted(found - expected), "none of this conversion's files: delete it"),
        (sorted(expected - found), "missing, although an instance reported it: convert again"),
    ):
        if names:
            raise RecordError(f"s3://{bucket}/{folder}{names[0]} is {problem}")


def _keys(s3: Any, bucket: str, folder: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    for page in pages:
        for entry in page.get("Contents", []):
            yield entry["Key"]
