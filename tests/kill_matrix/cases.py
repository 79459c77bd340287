"""What is killed when: the rows of the matrix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.kill_matrix import scene
from tests.kill_matrix.killing import Victim, component, task_process
from tests.kill_matrix.scene import Moment
from tests.kill_matrix.stack import WORKER

REFRESH, CONVERSION, TRAINING = "dataset_refresh", "im2rec_conversion", "nightly_training"
UPDATE, BATCH, ROLLBACK = "endpoint_update", "batch_inference", "endpoint_rollback"
SERVER = "local-aws"


@dataclass(frozen=True)
class Case:
    """One kill in one run of one family.

    Attributes:
        name: What `--only` calls it.
        family: Whose run it is.
        victim: What is killed.
        moment: When.
        tried_again: The task that a kill at this moment must hurt: its second try proves that the
            kill came in time. None where none needs to be tried again.
    """

    name: str
    family: str
    victim: Victim
    moment: Moment
    tried_again: str | None = None

    @property
    def server_killed(self) -> bool:
        """Whether jobs may die, too."""
        return self.victim.component == SERVER


def _of_task(family: str, task: str, moment: Moment) -> Case:
    return Case(_named(f"task-{task}", family), family, task_process(task), moment, task)


def _of_worker(family: str, task: str, moment: Moment) -> Case:
    return Case(_named(f"worker-{task}", family), family, component(WORKER), moment, task)


def _of(name: str, family: str, moment: Moment, at: str) -> Case:
    return Case(_named(f"{name}-{at}", family), family, component(name), moment)


def _named(name: str, family: str) -> str:
    """Update and rollback deploy by the same tasks: a rollback's cases say so."""
    return f"rollback-{name}" if family == ROLLBACK else name


def _matrix() -> Iterable[Case]:
    # Evaluation and report are done before their trackers would be deferred.
    deferred = (
        (REFRESH, "track_refresh"),
        (CONVERSION, "track_im2rec"),
        (TRAINING, "track_train"),
        (TRAINING, "track_transform"),
    )
    submits = [(family, track.replace("track_", "submit_")) for family, track in deferred]
    submits += [(TRAINING, "submit_evaluate"), (BATCH, "submit_report")]
    for family, submit in submits:
        yield _of_task(family, submit, scene.created(submit))
    yield _of_task(TRAINING, "register", scene.registered("register"))
    yield _of_task(UPDATE, "deploy", scene.endpoint_told("deploy"))
    yield _of_task(ROLLBACK, "deploy", scene.endpoint_told("deploy"))
    yield _of_worker(TRAINING, "submit_train", scene.created("submit_train"))
    yield _of_worker(CONVERSION, "plan", scene.runs("plan"))
    for family, track in deferred:
        yield _of("triggerer", family, scene.works(track), track)
    for family in (UPDATE, ROLLBACK):
        yield _of("triggerer", family, scene.moves("track_endpoint"), "track_endpoint")
    yield _of("scheduler", TRAINING, scene.works("track_train"), "track_train")
    yield _of("scheduler", TRAINING, scene.between("prepare", "submit_transform"), "between")
    for family, submit in submits:
        yield _of(SERVER, family, scene.begins(submit), submit)
    for family, track in deferred[2:]:
        yield _of(SERVER, family, scene.works(track), track)
    for family in (UPDATE, ROLLBACK):
        yield _of(SERVER, family, scene.moves("track_endpoint"), "track_endpoint")
    yield _of("dag-processor", CONVERSION, scene.works("track_im2rec"), "track_im2rec")
    yield _of("api-server", REFRESH, scene.runs("submit_refresh"), "submit_refresh")


CASES = tuple(_matrix())


def chosen(beginnings: Iterable[str]) -> list[Case]:
    """The cases whose names begin so; all of them where nothing is asked for.

    Raises:
        ValueError: No case's name begins like one of those.
    """
    wanted = tuple(beginnings)
    if unknown := [w for w in wanted if not any(case.name.startswith(w) for case in CASES)]:
        names = ", ".join(case.name for case in CASES)
        raise ValueError(f"no case is called {unknown[0]}; there are {names}")
    return [case for case in CASES if not wanted or case.name.startswith(wanted)]
