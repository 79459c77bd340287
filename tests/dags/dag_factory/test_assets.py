"""Assets connect a pipeline's DAGs from source to endpoint, and their events carry facts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset

from dag_factory import assets
from include.config import find_pipeline
from tests.dags.task_calls import event_facts, running, task_context

LINEAGE = {
    ("dataset_refresh", "publish"): (["source"], "dataset"),
    ("im2rec_conversion", "publish"): (["dataset"], "recordio"),
    ("nightly_training", "announce"): (["recordio", "dataset"], "model"),
    ("endpoint_update", "publish"): (["model"], "endpoint"),
    ("endpoint_rollback", "publish"): (["model"], "endpoint"),
    ("batch_inference", "publish"): (["endpoint", "model"], "predictions"),
}
"""The assets that tasks read and write, by family and task."""


def test_an_asset_keeps_the_name_and_uri_of_earlier_versions() -> None:
    """Another URI would be another asset: events before an upgrade would start nothing after it."""
    asset = assets.model(find_pipeline("merch"))
    assert (asset.name, asset.uri, asset.group) == ("merch/model", "merch/model", "merch")


def test_the_task_that_publishes_an_asset_has_what_its_dag_read_as_inlets(dag_bag: Any) -> None:
    found = {
        (dag_id.partition("__")[2], task.task_id): (
            [inlet.name for inlet in task.inlets],
            *(outlet.name for outlet in task.outlets),
        )
        for dag_id, dag in dag_bag.dags.items()
        if dag_id.startswith("merch__")
        for task in dag.tasks
        if task.inlets or task.outlets
    }
    assert found == {
        task: ([f"merch/{name}" for name in inlets], f"merch/{outlet}")
        for task, (inlets, outlet) in LINEAGE.items()
    }


def connected_assets(dags: list[Any], start: str) -> set[str]:
    """Return the assets that Airflow's graph of data dependencies shows with an asset.

    Like `get_data_dependencies` of Airflow's UI: from an asset to the tasks that write or read it,
    and on to the other assets of these tasks, as the serialized DAGs have them.
    """
    from airflow.serialization.serialized_objects import DagSerialization

    tasks = [
        {item["__var"]["name"] for key in ("inlets", "outlets") for item in task.get(key, ())}
        for dag in dags
        for task in (
            serialized["__var"] for serialized in DagSerialization.to_dict(dag)["dag"]["tasks"]
        )
    ]
    found, following = set[str](), {start}
    while following:
        found |= following
        following = {name for task in tasks if task & found for name in task} - found
    return found


def test_airflows_graph_of_assets_is_whole_for_each_pipeline(dag_bag: Any) -> None:
    names = {asset for inlets, outlet in LINEAGE.values() for asset in (*inlets, outlet)}
    pipelines = {dag_id.partition("__")[0] for dag_id in dag_bag.dags if "__" in dag_id}
    assert pipelines
    for pipeline in pipelines:
        dags = [dag for dag_id, dag in dag_bag.dags.items() if dag_id.startswith(f"{pipeline}__")]
        assert connected_assets(dags, f"{pipeline}/endpoint") == {
            f"{pipeline}/{name}" for name in names
        }


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
    assert facts["page"].endswith("/image-models/merch/package/2")
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
        lineage={"top1": 0.9, "dataset_version": "d1", "reason": "better"},
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
        "page": "http://localhost:8080/image-models/merch/package/2",
        "top1": 0.9,
        "dataset_version": "d1",
    }
