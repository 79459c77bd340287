"""A job that runs the command refresh: its folders, its report and its version."""

import json
import shutil
from pathlib import Path
from typing import Any

from include.image_classification.dataset import refresh
from include.image_classification.dataset.version.manifest import Version, read_version


def source(base: Path) -> Path:
    return base / "processing" / "input" / "source"


def output(base: Path) -> Path:
    return base / "processing" / "output"


def run(base: Path, *flags: str, layout: str = "stanford_cars") -> dict[str, Any]:
    """Run the command with an empty output and return its report."""
    shutil.rmtree(output(base), ignore_errors=True)
    refresh.main(["--layout", layout, "--threads", "1", *flags])
    report: dict[str, Any] = json.loads((output(base) / "result" / "dataset.json").read_text())
    counts = report["counts"]
    assert counts["listed"] == counts["images"] + counts["quarantined"] + counts["deduplicated"]
    return report


def stored(base: Path) -> set[str]:
    folder = output(base) / "images"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def written(base: Path, report: dict[str, Any]) -> Version:
    return read_version(output(base) / "versions" / report["version"])


def make_previous(base: Path, report: dict[str, Any]) -> None:
    folder = base / "processing" / "input" / "previous"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(output(base) / "versions" / report["version"], folder)
