"""The way from a plan to an endpoint that serves it: what an update and a rollback share."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, NamedTuple

from airflow.sdk import TriggerRule, get_current_context, task

from dag_factory import assets
from dag_factory.builder import task_group
from dag_factory.run_context import RunContext, load_context
from dag_factory.skipping import skip_unless
from dag_factory.timeouts import TIMEOUT_MARGIN
from dag_factory.xcoms import without_edge
from include.config import Pipeline
from sagemaker_jobs import (
    SageMakerDeployEndpointOperator,
    SageMakerEndpointStatusSensor,
    SageMakerEnsureEndpointConfigOperator,
    SageMakerEnsureModelOperator,
)

FAILED_TEST = "failed_test"
"""The XCom in which a smoke test that asked leaves what was wrong with the answers."""


class Deployed(NamedTuple):
    """The XComs of a deployment that passed its smoke test.

    Attributes:
        endpoint: The endpoint's name and configuration, of `track_endpoint`.
        smoke_test: How the answers compare, of `smoke_test`.
    """

    endpoint: Any
    smoke_test: Any


def add_deployment(pipeline: Pipeline, planned: Any) -> Deployed:
    """Add the tasks that deploy a plan, verify it, and restore the former model if it fails.

    Args:
        pipeline: The pipeline whose endpoint is changed.
        planned: The XCom of the task `plan`: the requests `model`, `endpoint_config` and
            `endpoint`, the `package`'s facts, and as `previous` what serves now.
    """
    package = without_edge(planned["package"])
    with task_group("deploy", "Deploy the model, and wait until exactly it serves."):
        model = SageMakerEnsureModelOperator(task_id="ensure_model", request=planned["model"])
        config = SageMakerEnsureEndpointConfigOperator(
            task_id="ensure_endpoint_config", request=without_edge(planned["endpoint_config"])
        )
        baseline: Any = capture_baseline(pipeline.name, package)
        deploy = SageMakerDeployEndpointOperator(
            task_id="deploy", request=without_edge(planned["endpoint"])
        )
        endpoint: Any = _track("track_endpoint", pipeline, deploy.output)
        model >> config >> baseline >> deploy
    with task_group("verify", "Compare the endpoint's answers with the evaluation's."):
        tested: Any = smoke_test(pipeline.name, package, endpoint, without_edge(baseline))
        rejection: Any = decide_rejection(pipeline.name)
        tested >> rejection
    with task_group("restore", "After a failure: reject the package, bring the former model back."):
        # In parallel: restoring the former model must not wait for the registry.
        reject_package(pipeline.name, rejection)
        former: Any = plan_restore(pipeline.name, rejection)
        restore = SageMakerDeployEndpointOperator(task_id="restore", request=former)
        _track("track_restore", pipeline, restore.output)
    return Deployed(endpoint, tested)


def add_release(pipeline: Pipeline, planned: Any, deployed: Deployed) -> None:
    """Add the task that records the deployment as a release."""
    publish.override(outlets=[assets.endpoint(pipeline)])(
        pipeline.name, without_edge(planned), without_edge(deployed.endpoint), deployed.smoke_test
    )


@task(task_id="ask_before", multiple_outputs=False)
def capture_baseline(pipeline: str, package: dict[str, str]) -> dict[str, Any] | None:
    """Ask what serves now for the test photos, to compare: None where nothing serves."""
    from include.decisions.endpoint.smoke_test import capture_baseline as capture
    from include.decisions.registry.serving_model import endpoint_status

    site = load_context(pipeline)
    # Also before the first model: what cannot be tested is not deployed.
    samples = _samples(site, package)
    now = endpoint_status(site.sagemaker, site.pipeline.slug)
    if now is None or now.status != "InService":
        return None
    return capture(site.runtime, now.name, samples)


@task(multiple_outputs=False)
def smoke_test(
    pipeline: str,
    package: dict[str, str],
    endpoint: dict[str, Any],
    before: dict[str, Any] | None,
) -> dict[str, Any]:
    """Ask the endpoint for test photos, and return how its answers and its pace compare."""
    from include.decisions.endpoint.smoke_test import NoAnswerError, SmokeTestError
    from include.decisions.endpoint.smoke_test import smoke_test as ask

    site = load_context(pipeline)
    name, samples = endpoint["endpoint_name"], _samples(site, package)
    try:
        return ask(site.runtime, name, samples, site.pipeline.endpoint, before)
    except (SmokeTestError, NoAnswerError) as error:
        get_current_context()["ti"].xcom_push(key=FAILED_TEST, value=str(error))
        raise


@task(task_id="withdraw", trigger_rule=TriggerRule.ONE_FAILED, multiple_outputs=False)
def decide_rejection(pipeline: str) -> dict[str, Any]:
    """Decide whether the model is at fault, and return what to reject and what to restore.

    Changes nothing: `reject_package` and `plan_restore` act on the decision, each by itself.
    Skipped where there is nothing to do for either.
    """
    from include.decisions.endpoint.rejection import decide_rejection as decide
    from include.decisions.registry.serving_model import endpoint_status
    from sagemaker_jobs.failure_reasons import endpoint_cause

    site, ti = load_context(pipeline), get_current_context()["ti"]
    # Not by arguments: with `plan` upstream, its failure would start this task, too.
    planned = ti.xcom_pull(task_ids="plan")
    # Not by XComs alone: a task that was cleared and then not reached has its last try's still.
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
    deployed, tested = states.get("deploy") == "success", states.get("smoke_test") == "failed"
    failed_test = ti.xcom_pull(task_ids="smoke_test", key=FAILED_TEST) if tested else None
    endpoint = endpoint_status(site.sagemaker, site.pipeline.slug)
    cause = endpoint_cause(endpoint.failure_reason if endpoint else "")
    judged = decide(endpoint, planned, deployed, failed_test, cause)
    skip_unless(judged.restore if judged.restore.go else judged.reject)
    return {
        "package": planned["package"]["arn"],
        "reject": asdict(judged.reject),
        "restore": asdict(judged.restore),
        "endpoint_config": judged.endpoint_config,
        "replaces": endpoint.endpoint_config if endpoint else None,
    }


@task(multiple_outputs=False)
def reject_package(pipeline: str, rejection: dict[str, Any]) -> dict[str, str]:
    """Mark the package as Rejected in the registry, or skip; return its ARN and the reason.

    A failure here fails this task only: restoring the former model does not depend on it.
    """
    from include.decisions.decision import Decision
    from include.decisions.registry.packages import reject

    decision = Decision(**rejection["reject"])
    skip_unless(decision)
    reject(load_context(pipeline).sagemaker, rejection["package"], decision.reason)
    return {"package": rejection["package"], "reason": decision.reason}


@task(multiple_outputs=False)
def plan_restore(pipeline: str, rejection: dict[str, Any]) -> dict[str, Any]:
    """Return the request that brings the former endpoint configuration back, or skip.

    The request names what it `replaces`. So `restore`, cleared later, does not replace what another
    run has deployed since.
    """
    from include.decisions.decision import Decision
    from include.sagemaker_requests import endpoint_request

    skip_unless(Decision(**rejection["restore"]))
    request = endpoint_request(load_context(pipeline).pipeline, rejection["endpoint_config"])
    return {**request, "replaces": rejection["replaces"]}


@task(multiple_outputs=False)
def prune(pipeline: str) -> dict[str, Any]:
    """Delete the models and endpoint configurations of releases that are not kept.

    A rollback comes to it only once the newer packages are Rejected: they need not be kept.
    """
    from include.decisions.endpoint.pruning import configs_to_keep
    from include.decisions.endpoint.pruning import prune as delete
    from include.decisions.endpoint.release import list_releases
    from include.decisions.registry.packages import approved_packages
    from include.decisions.registry.serving_model import find_serving_model

    site = load_context(pipeline)
    champion = find_serving_model(site.sagemaker, site.pipeline.slug)
    if champion is None:
        return {}
    releases, most = list_releases(site.s3, site.layout), site.pipeline.endpoint.keep_releases
    approved = approved_packages(site.sagemaker, site.pipeline.slug)
    keep = configs_to_keep(releases, approved, champion.endpoint_config, most)
    return {**delete(site.sagemaker, site.pipeline, site.deployment, keep, datetime.now(UTC))}


@task(multiple_outputs=False)
def publish(
    pipeline: str, planned: dict[str, Any], endpoint: dict[str, Any], smoke: dict[str, Any]
) -> dict[str, Any]:
    """Record the deployment below `releases/`, and say what serves now."""
    from include.decisions.endpoint.release import write_release

    site, ti = load_context(pipeline), get_current_context()["ti"]
    run, now = f"{ti.dag_id}/{ti.run_id}", datetime.now(UTC)
    release = write_release(site.s3, site.layout, planned, endpoint, smoke, run, now)
    return {**endpoint, "package": planned["package"], "smoke_test": smoke, "release": release}


def _track(task_id: str, pipeline: Pipeline, deployed: Any) -> Any:
    longest = max(each.endpoint.timeout for each in pipeline.variants)
    return SageMakerEndpointStatusSensor(
        task_id=task_id,
        endpoint=deployed,
        timeout=longest,
        execution_timeout=longest + TIMEOUT_MARGIN,
    ).output


def _samples(site: RunContext, package: dict[str, str]) -> Any:
    from include.decisions.endpoint.smoke_test import load_samples

    # The split that it was judged on: the pipeline may name another one by now.
    split = package.get("split", site.pipeline.evaluation.split)
    job, version = package["training_job"], package["dataset_version"]
    count = site.pipeline.endpoint.smoke_images
    return load_samples(site.s3, site.layout, job, version, split, count)
