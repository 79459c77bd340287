"""Random histories of nightly training, and what must hold in each of them.

A history is a sequence of what Airflow, SageMaker and users do: runs of all types, a task that
runs, throttled or killed at any call to AWS; jobs that end in any way; clears and marks of any
task; a triggerer that is slow to stop jobs, or dies first; new data, lost models, and sweeps.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sagemaker_jobs.jobs.ownership import TASK_TAG, Owner
from sagemaker_jobs.jobs.shared_work import WORK_TAG
from tests.histories.airflow import Run
from tests.histories.aws import Crash, Fault
from tests.histories.nightly import TASKS, NightlyTraining
from tests.plugins.sagemaker_jobs.simulated_sagemaker import SimulatedJob

CHOICES = st.integers(0, 9)
FAULTS = st.one_of(
    st.none(),
    st.builds(
        Fault, st.sampled_from(["throttle", "crash before", "crash after"]), st.integers(0, 6)
    ),
)
RUN_TYPES = st.sampled_from(["scheduled", "scheduled", "manual", "backfill"])
REPORTED = 1000
"""The number of histories after which a long search prints how many there were."""

ENDS = st.sampled_from(["complete", "complete", "capacity", "algorithm"])


class NightlyHistories(RuleBasedStateMachine):
    """Histories of nightly training.

    Attributes:
        ended: The number of histories so far, in this process.
    """

    ended = 0

    @initialize()
    def begin(self) -> None:
        self.night = NightlyTraining()
        self.night.aws.on_create = self._check_new_job
        self.violations: list[str] = []
        self._start(self.night.airflow.create_run("scheduled"))

    @property
    def runs(self) -> list[Run]:
        return [run for run in self.night.airflow.runs if not run.deleted]

    @property
    def running_jobs(self) -> list[SimulatedJob]:
        return [job for job in self.night.aws.jobs.values() if job.is_running]

    def _run(self, choice: int) -> Run:
        return self.runs[-1 - choice % len(self.runs)]

    def _active_run(self, choice: int) -> Run:
        active = [run for run in self.runs if run.is_active] or self.runs
        return active[-1 - choice % len(active)]

    def _start(self, run: Run) -> None:
        """Let a run work until it waits for a job, or ends."""
        for _ in TASKS:
            if not run.deferred:
                self.night.step(run)

    # Airflow

    @rule(run_type=RUN_TYPES, force=st.sampled_from([False, False, True]), starts=st.booleans())
    @precondition(lambda self: len(self.runs) < 5)
    def create_run(self, run_type: str, force: bool, starts: bool) -> None:
        run = self.night.airflow.create_run(run_type, force)
        if starts:
            self._start(run)

    @rule(choice=CHOICES, fault=FAULTS)
    def work(self, choice: int, fault: Fault | None) -> None:
        """One task of a run runs; or its trigger fires, if the job has ended."""
        run = self._active_run(choice)
        if self.night.has_ended(run):
            self.night.wake(run, fault=fault)
        else:
            self.night.step(run, fault)

    @rule(choice=CHOICES)
    def work_on(self, choice: int) -> None:
        """A run goes on until it waits for a job."""
        run = self._active_run(choice)
        for _ in TASKS:
            self.work_without_fault(run)

    @rule(choice=CHOICES)
    def end(self, choice: int) -> None:
        """A run goes on to its end, and its jobs complete."""
        run = self._active_run(choice)
        for _ in range(4 * len(TASKS)):
            if (task := run.deferred) and not self.night.has_ended(run):
                self.night.end_job(task.trigger.job_name, "complete")
            self.work_without_fault(run)

    @rule(choice=CHOICES, how=ENDS)
    def end_awaited_job(self, choice: int, how: str) -> None:
        """The job that a run waits for ends, and the run takes note."""
        run = self._active_run(choice)
        if (task := run.deferred) and not self.night.has_ended(run):
            self.night.end_job(task.trigger.job_name, how)
            self.night.wake(run)

    def work_without_fault(self, run: Run) -> None:
        if self.night.has_ended(run):
            self.night.wake(run)
        else:
            self.night.step(run)

    @rule(choice=CHOICES, status=st.sampled_from(["timeout", "error"]))
    def give_up(self, choice: int, status: str) -> None:
        """The trigger ends before the job."""
        run = self._active_run(choice)
        if run.deferred and not self.night.has_ended(run):
            self.night.wake(run, status)

    @rule()
    @precondition(lambda self: self.night.airflow.kills)
    def stop_killed_triggers(self) -> None:
        self.night.kill_triggers()

    @rule()
    @precondition(lambda self: self.night.airflow.kills)
    def lose_killed_triggers(self) -> None:
        """The triggerer dies before it has stopped the triggers of killed tasks."""
        self.night.airflow.kills.clear()

    # Users

    @rule(choice=CHOICES, first=st.integers(0, len(TASKS) - 1))
    def clear(self, choice: int, first: int) -> None:
        self.night.airflow.clear(self._run(choice), first)

    @rule(choice=CHOICES, state=st.sampled_from(["success", "failed"]))
    def mark(self, choice: int, state: str) -> None:
        """Mark the task that a run is at."""
        run = self._active_run(choice)
        if task := run.deferred or run.next_task:
            self.night.airflow.mark(run, task, state)

    @rule(choice=CHOICES)
    def fail_run(self, choice: int) -> None:
        self.night.airflow.fail(self._active_run(choice))

    @rule(choice=CHOICES)
    @precondition(lambda self: len(self.runs) > 2)
    def delete_run(self, choice: int) -> None:
        self.night.airflow.delete(self._run(choice))

    @rule()
    @precondition(lambda self: self.night.data < 3)
    def change_data(self) -> None:
        self.night.change_data()

    # AWS

    @rule(choice=CHOICES, how=ENDS)
    @precondition(lambda self: self.running_jobs)
    def end_job(self, choice: int, how: str) -> None:
        jobs = self.running_jobs
        self.night.end_job(jobs[choice % len(jobs)].name, how)

    @rule()
    @precondition(lambda self: len(self.night.aws.jobs) > 1)
    def lose_a_model(self) -> None:
        """A user deletes the model of the newest training."""
        trainings = [j for j in self.night.aws.jobs.values() if j.kind.name == "training"]
        self.night.s3.delete_object(Key=self.night.model_key(trainings[-1].name))

    @rule(fault=FAULTS)
    def sweep(self, fault: Fault | None) -> None:
        awaited = self._awaited()
        with suppress(Crash, ClientError):
            swept = self.night.sweep(fault)
            stopped = {entry["job"] for entry in swept["stopped"]}
            assert not stopped & awaited, f"stopped {stopped & awaited}, which tasks await"

    # What must hold

    def _check_new_job(self, job: SimulatedJob) -> None:
        if job.kind.name != "training":
            return
        work = job.tags[WORK_TAG]
        others = [j for j in self._trainings(work) if j is not job]
        running = [j.name for j in others if j.is_running]
        completed = [j.name for j in others if self._has_model(j)]
        if running:
            self.violations.append(f"{job.name} started while {running} trained the same")
        if completed and not self._owner_run(job).force:
            self.violations.append(f"{job.name} started although {completed} had trained the same")

    @invariant()
    def no_work_is_done_twice(self) -> None:
        assert not self.violations, self.violations

    @invariant()
    def a_candidate_is_registered_once(self) -> None:
        jobs = [self._facts(package)["training_job"] for package in self.night.aws.packages]
        assert len(jobs) == len(set(jobs)), jobs
        for package in self.night.aws.packages:
            facts = self._facts(package)
            job = self.night.aws.jobs[facts["training_job"]]
            assert job.status == "Completed"
            assert job.tags[WORK_TAG] == facts["fingerprint"]
            assert job.tags["started_from"] == facts["started_from"]

    @invariant()
    def a_task_waits_for_the_newest_training(self) -> None:
        """Else a run could evaluate a result that another run replaces."""
        for run in self.runs:
            if (task := run.deferred) and task.task_id == "track_train":
                job = self.night.aws.jobs[task.trigger.job_name]
                newest = self._trainings(job.tags[WORK_TAG])[-1]
                assert newest is job or not job.is_running, (job.name, newest.name)

    def teardown(self) -> None:
        """Without further faults, no job is left alone and no result is lost."""
        if not hasattr(self, "night"):
            return
        try:
            self._check_owners()
            self._drain()
            self._check_result()
            assert not self.violations, self.violations
        finally:
            self.night.close()
            NightlyHistories.ended += 1
            if NightlyHistories.ended % REPORTED == 0:
                print(f"{NightlyHistories.ended} histories", flush=True)

    def _check_owners(self) -> None:
        self.night.airflow.kills.clear()
        awaited = self._awaited()
        swept = self.night.sweep()
        stopped = {entry["job"] for entry in swept["stopped"]}
        assert not stopped & awaited
        unassigned = {entry["job"] for entry in swept["unassigned"]}
        for job in self.night.aws.jobs.values():
            if job.status == "InProgress" and job.name not in unassigned:
                run = self._owner_run(job)
                assert run.is_active, f"{job.name} of {run.run_id}, which has ended, runs on"

    def _drain(self) -> None:
        """Let all runs and jobs end, without faults."""
        for _ in range(100):
            moving = [run for run in self.runs if run.deferred or run.next_task]
            if not moving and not self.running_jobs:
                return
            for job in self.running_jobs:
                self.night.end_job(job.name, "complete")
            for run in moving:
                self.work_without_fault(run)
        raise AssertionError("the runs do not end")

    def _check_result(self) -> None:
        """The next night registers a model of the present data, and trains at most once for it."""
        before = set(self.night.aws.jobs)
        run = self.night.airflow.create_run("scheduled")
        self._drain()
        states = [task.state for task in run.tasks]
        errors = [task.error for task in run.tasks if task.error]
        assert set(states) in ({"success"}, {"skipped"}), (states, errors)
        registered = [self._facts(package) for package in self.night.aws.packages]
        now = [facts for facts in registered if facts["recordio_version"] == self.night.recordio]
        assert now, "no model of the present data is registered"
        new = [j for name, j in self.night.aws.jobs.items() if name not in before]
        assert len([j for j in new if j.kind.name == "training"]) <= 1

    def _trainings(self, work: str) -> list[SimulatedJob]:
        return [j for j in self.night.aws.jobs.values() if j.tags.get(WORK_TAG) == work]

    def _has_model(self, job: SimulatedJob) -> bool:
        return job.status == "Completed" and self.night.model_key(job.name) in self.night.s3.objects

    def _awaited(self) -> set[str]:
        return {run.deferred.trigger.job_name for run in self.runs if run.deferred}

    def _owner_run(self, job: SimulatedJob) -> Run:
        owner = Owner.from_tags(job.tags)
        assert owner is not None, job.tags[TASK_TAG]
        return next(run for run in self.night.airflow.runs if run.run_id == owner.run_id)

    @staticmethod
    def _facts(package: Any) -> dict[str, str]:
        facts: dict[str, str] = package["CustomerMetadataProperties"]
        return facts
