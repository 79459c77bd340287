"""Airflow's command line with what every task imports imported beforehand.

LocalExecutor's workers and their tasks are forks of the scheduler: what it has imported, they
need not. `python -m include.local_run.stack.warm scheduler ...` is `airflow scheduler ...`.
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
    "PIL.Image",
)


def main() -> None:
    """Imports, then becomes `airflow`."""
    from airflow.__main__ import main as airflow

    for module in MODULES:
        try:
            importlib.import_module(module)
        except ImportError as error:  # a task that needs it will say so itself
            print(f"not imported beforehand: {module}: {error}", file=sys.stderr)
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
