"""The part of the graph that endpoint update and endpoint rollback share."""

from __future__ import annotations

from typing import Any, NamedTuple

from dag_factory import assets
from dag_factory.builder import task_group
from dag_factory.endpoint import docs
from dag_factory.endpoint.release import publish
from dag_factory.endpoint.restoration import decide_rejection, plan_restore, reject_package
from dag_factory.endpoint.smoke_test import capture_baseline, smoke_test
from dag_factory.job_tasks import add_model
from dag_factory.timeouts import TIMEOUT_MARGIN
from dag_factory.xcoms import without_edge
from include.config import Pipeline
from sagemaker_jobs import (
    SageMakerDeployEndpointOperator,
    SageMakerEndpointStatusSensor,
    SageMakerEnsureEndpointConfigOperator,
)


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
        model = add_model(planned["model"], planned_by="plan")
        config = SageMakerEnsureEndpointConfigOperator(
            task_id="ensure_endpoint_config",
            request=without_edge(planned["endpoint_config"]),
            doc_md=docs.ENSURE_ENDPOINT_CONFIG,
        )
        baseline: Any = capture_baseline(pipeline.name, package)
        deploy = SageMakerDeployEndpointOperator(
            task_id="deploy", request=without_edge(planned["endpoint"]), doc_md=docs.DEPLOY
        )
        endpoint: Any = _track("track_endpoint", pipeline, deploy.output, docs.TRACK_ENDPOINT)
        model >> config >> baseline >> deploy
    with task_group("verify", "Compare the endpoint's answers with the evaluation's."):
        tested: Any = smoke_test(pipeline.name, package, endpoint, without_edge(baseline))
        rejection: Any = decide_rejection(pipeline.name)
        tested >> rejection
    with task_group("restore", "After a failure: reject the package, bring the former model back."):
        # In parallel: restoring the former model must not wait for the registry.
        reject_package(pipeline.name, rejection)
        former: Any = plan_restore(pipeline.name, rejection)
        restore = SageMakerDeployEndpointOperator(
            task_id="restore", request=former, doc_md=docs.RESTORE
        )
        _track("track_restore", pipeline, restore.output, docs.TRACK_RESTORE)
    return Deployed(endpoint, tested)


def add_release(pipeline: Pipeline, planned: Any, deployed: Deployed) -> None:
    """Add the task that records the deployment as a release."""
    lineage = assets.lineage([assets.model(pipeline)], assets.endpoint(pipeline))
    publish.override(**lineage)(
        pipeline.name, without_edge(planned), without_edge(deployed.endpoint), deployed.smoke_test
    )


def _track(task_id: str, pipeline: Pipeline, deployed: Any, doc_md: str) -> Any:
    timeout = max(variant.endpoint.timeout for variant in pipeline.variants)
    return SageMakerEndpointStatusSensor(
        task_id=task_id,
        endpoint=deployed,
        timeout=timeout,
        execution_timeout=timeout + TIMEOUT_MARGIN,
        doc_md=doc_md,
    ).output
