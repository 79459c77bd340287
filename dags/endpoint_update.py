"""Endpoint update: newest approved model package to endpoint.

Creates the endpoint or updates it, waits until exactly that configuration serves (an update that
AWS rolled back is a failure here), and asks it for a few test photos, which the model before was
asked, too: the answers must be those of the evaluation, and not come much later than before, or the
former model comes back. Then the deployment has its folder, `releases/<number>/<time>/`, which is
never overwritten, and what the last `endpoint.keep_releases` approved releases do not need is
deleted; artifacts stay. Runs when a model is promoted, or by hand: after an approval in the
registry, or with a *model package version*. To go back, trigger endpoint rollback.

**When something fails or skips**

- `plan` is skipped: nothing is approved yet, or it serves already. *Force* deploys and tests again.
- `plan`, *has no version ...*: choose one that SageMaker's registry lists as approved.
- `plan`, *was judged in int8*: name an instance type such as ml.c6i in `endpoint`, which has
  the instructions for it; or train again with `int8: never`.
- `ensure_model`, `ensure_endpoint_config`, `deploy`, `restore`, *AccessDenied* or
  *ValidationException*: a right of Airflow's role (all are in docs/iam/airflow.json), or SageMaker
  cannot use the role, the image or the model's data. The message names it; mend it, then clear it.
- `deploy`, `restore`, *ResourceLimitExceeded*: an update runs old and new machines side by side;
  the DAG preflight has the command that asks AWS for more. Then clear the task.
- `restore`, `track_restore`: the model that was withdrawn serves until they are through. Clear
  `restore` and what follows as soon as the cause is mended.
- `restore`, *since this was planned*: another run deployed something else since. Nothing is left to
  restore: leave this run as it is.
- `ask_before`, *AccessDenied*: allow Airflow's role `sagemaker:InvokeEndpoint`, then clear it.
  Nothing was deployed, as nobody could have tested it.
- `ask_before`, *no test image of at most 6291456 bytes*: each photo is larger than an endpoint
  takes, so that nothing could be tested and nothing was deployed. Add smaller photos to the source.
- `deploy`, *is Updating*: another run's update is under way; clear this task when it is over.
- `deploy`, *since this was planned*: another run changed what serves; clear `plan`.
- `track_endpoint`: an alarm or the health check stopped the update, and the former model serves.
  `reject_package` has rejected the new one in the registry, so that registry and endpoint agree.
  See the endpoint's log for what was wrong. Where the log says that AWS did not answer, clear this
  task. For any other reason that SageMaker gives, such as a missing right, the package keeps its
  status: `withdraw` names the reason. Fix it and trigger this DAG again, or reject the package.
- `track_endpoint`, *the longest wait is over*: nothing is known against the model. The wait is two
  hours and what `endpoint.traffic` takes; the next try waits on. Later, clear the task.
- `track_endpoint`, *next try asks for it again*: AWS had no machines, or an internal error; it is
  deployed again, three times. Then choose another `endpoint.instance_type`, or trigger this DAG
  later.
- `smoke_test`: the new model does not answer as it was judged, or takes too long. `restore` brings
  the former one back, and `reject_package` rejects the new one; then look for the difference. Where
  the test itself was at fault, approve the package again and trigger this DAG.
- `smoke_test`, any other error, such as a missing right: the new model serves and was not tested.
  Nothing is withdrawn; mend what the log says, then clear this task.
- `withdraw` is skipped: nothing is known against the model, and the endpoint serves. The smoke test
  passed, or could not ask (clear the task that failed), AWS had no machines, the update still goes
  on, or somebody else's serves by now; the reason says which.
- `reject_package`: SageMaker's registry refused to mark the package as Rejected, or did not answer.
  The former model comes back all the same, but the package is still Approved, and the next run of
  this DAG would deploy it again. Fix what the message names and clear this task, or reject the
  package by hand.
- `reject_package` is skipped: the endpoint does not serve, but nothing is known against the model.
  The former model comes back, and the package keeps its status.
- `plan_restore` is skipped: the former model serves already, or there was none.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from dag_factory import assets, params
from dag_factory.builder import pipeline_dag, pipelines_for, task_group
from dag_factory.endpoint_tasks import add_deployment, add_release, prune
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.timeouts import update_timeout

FAMILY = "endpoint_update"


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip when the endpoint serves what it should, else return the requests that change it."""
    from include.decisions.endpoint.plan import decide_deployment, plan_deployment

    site, asked = load_context(pipeline), params.run_params()
    state = plan_deployment(
        site.sagemaker, site.pipeline, site.deployment, asked["package_version"]
    )
    skip_unless(decide_deployment(state, asked["force"]))
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
