"""The assets by which DAGs wake each other.

An event says only that something is new: what to work on is read from S3 and the registry, since
events coalesce and DAGs also run by hand.
"""

from __future__ import annotations

from airflow.sdk import Asset

from include.config import Pipeline


def dataset(pipeline: Pipeline) -> Asset:
    """A dataset version was published."""
    return Asset(f"{pipeline.name}/dataset")


def recordio(pipeline: Pipeline) -> Asset:
    """A RecordIO version was published."""
    return Asset(f"{pipeline.name}/recordio")


def model(pipeline: Pipeline) -> Asset:
    """A model was registered and approved."""
    return Asset(f"{pipeline.name}/model")


def endpoint(pipeline: Pipeline) -> Asset:
    """The endpoint serves a model that passed its smoke test."""
    return Asset(f"{pipeline.name}/endpoint")


def predictions(pipeline: Pipeline) -> Asset:
    """A batch of new images was predicted."""
    return Asset(f"{pipeline.name}/predictions")
