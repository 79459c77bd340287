"""Plan and publication of a conversion from a dataset version to a RecordIO version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.config.pipeline import Pipeline
from include.config.versions import conversion_settings, recordio_version
from include.contracts.records import (
    DatasetPointer,
    RecordioPointer,
    RecordioReport,
)
from include.decisions.conversion.shards import merge_shards
from include.decisions.dataset.versions import need_dataset_version
from include.decisions.decision import Decision
from include.decisions.pointer import move_pointer, read_pointer
from include.storage.layout import Layout
from include.storage.records import (
    need_valid_record,
    read_valid_record,
    write_record,
)

CONVERSION = "RecordIO conversion"
"""The DAG that makes RecordIO versions, for error messages."""


@dataclass(frozen=True)
class ConversionState:
    """The RecordIO version that a run would make, and what exists already.

    Attributes:
        dataset_version: The dataset version to convert.
        version: The RecordIO version that the conversion makes.
        report: That version's recordio.json, or None if no conversion to it has completed.
        current: The current RecordIO version, on which training trains, or None.
        earlier: The folder of the current version's files if it was converted with the same
            settings, so that records of unchanged images can be copied; else None.
        seen: The ETag of recordio/current.json, or None if it does not exist yet.
        named: Whether a user selected a dataset version that is not the current one. Its RecordIO
            version does not become current; training finds it by the dataset version.
    """

    dataset_version: str
    version: str
    report: RecordioReport | None
    current: str | None
    earlier: str | None = None
    seen: str | None = None
    named: bool = False


def plan_conversion(
    s3: Any, layout: Layout, pipeline: Pipeline, dataset_version: str | None
) -> ConversionState:
    """Determine the RecordIO version to make, and look for it in S3.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        pipeline: The pipeline, whose conversion settings apply.
        dataset_version: The dataset version to convert; None means the current one.

    Raises:
        RecordError: The dataset version does not exist.
    """
    dataset, named = _dataset(s3, layout, dataset_version)
    version = recordio_version(dataset, pipeline.conversion)
    key = layout.recordio_pointer
    pointer = read_pointer(s3, layout.bucket, key, CONVERSION, RecordioPointer)
    report = layout.recordio_report(version)
    return ConversionState(
        dataset_version=dataset,
        version=version,
        report=read_valid_record(s3, layout.bucket, report, CONVERSION, RecordioReport),
        current=pointer.record.version if pointer.record else None,
        earlier=_earlier(s3, layout, pipeline, pointer.record),
        seen=pointer.etag,
        named=named,
    )


def _dataset(s3: Any, layout: Layout, selected: str | None) -> tuple[str, bool]:
    """Return the dataset version to convert, and whether it differs from the current one."""
    bucket, made_by = layout.bucket, "dataset refresh"
    pointer = (s3, bucket, layout.dataset_pointer, made_by, DatasetPointer)
    if selected is None:
        return need_valid_record(*pointer).version, False
    version = need_dataset_version(s3, layout, selected).version
    current = read_valid_record(*pointer)
    return version, current is None or current.version != version


def decide_conversion(state: ConversionState, force: bool) -> Decision:
    """Decide whether to convert; `force` means that a user wants it in any case."""
    if state.report is None:
        return Decision(True, f"RecordIO {state.version} does not exist yet")
    if state.current != state.version and not state.named:
        return Decision(True, f"RecordIO {state.version} exists, but {state.current} is current")
    if force:
        return Decision(True, f"forced, though RecordIO {state.version} exists")
    return Decision(
        False,
        f"RecordIO {state.version} of dataset {state.dataset_version} exists since "
        f"{state.report.created}: nothing to convert",
    )


def _earlier(
    s3: Any, layout: Layout, pipeline: Pipeline, current: RecordioReport | None
) -> str | None:
    """Return the folder of the current version's files if its records can be copied."""
    if current is None or current.settings != conversion_settings(pipeline.conversion):
        return None
    index = layout.recordio_part(current.version, "index", current.shards)
    # A user may have deleted an old version's files, and a job with an empty input fails.
    found = s3.list_objects_v2(Bucket=layout.bucket, Prefix=index, MaxKeys=1)
    return layout.recordio_files(current.version, current.shards) if found["KeyCount"] else None


def publish_conversion(
    s3: Any, layout: Layout, summary: RecordioPointer, named: bool, seen: str | None
) -> Decision:
    """Make a complete conversion's RecordIO version the current one.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        summary: The version's recordio.json with the `job` that made it.
        named: Whether a user selected an older dataset version; see `ConversionState.named`.
        seen: The ETag of recordio/current.json when the run was planned, or None.
    """
    if named:
        return Decision(
            True,
            f"RecordIO {summary.version} is of the older dataset version "
            f"{summary.dataset_version}, so {layout.recordio_pointer} is not changed; to train "
            "on it, trigger nightly_training with this dataset version",
        )
    return move_pointer(s3, layout.bucket, layout.recordio_pointer, summary, seen)


def complete_conversion(s3: Any, layout: Layout, version: str, shards: int) -> RecordioReport:
    """Return the recordio.json of a conversion whose job has completed.

    A job of one instance has written it. For a job of several instances this function checks their
    reports and files, and then writes recordio.json, which makes the version complete.

    Raises:
        RecordError: The instances' files are not the complete version.
    """
    report = layout.recordio_report(version)
    if shards == 1:
        made_by = "the im2rec job"
        return need_valid_record(s3, layout.bucket, report, made_by, RecordioReport)
    record = merge_shards(s3, layout, version, shards)
    write_record(s3, layout.bucket, report, record)
    return record
