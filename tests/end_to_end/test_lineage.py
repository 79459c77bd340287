"""The OpenLineage events of a whole run: one connected graph, with the figures of the records."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sagemaker_jobs.lineage.events import FIGURES_FACET
from tests.end_to_end.chain_run import ChainRun
from tests.plugins.sagemaker_jobs.lineage.openlineage_events import TaskLineage, read_events

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def events(first_run: ChainRun) -> list[TaskLineage]:
    assert first_run.status == 0, first_run.output[-3000:]
    return [event for event in read_events(first_run.folder) if event.state == "COMPLETE"]


def sources_of(name: str, events: list[TaskLineage]) -> set[str]:
    """Return the names of all datasets from which a dataset was made, over any number of jobs."""
    made_of: dict[str, set[str]] = {}
    for event in events:
        for _, output in event.outputs:
            made_of.setdefault(output, set()).update(found for _, found in event.inputs)
    found, following = set[str](), {name}
    while following:
        found |= following
        following = {source for made in following for source in made_of.get(made, ())} - found
    return found


def written(events: list[TaskLineage], task: str) -> Iterator[str]:
    yield from (name for event in events if event.job.endswith(task) for _, name in event.outputs)


def test_the_model_comes_from_the_source_and_the_predictions_from_the_model(
    events: list[TaskLineage],
) -> None:
    (model,) = written(events, ".track_train")
    source = "stanford_cars/source"
    assert source in sources_of(model, events)
    (report,) = written(events, ".track_report")
    assert {model, "stanford_cars/incoming", source} <= sources_of(report, events)
    (endpoint,) = written(events, ".track_endpoint")
    assert {model, source} <= sources_of(endpoint, events)


def test_the_events_have_the_figures_of_the_records(
    first_run: ChainRun, events: list[TaskLineage]
) -> None:
    summary = first_run.summary
    (evaluated,) = (event for event in events if event.job.endswith(".track_evaluate"))
    (result,) = evaluated.outputs.values()
    assert result[FIGURES_FACET]["top1"] == summary["evaluation"]["top1"]
    (refreshed,) = (event for event in events if event.job.endswith(".track_refresh"))
    version = summary["dataset"]["version"]
    (facets,) = (found for (_, name), found in refreshed.outputs.items() if name.endswith(version))
    assert facets["outputStatistics"]["rowCount"] == summary["dataset"]["images"]
    (source,) = (found for (_, name), found in refreshed.inputs.items() if name.endswith("/source"))
    assert source["dataQualityAssertions"]["assertions"][0]["success"] is True
