"""Results of a pipeline, read from the records of its stages in S3 and SageMaker."""

from __future__ import annotations

import io
import json
import statistics
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from include.common.s3_uri import split_s3_uri
from include.config import Pipeline
from include.decisions.registry.packages import Package
from include.decisions.registry.search import find_package
from include.local_run.drive.clients import AwsClients
from include.storage.records import read_record

Figures = dict[str, Any]


@dataclass
class SkipReasons:
    """Why stages were skipped in this run; None for a stage that did its work."""

    refresh: str | None = None
    training: str | None = None
    batch: str | None = None


@dataclass(frozen=True)
class Results:
    """The sections of `summary.json` by stage, and the pages and drawings of the stages."""

    sections: Mapping[str, Figures]
    pages: Mapping[str, str] = field(default_factory=dict)
    """S3 keys of pages by file name."""
    drawings: Mapping[str, bytes] = field(default_factory=dict)
    """Contents of drawings by file name."""


def collect_results(aws: AwsClients, pipeline: Pipeline, reasons: SkipReasons) -> Results:
    """Read the pipeline's present state; figures of stages that have not run are zero or null."""
    layout = aws.layout(pipeline.name)

    def record(key: str) -> Figures:
        return read_record(aws.s3, layout.bucket, key) or {}

    dataset, recordio = record(layout.dataset_pointer), record(layout.recordio_pointer)
    package = _package(aws, pipeline, recordio)
    job = package.metadata.get("training_job", "") if package else ""
    evaluation = record(layout.evaluation_report(job)) if job else {}
    batch = _latest_batch(aws, pipeline.name)
    trained = _training_output(aws, job) if job else {}
    sections = {
        "dataset": _dataset(dataset, reasons),
        "recordio": _recordio(recordio),
        "training": _training(trained, job, reasons),
        "evaluation": _evaluation(evaluation, package),
        "endpoint": _endpoint(aws, pipeline.slug),
        "batch": _batch(batch, reasons),
    }
    pages = {}
    if version := dataset.get("version"):
        pages["dataset.html"] = layout.dataset_page(version)
    if job:
        pages["evaluation.html"] = layout.evaluation_page(job)
    if batch:
        pages["gallery.html"] = f"{layout.batch_report(batch['batch'])}gallery.html"
    return Results(sections, pages, {n: c for n, c in trained.items() if n.endswith(".svg")})


def _dataset(dataset: Figures, reasons: SkipReasons) -> Figures:
    counts = dataset.get("counts", {})
    names = ("images", "classes", "quarantined", "deduplicated")
    return {
        "version": dataset.get("version"),
        **{name: int(counts.get(name, 0)) for name in names},
        "seconds": float(dataset.get("seconds", 0)),
        "unchanged": reasons.refresh is not None or bool(dataset.get("unchanged")),
    }


def _recordio(recordio: Figures) -> Figures:
    counts = recordio.get("counts", {})
    return {
        "version": recordio.get("version"),
        "train": int(counts.get("train", 0)),
        "validation": int(counts.get("validation", 0)),
        "seconds": float(recordio.get("seconds", 0)),
    }


def _package(aws: AwsClients, pipeline: Pipeline, recordio: Figures) -> Package | None:
    version = recordio.get("version")
    if not version:
        return None
    return find_package(aws.sagemaker, pipeline.slug, {"recordio_version": version})


def _training(output: Mapping[str, bytes], job: str, reasons: SkipReasons) -> Figures:
    report = json.loads(output.get("training.json", b"{}"))
    rates = report.get("images_per_second") or [0.0]
    return {
        "job": job or None,
        "epochs": int(report.get("epochs", 0)),
        "images_per_second": round(float(statistics.median(rates)), 1),
        "seconds": float(report.get("seconds", 0)),
        "skipped": reasons.training,
    }


def _training_output(aws: AwsClients, job: str) -> dict[str, bytes]:
    """Return training.json and the drawing of its curve from the job's output.tar.gz."""
    described = aws.sagemaker.describe_training_job(TrainingJobName=job)
    bucket, prefix = split_s3_uri(described["OutputDataConfig"]["S3OutputPath"])
    key = f"{prefix.strip('/')}/{job}/output/output.tar.gz"
    try:
        body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError:
        return {}
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        files = ((member.name, archive.extractfile(member)) for member in archive)
        return {
            name.rsplit("/")[-1]: file.read()
            for name, file in files
            if file is not None and name.rsplit("/")[-1].startswith("training.")
        }


def _evaluation(evaluation: Figures, package: Package | None) -> Figures:
    return {
        "images": int(evaluation.get("images", 0)),
        "top1": float(evaluation.get("top1", 0)),
        "top5": float(evaluation.get("top5", 0)),
        "verdict": package.metadata.get("verdict") if package else None,
    }


def _endpoint(aws: AwsClients, name: str) -> Figures:
    try:
        described = aws.sagemaker.describe_endpoint(EndpointName=name)
    except ClientError:
        return {"name": name, "config": None, "status": "absent"}
    return {
        "name": name,
        "config": described.get("EndpointConfigName"),
        "status": described["EndpointStatus"],
    }


def _latest_batch(aws: AwsClients, pipeline: str) -> Figures:
    layout = aws.layout(pipeline)
    pages = aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=layout.batches
    )
    records = [
        (entry["LastModified"], entry["Key"])
        for page in pages
        for entry in page.get("Contents", [])
        if entry["Key"].endswith("/batch.json")
    ]
    for _, key in sorted(records, reverse=True):
        record = read_record(aws.s3, layout.bucket, key) or {}
        # A batch without readable photos has no report.
        if record.get("report"):
            return record
    return {}


def _batch(batch: Figures, reasons: SkipReasons) -> Figures:
    report = batch.get("report")
    return {
        "images": int(batch.get("counts", {}).get("images", 0)),
        "predictions": f"{report.rstrip('/')}/predictions.csv" if report else None,
        "seconds": float(batch.get("seconds", 0)),
        "skipped": reasons.batch,
    }
