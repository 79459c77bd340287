"""OpenLineage events of a file transport, read back with the classes of OpenLineage's client."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import attr
from openlineage.client import event_v2, facet_v2

Name = tuple[str, str]
"""A dataset's namespace and name."""


@dataclass
class TaskLineage:
    """The datasets of one event of a task, with the facets of each."""

    job: str
    state: str
    inputs: dict[Name, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[Name, dict[str, Any]] = field(default_factory=dict)


def file_transport(folder: Path) -> dict[str, str]:
    """Return the environment in which Airflow writes its events into this folder."""
    transport = {"type": "file", "log_file_path": str(folder / "events.jsonl"), "append": True}
    return {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)}


def read_events(folder: Path) -> list[TaskLineage]:
    """Return the events of all tasks, after checking each against OpenLineage's classes.

    Raises:
        TypeError, ValueError: An event lacks a field, has an unknown one, or an invalid value.
    """
    lines = (folder / "events.jsonl").read_text().splitlines()
    return [_checked(json.loads(line)) for line in lines]


def _checked(event: dict[str, Any]) -> TaskLineage:
    run = event_v2.Run(runId=event["run"]["runId"])
    job = event_v2.Job(event["job"]["namespace"], event["job"]["name"])
    state = event_v2.RunState[event["eventType"]]
    event_v2.RunEvent(
        eventType=state, eventTime=event["eventTime"], run=run, job=job, producer=event["producer"]
    )
    return TaskLineage(
        job.name,
        state.value,
        _datasets(event.get("inputs", []), "inputFacets"),
        _datasets(event.get("outputs", []), "outputFacets"),
    )


def _datasets(found: list[dict[str, Any]], own: str) -> dict[Name, dict[str, Any]]:
    datasets: dict[Name, dict[str, Any]] = {}
    for dataset in found:
        facets = {**dataset.get("facets", {}), **dataset.get(own, {})}
        for facet in facets.values():
            _check_facet(facet)
        datasets[dataset["namespace"], dataset["name"]] = facets
    return datasets


def _check_facet(facet: dict[str, Any]) -> None:
    """Build a facet from its JSON with the class that its schema names."""
    name = facet["_schemaURL"].rpartition("/")[2]
    fields = {key: value for key, value in facet.items() if not key.startswith("_")}
    kind = _facet_classes()[name]
    if kind in (facet_v2.OutputDatasetFacet, facet_v2.DatasetFacet):
        kind().with_additional_properties(**fields)
    else:
        kind(**fields)
    assert facet["_producer"].startswith("https://")


def _facet_classes() -> dict[str, Any]:
    modules = [facet_v2, *(module for _, module in inspect.getmembers(facet_v2, inspect.ismodule))]
    return {
        name: value
        for module in modules
        for name, value in inspect.getmembers(module, inspect.isclass)
        if attr.has(value)
    }
