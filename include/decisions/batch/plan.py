"""Plan of a batch: the new, readable images, and the model that predicts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.versions import digest
from include.contracts.records import BatchCounts, BatchPlan, BatchRecord
from include.decisions.batch.incoming import IncomingImage, find_new_images
from include.decisions.batch.screening.incoming_photos import find_unreadable_images
from include.decisions.decision import Decision
from include.decisions.promotion.champion import choose_batch_model
from include.decisions.promotion.precision import check_precision
from include.decisions.registry.packages import Package, RegistryError
from include.sagemaker_requests import (
    batch_transform_request,
    manifest,
    packaged_model_request,
    report_request,
)
from include.sagemaker_requests.precision import FACT
from include.storage.layout import Layout
from include.storage.records import write_record


@dataclass(frozen=True)
class BatchState:
    """The images of a batch and the model that predicts them.

    Attributes:
        images: The batch's images, readable or not.
        unreadable: The reasons of unreadable images, by key.
        package: The package that predicts the batch, or None if there is no model.
        forced: Whether a user wants images to be predicted again.
    """

    images: list[IncomingImage]
    unreadable: dict[str, str]
    package: Package | None
    forced: bool = False

    @property
    def readable(self) -> list[IncomingImage]:
        """The images to predict."""
        return [image for image in self.images if image.key not in self.unreadable]

    def name(self, when: datetime) -> str:
        """Return the batch's name, from the run's time and the images; a retry gets the same."""
        content = digest([[image.key, image.tag] for image in self.images])
        return f"{when:%Y%m%dT%H%M%S}-{content[:8]}"

    def plan(self, batch: str) -> BatchPlan:
        """Return the plan of the batch with this name."""
        tags = {image.key: image.tag for image in self.images}
        return BatchPlan(
            batch=batch,
            images={image.key: image.tag for image in self.readable},
            unreadable=self.unreadable,
            unreadable_tags={key: tags[key] for key in self.unreadable},
            package=self.package.arn if self.package else None,
            forced=self.forced,
        )


def plan_batch(
    s3: Any, sagemaker: Any, layout: Layout, pipeline: Pipeline, everything: bool
) -> BatchState:
    """Find the images to predict and the model package that predicts them.

    Args:
        s3: A boto3 S3 client.
        sagemaker: A boto3 SageMaker client.
        layout: The pipeline's S3 keys.
        pipeline: The images' pipeline.
        everything: Include images that were predicted before.
    """
    package = choose_batch_model(sagemaker, pipeline.slug)
    if package is None:
        return BatchState([], {}, None)
    images = find_new_images(s3, layout, everything)
    largest = pipeline.batch.transform.max_payload_bytes
    state = BatchState([], {}, package, everything)
    for chunk in _chunks(images, pipeline.batch.max_images):
        unreadable = state.unreadable | find_unreadable_images(s3, layout, chunk, largest)
        state = BatchState([*state.images, *chunk], unreadable, package, everything)
        # A chunk without a readable image must not block the images after it.
        if state.readable:
            break
    return state


def _chunks(images: list[IncomingImage], size: int) -> Iterator[list[IncomingImage]]:
    """Yield the images in chunks of at most this size."""
    for start in range(0, len(images), size):
        yield images[start : start + size]


def decide_batch(state: BatchState, record: str) -> Decision:
    """Decide whether to predict: only with a model and at least one new, readable image.

    Args:
        state: The batch's images and model.
        record: The address of the batch's record, for the reason.
    """
    if state.package is None:
        return Decision(
            False, "no model serves and none is approved: run nightly training, or approve a model"
        )
    if not state.images:
        return Decision(False, "no new images in incoming/")
    if not state.readable:
        key, reason = next(iter(state.unreadable.items()))
        return Decision(
            False,
            f"none of {len(state.images)} new images is readable, for example {key}: {reason}; "
            f"{record} lists all of them",
        )
    left_out = f", {len(state.unreadable)} left out as unreadable" if state.unreadable else ""
    return Decision(
        True,
        f"{len(state.readable)} new images for model package {state.package.version}{left_out}",
    )


def write_batch_plan(s3: Any, layout: Layout, batch: str, state: BatchState) -> None:
    """Write the batch's manifest for its jobs, and its plan for its publication."""
    keys = [image.key for image in state.readable]
    listing = manifest(layout.uri(layout.incoming), keys)
    write_record(s3, layout.bucket, layout.batch_manifest(batch), listing)
    write_record(s3, layout.bucket, layout.batch_plan(batch), state.plan(batch))


def record_unreadable_batch(s3: Any, layout: Layout, batch: str, state: BatchState) -> None:
    """Write the record of a batch in which no image is readable; other batches are ignored.

    The record lists the images with the reasons, so that later runs do not read them again.
    """
    if state.readable or not state.unreadable:
        return
    record = BatchRecord(
        **state.plan(batch).as_json(),
        stage="batch",
        counts=BatchCounts(images=0, unreadable=len(state.unreadable)),
        predictions=None,
        report=None,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_record(s3, layout.bucket, layout.batch_record(batch), record)


def has_labels(s3: Any, layout: Layout) -> bool:
    """Return whether the true classes of incoming images are in `truth/labels.json`."""
    return _exists(s3, layout.bucket, f"{layout.truth}labels.json")


def find_evaluated_job(s3: Any, layout: Layout, package: Package) -> str | None:
    """Return a model's training job if the predictions of its evaluation exist, else None."""
    job = package.metadata.get("training_job")
    return job if job and _exists(s3, layout.bucket, layout.evaluation_answers(job)) else None


def _exists(s3: Any, bucket: str, key: str) -> bool:
    listing = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return bool(listing.get("KeyCount"))


def batch_requests(
    s3: Any,
    layout: Layout,
    pipeline: Pipeline,
    deployment: Deployment,
    batch: str,
    state: BatchState,
) -> dict[str, Any]:
    """Return the requests of the batch's model, transform job and report job.

    Raises:
        RegistryError: The model was not registered by nightly training, or the transform's
            instances may not support its serving precision.
    """
    if state.package is None or "dataset_version" not in state.package.metadata:
        version = state.package.version if state.package else "(none)"
        raise RegistryError(
            f"model package {version} of {pipeline.slug}, which would predict the batch, has no "
            "dataset_version in its metadata: approve and deploy a package that nightly training "
            "has registered"
        )
    instance_type = pipeline.batch.transform.instance_type
    check_precision(state.package, deployment, "batch.transform.instance_type", instance_type)
    model = packaged_model_request(pipeline, deployment, state.package.arn, deployment.role_arn)
    version = state.package.metadata["dataset_version"]
    return {
        "model": model,
        "transform": batch_transform_request(
            pipeline,
            deployment,
            batch,
            model["config"]["ModelName"],
            state.package.metadata.get(FACT),
        ),
        "report": report_request(
            pipeline,
            deployment,
            batch,
            version,
            has_labels(s3, layout),
            find_evaluated_job(s3, layout, state.package),
        ),
    }
