"""Facts about the datasets of jobs for OpenLineage, from the records that the jobs write.

Airflow calls these functions when a job has completed, and only if the provider OpenLineage is
installed and has a transport. An error here is a warning in the task's log and fails nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dag_factory.run_context import aws_client
from include.common.s3_uri import split_s3_uri
from sagemaker_jobs.lineage.facts import Check, DatasetFacts, FactsFunction, JobFacts

if TYPE_CHECKING:
    from include.contracts.records import Record

    R = TypeVar("R", bound=Record)

Summary = Mapping[str, Any]

MANIFEST_START = 2048
"""Bytes of an S3 manifest that contain its first entry, the prefix of all others."""


def facts_of(stage: str) -> FactsFunction | None:
    """Return the function for the jobs of a stage; None if their descriptions say everything."""
    return _STAGES.get(stage)


def _refresh(summary: Summary) -> JobFacts:
    from include.contracts import files
    from include.contracts.commands import Output
    from include.contracts.records import DatasetReport

    report = _record(summary, files.DATASET, DatasetReport)
    counts, outputs = report.counts, summary["outputs"]
    listed, quarantined = counts.get("listed", 0), counts.get("quarantined", 0)
    check = Check(
        "share of refused photos",
        passed=True,  # Otherwise the job would have failed.
        expected=f"at most {report.settings.get('quarantine_limit', 'all')}",
        actual=f"{quarantined / listed:.4f}" if listed else "0",
    )
    version = f"{outputs[Output.VERSIONS]}/{report.version}"
    source = report.source.uri if report.source else ""
    return JobFacts(
        inputs=(DatasetFacts(source, rows=listed, checks=(check,)),),
        outputs=(
            DatasetFacts(
                version,
                rows=counts.get("images"),
                distinct={"class": counts.get("classes", 0)},
                figures=dict(counts),
            ),
            DatasetFacts(outputs[Output.QUARANTINE], rows=quarantined),
        ),
    )


def _im2rec(summary: Summary) -> JobFacts:
    from include.contracts import files
    from include.contracts.commands import Output
    from include.contracts.records import RecordioReport

    report = _record(summary, files.RECORDIO, RecordioReport)
    classes = {"class": report.counts.classes}
    parts = {Output.TRAIN: report.counts.train, Output.VALIDATION: report.counts.validation}
    return JobFacts(
        inputs=_listed_photos(summary),
        outputs=tuple(
            DatasetFacts(summary["outputs"][part], rows=rows, distinct=classes)
            for part, rows in parts.items()
        ),
    )


def _train(summary: Summary) -> JobFacts:
    figures = dict(summary["metrics"])
    figures |= {
        name: summary[name]
        for name in ("billable_seconds", "cost_usd")
        if summary.get(name) is not None
    }
    return JobFacts(outputs=(DatasetFacts(summary["outputs"]["model"], figures=figures),))


def _transform(summary: Summary) -> JobFacts:
    return JobFacts(inputs=_listed_photos(summary))


def _evaluate(summary: Summary) -> JobFacts:
    from include.contracts import files
    from include.contracts.commands import Output
    from include.contracts.records import EvaluationReport

    report = _record(summary, files.EVALUATION, EvaluationReport)
    scores = ("top1", "top5", "calibration_error", "temperature")
    result = DatasetFacts(
        summary["outputs"][Output.RESULT],
        rows=report.images,
        distinct={"class": len(report.per_class)},
        figures={name: score for name in scores if (score := getattr(report, name)) is not None},
    )
    return JobFacts(outputs=(result,))


def _report(summary: Summary) -> JobFacts:
    from include.contracts import files
    from include.contracts.commands import Output
    from include.contracts.records import BatchReport

    report = _record(summary, files.BATCH_REPORT, BatchReport)
    figures: dict[str, float] = {}
    if report.uncertain is not None:
        figures["uncertain"] = report.uncertain
    if report.drift:
        figures["drift_classes"] = report.drift.classes.distance
        figures["drift_confidence"] = report.drift.confidence.distance
    result = DatasetFacts(
        summary["outputs"][Output.RESULT],
        rows=report.images,
        distinct={"class": len(report.classes)},
        figures=figures,
    )
    return JobFacts(outputs=(result,))


_STAGES: dict[str, FactsFunction] = {
    "refresh": _refresh,
    "im2rec": _im2rec,
    "train": _train,
    "transform": _transform,
    "evaluate": _evaluate,
    "report": _report,
}


def _record(summary: Summary, name: str, model: type[R]) -> R:
    """Return the record that a processing job wrote into its output `result`."""
    from include.contracts.commands import Output
    from include.storage.records import need_valid_record

    bucket, key = split_s3_uri(f"{summary['outputs'][Output.RESULT]}/{name}")
    return need_valid_record(aws_client("s3"), bucket, key, summary["job_name"], model)


def _listed_photos(summary: Summary) -> tuple[DatasetFacts, ...]:
    """Return the folder of the photos that a job reads, which only its manifest names."""
    manifests = (uri for uri in summary["inputs"] if uri.endswith(".manifest"))
    return tuple(DatasetFacts(_listed_folder(uri)) for uri in manifests)


def _listed_folder(manifest: str) -> str:
    import json

    bucket, key = split_s3_uri(manifest)
    start = f"bytes=0-{MANIFEST_START - 1}"
    body = aws_client("s3").get_object(Bucket=bucket, Key=key, Range=start)["Body"].read()
    entry, _ = json.JSONDecoder().raw_decode(body.decode(errors="replace").lstrip("[ \n"))
    return str(entry["prefix"])
