"""The table of Airflow's tasks in docs/scale.md."""

import json
from typing import Any

import pytest

from benchmarks.airflow_tasks.__main__ import DOCUMENT, RESULTS
from benchmarks.airflow_tasks.night import NIGHT
from benchmarks.airflow_tasks.table import END, START, markdown
from benchmarks.scale.table import insert

GROWING = {
    "nightly_training: judge",  # reads the predictions of the test split
    "dataset_refresh: plan, an object for each photo",  # lists the source
}
"""The tasks whose CPU grows with the number of images; their memory does not."""


def _results() -> dict[str, dict[str, dict[str, Any]]]:
    results: dict[str, dict[str, dict[str, Any]]] = json.loads(RESULTS.read_text())
    return results


def test_figures_that_differ_are_separated() -> None:
    figures = {"cpu_seconds": 1.0, "megabytes": 150, "growth": 40, "requests": 2, "kilobytes": 7}
    results = {
        "1000000": {"a: plan": {**figures, "xcom_bytes": 1200}},
        "10000": {"a: plan": {**figures, "requests": 3, "xcom_bytes": 1200}},
    }
    assert markdown(results).splitlines()[2:] == [
        "| a: plan | 1.00 s | 1.00 s | 150 MB | 150 MB | 40 MB | 3 / 2 | 7 kB | 1,200 B |"
    ]


def test_the_document_has_the_measured_figures() -> None:
    document = DOCUMENT.read_text()
    assert insert(document, markdown(_results()), (START, END)) == document


@pytest.mark.parametrize("size", ["10000", "100000", "1000000"])
def test_each_task_of_a_night_was_measured_and_takes_little(size: str) -> None:
    """A task whose memory grows with the number of images takes hundreds of MB for a million."""
    found = _results()[size]
    assert {f"{dag}: {task}" for dag, tasks in NIGHT.items() for task in tasks} <= set(found)
    assert all(figures["growth"] < 80 for figures in found.values())
    assert all(figures["xcom_bytes"] < 8_000 for figures in found.values())
    others = (figures for task, figures in found.items() if task not in GROWING)
    assert all(figures["cpu_seconds"] < 10 for figures in others)
