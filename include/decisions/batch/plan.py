"""Plan of a batch: the model, the job that selects the images, and the jobs that predict them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.contracts.commands import Screening
from include.contracts.records import Selection
from include.decisions.batch.unchanged import all_processed, has_object
from include.decisions.decision import Decision
from include.decisions.promotion.champion import choose_batch_model
from include.decisions.promotion.precision import check_precision
from include.decisions.registry.packages import Package, RegistryError
from include.sagemaker_requests import (
    RUN_TIME,
    JobRequest,
    batch_transform_request,
    packaged_model_request,
    report_request,
    select_request,
)
from include.sagemaker_requests.precision import FACT
from include.storage.layout import Layout
from include.storage.records import need_valid_record


@dataclass(frozen=True)
class BatchState:
    """What is known before images are selected.

    Attributes:
        package: The package that predicts the batch, or None if there is no model.
        unchanged: Whether all images of `incoming/` are known to be processed.
    """

    package: Package | None
    unchanged: bool = False


def plan_batch(
    s3: Any, sagemaker: Any, layout: Layout, pipeline: Pipeline, everything: bool
) -> BatchState:
    """Find the model package that predicts, and whether there may be images to predict.

    Args:
        s3: A boto3 S3 client.
        sagemaker: A boto3 SageMaker client.
        layout: The pipeline's S3 keys.
        pipeline: The images' pipeline.
        everything: Include images that were predicted before.
    """
    package = choose_batch_model(sagemaker, pipeline.slug)
    if package is None or everything:
        return BatchState(package)
    return BatchState(package, all_processed(s3, layout))


def decide_select(state: BatchState) -> Decision:
    """Decide whether to look for images: only with a model, and unless nothing has changed."""
    if state.package is None:
        return Decision(
            False, "no model serves and none is approved: run nightly training, or approve a model"
        )
    if state.unchanged:
        return Decision(False, "no new images in incoming/")
    return Decision(True, f"images are selected for model package {state.package.version}")


def selection_request(
    pipeline: Pipeline, deployment: Deployment, package: Package, when: datetime, everything: bool
) -> JobRequest:
    """Return the request of the job that selects a batch's images.

    Args:
        pipeline: The batch's pipeline.
        deployment: The deployment in which the job runs.
        package: The package that predicts the batch.
        when: The time of the run, which begins the batch's name.
        everything: Whether images that were predicted before may be predicted again.
    """
    screening = choose_screening(deployment, package)
    return select_request(pipeline, deployment, when.strftime(RUN_TIME), screening, everything)


def choose_screening(deployment: Deployment, package: Package) -> Screening:
    """Return how images are screened for a package.

    The deployment's custom image answers an unreadable photo with an error record. The built-in
    image, and earlier versions of the custom image, may fail the whole job, so that each photo is
    decoded before.
    """
    return "names" if package.image_uri == deployment.image_uri else "decode"


def read_selection(s3: Any, layout: Layout, job_name: str) -> Selection:
    """Return the result of a `select` job.

    Raises:
        RecordError: The result is missing or invalid.
    """
    key = layout.selection_report(job_name)
    return need_valid_record(s3, layout.bucket, key, f"job {job_name}", Selection)


def decide_batch(selection: Selection, record: str) -> Decision:
    """Decide whether to predict: only with at least one new, readable image.

    Args:
        selection: The result of the `select` job.
        record: The address of the batch's record, for the reason.
    """
    counts = selection.counts
    changed = f", {counts.changed} changed while they were read" if counts.changed else ""
    if selection.batch is None:
        return Decision(False, f"no new images in incoming/{changed}")
    if not counts.images:
        key, reason = next(iter(selection.examples.items()))
        return Decision(
            False,
            f"none of {counts.unreadable} new images is readable, for example {key}: {reason}; "
            f"{record} lists all of them",
        )
    left_out = f", {counts.unreadable} left out as unreadable" if counts.unreadable else ""
    remaining = f", {counts.remaining} remain for the next run" if counts.remaining else ""
    return Decision(True, f"{counts.images} images to predict{left_out}{changed}{remaining}")


def has_labels(s3: Any, layout: Layout) -> bool:
    """Return whether the true classes of incoming images are in `truth/labels.json`."""
    return has_object(s3, layout.bucket, f"{layout.truth}labels.json")


def find_evaluated_job(s3: Any, layout: Layout, package: Package) -> str | None:
    """Return a model's training job if the predictions of its evaluation exist, else None."""
    job = package.metadata.get("training_job")
    return job if job and has_object(s3, layout.bucket, layout.evaluation_answers(job)) else None


def batch_requests(
    s3: Any,
    layout: Layout,
    pipeline: Pipeline,
    deployment: Deployment,
    batch: str,
    package: Package,
) -> dict[str, Any]:
    """Return the requests of the batch's model, transform job and report job.

    Raises:
        RegistryError: The model was not registered by nightly training, or the transform's
            instances may not support its serving precision.
    """
    if "dataset_version" not in package.metadata:
        raise RegistryError(
            f"model package {package.version} of {pipeline.slug}, which would predict the batch, "
            "has no dataset_version in its metadata: approve and deploy a package that nightly "
            "training has registered"
        )
    instance_type = pipeline.batch.transform.instance_type
    check_precision(package, deployment, "batch.transform.instance_type", instance_type)
    model = packaged_model_request(pipeline, deployment, package.arn, deployment.role_arn)
    return {
        "model": model,
        "transform": batch_transform_request(
            pipeline, deployment, batch, model["config"]["ModelName"], package.metadata.get(FACT)
        ),
        "report": report_request(
            pipeline,
            deployment,
            batch,
            package.metadata["dataset_version"],
            has_labels(s3, layout),
            find_evaluated_job(s3, layout, package),
        ),
    }
