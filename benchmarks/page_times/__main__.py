"""`python -m benchmarks.page_times`: measure all pages, and update docs/scale.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_name("results.json")
DOCUMENT = ROOT / "docs" / "scale.md"
BUCKET = "benchmark"

Row = Mapping[str, float]


def main() -> None:
    """Measure, keep the figures in results.json, and write them into the document."""
    flags = _parse()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / "plugins"), str(ROOT)]
    with tempfile.TemporaryDirectory(prefix="page-times-") as folder:
        rows = _measure(Path(folder), flags)
    from benchmarks.page_times.table import insert, markdown

    print(markdown(rows))
    if not flags.pages:
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
        DOCUMENT.write_text(insert(DOCUMENT.read_text(), rows))


def _measure(folder: Path, flags: argparse.Namespace) -> dict[str, Row]:
    # Airflow reads its settings when it is imported.
    os.environ |= {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    from benchmarks.local_aws import local_aws
    from benchmarks.page_times.history import Size, Writer
    from benchmarks.page_times.measure import Clients, model_archive, page_paths, served_pages

    program = [sys.executable, str(Path(__file__).with_name("container.py"))]
    with local_aws(folder, program) as aws:
        os.environ |= aws.environment
        writer = Writer(aws.client("s3"), aws.client("sagemaker"), BUCKET)
        history = writer.write(
            Size(flags.packages, flags.batches, flags.label_files), model_archive()
        )
        clients = Clients()
        rows: dict[str, Row] = {}
        with served_pages(BUCKET, clients) as pages:
            for name, path in page_paths(history).items():
                if flags.pages and name not in flags.pages:
                    continue
                warm, cold = pages.warm(path, flags.requests), pages.cold(path, flags.requests)
                clients.delay = flags.delay / 1000
                far = pages.cold(path, 3)
                clients.delay = 0.0
                rows[name] = {
                    "warm": warm.seconds, "warm_cpu": warm.cpu, "warm_calls": warm.calls,
                    "cold": cold.seconds, "cold_cpu": cold.cpu, "cold_calls": cold.calls,
                    "far": far.seconds, "kilobytes": cold.kilobytes,
                }  # fmt: skip
                print(name, rows[name], flush=True)
    return rows


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.page_times", description=__doc__)
    parser.add_argument("pages", nargs="*", help="only these, without an update of the document")
    parser.add_argument("--packages", type=int, default=1_000)
    parser.add_argument("--batches", type=int, default=10_000)
    parser.add_argument("--label-files", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=5)
    parser.add_argument("--delay", type=float, default=30, help="of each call, in milliseconds")
    return parser.parse_args()


if __name__ == "__main__":
    main()
