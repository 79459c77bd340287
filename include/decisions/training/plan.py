"""Plan of a nightly training: what would be trained, and whether it was trained before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.versions import recordio_version, training_fingerprint
from include.contracts.records import RecordioReport, TrainingDecision
from include.decisions.dataset.versions import need_dataset_version
from include.decisions.decision import Decision
from include.decisions.registry.packages import Package
from include.decisions.registry.search import find_package
from include.decisions.training.earlier_trainings import (
    describe_difference,
    find_trainings,
    settings_text,
)
from include.decisions.training.existing_job import ExistingJob
from include.decisions.training.image_digest import PinnedImage
from include.decisions.training.retraining import read_request, reason_to_decline
from include.decisions.training.warm_start import TrainingStart, choose_start, network_name
from include.sagemaker_requests import training_hyperparameters
from include.storage.layout import Layout
from include.storage.records import RecordError, need_valid_record, read_valid_record

CHANGEABLE = ("epochs", "num_layers", "learning_rate")
"""The hyperparameters that a user may change for one run."""


@dataclass(frozen=True)
class TrainingState:
    """The training that a run would start, and what is known about earlier ones.

    Attributes:
        pipeline: The pipeline's name.
        dataset_version: The dataset version to train on.
        recordio: The RecordIO version to train on.
        shards: How many record files each split of the RecordIO version has.
        hyperparameters: The training job's hyperparameters.
        fingerprint: The hash by which the same training is recognized.
        network: The network, as named by `network_name`.
        start: The weights that the training starts from.
        image: The container image that trains.
        earlier: The package of an earlier training with the same fingerprint, or None.
        difference: How this training differs from the newest one on the same RecordIO version, as
            far as its package shows that; else None.
        requested_by: The drifted batch that requested this training, or None.
        declined: Why a batch's request starts no training, or None.
    """

    pipeline: str
    dataset_version: str
    recordio: str
    shards: int
    hyperparameters: Mapping[str, str]
    fingerprint: str
    network: str
    start: TrainingStart
    image: PinnedImage
    earlier: Package | None
    difference: str | None = None
    requested_by: str | None = None
    declined: str | None = None

    def lineage(self) -> dict[str, Any]:
        """Return the candidate's lineage for its model package."""
        return {
            "pipeline": self.pipeline,
            "dataset_version": self.dataset_version,
            "recordio_version": self.recordio,
            "fingerprint": self.fingerprint,
            "network": self.network,
            "started_from": self.start.text,
            "image": self.image.uri,
            **({"asked_by": self.requested_by} if self.requested_by else {}),
            "hyperparameters": settings_text(self.hyperparameters),
        }


def plan_training(
    s3: Any,
    sagemaker: Any,
    pipeline: Pipeline,
    deployment: Deployment,
    image: PinnedImage,
    params: Mapping[str, Any],
    find_champion: Callable[[], Package | None],
) -> TrainingState:
    """Determine the training that a run would start, and look for an earlier equal one.

    Args:
        s3: A boto3 S3 client.
        sagemaker: A boto3 SageMaker client.
        pipeline: The pipeline to train.
        deployment: The running deployment.
        image: The container image that trains.
        params: The run's params: `dataset_version` and the `CHANGEABLE` hyperparameters; None
            means the current version and the pipeline's values.
        find_champion: Returns the champion's package. It is called only if the training may start
            from the champion or a drifted batch requests a training.

    Raises:
        RecordError: There is no RecordIO version to train on, or the algorithm cannot read it.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    record = _read_recordio(s3, layout, pipeline, params.get("dataset_version"))
    _check_shards(record, pipeline.training.algorithm)
    changes = {name: params.get(name) for name in CHANGEABLE}
    hyperparameters = training_hyperparameters(pipeline, record.counts.model_dump(), changes)
    start_from, instances = pipeline.training.start_from, pipeline.training.instance_count
    network = network_name(pipeline.training.algorithm, hyperparameters)
    request = read_request(s3, layout) if pipeline.batch.drift.retrain else None
    champion = find_champion() if request or start_from == "champion" else None
    start = choose_start(champion, pipeline, hyperparameters, network)

    def fingerprint_with(identity: str, drifted_champion: str | None = None) -> str:
        settings = (record.version, hyperparameters, identity, start_from, instances)
        return training_fingerprint(*settings, drifted_champion)

    fingerprint = fingerprint_with(image.identity)
    earlier, similar = find_trainings(sagemaker, pipeline.slug, fingerprint, record.version)
    difference = requested_by = declined = None
    if similar:
        difference = describe_difference(similar, hyperparameters, image, fingerprint_with)
    if request and earlier:
        declined = reason_to_decline(request, champion, start, earlier)
    if request and earlier and not declined:
        requested_by = request.batch
        fingerprint = fingerprint_with(image.identity, start.champion)
        earlier = find_package(sagemaker, pipeline.slug, {"fingerprint": fingerprint})
    return TrainingState(
        pipeline=pipeline.name,
        dataset_version=record.dataset_version,
        recordio=record.version,
        shards=record.shards,
        hyperparameters=hyperparameters,
        fingerprint=fingerprint,
        network=network,
        start=start,
        image=image,
        earlier=earlier,
        difference=difference,
        requested_by=requested_by,
        declined=declined,
    )


def decide_training(
    state: TrainingState, force: bool, existing: ExistingJob | None = None
) -> Decision:
    """Decide whether the run goes on, and with which training.

    Args:
        state: The training that the run would start.
        force: Whether a user wants to train in any case.
        existing: The newest job with the same fingerprint, or None.
    """
    warning = f"; {state.image.warning}" if state.image.warning else ""
    if existing and (force or state.earlier is None):
        if existing.is_taken(force):
            return Decision(False, f"{_other_run(state, existing)}{warning}")
        if existing.is_reusable(force):
            return Decision(True, f"{_without_training(state, existing)}{warning}")
    start = f"starting from {state.start.text}"
    if state.earlier is None:
        return Decision(True, f"{_why_new(state, existing)}; {start}{warning}")
    facts = state.earlier.metadata
    done = (
        f"{facts.get('training_job', state.earlier.arn)} trained on RecordIO {state.recordio} "
        f"with the same settings and code (top-1 {_figure(facts.get('top1'))}, "
        f"verdict {facts.get('verdict', 'unknown')})"
    )
    if force:
        return Decision(True, f"forced, though {done}; {start}{warning}")
    declined = f"; {state.declined}" if state.declined else ""
    return Decision(False, f"nothing new to learn: {done}{declined}{warning}")


def decision_record(state: TrainingState, decision: Decision, now: datetime) -> TrainingDecision:
    """Return the content of night.json: what a nightly run decided, and why.

    It is written by skipped runs as well.
    """
    return TrainingDecision(
        decided=now.isoformat(), trains=decision.go, reason=decision.reason, **state.lineage()
    )


def _other_run(state: TrainingState, job: ExistingJob) -> str:
    return (
        f"run {job.run} trains on RecordIO {state.recordio} with the same settings and code and "
        f"has not ended (job {job.name}, {job.status}): it evaluates and registers the result"
    )


def _without_training(state: TrainingState, job: ExistingJob) -> str:
    if job.status == "running":
        return (
            f"{job.name} trains on RecordIO {state.recordio} with these settings and this code, "
            "and no run follows it any more: this run does, and starts no second training"
        )
    return (
        f"{job.name} trained on RecordIO {state.recordio} with these settings and this code, but "
        "its candidate was not registered: this run evaluates its model and does not train again "
        "(with Force it would)"
    )


def _why_new(state: TrainingState, job: ExistingJob | None) -> str:
    if job and job.status == "interrupted":
        return f"{job.name} was interrupted: this training continues it"
    if job and job.status == "completed":
        return (
            f"forced, though {job.name} trained on RecordIO {state.recordio} with the same "
            "settings and code"
        )
    before = f", and {job.name} did not give a usable model" if job else ""
    if state.requested_by:
        return (
            f"batch {state.requested_by} has drifted and asks for a training, and no training on "
            f"RecordIO {state.recordio} has resumed from this champion yet{before}"
        )
    reason = f"RecordIO {state.recordio} was not trained on with these settings and this code yet"
    return f"{reason}{before}" + (f": {state.difference}" if state.difference else "")


def _figure(text: str | None) -> str:
    return "unknown" if text is None else f"{float(text):.4f}"


def _check_shards(record: RecordioReport, algorithm: str) -> None:
    if algorithm == "built-in" and record.shards > 1:
        raise RecordError(
            f"RecordIO {record.version} has {record.shards} record files a channel, and the "
            "built-in algorithm reads one: set conversion.instance_count to 1 and force "
            "im2rec_conversion"
        )


def _read_recordio(
    s3: Any, layout: Layout, pipeline: Pipeline, dataset_version: str | None
) -> RecordioReport:
    """Return the recordio.json of the version to train on."""
    key, made_by = layout.recordio_pointer, "RecordIO conversion"
    if dataset_version is None:
        return need_valid_record(s3, layout.bucket, key, made_by, RecordioReport)
    key = layout.recordio_report(recordio_version(dataset_version, pipeline.conversion))
    report = read_valid_record(s3, layout.bucket, key, made_by, RecordioReport)
    if report is None:
        need_dataset_version(s3, layout, dataset_version)
        raise RecordError(
            f"dataset version {dataset_version} is not converted with the present settings: "
            "trigger im2rec conversion with this version first"
        )
    return report
