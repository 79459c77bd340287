"""Deadline alerts: each DAG has one, with the interval that the pipeline sets."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest


def test_every_dag_has_a_deadline_within_its_time_limit(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        (alert,) = dag.deadline if isinstance(dag.deadline, list) else [dag.deadline]
        assert timedelta() < alert.interval < dag.dagrun_timeout
        assert alert.callback.path == "sagemaker_jobs.notifications.deadlines.deadline_missed"
        assert dag.on_failure_callback
        assert dag.on_success_callback


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", [(None, None, None)]),
        ("{deadline_minutes: {training: 90}}", [(90, None, None)]),
        ("{events: []}", []),
    ],
)
def test_a_pipeline_sets_its_deadlines_or_switches_them_off(
    pipelines_folder: Path, given: str, expected: list[Any]
) -> None:
    assert intervals(pipelines_folder, f"notifications: {given}" if given else "") == expected


@pytest.mark.parametrize(
    ("base", "prod", "expected"),
    [
        ("{}", "{events: []}", [(None, ["prod"], None)]),
        ("{events: []}", "{events: [deadline]}", [(None, None, ["prod"])]),
        ("{}", "{deadline_minutes: {batch: 9}}", [(None, None, None)]),
        (
            "{deadline_minutes: {training: 90}}",
            "{deadline_minutes: {training: 60}}",
            [(90, ["prod"], None), (60, None, ["prod"])],
        ),
    ],
)
def test_each_deployment_has_its_own_deadlines(
    pipelines_folder: Path, base: str, prod: str, expected: list[Any]
) -> None:
    """A DAG is built before its deployment is known: each alert names its deployments."""
    overrides = (
        f"local: {{promotion: {{margin: 0.1}}}}\ndeployments: {{prod: {{notifications: {prod}}}}}"
    )
    assert intervals(pipelines_folder, f"notifications: {base}\n{overrides}") == expected


def intervals(folder: Path, yaml: str) -> list[Any]:
    """Return each alert of the training DAG: minutes (None: the default), not_in and only_in."""
    from dag_factory.deadline_alerts import deadlines
    from include.config import find_pipeline

    (folder / "flowers.yaml").write_text(f"source: {{layout: class_folders}}\n{yaml}\n")
    default = timedelta(hours=5)
    return [
        (
            None if interval == default else interval / timedelta(minutes=1),
            alert.callback.kwargs.get("not_in") or None,
            alert.callback.kwargs.get("only_in"),
        )
        for alert in deadlines(find_pipeline("flowers"), "nightly_training", default)
        if isinstance(interval := alert.interval, timedelta)
    ]
