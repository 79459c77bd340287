"""Call the function of a DAG's task over an S3 in memory, without a run."""

from __future__ import annotations

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


def call_task(
    function: Any,
    s3: Any,
    pipeline: Pipeline,
    params: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    *args: Any,
) -> Any:
    """Call a task's function as its pipeline, and return what it returns.

    Args:
        function: The task's `python_callable`.
        s3: A boto3 S3 client, with the bucket `BUCKET`.
        pipeline: The first argument of the function, and the pipeline of its site.
        params: The run's params.
        monkeypatch: The test's.
        *args: The function's other arguments.
    """
    site = SimpleNamespace(
        s3=s3,
        bucket=BUCKET,
        pipeline=pipeline,
        deployment=DEPLOYMENT,
        layout=Layout(BUCKET, pipeline.name),
    )
    context = {"ti": SimpleNamespace(xcom_push=lambda key, value: None), "params": params}
    with monkeypatch.context() as patch:
        patch.setitem(function.__globals__, "load_context", lambda name: site)
        for module in ("skipping", "params"):
            patch.setattr(f"dag_factory.{module}.get_current_context", lambda: context)
        return function(pipeline.name, *args)
