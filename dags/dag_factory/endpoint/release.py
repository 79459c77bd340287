"""Tasks after a successful deployment: record the release, delete what is not kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import get_current_context, task

from dag_factory import assets
from dag_factory.observability import metrics
from dag_factory.observability.model_pages import package_url
from dag_factory.run_context import load_context


@task(multiple_outputs=False)
def publish(
    pipeline: str, planned: dict[str, Any], endpoint: dict[str, Any], smoke: dict[str, Any]
) -> dict[str, Any]:
    """Record the deployment as a release below `releases/`, and return what serves now.

    - Any failure: the new model serves. Fix what the message names, then clear the task. Without
      the record, endpoint rollback does not know this release.
    """
    from include.decisions.endpoint.release import write_release

    run, ti = load_context(pipeline), get_current_context()["ti"]
    run_id, now = f"{ti.dag_id}/{ti.run_id}", datetime.now(UTC)
    release = write_release(run.s3, run.layout, planned, endpoint, smoke, run_id, now)
    package = planned["package"]
    assets.describe_event(
        assets.endpoint(run.pipeline),
        uri=run.layout.uri(run.layout.release(int(package["version"]))),
        release=int(package["version"]),
        package=package["arn"],
        endpoint=release.endpoint,
        endpoint_config=release.endpoint_config,
        page=package_url(pipeline, package["arn"]),
        **{name: release.lineage.get(name) for name in ("top1", "top5", "dataset_version")},
    )
    metrics.send_serving_model(run)
    return {**endpoint, "package": package, "smoke_test": smoke, "release": release.as_json()}


@task(multiple_outputs=False)
def prune(pipeline: str) -> dict[str, Any]:
    """Delete models and endpoint configurations that the kept releases do not need.

    `endpoint.keep_releases` approved releases are kept. In a rollback this runs after the newer
    packages were rejected, so that their configurations are not kept.

    - Any failure: the new model serves, and nothing is lost. Fix what the message names, then clear
      the task; or leave it: the next run deletes the rest.
    """
    from include.decisions.endpoint.pruning import configs_to_keep
    from include.decisions.endpoint.pruning import prune as delete
    from include.decisions.endpoint.release import list_releases
    from include.decisions.registry.packages import approved_packages
    from include.decisions.registry.serving_model import find_serving_model

    run = load_context(pipeline)
    serving = find_serving_model(run.sagemaker, run.pipeline.slug)
    if serving is None:
        return {}
    kept = run.pipeline.endpoint.keep_releases
    releases = list_releases(run.s3, run.layout)
    approved = approved_packages(run.sagemaker, run.pipeline.slug)
    keep = configs_to_keep(releases, approved, serving.endpoint_config, kept)
    now = datetime.now(UTC)
    return {**delete(run.sagemaker, run.pipeline, run.deployment, keep, now)}
