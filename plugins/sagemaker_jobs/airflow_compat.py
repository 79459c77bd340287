"""The only module of plugins/ and dags/ that uses private APIs of Airflow.

Each function says why no public API of Airflow 3.3 serves. `make lint` bans the imports elsewhere
(TID251 in pyproject.toml). Airflow is imported inside the functions, so that DAG files which import
this module stay cheap to parse.
"""

from typing import Any


def get_task_states(
    dag_id: str,
    run_id: str,
    *,
    task_ids: list[str] | None = None,
    map_index: int | None = None,
) -> dict[str, str | None]:
    """Return the states of a run's tasks by task id; empty if Airflow has no such run.

    The key of a mapped task ends with its index, as in ``plan_0``.

    `RuntimeTaskInstance.get_task_states` is public on the ``ti`` of a running task only. DAG
    callbacks and triggers have no such ``ti``, but the same static method works in their processes.
    """
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    states = RuntimeTaskInstance.get_task_states(
        dag_id=dag_id, task_ids=task_ids, run_ids=[run_id], map_index=map_index
    )
    found: dict[str, Any] = states.get(run_id, {})
    return {task: None if state is None else str(state) for task, state in found.items()}


def read_xcom(
    dag_id: str, run_id: str, task_id: str, key: str, *, map_index: int | None = None
) -> Any:
    """Return the XCom that a task pushed, or None.

    `ti.xcom_pull` needs the ``ti`` of a running task, which DAG callbacks do not have. The public
    `airflow.sdk.BaseXCom` ignores the XCom backend that an installation configures.
    """
    from airflow.sdk.execution_time.xcom import XCom

    name = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "key": key}
    if map_index is not None and map_index >= 0:
        return XCom.get_one(**name, map_index=map_index)
    # Unlike get_one, get_all does not log an error for each XCom that a task did not push.
    values = XCom.get_all(**name)
    return values[0] if values else None


def is_dag_test() -> bool:
    """Return whether a DAG callback was called by `airflow dags test`, or `dag.test()`.

    These call it in a process without the connection to Airflow's API that states, XComs and
    Variables are read through; Airflow has no public name for the connection.
    """
    from airflow.sdk.execution_time import task_runner

    return not hasattr(task_runner, "SUPERVISOR_COMMS")


def mask_secrets(text: str) -> str:
    """Return a text in which the secrets that Airflow knows are replaced by asterisks.

    Airflow masks secrets in logs but not in XComs, and its public `mask_secret` only registers a
    secret.
    """
    from airflow.sdk._shared.secrets_masker import redact

    return str(redact(text))


def dag_teams(dag_ids: list[str]) -> dict[str, str]:
    """Return the teams of DAGs by DAG id; empty without Airflow's multi-team mode.

    Authorization of a DAG depends on its team, which no public API gives to a plugin's application.
    """
    from airflow.sdk import conf

    if not conf.getboolean("core", "multi_team", fallback=False):
        return {}
    from airflow.models.dag import DagModel

    teams = DagModel.get_dag_id_to_team_name_mapping(dag_ids)
    return {dag_id: team for dag_id, team in teams.items() if team}
