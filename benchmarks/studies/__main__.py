"""`make studies`: compare ways of training on real photos, into `studies.json` and charts."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import photos
from benchmarks.refresh import DEVKIT, PHOTOS
from benchmarks.studies.chart import draw
from benchmarks.studies.comparisons import COMPARISONS, Comparison, Trials, Way
from benchmarks.studies.whole import train_on_all

RESULTS = Path(__file__).parent / "studies.json"
CHARTS = Path("docs/images")
WORK = Path(".local/studies")
ALL_CLASSES = "all_classes"


def main(chosen: Sequence[str]) -> None:
    """Make all comparisons, or the chosen ones; others keep their former figures.

    A training that is finished is not repeated: remove .local/studies to begin anew.

    Raises:
        SystemExit: CARS names no folder with the photos.
    """
    found = [photos.cars(name) for name in (PHOTOS, DEVKIT)]
    source = [path.resolve() for path in found if path]
    if not source:
        raise SystemExit(f"which photos? CARS=<folder of {PHOTOS} and {DEVKIT}> names them")
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    trials = Trials(source, WORK.resolve())
    for name, compare in COMPARISONS.items():
        if not chosen or name in chosen:
            comparison = compare(trials)
            results[name] = _told(comparison)
            _write(results)
            _chart(name).write_text(draw(comparison))
    if not chosen or ALL_CLASSES in chosen:
        results[ALL_CLASSES] = train_on_all(source, WORK.resolve(), _chart(ALL_CLASSES))
        _write(results)
    _print(results)


def _chart(name: str) -> Path:
    return CHARTS / f"study_{name}.svg"


def _write(results: dict[str, Any]) -> None:
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def _told(comparison: Comparison) -> dict[str, Any]:
    ways = (comparison.usual, comparison.other)
    return {
        "photos": dict(comparison.photos),
        "ways": {way.name: _way(way) for way in ways},
        "gains": comparison.gains,
        "mean_gain": round(statistics.fmean(comparison.gains), 4),
    }


def _way(way: Way) -> dict[str, Any]:
    return {
        "accuracy": [round(value, 4) for value in way.reached],
        "mean": round(statistics.fmean(way.reached), 4),
        "deviation": round(statistics.stdev(way.reached), 4) if len(way.reached) > 1 else None,
        "epoch_seconds": way.epoch_seconds,
    }


def _print(results: dict[str, Any]) -> None:
    table = Table("study", "way", "accuracy of each seed", "mean", "seconds an epoch")
    for study, result in results.items():
        for name, way in result.get("ways", {}).items():
            seeds = " ".join(f"{value:.3f}" for value in way["accuracy"])
            table.add_row(study, name, seeds, f"{way['mean']:.3f}", str(way["epoch_seconds"]))
    console = Console(width=max(100, Console().width))
    console.print(table)
    if whole := results.get(ALL_CLASSES):
        console.print(
            f"all classes: top-1 {whole['test_top1']}, top-5 {whole['test_top5']} on"
            f" {whole['photos']['test']} test photos after {whole['seconds']:.0f} s of training"
        )


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    main(sys.argv[1:])
