"""Do the shards of a conversion by several instances add up to the whole version?"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from include.storage.layout import Layout
from include.storage.records import RecordError, need_record

SPLITS = ("train", "validation")
ALIKE = ("stage", "version", "dataset_version", "settings", "hosts", "expected")
NAMED = 3
"""How many images or objects an error names."""

Shard = Mapping[str, Any]


def merge_shards(s3: Any, layout: Layout, version: str, shards: int) -> dict[str, Any]:
    """Return what recordio.json says of a version that several instances have converted.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        version: The RecordIO version.
        shards: How many instances have converted it.

    Raises:
        RecordError: An instance has not reported, they are not of one conversion, an image is in
            none or in two of the shards, or a record file is missing or not of this conversion.
    """
    folder = layout.recordio_files(version, shards)
    reports = _reports(s3, layout.bucket, f"{folder}shards/", version, shards)
    for split in SPLITS:
        _check_split(s3, layout, reports, split)
        _check_files(s3, layout.bucket, f"{folder}{split}/", _file_names(reports, split))
    return {
        **{name: reports[0][name] for name in ALIKE if name not in {"hosts", "expected"}},
        "counts": {**reports[0]["expected"], "classes": reports[0]["counts"]["classes"]},
        "shards": shards,
        "reused": sum(report.get("reused", 0) for report in reports),
        "bytes": sum(report["bytes"] for report in reports),
        "seconds": max(report["seconds"] for report in reports),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _reports(s3: Any, bucket: str, folder: str, version: str, shards: int) -> list[Shard]:
    """The instances' reports, in the order of their hosts' names, which is that of the files."""
    keys = [key for key in _keys(s3, bucket, folder) if key.endswith(".json")]
    reports: list[Shard] = [need_record(s3, bucket, key, "the im2rec job") for key in keys]
    reports.sort(key=lambda report: str(report.get("host")))
    where = f"s3://{bucket}/{folder}"
    if len(reports) < shards:
        names = ", ".join(report["host"] for report in reports) or "none"
        raise RecordError(
            f"{len(reports)} of {shards} instances have left a report in {where} ({names}): "
            "convert again"
        )
    if difference := _difference(reports, version, shards):
        raise RecordError(
            f"the reports in {where} do not belong together: {difference}; delete them and "
            "convert again"
        )
    return reports


def _difference(reports: Sequence[Shard], version: str, shards: int) -> str:
    """How the reports are not those of one conversion; "" when they are."""
    first = reports[0]
    if len(reports) > shards:
        return f"there are {len(reports)}, but the job had {shards} instances"
    if (first.get("version"), first.get("hosts")) != (version, shards):
        return f"{first['host']} reports no conversion to RecordIO {version} by {shards} instances"
    for report, name in itertools.product(reports, ALIKE):
        if report.get(name) != first.get(name):
            return f"{first['host']} and {report['host']} differ in {name}"
    return ""


def _check_split(s3: Any, layout: Layout, reports: Sequence[Shard], split: str) -> None:
    """Check that each image of the split is in exactly one of the shards."""
    dataset, expected = reports[0]["dataset_version"], reports[0]["expected"][split]
    times = bytearray(expected)
    for number in itertools.chain.from_iterable(r["identifiers"][split] for r in reports):
        if number not in range(expected):
            raise RecordError(
                f"the shards of the {split} split hold record {number}, but dataset {dataset} has "
                f"{expected} images in it: convert again"
            )
        times[number] = min(times[number] + 1, 2)
    for wrong, what in ((2, "more than one shard"), (0, "no shard")):
        if numbers := [number for number, count in enumerate(times) if count == wrong]:
            images = _named(s3, layout, dataset, split, numbers)
            raise RecordError(
                f"{len(numbers)} {split} images are in {what} ({images}): {_fix(layout, wrong)}"
            )


def _fix(layout: Layout, times: int) -> str:
    if times:
        return "the job's input `images` must be ShardedByS3Key; convert again"
    return (
        f"are they in {layout.uri(layout.images)}? Run dataset refresh, which stores what the "
        "current version lacks, or put them back; then convert again"
    )


def _named(s3: Any, layout: Layout, version: str, split: str, numbers: Sequence[int]) -> str:
    """The first few of a split's images by their records' numbers: ranks by hash."""
    key = f"{layout.dataset(version)}manifest.jsonl"
    lines = s3.get_object(Bucket=layout.bucket, Key=key)["Body"].iter_lines()
    rows = (json.loads(line) for line in lines if line)
    images = sorted(
        (row["sha256"], row["key"], row["path"]) for row in rows if row["split"] == split
    )
    names = [f"{key} ({path})" for _, key, path in (images[number] for number in numbers[:NAMED])]
    return ", ".join(names) + (", ..." if len(numbers) > NAMED else "")


def _file_names(reports: Sequence[Shard], split: str) -> set[str]:
    """The record files that the instances have written; one without images writes none."""
    numbered = enumerate(report["identifiers"][split] for report in reports)
    return {f"{split}-{number:05}.rec" for number, identifiers in numbered if identifiers}


def _check_files(s3: Any, bucket: str, folder: str, expected: set[str]) -> None:
    """Check that a channel's folder holds these files and no others: all would be trained on."""
    found = {key.removeprefix(folder) for key in _keys(s3, bucket, folder)}
    for names, what in (
        (sorted(found - expected), "none of this conversion's files: delete it"),
        (sorted(expected - found), "missing, though an instance has reported it: convert again"),
    ):
        if names:
            raise RecordError(f"s3://{bucket}/{folder}{names[0]} is {what}")


def _keys(s3: Any, bucket: str, folder: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    for page in pages:
        for entry in page.get("Contents", []):
            yield entry["Key"]
