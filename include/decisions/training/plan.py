"""Skip or train: is there anything new to learn tonight?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.versions import recordio_version, training_fingerprint
from include.decisions.decision import Decision
from include.decisions.promotion.champion import choose_champion
from include.decisions.registry.packages import Package, find_package
from include.decisions.training.image_digest import PinnedImage
from include.decisions.training.retraining import read_request, reason_to_decline
from include.decisions.training.warm_start import TrainingStart, choose_start, network_name
from include.sagemaker_requests import training_hyperparameters
from include.storage.layout import Layout
from include.storage.records import RecordError, need_record

CHANGEABLE = ("epochs", "num_layers", "learning_rate")
"""The hyperparameters that a person may change for one run."""


@dataclass(frozen=True)
class TrainingState:
    """What a training would learn from, and how.

    `shards` is how many files each split of the RecordIO version has. `earlier` is the package of
    an earlier training on the same data with the same hyperparameters and image, if there is one.
    `network` names what is trained, `start` is what it starts from, `image` what trains it;
    `asked_by` is the batch whose drift asked for this training, if one did, and `refused` why a
    batch that asks gets none.
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
    asked_by: str | None = None
    refused: str | None = None

    def lineage(self) -> dict[str, Any]:
        """Return what the candidate's package will say of its origin."""
        settings = " ".join(f"{name}={value}" for name, value in self.hyperparameters.items())
        return {
            "pipeline": self.pipeline,
            "dataset_version": self.dataset_version,
            "recordio_version": self.recordio,
            "fingerprint": self.fingerprint,
            "network": self.network,
            "started_from": self.start.text,
            "image": self.image.uri,
            **({"asked_by": self.asked_by} if self.asked_by else {}),
            "hyperparameters": settings,
        }


def plan_training(
    s3: Any,
    sagemaker: Any,
    pipeline: Pipeline,
    deployment: Deployment,
    image: PinnedImage,
    asked: Mapping[str, Any],
) -> TrainingState:
    """Look at what there is to learn, and whether it was learnt before.

    Args:
        s3: A boto3 S3 client.
        sagemaker: A boto3 SageMaker client.
        pipeline: What to train.
        deployment: Where.
        image: What trains it.
        asked: What a person filled in: `dataset_version` and the `CHANGEABLE` hyperparameters;
            None means the current version and the pipeline's values.

    Raises:
        RecordError: There is no RecordIO version to train on, or none for this algorithm.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    record = _recordio(s3, layout, pipeline, asked.get("dataset_version"))
    _check_shards(record, pipeline.training.algorithm)
    changes = {name: asked.get(name) for name in CHANGEABLE}
    hyperparameters = training_hyperparameters(pipeline, record["counts"], changes)
    start_from, instances = pipeline.training.start_from, pipeline.training.instance_count
    network = network_name(pipeline.training.algorithm, hyperparameters)
    request = read_request(s3, layout) if pipeline.batch.drift.retrain else None
    champion = None
    if request or start_from == "champion":
        champion = choose_champion(s3, sagemaker, layout, pipeline.slug)
    start = choose_start(champion, pipeline, hyperparameters, network)
    settings = (record["version"], hyperparameters, image.identity, start_from, instances)
    fingerprint = training_fingerprint(*settings)
    earlier = find_package(sagemaker, pipeline.slug, "fingerprint", fingerprint)
    asked_by = refused = None
    if request and earlier:
        refused = reason_to_decline(request, champion, start, earlier)
    if request and earlier and not refused:
        asked_by = request.batch
        fingerprint = training_fingerprint(*settings, start.champion)
        earlier = find_package(sagemaker, pipeline.slug, "fingerprint", fingerprint)
    return TrainingState(
        pipeline=pipeline.name,
        dataset_version=record["dataset_version"],
        recordio=record["version"],
        shards=record.get("shards", 1),
        hyperparameters=hyperparameters,
        fingerprint=fingerprint,
        network=network,
        start=start,
        image=image,
        earlier=earlier,
        asked_by=asked_by,
        refused=refused,
    )


def decide_training(state: TrainingState, force: bool) -> Decision:
    """Decide whether to train; `force` means that a person asked for it in any case."""
    doubt = f"; {state.image.doubt}" if state.image.doubt else ""
    start = f"starting from {state.start.text}"
    if state.earlier is None:
        new = f"RecordIO {state.recordio} was not trained on with these settings and this code yet"
        if state.asked_by:
            new = (
                f"batch {state.asked_by} has drifted and asks for a training, and none on RecordIO "
                f"{state.recordio} went on from this champion yet"
            )
        return Decision(True, f"{new}; {start}{doubt}")
    facts = state.earlier.metadata
    done = (
        f"{facts.get('training_job', state.earlier.arn)} trained on RecordIO {state.recordio} "
        f"with the same settings and code (top-1 {_figure(facts.get('top1'))}, "
        f"verdict {facts.get('verdict', 'unknown')})"
    )
    if force:
        return Decision(True, f"forced, though {done}; {start}{doubt}")
    refused = f"; {state.refused}" if state.refused else ""
    return Decision(False, f"nothing new to learn: {done}{refused}{doubt}")


def decision_record(state: TrainingState, decision: Decision, now: datetime) -> dict[str, Any]:
    """Return night.json: what a night decided and why, also where it trained nothing."""
    return {
        "decided": now.isoformat(),
        "trains": decision.go,
        "reason": decision.reason,
        **state.lineage(),
    }


def _figure(text: str | None) -> str:
    return "unknown" if text is None else f"{float(text):.4f}"


def _check_shards(record: Mapping[str, Any], algorithm: str) -> None:
    if algorithm == "built-in" and record.get("shards", 1) > 1:
        raise RecordError(
            f"RecordIO {record['version']} has {record['shards']} record files a channel, and the "
            "built-in algorithm takes one: force im2rec_conversion with conversion.instance_count 1"
        )


def _recordio(
    s3: Any, layout: Layout, pipeline: Pipeline, dataset_version: str | None
) -> dict[str, Any]:
    key = layout.recordio_pointer
    if dataset_version is not None:
        key = layout.recordio_report(recordio_version(dataset_version, pipeline.conversion))
    return need_record(s3, layout.bucket, key, "RecordIO conversion")
