"""Endpoint update: newest approved model package to endpoint.

Creates or updates the endpoint, waits until exactly the new configuration serves, and compares its
answers to test photos with the evaluation. If the update or the test fails, the former model is
restored. A deployment that passes becomes a release below `releases/`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from dag_factory import assets, params
from dag_factory.builder import pipeline_dag, pipelines_for, task_group
from dag_factory.endpoint.deployment import add_deployment, add_release
from dag_factory.endpoint.release import prune
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.timeouts import update_timeout

FAMILY = "endpoint_update"


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip if the endpoint serves what it should, else return the requests that change it.

    - *has no version ...*: choose a version that SageMaker's registry lists as approved.
    - *was judged in int8*: name an instance type with int8 instructions, such as ml.c6i, in
      `endpoint`, or train again with `int8: never`.
    - Any other failure: fix what the message names, then clear the task.
    - Skipped: no model is approved, or the endpoint serves it already. *Force* deploys and tests it
      again.
    """
    from include.decisions.endpoint.plan import decide_deployment, plan_deployment

    run, form = load_context(pipeline), params.run_params()
    state = plan_deployment(run.sagemaker, run.pipeline, run.deployment, form["package_version"])
    skip_unless(decide_deployment(state, form["force"]))
    return state.planned()


for pipeline in pipelines_for(FAMILY):
    with pipeline_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=[assets.model(pipeline)],
        timeout=update_timeout(pipeline),
        params={
            "force": params.force("the endpoint serves this model"),
            "package_version": params.package_version(),
        },
    ):
        planned: Any = plan(pipeline.name)
        deployed = add_deployment(pipeline, planned)
        with task_group("record", "Record the release, and delete what no kept release needs."):
            add_release(pipeline, planned, deployed)
            deployed.smoke_test >> prune(pipeline.name)
