"""The stack of `make run` with a Celery worker, whose processes may be killed at any time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from include.local_run.project_paths import ProjectPaths
from include.local_run.stack import Ports, Stack
from include.local_run.stack.airflow import AIRFLOW
from include.local_run.stack.component import Component
from include.local_run.stack.supervisor import Report

WORKER = "worker"
SETTINGS: Mapping[str, str] = {
    "[core] executor": "CeleryExecutor",
    "[celery] worker_concurrency": "2",
    "[celery_broker_transport_options] polling_interval": "0.2",
    "[scheduler] task_instance_heartbeat_timeout": "30",
    "[scheduler] task_instance_heartbeat_timeout_detection_interval": "5",
    "[scheduler] task_queued_timeout": "30",
    "[scheduler] task_queued_timeout_check_interval": "5",
    "[scheduler] orphaned_tasks_check_interval": "10",
    "[scheduler] scheduler_health_check_threshold": "15",
    "[triggerer] triggerer_health_check_threshold": "15",
}
"""Settings that differ from `make run`, mainly shorter timeouts for dead components."""


MIRROR_HOST = "127.0.0.1"


class KillableStack(Stack):
    """A stack whose components are processes that are started again whenever they end.

    The broker is a folder and Celery's results are a SQLite file, so that neither needs a server.
    As with Redis and Airflow's default visibility timeout of a day, a message that a killed worker
    had taken from the broker is not delivered again.
    """

    def __init__(self, paths: ProjectPaths, ports: Ports, report: Report) -> None:
        super().__init__(paths, ports, report, restart_window=0.0)

    def airflow_environment(self) -> dict[str, str]:
        """Return the environment of `make run` with `SETTINGS`, the broker's, and the mirror."""
        broker = self.paths.local / "broker"
        for folder in (broker, broker / "taken", broker / "control"):
            folder.mkdir(parents=True, exist_ok=True)
        settings = {
            **SETTINGS,
            "[celery] broker_url": "filesystem://",
            "[celery] result_backend": f"db+sqlite:///{broker / 'results.sqlite'}",
            "[celery] worker_enable_remote_control": "False",
            "[celery_broker_transport_options] data_folder_in": str(broker),
            "[celery_broker_transport_options] data_folder_out": str(broker),
            "[celery_broker_transport_options] store_processed": "True",
            "[celery_broker_transport_options] processed_folder": str(broker / "taken"),
            "[celery_broker_transport_options] control_folder": str(broker / "control"),
        }
        own = {_variable(setting): value for setting, value in settings.items()}
        mirrors = {"AIRFLOW_VAR_FETCH_ALLOWED_HOSTS": MIRROR_HOST}
        return super().airflow_environment() | own | mirrors

    def airflow_components(self) -> Iterator[Component]:
        """Yield the components of `make run`, and the worker."""
        yield from super().airflow_components()
        options = ("--skip-serve-logs", "--without-mingle", "--without-gossip")
        yield Component(
            name=WORKER,
            command=(*AIRFLOW, "celery", "worker", *options),
            environment=self.airflow_environment(),
            folder=self.paths.root,
            log=self.paths.logs / f"{WORKER}.log",
        )


def _variable(setting: str) -> str:
    """Return the environment variable of a setting `[section] option`."""
    section, _, option = setting.removeprefix("[").partition("] ")
    return f"AIRFLOW__{section}__{option}".upper()
