"""Results for people: a table, the pages, and two JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from rich.table import Table

from include.local_run.drive.clients import Aws
from include.local_run.drive.results import Results
from include.local_run.drive.show import Show
from include.local_run.project_paths import Places

Summary = dict[str, Any]


def summarise(
    pipeline: str,
    succeeded: bool,
    runs: Mapping[str, str],
    results: Results,
    ui: str,
    seconds: tuple[float, float],
) -> Summary:
    """Builds summary.json's content; `seconds` are those of installing and those in all."""
    return {
        "pipeline": pipeline,
        "succeeded": succeeded,
        "runs": dict(runs),
        **results.sections,
        "ui": ui,
        "install_seconds": round(seconds[0], 2),
        "total_seconds": round(seconds[1], 2),
    }


def write(places: Places, summary: Summary, timings: Mapping[str, object]) -> None:
    """Writes the two JSON files, each whole or not at all."""
    for file, content in ((places.summary, summary), (places.timings, timings)):
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        unfinished.rename(file)


def download_pages(aws: Aws, bucket: str, results: Results, places: Places) -> list[str]:
    """Keeps the pages and drawings to look at; returns their paths."""
    places.results.mkdir(parents=True, exist_ok=True)
    found = []
    for name, content in results.drawings.items():
        (places.results / name).write_bytes(content)
        found.append(str(places.results / name))
    for name, key in results.pages.items():
        try:
            body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError:
            continue
        (places.results / name).write_bytes(body)
        found.append(str(places.results / name))
    return found


def show_table(show: Show, summary: Summary, pages: list[str]) -> None:
    """Prints the results."""
    table = Table(title=f"{summary['pipeline']}: the results", title_justify="left")
    table.add_column("what")
    table.add_column("result", overflow="fold")
    for what, result in _rows(summary):
        table.add_row(what, result)
    for page in pages:
        table.add_row("to look at", page)
    table.add_row("Airflow", summary["ui"])
    show.quiet()
    show.console.print(table)


def _rows(summary: Summary) -> list[tuple[str, str]]:
    data, records, train = summary["dataset"], summary["recordio"], summary["training"]
    judged, endpoint, batch = summary["evaluation"], summary["endpoint"], summary["batch"]
    runs = ", ".join(f"{dag.split('__')[-1]} {state}" for dag, state in summary["runs"].items())
    return [
        ("runs", runs),
        (
            "dataset",
            f"{data['version']}: {data['images']} images of {data['classes']} classes, "
            f"{data['quarantined']} quarantined, {data['deduplicated']} deduplicated"
            + (" (unchanged)" if data["unchanged"] else f", {data['seconds']:.1f} s"),
        ),
        (
            "RecordIO",
            f"{records['version']}: {records['train']} to train, {records['validation']} to "
            f"validate, {records['seconds']:.1f} s",
        ),
        (
            "training",
            f"{train['job']}: {train['epochs']} epochs, {train['images_per_second']:.0f} images/s, "
            f"{train['seconds']:.1f} s{_skipped(train)}",
        ),
        (
            "evaluation",
            f"top-1 {judged['top1']:.3f}, top-5 {judged['top5']:.3f} of {judged['images']} test "
            f"images: {judged['verdict']}",
        ),
        ("endpoint", f"{endpoint['name']}: {endpoint['status']} ({endpoint['config']})"),
        (
            "batch",
            f"{batch['images']} images, {batch['seconds']:.1f} s: {batch['predictions']}"
            + _skipped(batch),
        ),
        (
            "time",
            f"{summary['total_seconds']:.1f} s, of which {summary['install_seconds']:.1f} s "
            "installing",
        ),
    ]


def _skipped(section: Mapping[str, Any]) -> str:
    return f" (from an earlier run: {section['skipped']})" if section["skipped"] else ""
