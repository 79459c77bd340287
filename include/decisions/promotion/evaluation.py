"""Read and validate a candidate's evaluation.json."""

from __future__ import annotations

from typing import Any

from include.contracts.records import EvaluationReport
from include.storage.layout import Layout
from include.storage.records import need_valid_record


def read_evaluation(s3: Any, layout: Layout, training_job: str, made_by: str) -> EvaluationReport:
    """Return a candidate's evaluation.json after validating it.

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
    return need_valid_record(s3, layout.bucket, key, made_by, EvaluationReport)
