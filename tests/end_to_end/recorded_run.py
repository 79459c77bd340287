"""`python -m tests.end_to_end.recorded_run FILE run ...`: `make run` with recorded AWS calls.

All AWS calls of Airflow's processes are written to FILE, one line of JSON per call.
"""

import os
import sys
from typing import Any

from include.local_run.__main__ import main
from include.local_run.stack import airflow
from tests.iam.recorder import FILE_VARIABLE, HOOK

_environment = airflow.airflow_environment


def _recorded(*args: Any, **kwargs: Any) -> dict[str, str]:
    environment = _environment(*args, **kwargs)
    paths = os.pathsep.join([str(HOOK), environment["PYTHONPATH"]])
    return {**environment, "PYTHONPATH": paths, FILE_VARIABLE: sys.argv[1]}


if __name__ == "__main__":
    airflow.airflow_environment = _recorded
    sys.exit(main(sys.argv[2:]))
