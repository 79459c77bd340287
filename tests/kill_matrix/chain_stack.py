"""A stack that has run the whole chain once, and runs on it in which a process is killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from include.decisions.endpoint.release import list_releases
from include.local_aws.processes.ports import free_port
from include.local_run.drawing import draw_cars
from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.clients import AwsClients, create_clients
from include.local_run.drive.progress_display import ProgressDisplay
from include.local_run.drive.session import RunData, Session
from include.local_run.drive.timings import Timings
from include.local_run.project_paths import ProjectPaths
from include.local_run.run_plan import RunRequest, plan_run
from include.local_run.run_plan.incoming import find_incoming
from include.local_run.stack import Ports
from include.local_run.stack.airflow import ui_url
from include.local_run.stack.login import ui_login
from include.local_run.stack.state_folder import create_state_folder
from tests.include.image_classification.fetching.mirror import Mirror
from tests.kill_matrix.airflow_database import AirflowDatabase
from tests.kill_matrix.cases import ROLLBACK, TRAINING, UPDATE, Case
from tests.kill_matrix.commit_records import commit_records
from tests.kill_matrix.fetched import FETCHED, serve_devkit
from tests.kill_matrix.invariants import Outcome, violations
from tests.kill_matrix.killing import includes_descendants, kill, paused, running_pid
from tests.kill_matrix.results import Results
from tests.kill_matrix.scene import Jobs, Scene
from tests.kill_matrix.stack import KillableStack

YAML = Path(__file__).with_name("kills.yaml")
PHOTOS_A_CLASS, NEW_PHOTOS = 24, 24
LONGEST_RUN = 420.0
FAST_POLL, SLOW_POLL = 0.004, 0.1
STEP = 0.02
"""How long the moment's task goes on between two looks, in seconds."""
_JOB_TYPES = {
    "scheduler": "SchedulerJob",
    "triggerer": "TriggererJob",
    "dag-processor": "DagProcessorJob",
}


class MomentMissedError(Exception):
    """The run was past the moment before the kill, so that the case needs another run."""


class StackStuckError(Exception):
    """The stack does not become idle, so that the next case needs a new stack."""


@dataclass(frozen=True)
class Row:
    """The result of a case.

    Attributes:
        case: The case.
        outcome: The outcome of the run.
        seconds: The time from the kill to the run's end.
        day: The day of the run, in UTC.
    """

    case: Case
    outcome: Outcome
    seconds: float
    day: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def violations(self) -> list[str]:
        """The violated invariants."""
        return violations(self.outcome, server_killed=self.case.server_killed)


class ChainStack:
    """A context manager with a running stack on which the whole chain has run once.

    Args:
        folder: The folder for all of its state.
        display: Prints the progress.
        mirror: Serves the file that dataset refresh fetches.
    """

    def __init__(self, folder: Path, display: ProgressDisplay, mirror: Mirror) -> None:
        self._display = display
        self._paths = ProjectPaths(state=folder)
        create_state_folder(self._paths)
        self._cars = draw_cars(
            self._paths.data, per_class=PHOTOS_A_CLASS, incoming=NEW_PHOTOS
        ).folder
        self._paths.pipelines.mkdir(parents=True)
        pipeline = serve_devkit(mirror, self._cars, YAML)
        (self._paths.pipelines / YAML.name).write_text(pipeline, encoding="utf-8")
        self._plan = plan_run(RunRequest(YAML.stem), self._paths)
        ports = Ports(free_port(), free_port())
        self._stack = KillableStack(self._paths, ports, display.print_line)
        self._ui = ui_url(ports.ui)
        self._api = AirflowApi(self._ui, ui_login(self._paths))
        self._database = AirflowDatabase(self._paths.airflow / "airflow.db")
        self._aws: AwsClients
        self._idle: frozenset[str] = frozenset()
        self.undisturbed: dict[str, float] = {}
        """The duration of each family's run without a kill, in seconds."""

    def __enter__(self) -> ChainStack:
        self._stack.__enter__()
        try:
            self._begin()
        except BaseException:
            self._stack.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._display.print_line("stopping the stack")
        self._stack.__exit__(kind, error, trace)

    def run(self, case: Case) -> Row:
        """Run the case's DAG, kill the process, and return the outcome.

        Raises:
            MomentMissedError: The kill came too late to have an effect.
            StackStuckError: The run did not end, or a component did not come back.
        """
        if case.fetches:
            self._delete_fetched_file()
        scene = self._start(case.family)
        killed = self._kill(case, scene)
        ended = self._until_ended(scene)
        if case.victim.component:
            self._until_back(case.victim.component, killed)
        row = Row(case, self._outcome(case.family, scene), (ended - killed).total_seconds())
        late = case.tried_again and row.outcome.tasks[case.tried_again].tries < 2
        if late and not row.violations:  # violations count, whenever the kill came
            raise MomentMissedError(f"{case.tried_again} had finished before the kill")
        return row

    def wait_until_idle(self) -> None:
        """Wait until no run and no job is active and all components are running.

        Raises:
            StackStuckError: It takes too long.
        """
        jobs = Jobs(self._aws.sagemaker)
        self._wait(lambda: not self._database.active_runs(), "runs are still active")
        self._wait(
            lambda: not any(job.ended is None for job in jobs.others(self._idle)),
            "jobs are still active",
        )
        self._idle = jobs.all_names()
        self._stack.wait_for_airflow(lambda missing: None)

    def _begin(self) -> None:
        display, stack = self._display, self._stack
        display.print_line("starting the local AWS, Airflow's components and a Celery worker")
        stack.start_aws_and_airflow(YAML.stem)
        self._aws = create_clients(stack.aws)
        session = Session(
            self._plan, self._paths, self._aws, self._api, display,
            Timings(time.time(), 0.0), stack.check,
        )  # fmt: skip
        self._results = Results(self._api, self._aws, session.layout, session.pipeline.slug)
        source = {name: self._cars / name for name in self._plan.files.upload if name != FETCHED}
        data = RunData(source, find_incoming(self._cars))
        session.upload(data)
        stack.wait_for_airflow(lambda missing: display.print_line(f"waiting for {missing}"))
        display.print_line("running the whole chain once, without a kill")
        session.drive(data)
        for family, finished in session.chain.finished.items():
            self.undisturbed[family] = finished.seconds
        self.wait_until_idle()

    def _start(self, family: str) -> Scene:
        """Trigger a run that is not skipped."""
        form: Mapping[str, Any] = {"force": True}
        if family == UPDATE:
            form = {"package_version": self._other_package()}
        elif family == ROLLBACK:
            form = {"release": self._other_release()}
        known, packages = Jobs(self._aws.sagemaker).all_names(), len(self._results.packages())
        records = commit_records(self._aws.s3, self._results.layout, family)
        run = self._api.trigger(f"{self._plan.pipeline.name}__{family}", form)
        slug, layout = self._plan.pipeline.slug, self._results.layout
        return Scene(run, self._database, self._aws, slug, known, packages, layout, family, records)

    def _delete_fetched_file(self) -> None:
        layout = self._results.layout
        self._aws.s3.delete_object(Bucket=layout.bucket, Key=f"{layout.source}{FETCHED}")

    def _other_package(self) -> int:
        """Approve a model package that does not serve, and return its number."""
        others = [p for p in self._results.packages() if p["arn"] != self._results.serving()]
        if not others:
            self._run_once_more(TRAINING, "to get a second model to deploy")
            return self._other_package()
        return self._results.approve(others[0])

    def _other_release(self) -> int:
        """Approve the package of a release that does not serve, and return its number."""
        releases = list_releases(self._aws.s3, self._results.layout)
        known = {release.version for release in releases}
        others = [
            package
            for package in self._results.packages()
            if package["version"] in known and package["arn"] != self._results.serving()
        ]
        if not others:
            self._run_once_more(UPDATE, "to get a release to roll back from")
            return self._other_release()
        return self._results.approve(others[-1])

    def _run_once_more(self, family: str, purpose: str) -> None:
        self._display.print_line(f"one more run of {family}, {purpose}")
        self._until_ended(self._start(family))
        self.wait_until_idle()

    def _kill(self, case: Case, scene: Scene) -> datetime:
        deadline = time.monotonic() + LONGEST_RUN
        while True:
            task = running_pid(scene, case.moment.task)
            with paused(task):
                if case.moment.has_come(scene):
                    return self._kill_now(case, scene)
            if self._database.ended(scene.run) or time.monotonic() > deadline:
                raise MomentMissedError(f"the run is {self._database.state(scene.run)}")
            near = scene.state(case.moment.task) in case.moment.near
            time.sleep(STEP if task else FAST_POLL if near else SLOW_POLL)

    def _kill_now(self, case: Case, scene: Scene) -> datetime:
        pid = case.victim.pid(self._stack, scene)
        if pid is None:
            raise MomentMissedError("the task had ended")
        killed = datetime.now(UTC)
        try:
            kill(pid, includes_descendants(case.victim))
        except ProcessLookupError:
            raise MomentMissedError("the process had ended") from None
        self._display.print_line(
            f"killed {case.victim.description} (process {pid}) {case.moment.description}", "bold"
        )
        return killed

    def _until_ended(self, scene: Scene) -> datetime:
        printed: dict[str, str] = {}
        deadline = time.monotonic() + LONGEST_RUN
        while (ended := self._database.ended(scene.run)) is None:
            self._stack.check()
            for task in self._database.tasks(scene.run).values():
                news = f"{task.state}, try {task.tries}"
                if task.state not in (None, "scheduled") and printed.get(task.task_id) != news:
                    printed[task.task_id] = news
                    self._display.print_line(f"  {task.task_id}: {news}")
            if time.monotonic() > deadline:
                raise StackStuckError(f"{scene.run.dag_id} did not end in {LONGEST_RUN:.0f} s")
            time.sleep(0.5)
        self._display.print_line(f"  the run is {self._database.state(scene.run)}")
        return ended

    def _until_back(self, component: str, killed: datetime) -> None:
        """Wait until a killed component has registered itself with Airflow again."""
        kind = _JOB_TYPES.get(component)
        if kind:
            self._wait(
                lambda: (self._database.newest_start(kind) or killed) > killed,
                f"{component} does not come back",
            )
        self._stack.wait_for_airflow(lambda missing: None)

    def _outcome(self, family: str, scene: Scene) -> Outcome:
        state = self._database.state(scene.run)
        jobs = [
            job
            for job in Jobs(self._aws.sagemaker).others(scene.known)
            if not job.owner or scene.run.dag_id in job.owner
        ]
        missing = self._results.missing(scene.run, family)
        deployed = self._api.get_xcom(scene.run, "deploy") if family in (UPDATE, ROLLBACK) else None
        operation = deployed["operation"] if deployed else None
        return Outcome(state, self._database.tasks(scene.run), jobs, missing, operation)

    def _wait(self, condition: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + LONGEST_RUN
        while not condition():
            self._stack.check()
            if time.monotonic() > deadline:
                raise StackStuckError(f"after {LONGEST_RUN:.0f} s: {complaint}")
            time.sleep(0.5)
