"""The command `run`: start the stack, run the pipeline's DAGs, print the results, stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from include.local_run.drawing import DrawnCars, draw_cars, drawing_version
from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.chain import DagRunFailedError
from include.local_run.drive.clients import AwsClients, create_clients
from include.local_run.drive.progress_display import ProgressDisplay
from include.local_run.drive.report import (
    build_summary,
    download_pages,
    show_table,
    write_summary,
)
from include.local_run.drive.results import collect_results
from include.local_run.drive.session import RunData, Session
from include.local_run.drive.timings import Timings
from include.local_run.project_paths import ProjectPaths
from include.local_run.run_plan import RunPlan, RunRequest, plan_run
from include.local_run.run_plan.incoming import find_incoming
from include.local_run.run_plan.source_files import SourceFiles
from include.local_run.stack import Ports, Stack, acquire_lock
from include.local_run.stack.airflow import ui_url
from include.local_run.stack.aws import BUCKET
from include.local_run.stack.login import ui_login


class Interrupted(BaseException):
    """The process received SIGINT, SIGTERM or SIGHUP."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True)
class RunOptions:
    """Options of the command.

    Attributes:
        request: The pipeline and the data.
        ports: Ports of Airflow's UI and the local AWS.
        once: Whether to stop everything after printing the results.
        started: When the command started, as a Unix timestamp.
        install: Seconds that the installation took.
    """

    request: RunRequest
    ports: Ports
    once: bool
    started: float
    install: float


def run(options: RunOptions, paths: ProjectPaths) -> int:
    """Run the pipeline; return the exit status, which is 0 only if every DAG run succeeded.

    Raises:
        RunError: The run could not start, or a component of the stack failed for good.
    """
    display = ProgressDisplay(options.started)
    with acquire_lock(paths):
        plan = plan_run(options.request, paths)
        stack = Stack(paths, options.ports, display.print_line)
        ending = _end_on_signals()
        try:
            with stack:
                try:
                    return _run_on(stack, plan, options, paths, display)
                finally:
                    ending.set()
        except Interrupted as interrupted:
            display.clear_status()
            display.print_line("stopped before the end; `make run` goes on from here")
            return 128 + interrupted.number
        finally:
            display.clear_status()


def _end_on_signals() -> threading.Event:
    """Raise `Interrupted` at the first signal; ignore signals once the returned event is set."""
    ending = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        if not ending.is_set():
            ending.set()
            raise Interrupted(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup does with SIGHUP
            signal.signal(number, end)
    return ending


def _run_on(
    stack: Stack, plan: RunPlan, options: RunOptions, paths: ProjectPaths, display: ProgressDisplay
) -> int:
    timings = Timings(options.started, options.install)
    drawn = _BackgroundTask(lambda: _draw(plan, paths))
    display.print_line(f"starting the local AWS and Airflow for pipeline {plan.pipeline.name}")
    for line in plan.files.explanation():
        display.print_line(line)
    with timings.measure("start"):
        stack.start_aws_and_airflow(plan.pipeline.name)
    aws, ui, login = create_clients(stack.aws), ui_url(options.ports.ui), ui_login(paths)
    session = Session(plan, paths, aws, AirflowApi(ui, login), display, timings, stack.check)
    display.show_status("drawing cars")
    with timings.measure("draw"):
        data = _data(plan, drawn.result(stack.check))
    display.clear_status()
    with timings.measure("upload"):
        session.upload(data)
    with timings.measure("airflow"):
        stack.wait_for_airflow(
            lambda waiting: display.show_status(f"Airflow is starting: waiting for {waiting}")
        )
    display.clear_status()
    display.print_line(f"Airflow is ready: {ui} ({login})")
    display.print_line(f"status page of the local AWS: {paths.status_url.read_text().strip()}")
    succeeded = _drive(session, data, display)
    _conclude(session, aws, options, paths, display, succeeded)
    if not options.once:
        _stay(stack, display, f"{ui} ({login})")
    return 0 if succeeded else 1


def _drive(session: Session, data: RunData, display: ProgressDisplay) -> bool:
    try:
        with session.timings.measure("drive"):
            session.drive(data)
    except DagRunFailedError as failure:
        display.clear_status()
        display.print_line(str(failure), "bold red")
        return False
    return True


def _conclude(
    session: Session,
    aws: AwsClients,
    options: RunOptions,
    paths: ProjectPaths,
    display: ProgressDisplay,
    succeeded: bool,
) -> None:
    results = collect_results(aws, session.pipeline, session.reasons)
    pages = download_pages(aws, BUCKET, results, paths.results(session.pipeline.name))
    seconds = (options.install, session.timings.total)
    summary = build_summary(
        session.pipeline.name, succeeded, session.chain.states(), results,
        ui_url(options.ports.ui), seconds,
    )  # fmt: skip
    timings = session.timings.breakdown(session.chain.finished, session.chain.waiting)
    write_summary(paths, summary, timings)
    show_table(display, summary, pages)


def _stay(stack: Stack, display: ProgressDisplay, ui: str) -> None:
    display.print_line(f"Airflow keeps running at {ui}; press Ctrl-C to stop everything")
    try:
        while True:
            stack.check()
            time.sleep(0.5)
    except Interrupted:
        display.print_line("stopping everything")


@dataclass
class _BackgroundTask:
    """A function that runs in a thread."""

    function: Callable[[], DrawnCars | None]
    _done: list[DrawnCars | None] = field(default_factory=list)
    _failed: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._done.append(self.function())
        except BaseException as error:
            self._failed.append(error)

    def result(self, check: Callable[[], None]) -> DrawnCars | None:
        """Wait for the function, and return its result or raise its error.

        Args:
            check: Called while waiting; may raise.
        """
        while self._thread.is_alive():
            self._thread.join(0.2)
            check()
        if self._failed:
            raise self._failed[0]
        return self._done[0]


def _draw(plan: RunPlan, paths: ProjectPaths) -> DrawnCars | None:
    if not plan.drawn:
        return None
    paths.data.mkdir(parents=True, exist_ok=True)
    return draw_cars(paths.data / f"cars-{plan.seed}-{drawing_version()}", plan.seed)


def _data(plan: RunPlan, drawn: DrawnCars | None) -> RunData:
    files: SourceFiles = plan.files
    folder = drawn.folder if drawn else files.folder
    source = {name: folder / name for name in files.upload}
    return RunData(source, find_incoming(folder) if drawn else plan.incoming)
