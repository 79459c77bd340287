"""Access to the page: Airflow's session, and the rights of the pipeline's DAGs.

A plugin's application inherits no authentication from Airflow. `require_session` is a dependency of
the whole application, so that a new route cannot be open by mistake. Who sees a pipeline is who may
read all of its DAGs; who may change something is who may trigger the DAG that does it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, HTTPException

from include.config.dag_families import FAMILIES
from sagemaker_jobs.airflow_compat import dag_teams

User = Annotated[BaseUser, Depends(get_user)]
"""The user of the request; the dependency answers 401 without a session."""


def require_session(user: User) -> None:
    """Answer 401 without a session, and 403 if the token is invalid."""


def dag_id(pipeline: str, family: str) -> str:
    """Return the id of a pipeline's DAG."""
    return f"{pipeline}__{family}"


def dag_ids(pipeline: str) -> list[str]:
    """Return the ids of all DAGs of a pipeline, in the order of their work."""
    return [dag_id(pipeline, family.name) for family in FAMILIES]


def may_read(user: BaseUser, pipeline: str) -> bool:
    """Return whether a user may read all DAGs of a pipeline."""
    return _is_authorized(user, "GET", dag_ids(pipeline))


def may_trigger(user: BaseUser, pipeline: str, family: str) -> bool:
    """Return whether a user may trigger a pipeline's DAG of this family."""
    return _is_authorized(user, "POST", [dag_id(pipeline, family)], DagAccessEntity.RUN)


INSTALLATION_DAG = "preflight"
"""The DAG whose trigger right allows actions on the installation."""


def may_trigger_installation(user: BaseUser) -> bool:
    """Return whether a user may start what concerns all pipelines."""
    return _is_authorized(user, "POST", [INSTALLATION_DAG], DagAccessEntity.RUN)


def require_read(pipeline: str, user: User) -> str:
    """Return the pipeline of the path.

    Raises:
        HTTPException: 403 if the user may not read all of its DAGs. The answer is the same for a
            pipeline that does not exist, unless the user may read every DAG.
    """
    if not may_read(user, pipeline):
        raise HTTPException(403, f"your user may not read the DAGs of pipeline {pipeline}")
    return pipeline


ReadablePipeline = Annotated[str, Depends(require_read)]
"""The pipeline's name in the path, which the user may read."""


def require_trigger(user: BaseUser, pipeline: str, family: str) -> None:
    """Check the right to trigger a DAG.

    Raises:
        HTTPException: 403 if the user does not have it.
    """
    if not may_trigger(user, pipeline, family):
        wanted = dag_id(pipeline, family)
        raise HTTPException(403, f"your user may not trigger the DAG {wanted}")


def _is_authorized(
    user: BaseUser, method: Any, ids: Iterable[str], entity: DagAccessEntity | None = None
) -> bool:
    wanted = list(ids)
    teams = dag_teams(wanted)
    return bool(
        get_auth_manager().batch_is_authorized_dag(
            [
                {
                    "method": method,
                    "access_entity": entity,
                    "details": DagDetails(id=name, team_name=teams.get(name)),
                }
                for name in wanted
            ],
            user=user,
        )
    )
