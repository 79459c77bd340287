"""The cases of the kill matrix: which process is killed at which moment of which DAG's run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.kill_matrix import scene
from tests.kill_matrix.commit_records import NAMES
from tests.kill_matrix.killing import Victim, component, task_process
from tests.kill_matrix.scene import Moment
from tests.kill_matrix.stack import WORKER

REFRESH, CONVERSION, TRAINING = "dataset_refresh", "im2rec_conversion", "nightly_training"
UPDATE, BATCH, ROLLBACK = "endpoint_update", "batch_inference", "endpoint_rollback"
SERVER = "local-aws"


@dataclass(frozen=True)
class Case:
    """A kill in a run of a DAG family.

    Attributes:
        name: The case's name, for `--only`.
        family: The DAG family.
        victim: The process to kill.
        moment: The moment of the kill.
        tried_again: The task whose try the kill must interrupt; its second try proves that the
            kill came in time. None if no task has to be tried again.
    """

    name: str
    family: str
    victim: Victim
    moment: Moment
    tried_again: str | None = None

    @property
    def server_killed(self) -> bool:
        """Whether the local AWS is killed, and its jobs with it."""
        return self.victim.component == SERVER

    @property
    def fetches(self) -> bool:
        """Whether the devkit is missing in the source, so that the run fetches it."""
        return self.moment.task == "submit_fetch"


def _of_task(family: str, task: str, moment: Moment) -> Case:
    return Case(_named(f"task-{task}", family), family, task_process(task), moment, task)


def _of_publication(family: str, record: str) -> Case:
    moment = scene.record_written("publish", record)
    return Case(f"task-publish-{family}", family, task_process("publish"), moment, "publish")


def _of_worker(family: str, task: str, moment: Moment) -> Case:
    return Case(_named(f"worker-{task}", family), family, component(WORKER), moment, task)


def _of(name: str, family: str, moment: Moment, at: str) -> Case:
    return Case(_named(f"{name}-{at}", family), family, component(name), moment)


def _named(name: str, family: str) -> str:
    """Return a unique name: endpoint_update and endpoint_rollback have tasks of the same names."""
    return f"rollback-{name}" if family == ROLLBACK else name


def _matrix() -> Iterable[Case]:
    deferred = ((TRAINING, "track_train"), (TRAINING, "track_transform"))
    submits = [
        (CONVERSION, "submit_im2rec"),
        *((family, track.replace("track_", "submit_")) for family, track in deferred),
        # The jobs of one second end before or soon after their tracking tasks are deferred.
        (REFRESH, "submit_fetch"),
        (REFRESH, "submit_refresh"),
        (TRAINING, "submit_evaluate"),
        (BATCH, "submit_select"),
        (BATCH, "submit_report"),
    ]
    for family, submit in submits:
        yield _of_task(family, submit, scene.job_created(submit))
    yield _of_task(TRAINING, "register", scene.package_created("register"))
    yield _of_task(UPDATE, "deploy", scene.update_begun("deploy"))
    yield _of_task(ROLLBACK, "deploy", scene.update_begun("deploy"))
    yield _of_task(UPDATE, "smoke_test", scene.task_running("smoke_test"))
    for family, record in NAMES.items():
        yield _of_publication(family, record)
    yield _of_worker(TRAINING, "submit_train", scene.job_created("submit_train"))
    yield _of_worker(CONVERSION, "plan", scene.task_running("plan"))
    for family, submit in ((CONVERSION, "submit_im2rec"), (BATCH, "submit_select")):
        yield _of("triggerer", family, scene.job_running(submit), submit)
    for family, track in deferred:
        yield _of("triggerer", family, scene.job_tracked(track), track)
    for family in (UPDATE, ROLLBACK):
        yield _of("triggerer", family, scene.endpoint_tracked("track_endpoint"), "track_endpoint")
    yield _of("scheduler", TRAINING, scene.job_tracked("track_train"), "track_train")
    yield _of("scheduler", TRAINING, scene.between("prepare", "submit_transform"), "between")
    for family, submit in submits:
        yield _of(SERVER, family, scene.job_running(submit), submit)
    for family, track in deferred:
        yield _of(SERVER, family, scene.job_tracked(track), track)
    for family in (UPDATE, ROLLBACK):
        yield _of(SERVER, family, scene.endpoint_tracked("track_endpoint"), "track_endpoint")
    yield _of("dag-processor", CONVERSION, scene.job_running("submit_im2rec"), "submit_im2rec")
    yield _of("api-server", REFRESH, scene.task_running("submit_refresh"), "submit_refresh")


CASES = tuple(_matrix())


def select_cases(prefixes: Iterable[str]) -> list[Case]:
    """Return the cases whose names start with one of the prefixes; all without a prefix.

    Raises:
        ValueError: No case's name starts with one of the prefixes.
    """
    selected = tuple(prefixes)
    unknown = [prefix for prefix in selected if not any(c.name.startswith(prefix) for c in CASES)]
    if unknown:
        names = ", ".join(case.name for case in CASES)
        raise ValueError(f"no case's name starts with {unknown[0]!r}; the cases are {names}")
    return [case for case in CASES if not selected or case.name.startswith(selected)]
