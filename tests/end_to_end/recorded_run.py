"""`python -m tests.end_to_end.recorded_run FILE run ...`: `make run` with recorded AWS calls.

All AWS calls of Airflow's processes are written to FILE, one line of JSON per call. OpenLineage's
events and the metrics that Airflow sends to StatsD are written beside it.
"""

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from include.local_run.__main__ import main
from include.local_run.stack import airflow
from tests.iam.recorder import FILE_VARIABLE, HOOK
from tests.plugins.sagemaker_jobs.lineage.openlineage_events import file_transport

_environment = airflow.airflow_environment

METRICS = "metrics.txt"
"""The file with the metrics, one line for each that was sent."""


def _recorded(*args: Any, **kwargs: Any) -> dict[str, str]:
    environment = _environment(*args, **kwargs)
    paths = os.pathsep.join([str(HOOK), environment["PYTHONPATH"]])
    recorded = {"PYTHONPATH": paths, FILE_VARIABLE: sys.argv[1]}
    folder = Path(sys.argv[1]).parent
    statsd = {
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_PORT": str(_record_metrics(folder / METRICS)),
        "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True",
        "AIRFLOW__METRICS__METRICS_ALLOW_LIST": "image_model,sagemaker_jobs",
    }
    return {**environment, **recorded, **file_transport(folder), **statsd}


def _record_metrics(file: Path) -> int:
    """Write what arrives at a UDP port to a file until the process ends; return the port."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def record() -> None:
        with file.open("a", buffering=1) as lines:
            while True:
                lines.write(f"{server.recv(65536).decode()}\n")

    threading.Thread(target=record, daemon=True).start()
    return int(server.getsockname()[1])


if __name__ == "__main__":
    airflow.airflow_environment = _recorded
    sys.exit(main(sys.argv[2:]))
