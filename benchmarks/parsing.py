"""Time to parse a DAG file with fifty pipelines, compared with the import of Airflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.pairs import Ratio

PIPELINES = 50
PROJECT = Path(__file__).parents[1]
PARSE = """
import json, runpy, sys, time
from pathlib import Path

started = time.perf_counter()
import airflow.sdk
import airflow.providers.amazon.aws.operators.sagemaker
import airflow.providers.amazon.aws.sensors.base_aws
import airflow.providers.amazon.aws.hooks.logs
imported = time.perf_counter() - started
seconds = {}
for file in sorted(Path("dags").glob("*.py")):
    started = time.perf_counter()
    runpy.run_path(str(file), run_name=file.stem)
    seconds[file.stem] = time.perf_counter() - started
print(json.dumps({"imported": imported, "seconds": seconds}))
"""


def parsing(folder: Path) -> Ratio:
    """Return the seconds of the slowest DAG file. The first one also imports shared modules."""
    source = "source: {layout: class_folders}\n"
    for number in range(PIPELINES):
        (folder / f"pipeline_{number}.yaml").write_text(source)
    runs = [_parse_all(folder) for _ in range(3)]
    best = min(runs, key=lambda run: max(run["seconds"].values()))
    file, slowest = max(best["seconds"].items(), key=lambda item: item[1])
    return Ratio(
        ours=round(slowest, 3), peer=round(best["imported"], 3),
        ratio=round(best["imported"] / slowest, 2), unit="s",
        peer_is=f"importing Airflow and the provider; the project: {file}.py, the slowest of "
        f"{len(best['seconds'])} files, for {PIPELINES} pipelines and the project's own",
    )  # fmt: skip


def _parse_all(pipelines: Path) -> dict[str, Any]:
    """Parse all DAG files in a new process, and return the seconds that they and Airflow take."""
    paths = [PROJECT, PROJECT / "plugins", PROJECT / "dags"]
    environment = {
        **os.environ,
        "IMAGE_PIPELINES_PATH": str(pipelines),
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "AIRFLOW_HOME": str(pipelines / "airflow"),
    }
    completed = subprocess.run(
        [sys.executable, "-c", PARSE],
        cwd=PROJECT, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    result: dict[str, Any] = json.loads(completed.stdout.splitlines()[-1])
    return result


BENCHMARKS: dict[str, Callable[[Path], Ratio]] = {"parsing_50_pipelines": parsing}
