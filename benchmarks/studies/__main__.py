"""`make studies`: compare training methods on real photos, and write `studies.json` and charts."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import photos
from benchmarks.refresh import DEVKIT, PHOTOS
from benchmarks.studies.all_classes import train_on_all
from benchmarks.studies.chart import draw
from benchmarks.studies.comparisons import COMPARISONS, Comparison, Method, Trials
from benchmarks.studies.fine_tuning import CHARTED, accuracy_by_time, train_recipes
from benchmarks.studies.time_chart import draw_by_time

RESULTS = Path(__file__).parent / "studies.json"
CHARTS = Path("docs/images")
WORK = Path(".local/studies")
ALL_CLASSES, FINE_TUNING = "all_classes", "fine_tuning"


def main(chosen: Sequence[str]) -> None:
    """Run all studies, or the chosen ones; the others keep their previous results.

    After `fine_tuning`, the names of its recipes choose some of them.

    Finished trainings are not repeated. To repeat them, delete .local/studies.

    Raises:
        SystemExit: CARS is not set.
    """
    paths = [photos.cars(name) for name in (PHOTOS, DEVKIT)]
    source = [path.resolve() for path in paths if path]
    if not source:
        raise SystemExit(f"CARS is not set: set it to a folder with {PHOTOS} and {DEVKIT}")
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    trials = Trials(source, WORK.resolve())
    for name, compare in COMPARISONS.items():
        if not chosen or name in chosen:
            comparison = compare(trials)
            results[name] = _result(comparison)
            _write(results)
            _chart(name).write_text(draw(comparison))
    if not chosen or ALL_CLASSES in chosen:
        results[ALL_CLASSES] = train_on_all(source, WORK.resolve(), _chart(ALL_CLASSES))
        _write(results)
    if not chosen or FINE_TUNING in chosen:
        recipes = [name for name in chosen if name not in {*COMPARISONS, ALL_CLASSES, FINE_TUNING}]
        for name, result in train_recipes(source, WORK.resolve(), recipes):
            results.setdefault(FINE_TUNING, {})[name] = result
            _write(results)
        _chart(FINE_TUNING).write_text(_draw_fine_tuning(results[FINE_TUNING]))
    _print(results)


def _draw_fine_tuning(results: Mapping[str, Any]) -> str:
    lines = {name: accuracy_by_time(results[name]) for name in CHARTED if name in results}
    return draw_by_time(lines, "Fine-tuning of EfficientNet-Lite0")


def _chart(name: str) -> Path:
    return CHARTS / f"study_{name}.svg"


def _write(results: dict[str, Any]) -> None:
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def _result(comparison: Comparison) -> dict[str, Any]:
    methods = (comparison.baseline, comparison.other)
    return {
        "photos": dict(comparison.photos),
        "ways": {method.name: _summary(method) for method in methods},
        "gains": comparison.gains,
        "mean_gain": round(statistics.fmean(comparison.gains), 4),
    }


def _summary(method: Method) -> dict[str, Any]:
    accuracy = method.final_accuracy
    return {
        "accuracy": [round(value, 4) for value in accuracy],
        "mean": round(statistics.fmean(accuracy), 4),
        "deviation": round(statistics.stdev(accuracy), 4) if len(accuracy) > 1 else None,
        "epoch_seconds": method.epoch_seconds,
    }


def _print(results: dict[str, Any]) -> None:
    table = Table("study", "method", "accuracy by seed", "mean", "seconds per epoch")
    for study, result in results.items():
        for name, method in result.get("ways", {}).items():
            seeds = " ".join(f"{value:.3f}" for value in method["accuracy"])
            table.add_row(study, name, seeds, f"{method['mean']:.3f}", str(method["epoch_seconds"]))
    console = Console(width=max(100, Console().width))
    console.print(table)
    if all_classes := results.get(ALL_CLASSES):
        console.print(
            f"all classes: top-1 {all_classes['test_top1']}, top-5 {all_classes['test_top5']} on"
            f" {all_classes['photos']['test']} test photos after {all_classes['seconds']:.0f} s"
            " of training"
        )
    for name, recipe in results.get(FINE_TUNING, {}).items():
        console.print(
            f"fine-tuning, {name}: top-1 {recipe['test_top1']}, top-5 {recipe['test_top5']} after "
            f"{recipe['seconds']:.0f} s"
        )


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    main(sys.argv[1:])
