"""Endpoint rollback: an earlier release to the endpoint, by one click.

Trigger it and leave the form empty, and the release that served before the present one serves
again; or choose one by its model package's number. It goes the way of an update: the same watch,
the same smoke test, no request lost. Then the packages that are newer than the release are
Rejected, so that the next update does not bring them back. Each deployment has its folder,
`releases/<number>/<time>/` in the pipeline's part of the bucket: what was deployed when and by
which run, on which evaluation and verdict. A rollback adds a folder to those of the release.

**When something fails or skips**

- `plan`, *was never a release* or *no approved release*: the message lists the releases; choose
  one of them.
- `plan`, *a change is under way*: an update runs, or AWS takes one back. Going back before its end
  could go one release too far; wait for it, then clear `plan`.
- `plan`, *is Rejected*: that release was withdrawn once. Approve its package in SageMaker's
  registry if it shall serve again, then clear `plan`.
- `deploy`, *since this was planned*: another run changed what serves; clear `plan`.
- `plan`, *was judged in int8*: name an instance type such as ml.c6i in `endpoint`, which has
  the instructions for it; or train again with `int8: never`.
- `plan` is skipped: that release serves already.
- `ensure_model`, `ensure_endpoint_config`, `deploy`, `restore`, *AccessDenied* or
  *ValidationException*: a right of Airflow's role (all are in docs/iam/airflow.json), or SageMaker
  cannot use the role, the image or the model's data. The message names it; mend it, then clear it.
- `deploy`, `restore`, *ResourceLimitExceeded*: an update runs old and new machines side by side;
  the DAG preflight has the command that asks AWS for more. Then clear the task.
- `restore`, `track_restore`: the model that was withdrawn serves until they are through. Clear
  `restore` and what follows as soon as the cause is mended.
- `restore`, *since this was planned*: another run deployed something else since. Nothing is left to
  restore: leave this run as it is.
- `track_endpoint`, `smoke_test`, `reject_package`: as in endpoint update; what served before this
  run comes back.
- `reject_newer`: the release serves. The message names the packages that the registry refused to
  reject; fix the cause and clear this task, or reject them by hand.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from dag_factory import params
from dag_factory.builder import pipeline_dag, pipelines_for, task_group
from dag_factory.endpoint_tasks import add_deployment, add_release, prune
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.timeouts import update_timeout
from dag_factory.xcoms import without_edge

FAMILY = "endpoint_rollback"


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Return the requests that bring a release back; skip where it serves already."""
    from include.decisions.endpoint.plan import decide_deployment, plan_deployment
    from include.decisions.endpoint.release import list_releases
    from include.decisions.endpoint.rollback import check_not_changing, choose_release
    from include.decisions.registry.serving_model import endpoint_status, find_serving_model

    site, asked = load_context(pipeline), params.run_params()
    group = site.pipeline.slug
    check_not_changing(endpoint_status(site.sagemaker, group))
    release = choose_release(
        site.sagemaker,
        group,
        list_releases(site.s3, site.layout),
        find_serving_model(site.sagemaker, group),
        asked["release"],
    )
    state = plan_deployment(site.sagemaker, site.pipeline, site.deployment, release.version)
    skip_unless(decide_deployment(state, force=False))
    return state.planned()


@task(multiple_outputs=False)
def reject_newer(pipeline: str, package: dict[str, str]) -> list[str]:
    """Reject what is newer than the release; return the numbers of those packages."""
    from include.decisions.endpoint.rollback import reject_newer as reject

    site, why = load_context(pipeline), params.run_params()["why"]
    reason = f"rolled back to model package {package['version']} by hand" + (
        f": {why}" if why else ""
    )
    return reject(site.sagemaker, site.pipeline.slug, int(package["version"]), reason)


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
