"""Runs of a pipeline's DAGs, as Airflow's REST API lists them for the user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from model_page import addresses
from model_page.access import dag_ids
from model_page.airflow_api import AirflowApi, Call

LATEST = 30
"""Runs of all DAGs of a pipeline that a page looks at."""

UNFINISHED = ("queued", "running")


@dataclass(frozen=True)
class RunView:
    """A DAG run.

    Attributes:
        dag_id: Its DAG.
        run_id: Its id.
        state: queued, running, success or failed.
        started: When it started, or when it was to start.
        ended: When it ended, or None.
        user: Who triggered it, or what: "the schedule", "an asset event".
        why: The reason that the user gave in the form.
        link: Its path in Airflow's UI.
    """

    dag_id: str
    run_id: str
    state: str
    started: datetime | None
    ended: datetime | None
    user: str
    why: str
    link: str

    @property
    def family(self) -> str:
        """The DAG's family: nightly_training, ..."""
        return self.dag_id.partition("__")[2]

    @property
    def seconds(self) -> float | None:
        """How long the run took, or None if it has not ended."""
        if self.started is None or self.ended is None:
            return None
        return (self.ended - self.started).total_seconds()


def latest_runs(api: AirflowApi, pipelines: Iterable[str]) -> dict[str, list[RunView]]:
    """Return the latest runs of each pipeline, the last first."""
    names = list(pipelines)
    calls = [
        Call(
            "POST",
            "dags/~/dagRuns/list",
            json={"dag_ids": dag_ids(name), "order_by": "-run_after", "page_limit": LATEST},
        )
        for name in names
    ]
    answers = api.send_all(calls)
    return {
        name: [run_view(run) for run in answer["dag_runs"]]
        for name, answer in zip(names, answers, strict=True)
    }


def latest_of(runs: Iterable[RunView], family: str) -> RunView | None:
    """Return the last run of a family, or None."""
    return next((run for run in runs if run.family == family), None)


def run_view(run: Mapping[str, Any]) -> RunView:
    """Return a run of the REST API's answer."""
    conf = run.get("conf") or {}
    return RunView(
        dag_id=run["dag_id"],
        run_id=run["dag_run_id"],
        state=run["state"],
        started=_time(run.get("start_date") or run.get("run_after")),
        ended=_time(run.get("end_date")),
        user=run.get("triggering_user_name") or _trigger(run),
        why=str(conf.get("why") or run.get("note") or ""),
        link=addresses.airflow_run(run["dag_id"], run["dag_run_id"]),
    )


def find_runs(api: AirflowApi, runs: Iterable[str]) -> dict[str, RunView]:
    """Return runs by their names in release records, `<dag id>/<run id>`.

    Runs that Airflow has deleted, or that the user may not read, are missing.
    """
    names = [name for name in dict.fromkeys(runs) if "/" in name]
    parts = (name.partition("/") for name in names)
    calls = [
        Call("GET", f"dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}")
        for dag_id, _, run_id in parts
    ]
    answers = zip(names, api.find_all(calls), strict=True)
    return {name: run_view(answer) for name, answer in answers if answer}


def next_run(api: AirflowApi, dag_id: str) -> tuple[datetime | None, bool]:
    """Return when a DAG's schedule starts its next run, or None; and whether the DAG is paused."""
    dag = api.get(f"dags/{dag_id}")
    return _time(dag.get("next_dagrun_run_after")), bool(dag.get("is_paused"))


def _trigger(run: Mapping[str, Any]) -> str:
    kind = str(run.get("run_type") or "")
    return {"scheduled": "the schedule", "asset_triggered": "an asset event"}.get(
        kind, kind or "unknown"
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
