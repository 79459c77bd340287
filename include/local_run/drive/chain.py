"""Run a pipeline's five DAGs in order: trigger those that no asset triggers, follow the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from include.config.dag_families import FAMILIES
from include.decisions.decision import Decision
from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.dag_run import DagRun
from include.local_run.drive.failure import describe_failure
from include.local_run.drive.progress_display import ProgressDisplay
from include.local_run.drive.run_follower import FinishedRun, RunFollower
from include.local_run.errors import RunError

LOCAL_FAMILIES = tuple(family.name for family in FAMILIES if family.in_local_run)
ASSET_TIMEOUT = 45.0
DAG_TIMEOUT = 180.0


class DagRunFailedError(RunError):
    """A DAG run failed. The message names the DAG, the task and the reason."""


@dataclass
class Chain:
    """Runs one pipeline's DAGs.

    Attributes:
        pipeline: The pipeline's name.
        api: Airflow's REST API.
        follower: Follows a DAG run to its end.
        display: Prints the progress.
        check: Raises if a component of the stack has failed for good.
        finished: The runs that have finished, by family.
        waiting: Seconds spent waiting for runs that an asset event triggers.
    """

    pipeline: str
    api: AirflowApi
    follower: RunFollower
    display: ProgressDisplay
    check: Callable[[], None]
    finished: dict[str, FinishedRun] = field(default_factory=dict)
    waiting: float = 0.0
    _known_runs: dict[str, set[str]] = field(default_factory=dict)

    def dag_id(self, family: str) -> str:
        """Return the id of the family's DAG."""
        return f"{self.pipeline}__{family}"

    def unpause_all(self) -> None:
        """Wait until Airflow has loaded the five DAGs, unpause them, and follow unfinished runs.

        Raises:
            RunError: Airflow does not load a DAG. The message has the import errors.
        """
        deadline = time.monotonic() + DAG_TIMEOUT
        for family in LOCAL_FAMILIES:
            self._wait_for_dag(self.dag_id(family), deadline)
        for family in LOCAL_FAMILIES:
            self._known_runs[family] = {
                run.run_id for run in self.api.list_runs(self.dag_id(family))
            }
            self.api.unpause(self.dag_id(family))
        for family in LOCAL_FAMILIES:
            for run in self._active(family):
                self.display.print_line(
                    f"{run.dag_id}: following run {run.run_id}, unfinished since an earlier stop"
                )
                self.follower.follow(run)

    def run(self, family: str) -> FinishedRun:
        """Trigger a DAG run and follow it.

        Raises:
            DagRunFailedError: The run failed.
        """
        (finished,) = self._follow({family: self.api.trigger(self.dag_id(family))})
        return finished

    def run_after_asset(
        self, family: str, update: DagRun | None, decide: Callable[[], Decision]
    ) -> str | None:
        """Follow the run that an asset event triggers.

        If no run appears, for example after an earlier stop, trigger one if there is work to do.

        Args:
            family: The DAG's family.
            update: The run of this command that has just updated the asset, if one has.
            decide: Returns whether there is work to do, with the reason.

        Returns:
            Why the run was skipped or not needed, or None if it did its work.

        Raises:
            DagRunFailedError: The run failed.
        """
        run = self._asset_run(family, update, decide)
        if isinstance(run, Decision):
            return run.reason
        (finished,) = self._follow({family: run})
        return finished.skipped

    def run_beside_asset(
        self, family: str, asset_family: str, update: DagRun | None, decide: Callable[[], Decision]
    ) -> FinishedRun:
        """Trigger a DAG run, and follow it together with that which an asset event triggers.

        Args:
            family: The family of the DAG to trigger.
            asset_family: The other DAG's family; see `run_after_asset`.
            update: The run of this command that has just updated the asset, if one has.
            decide: Returns whether the other DAG has work to do, with the reason.

        Returns:
            The triggered run.

        Raises:
            DagRunFailedError: One of the runs failed, and both have finished.
        """
        run = self._asset_run(asset_family, update, decide)
        others = {} if isinstance(run, Decision) else {asset_family: run}
        *_, finished = self._follow(others | {family: self.api.trigger(self.dag_id(family))})
        return finished

    def states(self) -> dict[str, str]:
        """Return the state of the last run of each DAG that has run."""
        states = {}
        for family in LOCAL_FAMILIES:
            finished = self.finished.get(family)
            runs = [finished.run] if finished else self.api.list_runs(self.dag_id(family))
            if runs:
                states[self.dag_id(family)] = runs[0].state
        return states

    def _wait_for_dag(self, dag_id: str, deadline: float) -> None:
        while not self.api.has_dag(dag_id):
            self.check()
            self.display.show_status(f"waiting for Airflow to load {dag_id}")
            if time.monotonic() > deadline:
                errors = "; ".join(self.api.import_errors()[:3])
                raise RunError(
                    f"Airflow has not loaded DAG {dag_id} within {DAG_TIMEOUT:.0f} s: "
                    f"{errors or 'see dag-processor.log in the folder of logs'}"
                )
            time.sleep(0.3)
        self.display.clear_status()

    def _active(self, family: str) -> list[DagRun]:
        return [run for run in self.api.list_runs(self.dag_id(family)) if not run.finished]

    def _new_run(self, family: str, update: DagRun | None) -> DagRun | None:
        """Return the oldest run that appeared since `unpause_all` and was not followed yet.

        After an update of the asset by this command, wait for the run that this update triggers:
        the end of a run that an earlier stop left unfinished triggers one, too.
        """
        deadline = time.monotonic() + (ASSET_TIMEOUT if update else 0.0)
        while True:
            for run in reversed(self.api.list_runs(self.dag_id(family))):
                if run.run_id in self._known_runs[family]:
                    continue
                if update is None or update.run_id in self.api.list_upstream_runs(run):
                    return run
            if time.monotonic() >= deadline:
                return None
            self.display.show_status(f"waiting for {self.dag_id(family)}")
            self.check()
            time.sleep(0.3)

    def _asset_run(
        self, family: str, update: DagRun | None, decide: Callable[[], Decision]
    ) -> DagRun | Decision:
        """Return the run that an asset event triggers or this command, or why there is none."""
        since = time.monotonic()
        run = self._new_run(family, update)
        self.waiting += time.monotonic() - since
        if run is not None:
            return run
        decision = decide()
        if not decision.go:
            self.display.print_line(f"{self.dag_id(family)}: nothing to do: {decision.reason}")
            return decision
        self.display.print_line(
            f"{self.dag_id(family)}: triggered by this command: {decision.reason}"
        )
        return self.api.trigger(self.dag_id(family))

    def _follow(self, runs: Mapping[str, DagRun]) -> Sequence[FinishedRun]:
        """Follow the runs by family to their end."""
        for family, run in runs.items():
            self.display.print_line(f"{run.dag_id}: {run.run_id}", "bold")
            self._known_runs[family].add(run.run_id)
        results = self.follower.follow(*runs.values())
        self.finished.update(zip(runs, results, strict=True))
        for finished in results:
            if finished.run.state != "success":
                raise DagRunFailedError(describe_failure(self.api, finished))
        return results
