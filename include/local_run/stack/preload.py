"""Airflow's command line with the modules of tasks already imported.

LocalExecutor's workers and tasks are forks of the scheduler, so they need not import again what
the scheduler has imported. `python -m include.local_run.stack.preload scheduler ...` runs
`airflow scheduler ...`.
"""

from __future__ import annotations

import importlib
import sys

MODULES = (
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.amazon.aws.hooks.sagemaker",
    "airflow.providers.amazon.aws.operators.sagemaker",
    "airflow.providers.amazon.aws.sensors.base_aws",
    "sagemaker_jobs.sensors",
    "sagemaker_jobs.operators.submit",
    "sagemaker_jobs.operators.deploy",
    "include.config",
    "include.decisions.batch.plan",
)


def main() -> None:
    """Import the modules, then run `airflow`."""
    from airflow.__main__ import main as airflow

    for module in MODULES:
        try:
            importlib.import_module(module)
        except ImportError as error:  # the task that needs the module reports the error
            print(f"could not preload {module}: {error}", file=sys.stderr)
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
