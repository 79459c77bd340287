"""Plan of a batch: the new, readable images, and the model that answers them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.versions import digest
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
from include.storage.layout import Layout
from include.storage.records import write_record


@dataclass(frozen=True)
class BatchState:
    """Which images are new, which of them cannot be predicted and why, and which model answers.

    `forced` says that a person wants images predicted again that were predicted before.
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
        """Name the batch: by the run's time, and by its images, so that a retry finds it again."""
        content = digest([[image.key, image.tag] for image in self.images])
        return f"{when:%Y%m%dT%H%M%S}-{content[:8]}"

    def record(self) -> dict[str, Any]:
        """Return what the batch's record says of its images, which later nights read."""
        tags = {image.key: image.tag for image in self.images}
        return {
            "images": {image.key: image.tag for image in self.readable},
            "unreadable": self.unreadable,
            "unreadable_tags": {key: tags[key] for key in self.unreadable},
            "package": self.package.arn if self.package else None,
            "forced": self.forced,
        }


def plan_batch(
    s3: Any, sagemaker: Any, layout: Layout, pipeline: Pipeline, everything: bool
) -> BatchState:
    """Find the images to predict and the model package that answers them.

    Args:
        s3: A boto3 S3 client.
        sagemaker: A boto3 SageMaker client.
        layout: The pipeline's S3 keys.
        pipeline: Whose images they are.
        everything: Take images that were predicted before, too.
    """
    package = choose_batch_model(sagemaker, pipeline.slug)
    if package is None:
        return BatchState([], {}, None)
    images = find_new_images(s3, layout, everything)
    largest = pipeline.batch.transform.max_payload_bytes
    state = BatchState([], {}, package, everything)
    for some in _batched(images, pipeline.batch.max_images):
        unreadable = state.unreadable | find_unreadable_images(s3, layout, some, largest)
        state = BatchState([*state.images, *some], unreadable, package, everything)
        # Images of which none can be read must not keep others waiting.
        if state.readable:
            break
    return state


def _batched(images: list[IncomingImage], most: int) -> Iterator[list[IncomingImage]]:
    """Yield the images in portions of one batch."""
    for start in range(0, len(images), most):
        yield images[start : start + most]


def decide_batch(state: BatchState, record: str) -> Decision:
    """Decide whether there is anything to predict, and anything to predict it with.

    Args:
        state: What came in, and what serves.
        record: Where the batch's record is or will be.
    """
    if state.package is None:
        return Decision(False, "no model serves and none is approved: nightly training comes first")
    if not state.images:
        return Decision(False, "no new images in incoming/")
    if not state.readable:
        key, reason = next(iter(state.unreadable.items()))
        return Decision(
            False,
            f"none of {len(state.images)} new images can be read, such as {key}: {reason}; all are "
            f"listed in {record}",
        )
    left_out = f", {len(state.unreadable)} left out as unreadable" if state.unreadable else ""
    return Decision(
        True,
        f"{len(state.readable)} new images for model package {state.package.version}{left_out}",
    )


def write_batch_plan(s3: Any, layout: Layout, batch: str, state: BatchState) -> None:
    """Write down which images the batch holds, for its jobs and for the record at its end."""
    keys = [image.key for image in state.readable]
    listing = manifest(layout.uri(layout.incoming), keys)
    write_record(s3, layout.bucket, layout.batch_manifest(batch), listing)
    write_record(s3, layout.bucket, layout.batch_plan(batch), {"batch": batch, **state.record()})


def record_unreadable_batch(s3: Any, layout: Layout, batch: str, state: BatchState) -> None:
    """Where no new image can be read, write the record of a batch that has predicted none.

    It lists them with their reasons, and later nights do not look at them again.
    """
    if state.readable or not state.unreadable:
        return
    record = {
        "stage": "batch",
        "batch": batch,
        "counts": {"images": 0, "unreadable": len(state.unreadable)},
        "predictions": None,
        "report": None,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_record(s3, layout.bucket, layout.batch_record(batch), {**state.record(), **record})


def has_labels(s3: Any, layout: Layout) -> bool:
    """Whether someone put the true classes of incoming images into their folder."""
    return _exists(s3, layout.bucket, f"{layout.truth}labels.json")


def find_evaluated_job(s3: Any, layout: Layout, package: Package) -> str | None:
    """Return the training job of a model whose evaluation's answers are still there, or None."""
    job = package.metadata.get("training_job")
    return job if job and _exists(s3, layout.bucket, layout.evaluation_answers(job)) else None


def _exists(s3: Any, bucket: str, key: str) -> bool:
    answer = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return bool(answer.get("KeyCount"))


def batch_requests(
    s3: Any,
    layout: Layout,
    pipeline: Pipeline,
    deployment: Deployment,
    batch: str,
    state: BatchState,
) -> dict[str, Any]:
    """Return the batch's model, and its transform's and its report's requests.

    Raises:
        RegistryError: The model that answers was not registered by nightly training, or was judged
            in a precision that the transform's instances may not compute.
    """
    if state.package is None or "dataset_version" not in state.package.metadata:
        version = state.package.version if state.package else "(none)"
        raise RegistryError(
            f"model package {version} of {pipeline.slug}, which would answer the batch, has no "
            "dataset_version in its metadata: approve and deploy a package that nightly training "
            "registered"
        )
    instance_type = pipeline.batch.transform.instance_type
    check_precision(state.package, deployment, "batch.transform.instance_type", instance_type)
    model = packaged_model_request(pipeline, deployment, state.package.arn, deployment.role_arn)
    version = state.package.metadata["dataset_version"]
    return {
        "model": model,
        "transform": batch_transform_request(
            pipeline, deployment, batch, model["config"]["ModelName"]
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
