"""Endpoint update: newest approved model package to endpoint.

Creates the endpoint or updates it, waits until exactly that configuration serves (an update that
AWS rolled back is a failure here), and asks it for a few test photos: the answers must be those of
the evaluation, or the former model comes back. Runs when a model is promoted, or by hand: after an
approval in the registry, or with a *model package version* to go back to.

**When something fails or skips**

- `plan` is skipped: nothing is approved yet, or it serves already. *Force* deploys and tests again.
- `plan`, *has no version ...*: choose one that SageMaker's registry lists as approved.
- `track_endpoint`: an alarm or the health check stopped the update, and the former model serves.
  `withdraw` has rejected the new one in the registry, so that registry and endpoint agree. See the
  endpoint's log for what was wrong.
- `smoke_test`: the new model does not answer as it was judged. `withdraw` has rejected it, and
  `restore` brings the former one back; then look for the difference. Where the test itself was at
  fault, approve the package again and trigger this DAG.
- `withdraw` is skipped: nothing is known against the model. The smoke test passed, AWS had no
  machines, the update still goes on, or somebody else's serves by now; the reason says which.
- `plan_restore` is skipped: the former model serves already, or there was none.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import TriggerRule, get_current_context, task

from image_families import asking, assets
from image_families.building import BACKSTOP, family_dag, pipelines_for
from image_families.site import open_site
from image_families.skipping import go_or_skip
from sagemaker_jobs import DeployEndpoint, EnsureEndpointConfig, EnsureModel, TrackEndpoint

FAMILY = "endpoint_update"


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip when the endpoint serves what it should, else return the requests that change it."""
    from include.policies.deployment import decide_deployment, plan_deployment

    site, asked = open_site(pipeline), asking.answers()
    state = plan_deployment(
        site.sagemaker, site.pipeline, site.deployment, asked["package_version"]
    )
    go_or_skip(decide_deployment(state, asked["force"]))
    return {**state.requests, "package": state.facts(), "previous": state.previous}


@task(multiple_outputs=False)
def smoke_test(pipeline: str, package: dict[str, str], endpoint: dict[str, Any]) -> dict[str, Any]:
    """Ask the endpoint for test photos, and return how its answers compare."""
    from include.policies.smoke import load_samples
    from include.policies.smoke import smoke_test as ask
    from include.policies.split import split_images

    site = open_site(pipeline)
    # The split that it was judged on: the pipeline may name another one by now.
    split = package.get("split", site.pipeline.evaluation.split)
    count = site.pipeline.endpoint.smoke_images
    images = split_images(site.s3, site.layout, package["dataset_version"], split)
    samples = load_samples(site.s3, site.layout, package["training_job"], images, count)
    return ask(site.runtime, endpoint["endpoint_name"], samples)


@task(trigger_rule=TriggerRule.ONE_FAILED, multiple_outputs=False)
def withdraw(pipeline: str) -> dict[str, Any]:
    """Reject a package whose update failed by its fault; return what has to come back."""
    from include.policies.champion import endpoint_status
    from include.policies.registry import reject
    from include.policies.withdrawal import judge_failure

    site, ti = open_site(pipeline), get_current_context()["ti"]
    # Not by arguments: with `plan` upstream, its failure would start this task, too.
    planned, deployed = ti.xcom_pull(task_ids="plan"), ti.xcom_pull(task_ids="deploy")
    endpoint = endpoint_status(site.sagemaker, site.pipeline.slug)
    judged = judge_failure(endpoint, planned, deployed is not None)
    go_or_skip(judged.reject)
    reject(site.sagemaker, planned["package"]["arn"], judged.reject.reason)
    restore = judged.restore
    return {"endpoint_config": judged.endpoint_config, "go": restore.go, "reason": restore.reason}


@task(multiple_outputs=False)
def plan_restore(pipeline: str, withdrawn: dict[str, Any]) -> dict[str, Any]:
    """Return the request that brings the former endpoint configuration back, or skip."""
    from include.pipeline.requests import endpoint_request
    from include.policies.decision import Decision

    go_or_skip(Decision(withdrawn["go"], withdrawn["reason"]))
    return {**endpoint_request(open_site(pipeline).pipeline, withdrawn["endpoint_config"])}


@task(multiple_outputs=False)
def publish(
    package: dict[str, str], endpoint: dict[str, Any], smoke: dict[str, Any]
) -> dict[str, Any]:
    """Say what serves now."""
    return {**endpoint, "package": package, "smoke_test": smoke}


for pipeline in pipelines_for(FAMILY):
    with family_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=[assets.model(pipeline)],
        patience=BACKSTOP,
        params={
            "force": asking.force("the endpoint serves this model"),
            "package_version": asking.package_version(),
        },
    ):
        planned: Any = plan(pipeline.name)
        model = EnsureModel(task_id="ensure_model", request=planned["model"])
        config = EnsureEndpointConfig(
            task_id="ensure_endpoint_config", request=planned["endpoint_config"]
        )
        deploy = DeployEndpoint(task_id="deploy", request=planned["endpoint"])
        deployed: Any = deploy.output
        served: Any = TrackEndpoint(
            task_id="track_endpoint", endpoint=deployed, execution_timeout=2 * BACKSTOP
        ).output
        model >> config >> deploy
        tested: Any = smoke_test(pipeline.name, planned["package"], served)
        withdrawn: Any = withdraw(pipeline.name)
        tested >> withdrawn
        former: Any = plan_restore(pipeline.name, withdrawn)
        restore = DeployEndpoint(task_id="restore", request=former)
        restored: Any = restore.output
        TrackEndpoint(task_id="track_restore", endpoint=restored, execution_timeout=2 * BACKSTOP)
        publish.override(outlets=[assets.endpoint(pipeline)])(planned["package"], served, tested)
