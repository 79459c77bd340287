"""Is there a RecordIO version of this dataset version under these settings already?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.config.pipeline import Pipeline
from include.config.versions import conversion_settings, recordio_version
from include.decisions.conversion.shards import merge_shards
from include.decisions.decision import Decision
from include.decisions.pointer import move_pointer, read_pointer
from include.storage.layout import Layout
from include.storage.records import need_record, read_record, write_record


@dataclass(frozen=True)
class ConversionState:
    """What a conversion would make, and what there is of it.

    Attributes:
        dataset_version: The dataset version to convert.
        version: The RecordIO version that the conversion makes.
        report: That version's recordio.json, which is there when its conversion was complete.
        current: The RecordIO version that training takes now.
        earlier: The folder of the current version's files, if it was converted under the same
            settings: unchanged images need not be converted again.
        seen: The ETag of recordio/current.json, or None where there is none yet.
        named: A user named a dataset version that is not the current one. Its RecordIO version
            does not become the current one: training finds it by the dataset version's name.
    """

    dataset_version: str
    version: str
    report: Mapping[str, Any] | None
    current: str | None
    earlier: str | None = None
    seen: str | None = None
    named: bool = False


def plan_conversion(
    s3: Any, layout: Layout, pipeline: Pipeline, dataset_version: str | None
) -> ConversionState:
    """Look at what there is.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        pipeline: Whose conversion settings count.
        dataset_version: What to convert; None means the current dataset version.

    Raises:
        RecordError: There is no such dataset version.
    """
    dataset, named = _dataset(s3, layout, dataset_version)
    version = recordio_version(dataset, pipeline.conversion)
    pointer = read_pointer(s3, layout.bucket, layout.recordio_pointer)
    return ConversionState(
        dataset_version=dataset,
        version=version,
        report=read_record(s3, layout.bucket, layout.recordio_report(version)),
        current=pointer.version,
        earlier=_earlier(s3, layout, pipeline, pointer.record or {}),
        seen=pointer.etag,
        named=named,
    )


def _dataset(s3: Any, layout: Layout, asked: str | None) -> tuple[str, bool]:
    """Return the dataset version to convert, and whether it is another than the current one."""
    here, made_by = (s3, layout.bucket), "dataset refresh"
    if asked is None:
        return need_record(*here, layout.dataset_pointer, made_by)["version"], False
    version: str = need_record(*here, f"{layout.dataset(asked)}dataset.json", made_by)["version"]
    current = read_record(*here, layout.dataset_pointer) or {}
    return version, current.get("version") != version


def decide_conversion(state: ConversionState, force: bool) -> Decision:
    """Decide whether to convert; `force` means that a person asked for it in any case."""
    if state.report is None:
        return Decision(True, f"RecordIO {state.version} does not exist yet")
    if state.current != state.version and not state.named:
        return Decision(True, f"RecordIO {state.version} exists, but {state.current} is current")
    if force:
        return Decision(True, f"forced, though RecordIO {state.version} exists")
    return Decision(
        False,
        f"RecordIO {state.version} of dataset {state.dataset_version} exists since "
        f"{state.report['created']}",
    )


def _earlier(s3: Any, layout: Layout, pipeline: Pipeline, current: Mapping[str, Any]) -> str | None:
    if current.get("settings") != conversion_settings(pipeline.conversion):
        return None
    shards = current.get("shards", 1)
    index = layout.recordio_part(current["version"], "index", shards)
    # A job whose input is empty fails, and a person may have removed an old version's files.
    found = s3.list_objects_v2(Bucket=layout.bucket, Prefix=index, MaxKeys=1)
    return layout.recordio_files(current["version"], shards) if found["KeyCount"] else None


def publish_conversion(
    s3: Any, layout: Layout, summary: Mapping[str, Any], named: bool, seen: str | None
) -> Decision:
    """Make a complete conversion's RecordIO version the current one.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        summary: The version's recordio.json with the `job` that made it.
        named: The version is of an older dataset version that a user named.
        seen: The ETag of recordio/current.json when the run was planned, or None.
    """
    if named:
        return Decision(
            True,
            f"RecordIO {summary['version']} is of the older dataset version "
            f"{summary['dataset_version']}: {layout.recordio_pointer} is left as it is; name that "
            "dataset version to train on it",
        )
    return move_pointer(s3, layout.bucket, layout.recordio_pointer, summary, seen)


def complete_conversion(s3: Any, layout: Layout, version: str, shards: int) -> Mapping[str, Any]:
    """Return the recordio.json of a conversion whose job has completed.

    One instance has written it. What several have written is checked here, and recordio.json, by
    which their files become the version's, is written last.

    Raises:
        RecordError: The instances' files are not the whole version.
    """
    report = layout.recordio_report(version)
    if shards == 1:
        return need_record(s3, layout.bucket, report, "the im2rec job")
    record = merge_shards(s3, layout, version, shards)
    write_record(s3, layout.bucket, report, record)
    return record
