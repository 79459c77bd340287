"""The records from which the model card of a candidate is made."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from include.contracts.records import DatasetReport, EvaluationReport, Record
from include.storage.layout import Layout
from include.storage.records import RecordError, read_valid_record

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Record)


def read_card_records(
    s3: Any, layout: Layout, job: str, dataset_version: str | None
) -> tuple[EvaluationReport | None, DatasetReport | None]:
    """Return a training's evaluation and dataset version, or None for those that cannot be read.

    A card with a gap is better than a training that cannot be registered.
    """
    evaluation = _read(s3, layout, layout.evaluation_report(job), "evaluate", EvaluationReport)
    if not dataset_version:
        return evaluation, None
    key = layout.dataset_report(dataset_version)
    return evaluation, _read(s3, layout, key, "dataset refresh", DatasetReport)


def _read(s3: Any, layout: Layout, key: str, made_by: str, model: type[R]) -> R | None:
    try:
        return read_valid_record(s3, layout.bucket, key, made_by, model)
    except RecordError as error:
        log.warning("The model card has a gap: %s", error)
        return None
