"""`python -m benchmarks.batch_tasks [--select] [IMAGES ...]`: batch inference by known images.

Each number of images is measured on a night without new images (`plan`), and on a night with a
batch of 10,000 images (`plan_transform`, `publish`); with `--select` also the job `select`, with a
ledger to make and with one that is up to date. The figures are added to results.json beside this
file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.batch_tasks.bucket import BATCH_IMAGES, LAYOUT, Bucket, served
from benchmarks.batch_tasks.task import BATCH, JOB, TASKS
from benchmarks.scale.measure import measure
from include.common.incoming import ListingHash
from include.contracts import files

SIZES = (10_000, 100_000, 1_000_000)
RESULTS = Path(__file__).with_name("results.json")


def measure_size(images: int, select: bool) -> dict[str, Any]:
    """Return the figures for a number of known images."""
    bucket = Bucket(images)
    found = {}
    with served(bucket) as address, tempfile.TemporaryDirectory() as folder:
        for ledger in ("no ledger", "with ledger") if select else ():
            found[f"select, {ledger}"] = _select(bucket, address, Path(folder) / ledger)
        _add_selection(bucket)
        for task in TASKS:
            found[task] = _task(bucket, address, task)
    return found


def _select(bucket: Bucket, address: str, base: Path) -> dict[str, Any]:
    bucket.reset()
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
    return {"cpu_seconds": cpu, "megabytes": round(used.megabytes), **_read(bucket)}


def _add_selection(bucket: Bucket) -> None:
    """Store what a `select` job and the jobs of a batch of the largest size would have written."""
    listing = ListingHash()
    for number in range(bucket.images):
        listing.add(*bucket.image(number))
    selection: dict[str, Any] = {
        "batch": None,
        "counts": {"listed": bucket.images, "remaining": 0},
        "listing": listing.hexdigest(),
        "recorded": bucket.batches,
    }
    counts = {"listed": bucket.images, "images": BATCH_IMAGES}
    images = {f"new/{number}.jpg": f'"{number:032x}"' for number in range(BATCH_IMAGES)}
    written: dict[str, Mapping[str, Any]] = {
        LAYOUT.last_selection: selection,
        LAYOUT.selection_report(JOB): {**selection, "batch": BATCH, "counts": counts},
        LAYOUT.batch_plan(BATCH): {"batch": BATCH, "images": images},
        LAYOUT.batch_summary(BATCH): {"images": BATCH_IMAGES, "uncertain": 0},
        f"{LAYOUT.batch_report(BATCH)}{files.UNREADABLE}": {"unreadable": {}},
    }
    for key, content in written.items():
        bucket.stored[key] = json.dumps(content).encode()


def _task(bucket: Bucket, address: str, task: str) -> dict[str, Any]:
    bucket.reset()
    command = [sys.executable, "-m", "benchmarks.batch_tasks.task", task, address]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return {**json.loads(ran.stdout), **_read(bucket)}


def _read(bucket: Bucket) -> dict[str, Any]:
    return {"requests": bucket.requests, "kilobytes": round(bucket.sent / 1000)}


def main(arguments: list[str]) -> None:
    """Measure these numbers of images, or `SIZES`, and print all figures as a table."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    select = "--select" in arguments
    sizes = [int(word) for word in arguments if word != "--select"]
    for images in sizes or SIZES:
        found = measure_size(images, select)
        results[str(images)] = results.get(str(images), {}) | found
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("| task | images | CPU s | peak MB | requests | kB read |\n|---|---|---|---|---|---|")
    rows = [(task, int(n), f) for n, found in results.items() for task, f in found.items()]
    for task, images, figures in sorted(rows, key=lambda row: row[:2]):
        cells = (figures[name] for name in ("cpu_seconds", "megabytes", "requests", "kilobytes"))
        print(f"| {task} | {images:,} | " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
