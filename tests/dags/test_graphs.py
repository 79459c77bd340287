"""Every graph fits a screen: few boxes at its top level, no edge that others imply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk import TaskGroup, XComArg

from dag_factory.xcoms import DataOnlyXComArg

MAX_BOXES = 7
PIPELINES = {
    "plain": "",
    "asks": "promotion: {approval: ask}\n",
    "asks_elsewhere": "deployments: {prod: {promotion: {approval: ask}}}\n",
    "fetches": "URLS",
    "fetches_elsewhere": "deployments: {prod: {source: {urls: ['https://some.host/a.zip']}}}\n",
    "shards": "conversion: {instance_count: 2}\ntraining: {algorithm: custom}\n",
}
"""The settings that add tasks to a graph, and two pipelines without any."""


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give all DAGs, of pipelines with every setting that changes a graph's shape."""
    from tests.dags.conftest import load

    folder = tmp_path_factory.mktemp("pipelines")
    for name, settings in PIPELINES.items():
        urls = ", urls: ['https://some.host/a.zip']" if settings == "URLS" else ""
        rest = "" if settings == "URLS" else settings
        (folder / f"{name}.yaml").write_text(f"source: {{layout: class_folders{urls}}}\n{rest}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMAGE_PIPELINES_PATH", str(folder))
        bag = load()
    assert bag.import_errors == {}
    return bag.dags


def groups(dag: Any) -> list[TaskGroup]:
    """Return the groups at the top level of a graph."""
    return [box for box in dag.task_group.children.values() if isinstance(box, TaskGroup)]


def test_the_settings_that_change_a_shape_are_all_there(dags: Any) -> None:
    assert dags["asks__nightly_training"].has_task("ask_person")
    assert dags["asks_elsewhere__nightly_training"].has_task("ask_person")
    assert dags["fetches__dataset_refresh"].has_task("track_fetch")
    assert dags["fetches_elsewhere__dataset_refresh"].has_task("track_fetch")
    assert not dags["plain__nightly_training"].has_task("ask_person")


def test_a_graph_has_at_most_seven_boxes_at_its_top_level(dags: Any) -> None:
    boxes = {dag_id: len(dag.task_group.children) for dag_id, dag in dags.items()}
    assert {dag_id: count for dag_id, count in boxes.items() if count > MAX_BOXES} == {}


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("nightly_training", ["train", "evaluate", "decide"]),
        ("endpoint_update", ["deploy", "verify", "restore", "record"]),
        ("endpoint_rollback", ["deploy", "verify", "restore", "record"]),
        ("batch_inference", ["select", "predict", "report"]),
    ],
)
def test_the_tasks_are_grouped_by_step(dags: Any, family: str, expected: list[str]) -> None:
    for pipeline in PIPELINES:
        found = groups(dags[f"{pipeline}__{family}"])
        assert [group.label for group in found] == expected
        assert all(group.tooltip for group in found)


def test_a_group_changes_no_task_id(dags: Any) -> None:
    """Job names, XComs and runs in flight depend on them."""
    for dag in dags.values():
        assert [task_id for task_id in dag.task_ids if "." in task_id] == []


def implied_edges(dag: Any) -> Iterator[tuple[str, str]]:
    """Yield the edges between tasks that a longer path connects, too."""
    for task in dag.tasks:
        for upstream_id in task.upstream_task_ids:
            others = task.upstream_task_ids - {upstream_id}
            if any(
                upstream_id in dag.get_task(other).get_flat_relative_ids(upstream=True)
                for other in others
            ):
                yield upstream_id, task.task_id


def test_no_edge_is_implied_by_others(dags: Any) -> None:
    """`take_answer` alone needs one: its trigger rule looks at both of its upstream tasks."""
    edges = {edge for dag in dags.values() for edge in implied_edges(dag)}
    assert edges == {("register", "take_answer")}


def data_only(value: Any) -> Iterator[XComArg]:
    """Yield the XComs without an edge in a value, also in collections."""
    if isinstance(value, DataOnlyXComArg):
        yield value.source
    elif isinstance(value, dict):
        for item in value.values():
            yield from data_only(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from data_only(item)


def test_a_task_comes_after_every_task_whose_xcom_it_takes(dags: Any) -> None:
    taken = [
        (task, giver.task_id)
        for dag in dags.values()
        for task in dag.tasks
        for field in task.template_fields
        for source in data_only(getattr(task, field, None))
        for giver, _ in source.iter_references()
    ]
    assert {giver for _, giver in taken} >= {"plan", "track_train", "prepare", "ask_before"}
    for task, giver in taken:
        assert giver in task.get_flat_relative_ids(upstream=True), (task.dag_id, task.task_id)


def test_an_xcom_without_an_edge_has_the_value_of_its_source() -> None:
    class Source(XComArg):
        def resolve(self, context: Any) -> Any:
            return context["value"]

    from dag_factory.xcoms import without_edge

    passed_on = without_edge(Source())
    assert passed_on.resolve({"value": 3}) == 3
    assert list(XComArg.iter_xcom_references([passed_on])) == []


def test_a_dag_with_such_xcoms_is_stored_and_read(dags: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in dags.values():
        stored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
        assert sorted(stored.task_ids) == sorted(dag.task_ids)
