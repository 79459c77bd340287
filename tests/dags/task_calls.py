"""Call the function of a DAG's task without a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from include.config import Deployment, Pipeline
from include.storage.layout import Layout

BUCKET = "some-bucket"
DEPLOYMENT = Deployment(
    name="testing",
    bucket=BUCKET,
    role_arn="arn:aws:iam::123456789012:role/sagemaker",
    image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification:0.1",
    region="us-east-1",
)


CONTEXT_USERS = (
    "assets",
    "endpoint.release",
    "endpoint.restoration",
    "endpoint.smoke_test",
    "training.existing_job",
    "notifications",
    "params",
    "skipping",
)
"""The modules of `dag_factory` that read Airflow's context of the running task."""


def task_context(ti: Any = None, **more: Any) -> dict[str, Any]:
    """Return Airflow's context of a task that runs; pushed XComs are dropped unless `ti` is given.

    The events of its outlets are Airflow's own, in `outlet_events`.
    """
    from airflow.sdk.execution_time.context import OutletEventAccessors

    ti = ti or SimpleNamespace(xcom_push=lambda key, value: None)
    return {"ti": ti, "outlet_events": OutletEventAccessors(), **more}


def event_facts(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the extra of the only asset event that a task has described."""
    (asset,) = context["outlet_events"]
    return dict(context["outlet_events"][asset].extra)


@contextmanager
def running(
    function: Any, run: Any, context: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Let a task's function, called within, find this run context and this Airflow context."""
    with monkeypatch.context() as patch:
        patch.setitem(function.__globals__, "load_context", lambda name: run)
        if "get_current_context" in function.__globals__:
            patch.setitem(function.__globals__, "get_current_context", lambda: context)
        for module in CONTEXT_USERS:
            patch.setattr(f"dag_factory.{module}.get_current_context", lambda: context)
        yield


def call_task(
    function: Any,
    s3: Any,
    pipeline: Pipeline,
    params: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    *args: Any,
    context: dict[str, Any] | None = None,
) -> Any:
    """Call a task's function over an S3 in memory, and return what it returns.

    Args:
        function: The task's `python_callable`.
        s3: A boto3 S3 client, with the bucket `BUCKET`.
        pipeline: The first argument of the function, and the pipeline of its run context.
        params: The run's params.
        monkeypatch: The test's.
        *args: The function's other arguments.
        context: Airflow's context, to look at afterwards.
    """
    run = SimpleNamespace(
        s3=s3,
        bucket=BUCKET,
        pipeline=pipeline,
        deployment=DEPLOYMENT,
        layout=Layout(BUCKET, pipeline.name),
    )
    context = task_context() if context is None else context
    context["params"] = params
    with running(function, run, context, monkeypatch):
        return function(pipeline.name, *args)
