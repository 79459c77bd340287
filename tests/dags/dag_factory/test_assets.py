"""Assets connect a pipeline's DAGs from source to endpoint, and their events carry facts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset

from dag_factory import assets
from include.config import find_pipeline
from tests.dags.task_calls import event_facts, running, task_context

INLETS = {
    ("dataset_refresh", "plan"): ["source"],
    ("im2rec_conversion", "plan"): ["dataset"],
    ("nightly_training", "plan"): ["recordio"],
    ("nightly_training", "prepare"): ["dataset"],
    ("endpoint_update", "plan"): ["model"],
    ("endpoint_rollback", "plan"): ["endpoint"],
    ("batch_inference", "plan"): ["endpoint", "model"],
}
"""The assets that tasks read, by family and task."""


def test_an_asset_keeps_the_name_and_uri_of_earlier_versions() -> None:
    """Another URI would be another asset: events before an upgrade would start nothing after it."""
    asset = assets.model(find_pipeline("merch"))
    assert (asset.name, asset.uri, asset.group) == ("merch/model", "merch/model", "merch")


def test_the_tasks_that_read_an_asset_have_it_as_an_inlet(dag_bag: Any) -> None:
    found = {
        (dag_id.partition("__")[2], task.task_id): [inlet.name for inlet in task.inlets]
        for dag_id, dag in dag_bag.dags.items()
        if dag_id.startswith("merch__")
        for task in dag.tasks
        if task.inlets
    }
    assert found == {task: [f"merch/{name}" for name in names] for task, names in INLETS.items()}


def test_the_graph_of_assets_leads_from_the_endpoint_to_the_source(dag_bag: Any) -> None:
    reads: dict[str, set[str]] = {}
    for dag_id, dag in dag_bag.dags.items():
        if dag_id.startswith("merch__"):
            inlets = {inlet.name for task in dag.tasks for inlet in task.inlets}
            for task in dag.tasks:
                for outlet in task.outlets:
                    reads.setdefault(outlet.name, set()).update(inlets)
    found, following = set[str](), ["merch/endpoint"]
    while following:
        name = following.pop()
        if name not in found:
            found.add(name)
            following.extend(reads.get(name, ()))
    assert "merch/source" in found


def test_facts_are_attached_to_the_event_and_unknown_ones_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = task_context()
    monkeypatch.setattr(assets, "get_current_context", lambda: context)
    assets.describe_event(Asset("merch/model"), top1=0.9, cost_usd=None)
    assert event_facts(context) == {"top1": 0.9}


def test_a_promotion_carries_the_package_and_its_figures(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.storage.layout import Layout

    announce = dag_bag.dags["merch__nightly_training"].get_task("announce").python_callable
    context, pipeline = task_context(), find_pipeline("merch")
    run = SimpleNamespace(pipeline=pipeline, layout=Layout("some-bucket", "merch"))
    registered = {
        "verdict": "promote",
        "reason": "better",
        "package": "arn:x/2",
        "top1": 0.9,
        "gain": 0.1,
        "training_job": "merch-train-1",
        "cost_usd": None,
    }
    with running(announce, run, context, monkeypatch):
        announce("merch", registered)
    facts = event_facts(context)
    assert (facts["package"], facts["top1"], facts["gain"]) == ("arn:x/2", 0.9, 0.1)
    folder = "s3://some-bucket/merch/evaluations/merch-train-1/"
    assert (facts["uri"], facts["report"]) == (folder, f"{folder}evaluation.json")
    assert "cost_usd" not in facts


def test_a_release_carries_its_number_package_and_configuration(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.contracts.records import ReleaseRecord
    from include.decisions.endpoint import release
    from include.storage.layout import Layout

    written = ReleaseRecord(
        version=2,
        deployed="2026-01-02T00:00:00+00:00",
        endpoint="merch",
        endpoint_config="config-2",
        model="model-2",
    )
    monkeypatch.setattr(release, "write_release", lambda *_: written)
    publish = dag_bag.dags["merch__endpoint_update"].get_task("publish").python_callable
    context = task_context(SimpleNamespace(dag_id="merch__endpoint_update", run_id="r"))
    run = SimpleNamespace(
        s3=None, pipeline=find_pipeline("merch"), layout=Layout("some-bucket", "merch")
    )
    planned = {"package": {"version": "2", "arn": "arn:x/2"}}
    with running(publish, run, context, monkeypatch):
        publish("merch", planned, {}, {})
    assert event_facts(context) == {
        "uri": "s3://some-bucket/merch/releases/2/",
        "release": 2,
        "package": "arn:x/2",
        "endpoint": "merch",
        "endpoint_config": "config-2",
    }
