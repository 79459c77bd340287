"""Airflow's command line with the modules of DAGs and tasks already imported.

LocalExecutor's workers and tasks are forks of the scheduler, the processes that parse DAG files
those of the DAG processor, and the process that runs triggers one of the triggerer: they need not
import again what their parent has imported. `python -m include.local_run.stack.preload scheduler
...` runs `airflow scheduler ...`.
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
    "airflow.providers.standard.decorators.python",
    "airflow.sdk.definitions.decorators",
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
    if sys.argv[1:2] == ["scheduler"]:  # parsing needs no clients, and triggers have their own
        from include.local_run.stack.aws_sessions import create_clients

        create_clients()
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
