"""`run`: everything from an installed environment to results, and to nothing left behind."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from include.local_run.drawing import DrawnCars, draw_cars, style
from include.local_run.drive.chain import RunFailed
from include.local_run.drive.clients import Aws, connect
from include.local_run.drive.new_photos import labels_beside, photos_in
from include.local_run.drive.report import download_pages, show_table, summarise, write
from include.local_run.drive.results import gather
from include.local_run.drive.session import Data, Session
from include.local_run.drive.show import Show
from include.local_run.drive.timings import Timings
from include.local_run.project_paths import Places
from include.local_run.run_plan import Assignment, Wishes, assign
from include.local_run.run_plan.source_files import SourceFiles
from include.local_run.stack import Ports, Stack, claim
from include.local_run.stack.airflow import ui_url
from include.local_run.stack.aws import BUCKET
from include.local_run.stack.login import ui_login


class Interrupted(BaseException):
    """The user or the system asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True)
class RunOptions:
    """How to run.

    Attributes:
        wishes: On what.
        ports: Where to listen.
        once: End everything after the results.
        started: When the command began, as `time.time()` counts.
        install: Seconds since then that installing took.
    """

    wishes: Wishes
    ports: Ports
    once: bool
    started: float
    install: float


def run(options: RunOptions, places: Places) -> int:
    """Runs the pipeline; returns the exit status: 0 only if every run succeeded.

    Raises:
        RunError: It could not begin, or the stack broke down.
    """
    show = Show(options.started)
    with claim(places):
        assignment = assign(options.wishes, places)
        stack = Stack(places, options.ports, show.line)
        ending = _end_on_signals()
        try:
            with stack:
                try:
                    return _run_on(stack, assignment, options, places, show)
                finally:
                    ending.set()
        except Interrupted as interrupted:
            return 128 + interrupted.number
        finally:
            show.quiet()


def _end_on_signals() -> threading.Event:
    """Lets the first signal end the command; once the event is set, none disturbs the ending."""
    ending = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        if not ending.is_set():
            ending.set()
            raise Interrupted(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    return ending


def _run_on(
    stack: Stack, assignment: Assignment, options: RunOptions, places: Places, show: Show
) -> int:
    timings = Timings(options.started, options.install)
    drawing = _Background(lambda: _draw(assignment, places))
    show.line(f"starting the local AWS and Airflow for pipeline {assignment.pipeline.name}")
    with timings.part("start"):
        stack.start_aws_and_airflow(assignment.pipeline.name)
    aws, ui, login = connect(stack.aws), ui_url(options.ports.ui), ui_login(places)
    session = Session(assignment, places, aws, ui, login, show, timings, stack.check)
    show.now("drawing cars")
    with timings.part("draw"):
        data = _data(assignment, drawing.result(stack.check))
    show.quiet()
    with timings.part("upload"):
        session.upload(data)
    with timings.part("airflow"):
        stack.wait_for_airflow(lambda missing: show.now(f"Airflow starts: waiting for {missing}"))
    show.quiet()
    show.line(f"Airflow is ready: {ui} ({login})")
    show.line(f"status page of the local AWS: {places.status_url.read_text().strip()}")
    succeeded = _drive(session, data, show)
    _conclude(session, aws, options, places, show, succeeded)
    if not options.once:
        _stay(stack, show, f"{ui} ({login})")
    return 0 if succeeded else 1


def _drive(session: Session, data: Data, show: Show) -> bool:
    try:
        with session.timings.part("drive"):
            session.drive(data)
    except RunFailed as failure:
        show.quiet()
        show.line(str(failure), "bold red")
        return False
    return True


def _conclude(
    session: Session, aws: Aws, options: RunOptions, places: Places, show: Show, succeeded: bool
) -> None:
    results = gather(aws, session.pipeline, session.reasons)
    pages = download_pages(aws, BUCKET, results, places)
    seconds = (options.install, session.timings.total)
    summary = summarise(
        session.pipeline.name, succeeded, session.chain.states(), results,
        ui_url(options.ports.ui), seconds,
    )  # fmt: skip
    write(places, summary, session.timings.divided(session.chain.followed, session.chain.waiting))
    show_table(show, summary, pages)


def _stay(stack: Stack, show: Show, ui: str) -> None:
    show.line(f"Airflow stays up at {ui}; Ctrl-C ends everything")
    try:
        while True:
            stack.check()
            time.sleep(0.5)
    except Interrupted:
        show.line("ending everything")


@dataclass
class _Background:
    """Work in a thread of its own, so that it passes while other things start."""

    work: Callable[[], DrawnCars | None]
    _done: list[DrawnCars | None] = field(default_factory=list)
    _failed: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._done.append(self.work())
        except BaseException as error:
            self._failed.append(error)

    def result(self, check: Callable[[], None]) -> DrawnCars | None:
        """What the work returned, or raises what it raised; `check` may raise meanwhile."""
        while self._thread.is_alive():
            self._thread.join(0.2)
            check()
        if self._failed:
            raise self._failed[0]
        return self._done[0]


def _draw(assignment: Assignment, places: Places) -> DrawnCars | None:
    if not assignment.drawn:
        return None
    places.data.mkdir(parents=True, exist_ok=True)
    return draw_cars(places.data / f"cars-{assignment.seed}-{style()}", assignment.seed)


def _data(assignment: Assignment, drawn: DrawnCars | None) -> Data:
    files: SourceFiles = assignment.files
    folder = drawn.folder if drawn else files.folder
    source = {name: folder / name for name in files.upload}
    incoming: Path | None = folder / "incoming" if drawn else assignment.incoming
    if incoming is None:
        return Data(source, None, {})
    return Data(source, photos_in(incoming) or None, labels_beside(incoming))
