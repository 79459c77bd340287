"""Endpoint rollback: earlier release to endpoint.

Trigger this DAG with an empty form to serve the release before the present one, or choose a release
by its model package's number. The tasks are those of endpoint update, including the smoke test.
Then the packages that are newer than the release are Rejected, so that no update deploys them.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from dag_factory import params
from dag_factory.builder import pipeline_dag, pipelines_for, task_group
from dag_factory.endpoint.deployment import add_deployment, add_release
from dag_factory.endpoint.release import prune
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.timeouts import update_timeout
from dag_factory.xcoms import without_edge

FAMILY = "endpoint_rollback"


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Return the requests that deploy an earlier release; skip if that release serves already.

    - *was never a release*, *no approved release*: the message lists the releases; trigger the DAG
      again with one of them.
    - *a change is under way*: another update runs, or SageMaker rolls one back. Wait for its end,
      then clear the task.
    - *is Rejected*: that release's package was rejected after its deployment. To serve it all the
      same, approve its package in SageMaker's registry, then clear the task.
    - *was judged in int8*: name an instance type with int8 instructions, such as ml.c6i, in
      `endpoint`.
    - Any other failure: fix what the message names, then clear the task.
    - Skipped: that release serves already.
    """
    from include.decisions.endpoint.plan import decide_deployment, plan_deployment
    from include.decisions.endpoint.release import list_releases
    from include.decisions.endpoint.rollback import check_not_changing, choose_release
    from include.decisions.registry.serving_model import endpoint_status, find_serving_model

    run, form = load_context(pipeline), params.run_params()
    group = run.pipeline.slug
    check_not_changing(endpoint_status(run.sagemaker, group))
    release = choose_release(
        run.sagemaker,
        group,
        list_releases(run.s3, run.layout),
        find_serving_model(run.sagemaker, group),
        form["release"],
    )
    state = plan_deployment(run.sagemaker, run.pipeline, run.deployment, release.version)
    skip_unless(decide_deployment(state, force=False))
    return state.planned()


@task(multiple_outputs=False)
def reject_newer(pipeline: str, package: dict[str, str]) -> list[str]:
    """Reject the packages that are newer than the release; return their numbers.

    - Any failure: the release serves. The message names the packages that the registry did not
      reject. Fix the cause and clear the task, or reject them in SageMaker's registry.
    """
    from include.decisions.endpoint.rollback import reject_newer as reject

    run, why = load_context(pipeline), params.run_params()["why"]
    reason = f"rolled back to model package {package['version']} by hand" + (
        f": {why}" if why else ""
    )
    return reject(run.sagemaker, run.pipeline.slug, int(package["version"]), reason)


for pipeline in pipelines_for(FAMILY):
    with pipeline_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=None,
        timeout=update_timeout(pipeline),
        params={"release": params.release(), "why": params.why()},
    ):
        planned: Any = plan(pipeline.name)
        deployed = add_deployment(pipeline, planned)
        with task_group("record", "Record the release, reject newer packages, delete the rest."):
            add_release(pipeline, planned, deployed)
            rejected: Any = reject_newer(pipeline.name, without_edge(planned["package"]))
            deployed.smoke_test >> rejected >> prune(pipeline.name)
