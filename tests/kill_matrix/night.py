"""A stack in a folder, a whole undisturbed chain on it, and then runs in which something dies."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from include.decisions.endpoint.release import list_releases
from include.local_aws.processes.ports import free_port
from include.local_run.drawing import draw_cars
from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.clients import AwsClients, create_clients
from include.local_run.drive.new_photos import find_photos, read_labels
from include.local_run.drive.progress_display import ProgressDisplay
from include.local_run.drive.session import RunData, Session
from include.local_run.drive.timings import Timings
from include.local_run.project_paths import ProjectPaths
from include.local_run.run_plan import RunRequest, plan_run
from include.local_run.stack import Ports
from include.local_run.stack.airflow import ui_url
from include.local_run.stack.login import ui_login
from include.local_run.stack.state_folder import create_state_folder
from tests.kill_matrix.airflow_database import AirflowDatabase
from tests.kill_matrix.cases import ROLLBACK, TRAINING, UPDATE, Case
from tests.kill_matrix.invariants import Outcome, violations
from tests.kill_matrix.killing import kill, strikes_all
from tests.kill_matrix.results import Results
from tests.kill_matrix.scene import Jobs, Scene
from tests.kill_matrix.stack import KillableStack

YAML = Path(__file__).with_name("kills.yaml")
PHOTOS_A_CLASS, NEW_PHOTOS = 24, 24
LONGEST_RUN = 420.0
LOOK_EVERY, LOOK_RARELY = 0.004, 0.1
_JOB_TYPES = {
    "scheduler": "SchedulerJob",
    "triggerer": "TriggererJob",
    "dag-processor": "DagProcessorJob",
}


class Missed(Exception):
    """The run was past its moment before the kill: another run has to show it."""


class Stuck(Exception):
    """The stack does not come to rest: what follows needs another one."""


@dataclass(frozen=True)
class Row:
    """What one kill came to.

    Attributes:
        case: Which.
        outcome: What became of the run.
        seconds: From the kill to the run's end.
    """

    case: Case
    outcome: Outcome
    seconds: float

    @property
    def violations(self) -> list[str]:
        """What is not as it must be, one line each."""
        return violations(self.outcome, server_killed=self.case.server_killed)


class Night:
    """A context in which a stack runs, with a pipeline that has been through the chain once.

    Args:
        folder: Where all of its state goes.
        display: Prints the progress.
    """

    def __init__(self, folder: Path, display: ProgressDisplay) -> None:
        self._display = display
        self._paths = ProjectPaths(state=folder)
        create_state_folder(self._paths)
        self._paths.pipelines.mkdir(parents=True)
        shutil.copy(YAML, self._paths.pipelines)
        self._plan = plan_run(RunRequest(YAML.stem), self._paths)
        ports = Ports(free_port(), free_port())
        self._stack = KillableStack(self._paths, ports, display.print_line)
        self._ui = ui_url(ports.ui)
        self._api = AirflowApi(self._ui, ui_login(self._paths))
        self._database = AirflowDatabase(self._paths.airflow / "airflow.db")
        self._aws: AwsClients
        self._idle: frozenset[str] = frozenset()
        self.undisturbed: dict[str, float] = {}
        """Seconds that a run of each family took when nothing was killed."""

    def __enter__(self) -> Night:
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
        self._display.print_line("ending the stack")
        self._stack.__exit__(kind, error, trace)

    def run(self, case: Case) -> Row:
        """Runs the case's DAG, kills, and returns what became of it.

        Raises:
            Missed: The kill came too late to hurt.
            Stuck: The run did not end, or the stack did not come to rest afterwards.
        """
        scene = self._start(case.family)
        killed = self._kill(case, scene)
        ended = self._until_ended(scene)
        if case.victim.component:
            self._until_back(case.victim.component, killed)
        row = Row(case, self._outcome(case.family, scene), (ended - killed).total_seconds())
        late = case.tried_again and row.outcome.tasks[case.tried_again].tries < 2
        if late and not row.violations:  # what is wrong counts, whenever the kill came
            raise Missed(f"{case.tried_again} had done its work before the kill")
        return row

    def come_to_rest(self) -> None:
        """Waits until nothing runs and every component is up.

        Raises:
            Stuck: It takes too long.
        """
        jobs = Jobs(self._aws.sagemaker)
        self._wait(lambda: not self._database.active_runs(), "runs go on")
        self._wait(lambda: not any(job.ended is None for job in jobs.others(self._idle)), "jobs")
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
        cars = draw_cars(self._paths.data, per_class=PHOTOS_A_CLASS, incoming=NEW_PHOTOS)
        source = {name: cars.folder / name for name in self._plan.files.upload}
        incoming = cars.folder / "incoming"
        data = RunData(source, find_photos(incoming), read_labels(incoming))
        session.upload(data)
        stack.wait_for_airflow(lambda missing: display.print_line(f"waiting for {missing}"))
        display.print_line("the whole chain once, undisturbed")
        session.drive(data)
        for family, finished in session.chain.finished.items():
            self.undisturbed[family] = finished.seconds
        self.come_to_rest()

    def _start(self, family: str) -> Scene:
        """Starts a run that has work to do."""
        form: Mapping[str, Any] = {"force": True}
        if family == UPDATE:
            form = {"package_version": self._other_package()}
        elif family == ROLLBACK:
            form = {"release": self._other_release()}
        known, packages = Jobs(self._aws.sagemaker).all_names(), len(self._results.packages())
        run = self._api.trigger(f"{self._plan.pipeline.name}__{family}", form)
        slug = self._plan.pipeline.slug
        return Scene(run, self._database, self._aws, slug, known, packages)

    def _other_package(self) -> int:
        """A model package that does not serve, approved: deploying it moves the endpoint."""
        others = [p for p in self._results.packages() if p["arn"] != self._serving()]
        if not others:
            self._one_more(TRAINING, "for a second model to deploy")
            return self._other_package()
        return self._approved(others[0])

    def _other_release(self) -> int:
        """A release that does not serve, its package approved: there is something to go back to."""
        releases = list_releases(self._aws.s3, self._results.layout)
        known = {release.version for release in releases}
        others = [
            package
            for package in self._results.packages()
            if package["version"] in known and package["arn"] != self._serving()
        ]
        if not others:
            self._one_more(UPDATE, "for a release to go back from")
            return self._other_release()
        return self._approved(others[-1])

    def _serving(self) -> str:
        """The ARN of the model package that serves."""
        sagemaker, slug = self._aws.sagemaker, self._plan.pipeline.slug
        endpoint = sagemaker.describe_endpoint(EndpointName=slug)
        config = sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )
        model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        return str(model["PrimaryContainer"]["ModelPackageName"])

    def _one_more(self, family: str, what_for: str) -> None:
        self._display.print_line(f"one more run of {family}, {what_for}")
        self._until_ended(self._start(family))
        self.come_to_rest()

    def _approved(self, package: Mapping[str, Any]) -> int:
        self._aws.sagemaker.update_model_package(
            ModelPackageArn=package["arn"], ModelApprovalStatus="Approved"
        )
        return int(package["version"])

    def _kill(self, case: Case, scene: Scene) -> datetime:
        deadline = time.monotonic() + LONGEST_RUN
        while not case.moment.has_come(scene):
            if self._database.ended(scene.run) or time.monotonic() > deadline:
                raise Missed(f"the run is {self._database.state(scene.run)}")
            near = scene.state(case.moment.task) in case.moment.near
            time.sleep(LOOK_EVERY if near else LOOK_RARELY)
        pid = case.victim.pid(self._stack, scene)
        if pid is None:
            raise Missed("the task had ended")
        killed = datetime.now(UTC)
        try:
            kill(pid, strikes_all(case.victim))
        except ProcessLookupError:
            raise Missed("the process had ended") from None
        self._display.print_line(
            f"killed {case.victim.words} (process {pid}) {case.moment.words}", "bold"
        )
        return killed

    def _until_ended(self, scene: Scene) -> datetime:
        told: dict[str, str] = {}
        deadline = time.monotonic() + LONGEST_RUN
        while (ended := self._database.ended(scene.run)) is None:
            self._stack.check()
            for task in self._database.tasks(scene.run).values():
                news = f"{task.state}, try {task.tries}"
                if task.state not in (None, "scheduled") and told.get(task.task_id) != news:
                    told[task.task_id] = news
                    self._display.print_line(f"  {task.task_id}: {news}")
            if time.monotonic() > deadline:
                raise Stuck(f"{scene.run.dag_id} did not end in {LONGEST_RUN:.0f} s")
            time.sleep(0.5)
        self._display.print_line(f"  the run is {self._database.state(scene.run)}")
        return ended

    def _until_back(self, component: str, killed: datetime) -> None:
        """Waits until a component that registers itself with Airflow has done so again."""
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
        lost = self._results.lost(scene.run, family)
        deployed = self._api.get_xcom(scene.run, "deploy") if family in (UPDATE, ROLLBACK) else None
        operation = deployed["operation"] if deployed else None
        return Outcome(state, self._database.tasks(scene.run), jobs, lost, operation)

    def _wait(self, condition: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + LONGEST_RUN
        while not condition():
            self._stack.check()
            if time.monotonic() > deadline:
                raise Stuck(f"after {LONGEST_RUN:.0f} s: {complaint}")
            time.sleep(0.5)
