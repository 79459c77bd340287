"""The way of a model: from the endpoint back to the source and the labels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from include.config import Pipeline
from include.contracts.records import DatasetReport, RecordioReport
from model_page import addresses
from model_page.problems import attempt
from model_page.reading.overview import Served
from model_page.reading.sources import Sources

MAX_LABEL_FILES = 1000


@dataclass(frozen=True)
class Step:
    """A step: what it is, its name, when it was made, its size in words, and its page, if any."""

    title: str
    name: str
    moment: datetime | str | None
    detail: str
    link: str = ""


def read_lineage(sources: Sources, pipeline: Pipeline, served: Served) -> list[Step]:
    """Return the steps from the endpoint to the source; none if no package serves.

    A step whose record is gone says so, and the others are shown.
    """
    package, endpoint = served.package, served.endpoint
    if package is None or endpoint is None:
        return []
    name, facts = pipeline.name, package.facts
    job = package.training_job or ""
    figures = served.figures
    detail = (
        f"top-1 {figures.top1:.1%}".replace("%", "\N{NO-BREAK SPACE}%")
        if figures and figures.top1 is not None
        else ""
    )
    version = facts.get("dataset_version", "")
    return [
        Step("Endpoint", endpoint.name, endpoint.changed, endpoint.status),
        Step(
            "Package",
            str(package.version),
            package.created,
            detail,
            addresses.page(name, "package", package.version),
        ),
        Step(
            "Training",
            job or "by hand",
            package.created,
            facts.get("network", ""),
            addresses.page(name, "evaluation", job) if job else "",
        ),
        _recordio(sources, name, facts.get("recordio_version", "")),
        _dataset(sources, name, version),
        _source(sources, pipeline, version),
        _labels(sources, name),
    ]


def _recordio(sources: Sources, name: str, version: str) -> Step:
    layout = sources.installation.layout(name)
    read = attempt(
        "the record",
        lambda: (
            sources.objects.record(
                layout.recordio_report(version), RecordioReport, "im2rec conversion"
            )
            if version
            else None
        ),
    )
    record = read.value
    if record is None:
        return Step("RecordIO", version or "unknown", None, read.problem or "its record is gone")
    return Step(
        "RecordIO",
        version,
        record.created,
        f"{record.counts.train + record.counts.validation:,} records",
    )


def _dataset(sources: Sources, name: str, version: str) -> Step:
    record, problem = _dataset_report(sources, name, version)
    if record is None:
        return Step("Dataset", version or "unknown", None, problem or "its record is gone")
    link = addresses.page(name, "data", version)
    photos = record.counts.get("images")
    detail = f"{photos:,} photos" if photos is not None else ""
    return Step("Dataset", version, record.created, detail, link)


def _source(sources: Sources, pipeline: Pipeline, version: str) -> Step:
    record, _ = _dataset_report(sources, pipeline.name, version)
    uri = record.source.uri if record and record.source else ""
    files = len(record.source.files) if record and record.source else 0
    return Step(
        "Source", uri or pipeline.source.uri or "source/", None, _count(files) if files else ""
    )


def _dataset_report(sources: Sources, name: str, version: str) -> tuple[DatasetReport | None, str]:
    if not version:
        return None, ""
    key = sources.installation.layout(name).dataset_report(version)
    read = attempt(
        "the record", lambda: sources.objects.record(key, DatasetReport, "dataset refresh")
    )
    return read.value, read.problem


def _labels(sources: Sources, name: str) -> Step:
    prefix = sources.installation.layout(name).labels
    read = attempt(
        "labels",
        lambda: sources.objects.s3.list_objects_v2(
            Bucket=sources.objects.bucket, Prefix=prefix, MaxKeys=MAX_LABEL_FILES
        ),
    )
    listed = read.value or {}
    files = listed.get("Contents", [])
    last = max((item["LastModified"] for item in files), default=None)
    detail = read.problem or _count(len(files))
    if listed.get("IsTruncated"):  # the list has the oldest files only
        last, detail = None, f"more than {len(files):,} files"
    return Step("Labels", "labels/", last, detail, addresses.page(name, "review"))


def _count(files: int) -> str:
    return f"{files} file{'' if files == 1 else 's'}"
