"""Read and validate a candidate's evaluation.json."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

from include.storage.layout import Layout
from include.storage.records import RecordError, need_record

FIGURES = ("top1", "top5", "calibration_error")


def read_evaluation(s3: Any, layout: Layout, training_job: str, made_by: str) -> dict[str, Any]:
    """Return a candidate's evaluation.json after checking its dataset version and figures.

    A figure may be missing; its gate fails then, if the pipeline has a limit for it.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        training_job: The candidate's training job.
        made_by: The job that writes the evaluation, for error messages.

    Raises:
        RecordError: The record is missing, or a field is invalid; the text names the field.
    """
    key = layout.evaluation_report(training_job)
    evaluation = need_record(s3, layout.bucket, key, made_by)
    problem = next(_problems(evaluation), None)
    if problem:
        raise RecordError(f"s3://{layout.bucket}/{key}: {problem}: run {made_by} again")
    return evaluation


def _problems(evaluation: Mapping[str, Any]) -> Iterator[str]:
    """Yield a description of each invalid field."""
    if not _is_name(evaluation.get("dataset_version")):
        yield f"dataset_version is {_shown(evaluation, 'dataset_version')}, and must be a name"
    yield from _invalid_figures(evaluation, FIGURES)
    classes = evaluation.get("per_class", [])
    if not isinstance(classes, list):
        yield f"per_class is {classes!r}, and must be a list of classes"
        return
    for number, entry in enumerate(classes):
        path = f"per_class[{number}]"
        if not isinstance(entry, dict) or not _is_name(entry.get("name")):
            yield f"{path} is {entry!r}, and must be a class with its name"
        else:
            yield from _invalid_figures(entry, ["top1"], f"{path}.")
            yield from _invalid_counts(entry, f"{path}.")


def _invalid_figures(
    record: Mapping[str, Any], names: Iterable[str], prefix: str = ""
) -> Iterator[str]:
    for name in names:
        if not _is_figure(record.get(name)):
            yield f"{prefix}{name} is {record[name]!r}, and must be a number"


def _invalid_counts(record: Mapping[str, Any], prefix: str) -> Iterator[str]:
    images, top1 = record.get("images"), record.get("top1")
    if images is None:
        return
    if not isinstance(images, int) or isinstance(images, bool) or images < 0:
        yield f"{prefix}images is {images!r}, and must be a number of images"
    elif images and top1 is None:
        yield f"{prefix}top1 is missing, although the class has {images} images"


def _shown(record: Mapping[str, Any], name: str) -> str:
    return repr(record[name]) if name in record else "missing"


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_figure(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
