"""Output of a run: a table, HTML pages, summary.json and timings.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from rich.table import Table
from rich.text import Text

from include.local_run.drive.clients import AwsClients
from include.local_run.drive.progress_display import ProgressDisplay
from include.local_run.drive.results import Results
from include.local_run.project_paths import ProjectPaths

Summary = dict[str, Any]


def build_summary(
    pipeline: str,
    succeeded: bool,
    runs: Mapping[str, str],
    results: Results,
    ui: str,
    seconds: tuple[float, float],
) -> Summary:
    """Return the content of summary.json; `seconds` are those of the installation and in all."""
    return {
        "pipeline": pipeline,
        "succeeded": succeeded,
        "runs": dict(runs),
        **results.sections,
        "ui": ui,
        "install_seconds": round(seconds[0], 2),
        "total_seconds": round(seconds[1], 2),
    }


def write_summary(paths: ProjectPaths, summary: Summary, timings: Mapping[str, object]) -> None:
    """Write summary.json and timings.json, each in one step."""
    for file, content in ((paths.summary, summary), (paths.timings, timings)):
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        unfinished.rename(file)


def download_pages(aws: AwsClients, bucket: str, results: Results, folder: Path) -> list[str]:
    """Store the pages and drawings of a run in a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, content in results.drawings.items():
        (folder / name).write_bytes(content)
        files.append(str(folder / name))
    for name, key in results.pages.items():
        try:
            body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError:
            continue
        (folder / name).write_bytes(body)
        files.append(str(folder / name))
    return files


def show_table(display: ProgressDisplay, summary: Summary, pages: list[str]) -> None:
    """Print the results as a table."""
    table = Table(title=f"{summary['pipeline']}: results", title_justify="left")
    table.add_column("item")
    table.add_column("result", overflow="fold")
    for item, result in _rows(summary):
        table.add_row(item, Text(result))
    for page in pages:
        table.add_row("page", Text(page))
    table.add_row("Airflow", summary["ui"])
    display.clear_status()
    display.console.print(table)


def _rows(summary: Summary) -> list[tuple[str, str]]:
    dataset, recordio, training = summary["dataset"], summary["recordio"], summary["training"]
    evaluation, endpoint, batch = summary["evaluation"], summary["endpoint"], summary["batch"]
    runs = ", ".join(f"{dag.split('__')[-1]} {state}" for dag, state in summary["runs"].items())
    return [
        ("runs", runs),
        (
            "dataset",
            f"{dataset['version']}: {dataset['images']} images of {dataset['classes']} classes, "
            f"{dataset['quarantined']} quarantined, {dataset['deduplicated']} deduplicated"
            + (" (unchanged)" if dataset["unchanged"] else f", {dataset['seconds']:.1f} s"),
        ),
        (
            "RecordIO",
            f"{recordio['version']}: {recordio['train']} training and {recordio['validation']} "
            f"validation images, {recordio['seconds']:.1f} s",
        ),
        (
            "training",
            f"{training['job']}: {training['epochs']} epochs, "
            f"{training['images_per_second']:.0f} images/s, {training['seconds']:.1f} s"
            + _skipped(training),
        ),
        (
            "evaluation",
            f"top-1 {evaluation['top1']:.3f}, top-5 {evaluation['top5']:.3f} of "
            f"{evaluation['images']} test images: {evaluation['verdict']}",
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
            "installation",
        ),
    ]


def _skipped(section: Mapping[str, Any]) -> str:
    return f" (from an earlier run: {section['skipped']})" if section["skipped"] else ""
