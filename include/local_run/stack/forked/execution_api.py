"""The version of Airflow's execution API that a local run serves.

The execution API has models and routes of all versions since Airflow 3.0, so that workers may be
older than the API server. API server, DAG processor and triggerer generate them at their first
request, in 7 s of processor time each. All processes of a local run are of one installation, whose
clients use the latest version.
"""

from __future__ import annotations

from airflow.api_fastapi.execution_api import versions
from airflow.api_fastapi.execution_api.routes import execution_api_router
from cadwyn import HeadVersion, Version, VersionBundle
from cadwyn.route_generation import _DELETED_ROUTE_TAG


def serve_latest_version() -> None:
    """Let execution APIs that this process or its forks create have the latest version only."""
    latest = next(iter(versions.bundle.versions))
    versions.bundle = VersionBundle(HeadVersion(), Version(latest.value))
    execution_api_router.routes[:] = [
        route
        for route in execution_api_router.routes
        if _DELETED_ROUTE_TAG not in getattr(route, "tags", ())  # older versions have this route
    ]
