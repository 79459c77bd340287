"""The metrics of a whole run, as Airflow sent them to StatsD."""

from __future__ import annotations

import pytest

from dag_factory.observability.metrics import COUNTERS, GAUGES
from tests.end_to_end.chain_run import ChainRun
from tests.end_to_end.recorded_run import METRICS

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1200)]

WITH_PRICES = {"training_cost_usd", "training_cents"}
"""Metrics that the local deployment does not send, because it costs nothing."""


def test_a_run_sends_every_metric_with_the_figures_of_its_summary(first_run: ChainRun) -> None:
    assert first_run.status == 0, first_run.output[-3000:]
    sent = dict(
        line.rpartition(":")[::2] for line in (first_run.folder / METRICS).read_text().splitlines()
    )
    tag = ",pipeline=stanford_cars"
    values = {
        name.removeprefix("airflow.image_model.").removesuffix(tag): float(value.partition("|")[0])
        for name, value in sent.items()
        if name.endswith(tag)
    }
    assert values.keys() == (GAUGES.keys() | COUNTERS.keys()) - WITH_PRICES
    summary = first_run.summary
    assert values["top1"] == pytest.approx(summary["evaluation"]["top1"])
    assert values["photos"] == summary["dataset"]["images"]
    assert values["predicted_photos"] == summary["batch"]["images"]
    billed = [name for name in sent if name.startswith("airflow.sagemaker_jobs.billed_seconds")]
    assert {part for name in billed for part in name.split(",") if part.startswith("kind=")} == {
        *("kind=processing", "kind=training", "kind=transform"),
    }
