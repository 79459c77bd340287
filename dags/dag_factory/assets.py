"""The assets by which DAGs start each other, and what their events carry.

An event only starts a DAG. What to work on is read from S3 and the registry, because events
coalesce and DAGs also run manually. An event's `extra` is for users: the UI and the REST API show
it.

An asset's name is its URI, too: its place in S3 contains the bucket, an Airflow Variable that is
unknown while DAGs are parsed. The `uri` in an event's `extra` is the address of what was written.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, get_current_context

from include.config import Pipeline


def source(pipeline: Pipeline) -> Asset:
    """Return the asset of the raw data, which no DAG writes: only an inlet."""
    return _asset(pipeline, "source")


def dataset(pipeline: Pipeline) -> Asset:
    """Return the asset whose event says that a dataset version was published."""
    return _asset(pipeline, "dataset")


def recordio(pipeline: Pipeline) -> Asset:
    """Return the asset whose event says that a RecordIO version was published."""
    return _asset(pipeline, "recordio")


def model(pipeline: Pipeline) -> Asset:
    """Return the asset whose event says that a model was registered and approved."""
    return _asset(pipeline, "model")


def endpoint(pipeline: Pipeline) -> Asset:
    """Return the asset whose event says that a model serves and passed its smoke test."""
    return _asset(pipeline, "endpoint")


def predictions(pipeline: Pipeline) -> Asset:
    """Return the asset whose event says that a batch of new images was predicted."""
    return _asset(pipeline, "predictions")


def lineage(inlets: list[Asset], outlet: Asset) -> dict[str, list[Asset]]:
    """Return the arguments of the task that publishes an asset, with what its DAG has read.

    Airflow's graph of assets leads from an asset to the task that has it as an outlet, and on to
    the inlets of this very task. Inlets of an earlier task of the same DAG would cut the graph.
    """
    return {"inlets": inlets, "outlets": [outlet]}


def describe_event(asset: Asset, **facts: Any) -> None:
    """Attach facts to the event that the success of the running task creates.

    Args:
        asset: An outlet of the running task.
        **facts: JSON values; those that are None are left out.
    """
    known = {name: value for name, value in facts.items() if value is not None}
    get_current_context()["outlet_events"][asset].extra.update(known)


def _asset(pipeline: Pipeline, name: str) -> Asset:
    return Asset(f"{pipeline.name}/{name}", group=pipeline.name)
