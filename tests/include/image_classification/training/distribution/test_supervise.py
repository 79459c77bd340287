"""Whatever ends one host's processes ends all hosts', with the reason; without MXNet."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from include.image_classification.container import ProgramError
from include.image_classification.training.distribution import children, links
from include.image_classification.training.distribution.cluster import Cluster
from include.image_classification.training.distribution.supervise import supervise
from tests.include.image_classification.training.distribution.hosts import addresses
from tests.waiting import LONG

HOSTS = ("algo-1", "algo-2")
Supervise = Callable[..., "list[Future[None]]"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervise:
    """Supervise two hosts, each with a worker that is a shell command."""
    monkeypatch.setenv("HOST_ADDRESSES", addresses())
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setattr(children, "NODE", ("true",))
    pool = ThreadPoolExecutor()

    def start(*commands: str, stop: threading.Event | None = None) -> "list[Future[None]]":
        return [
            pool.submit(
                supervise,
                Cluster(host, HOSTS),
                stop if stop and host == "algo-2" else threading.Event(),
                ("sh", "-c", command),
            )
            for host, command in zip(HOSTS, commands, strict=True)
        ]

    return start


def test_all_return_when_all_have_ended_well(run: Supervise) -> None:
    for each in run("sleep 0.5", "true"):
        each.result(10)


def test_one_hosts_failure_ends_both_with_its_reason(run: Supervise, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    began = time.monotonic()
    failing = f"sleep 0.3; echo train.rec is empty > {tmp_path}/output/failure; exit 1"
    for each in run("sleep 60", failing):
        with pytest.raises(ProgramError, match=r"^algo-2: train.rec is empty"):
            each.result(10)
    assert time.monotonic() - began < 5


def test_a_host_that_only_suffers_from_another_does_not_tell_its_own_reason(
    run: Supervise, tmp_path: Path
) -> None:
    (tmp_path / "output").mkdir()
    suffering = f"sleep 0.7; echo another host ended > {tmp_path}/output/failure; exit 1"
    for each in run(suffering, "sleep 1.5; kill -9 $$"):
        with pytest.raises(ProgramError, match=r"^algo-2: .*worker was ended by signal 9"):
            each.result(10)


def test_a_stop_reaches_every_worker(run: Supervise, tmp_path: Path) -> None:
    stop = threading.Event()
    heeding = "trap 'exit 0' TERM; touch {}; while true; do sleep 0.05; done"
    marks = [tmp_path / "first", tmp_path / "second"]
    asked = run(*map(heeding.format, marks), stop=stop)
    _await(marks)
    stop.set()
    for each in asked:
        each.result(10)


def test_a_worker_that_dies_of_the_stop_is_no_failure(run: Supervise, tmp_path: Path) -> None:
    """It had not yet come to where it heeds a stop; the other's would wait for it."""
    stop = threading.Event()
    marks = [tmp_path / "first", tmp_path / "second"]
    deaf, dying = "trap '' TERM; touch {}; sleep 60", "touch {}; exec sleep 60"
    asked = run(deaf.format(marks[0]), dying.format(marks[1]), stop=stop)
    _await(marks)
    stop.set()
    for each in asked:
        each.result(10)


def test_a_host_without_a_sign_of_life_is_named(
    run: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "SILENCE", 0.5)
    monkeypatch.setattr(links, "BEAT", 3600)
    for each in run("sleep 60", "sleep 60"):
        with pytest.raises(ProgramError, match=r"algo-[12] has given no sign of life"):
            each.result(10)


def test_a_host_that_does_not_come_is_named(run: Supervise) -> None:
    alone = Cluster("algo-1", HOSTS)
    with pytest.raises(ProgramError, match=r"algo-2 did not come within 0 s"):
        links.await_others(alone, threading.Event(), patience=0.3)


def test_a_stop_while_the_others_are_awaited_ends_the_wait(run: Supervise) -> None:
    stop = threading.Event()
    stop.set()
    supervise(Cluster("algo-1", HOSTS), stop, ("false",))


def _await(marks: list[Path]) -> None:
    deadline = time.monotonic() + LONG
    while not all(mark.exists() for mark in marks):
        assert time.monotonic() < deadline
        time.sleep(0.02)
