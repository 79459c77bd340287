"""A candidate's evaluation.json, as it must be for a verdict to rest on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

from include.storage.layout import Layout
from include.storage.records import RecordError, need_record

FIGURES = ("top1", "top5", "calibration_error")


def read_evaluation(s3: Any, layout: Layout, training_job: str, made_by: str) -> dict[str, Any]:
    """Return a candidate's evaluation.json, with its dataset version and figures checked.

    A figure may be missing: its limit fails then, if the pipeline has one.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        training_job: The candidate's.
        made_by: What writes the evaluation.

    Raises:
        RecordError: It is missing, or a field is not what it must be; the text names the field.
    """
    key = layout.evaluation_report(training_job)
    evaluation = need_record(s3, layout.bucket, key, made_by)
    wrong = next(_wrong(evaluation), None)
    if wrong:
        raise RecordError(f"s3://{layout.bucket}/{key}: {wrong}: run {made_by} again")
    return evaluation


def _wrong(evaluation: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong, field by field."""
    if not _is_name(evaluation.get("dataset_version")):
        yield f"dataset_version is {_said(evaluation, 'dataset_version')}, and must be a name"
    yield from _wrong_figures(evaluation, FIGURES)
    classes = evaluation.get("per_class", [])
    if not isinstance(classes, list):
        yield f"per_class is {classes!r}, and must be a list of classes"
        return
    for number, each in enumerate(classes):
        where = f"per_class[{number}]"
        if not isinstance(each, dict) or not _is_name(each.get("name")):
            yield f"{where} is {each!r}, and must be a class with its name"
        else:
            yield from _wrong_figures(each, ["top1"], f"{where}.")
            yield from _wrong_counts(each, f"{where}.")


def _wrong_figures(record: Mapping[str, Any], names: Iterable[str], at: str = "") -> Iterator[str]:
    for name in names:
        if not _is_figure(record.get(name)):
            yield f"{at}{name} is {record[name]!r}, and must be a number"


def _wrong_counts(record: Mapping[str, Any], at: str) -> Iterator[str]:
    images, top1 = record.get("images"), record.get("top1")
    if images is None:
        return
    if not isinstance(images, int) or isinstance(images, bool) or images < 0:
        yield f"{at}images is {images!r}, and must be a number of images"
    elif images and top1 is None:
        yield f"{at}top1 is missing, though the class has {images} images"


def _said(record: Mapping[str, Any], name: str) -> str:
    return repr(record[name]) if name in record else "missing"


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_figure(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
