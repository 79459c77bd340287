"""`make bench`: measurements against peers in the same run."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import (
    conversion,
    describes,
    inference,
    invoke,
    local_aws,
    parsing,
    photos,
    refresh,
    serving,
    task_delay,
    training,
)
from benchmarks.efficientnet import entries
from benchmarks.machine import Machine, machine, processor
from benchmarks.pairs import Ratio

RESULTS = Path(__file__).parent / "results.json"
MACHINES = Path(__file__).parent / "machines.json"


class Measured(Ratio):
    """A comparison, and the processor of its machine in `machines.json`."""

    processor: str


BENCHMARKS: dict[str, Callable[[Path], Ratio]] = {
    "im2rec_drawn_photos": conversion.drawn,
    "inference_int8": inference.int8,
    "transform_int8": partial(serving.transform, inference.model, inference.NAME),
    **entries.BENCHMARKS,
    **serving.LATENCIES,
    **local_aws.BENCHMARKS,
    **invoke.BENCHMARKS,
    **describes.BENCHMARKS,
    **task_delay.BENCHMARKS,
    **parsing.BENCHMARKS,
}


def main(chosen: list[str]) -> None:
    """Run all benchmarks, or the chosen ones, write `results.json` and print it as a table.

    The other benchmarks keep their previous results.
    """
    results: dict[str, Measured] = json.loads(RESULTS.read_text())
    machines: dict[str, Machine] = json.loads(MACHINES.read_text())
    this_processor = processor()
    machines[this_processor] = machine()
    for name, benchmark in _benchmarks().items():
        if not chosen or name in chosen:
            with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
                results[name] = Measured(**benchmark(Path(folder)), processor=this_processor)
            _write(RESULTS, results)
            _write(MACHINES, machines)
            print(f"{name}: {results[name]['ratio']}", flush=True)
    _print(results, machines)


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n")


def _benchmarks() -> dict[str, Callable[[Path], Ratio]]:
    benchmarks = dict(BENCHMARKS)
    archive = photos.cars(photos.FULL_SIZE)
    if archive is None:
        print(
            f"CARS=<folder of {photos.FULL_SIZE}> is not set: skipping the benchmarks on real "
            "photos, and refresh"
        )
        return benchmarks
    measure_photos = {
        **conversion.PHOTO_BENCHMARKS,
        **training.PHOTO_BENCHMARKS,
        "serving_memory": serving.memory,
    }
    on_photos = {name: partial(measure, archive) for name, measure in measure_photos.items()}
    return benchmarks | on_photos | {"refresh": refresh.refresh}


def _print(results: dict[str, Measured], machines: dict[str, Machine]) -> None:
    console = Console(width=max(120, Console().width))
    for measured_on in dict.fromkeys(row["processor"] for row in results.values()):
        details = (f"{name}: {value}" for name, value in machines[measured_on].items())
        console.print(" · ".join([measured_on, *details]))
        table = Table("benchmark", "project", "peer", "ratio", "unit", "description of the peer")
        for name, row in results.items():
            if row["processor"] == measured_on:
                figures = (str(row["ours"]), str(row["peer"]), str(row["ratio"]))
                table.add_row(name, *figures, row["unit"], row["peer_is"])
        console.print(table)


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    main(sys.argv[1:])
