"""`python -m benchmarks.airflow_tasks [--select] [IMAGES ...]`: the tasks of a night by images.

Each task runs in a process of its own. The figures are kept in results.json beside this file and
written into docs/scale.md. With `--select` the job `select` is measured as well, with a ledger to
make and with one that is up to date; its figures are only printed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.airflow_tasks.bucket import LAYOUT, Bucket
from benchmarks.airflow_tasks.night import measure_night
from benchmarks.airflow_tasks.server import served
from benchmarks.airflow_tasks.table import END, START, markdown
from benchmarks.scale.measure import measure
from benchmarks.scale.table import insert

SIZES = (10_000, 100_000, 1_000_000)
RESULTS = Path(__file__).with_name("results.json")
DOCUMENT = Path(__file__).parents[2] / "docs" / "scale.md"


def measure_select(images: int) -> None:
    """Print the figures of the job `select`."""
    bucket = Bucket(images)
    with served(bucket) as address, tempfile.TemporaryDirectory() as folder:
        for ledger in ("no ledger", "with ledger"):
            print(f"select, {ledger}: {_select(bucket, address, Path(folder) / ledger)}")


def _select(bucket: Bucket, address: str, base: Path) -> dict[str, Any]:
    bucket.take_counts()
    command = [sys.executable, "-m", "include.image_classification", "select"]
    flags = {
        "--incoming": LAYOUT.uri(LAYOUT.incoming), "--batches": LAYOUT.uri(LAYOUT.batches),
        "--run-time": "20270101T000000", "--max-images": "10000", "--max-bytes": "1000000",
        "--screening": "names",
    }  # fmt: skip
    variables = {
        "SAGEMAKER_BASE_DIR": str(base), "AWS_ENDPOINT_URL_S3": address, "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    used = measure([*command, *(word for flag in flags.items() for word in flag)], variables)
    for file in (base / "processing" / "output" / "batches").iterdir():
        bucket.stored[f"{LAYOUT.batches}{file.name}"] = file.read_bytes()
    cpu = round(used.user + used.system, 2)
    return {"cpu_seconds": cpu, "megabytes": round(used.megabytes), **bucket.take_counts()}


def main() -> None:
    """Measure these numbers of images, or `SIZES`, and write all figures into the document."""
    options = _parse()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for images in options.images or SIZES:
        if options.select:
            measure_select(images)
        results[str(images)] = {}
        for task, figures in measure_night(images):
            results[str(images)][task] = figures
            print(f"{images:,} {task}: {json.dumps(figures)}", flush=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        DOCUMENT.write_text(insert(DOCUMENT.read_text(), markdown(results), (START, END)))
    print(markdown(results))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.airflow_tasks")
    sizes = ", ".join(f"{size:,}" for size in SIZES)
    parser.add_argument("images", type=int, nargs="*", help=f"numbers of images (default: {sizes})")
    parser.add_argument("--select", action="store_true", help="print the figures of `select`, too")
    return parser.parse_args()


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    main()
