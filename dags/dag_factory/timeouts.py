"""How long DAGs and their tasks may take."""

from __future__ import annotations

from datetime import timedelta

from include.config import Pipeline
from include.config.instances import FETCH_RUNTIME_MINUTES, MAX_OVERHEAD

SHORT_TASK_TIMEOUT = timedelta(minutes=30)
"""For tasks that read, decide and write small files; they take seconds."""

TIMEOUT_MARGIN = timedelta(hours=2)
"""What Airflow's limit adds to a task's own: a task that ends itself can log the reason."""


def fetch_timeout(pipeline: Pipeline) -> timedelta:
    """Return how long fetching from the web may take; zero if no deployment of it fetches."""
    if not any(variant.source.urls for variant in pipeline.variants):
        return timedelta()
    return timedelta(minutes=FETCH_RUNTIME_MINUTES) + MAX_OVERHEAD


def approval_timeout(pipeline: Pipeline) -> timedelta:
    """Return how long an approver may take to answer, in the deployment that allows most.

    Zero if no deployment of the pipeline has `promotion.approval: ask`.
    """
    promotions = [variant.promotion for variant in pipeline.variants]
    if all(promotion.approval != "ask" for promotion in promotions):
        return timedelta()
    return timedelta(hours=max(promotion.approval_hours for promotion in promotions))


def update_timeout(pipeline: Pipeline) -> timedelta:
    """Return how long an endpoint update may take, including the restore after a failed smoke test.

    SageMaker starts new instances once in that time; `TIMEOUT_MARGIN` covers the second start.
    """
    endpoints = [variant.endpoint for variant in pipeline.variants]
    return max(endpoint.timeout + endpoint.traffic.duration for endpoint in endpoints)
