"""Supervisors: a failure on one host ends all hosts with its reason. These tests need no MXNet."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.training.distribution import host_processes, links
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
    monkeypatch.setattr(host_processes, "NODE", ("true",))
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


def test_supervisors_return_when_all_hosts_have_succeeded(run: Supervise) -> None:
    for future in run("sleep 0.5", "true"):
        future.result(10)


def test_a_failure_on_one_host_ends_both_with_its_reason(run: Supervise, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    started = time.monotonic()
    failing = f"sleep 0.3; echo train.rec is empty > {tmp_path}/output/failure; exit 1"
    for future in run("sleep 60", failing):
        with pytest.raises(CommandError, match=r"^algo-2: train.rec is empty"):
            future.result(10)
    assert time.monotonic() - started < 5


def test_a_worker_that_lost_another_host_does_not_hide_the_first_reason(
    run: Supervise, tmp_path: Path
) -> None:
    (tmp_path / "output").mkdir()
    lost = f"sleep 0.7; echo another host ended > {tmp_path}/output/failure; exit 1"
    for future in run(lost, "sleep 1.5; kill -9 $$"):
        with pytest.raises(CommandError, match=r"^algo-2: .*worker ended with signal 9"):
            future.result(10)


def test_a_stop_is_sent_to_all_workers(run: Supervise, tmp_path: Path) -> None:
    stop = threading.Event()
    handling = "trap 'exit 0' TERM; touch {}; while true; do sleep 0.05; done"
    marks = [tmp_path / "first", tmp_path / "second"]
    futures = run(*map(handling.format, marks), stop=stop)
    _wait_for(marks)
    stop.set()
    for future in futures:
        future.result(10)


def test_a_worker_that_sigterm_kills_is_not_a_failure(run: Supervise, tmp_path: Path) -> None:
    """A worker that starts cannot handle SIGTERM yet, and the other worker would wait for it."""
    stop = threading.Event()
    marks = [tmp_path / "first", tmp_path / "second"]
    ignoring, ending = "trap '' TERM; touch {}; sleep 60", "touch {}; exec sleep 60"
    futures = run(ignoring.format(marks[0]), ending.format(marks[1]), stop=stop)
    _wait_for(marks)
    stop.set()
    for future in futures:
        future.result(10)


def test_a_host_without_heartbeats_is_named(
    run: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "HEARTBEAT_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(links, "HEARTBEAT_SECONDS", 3600)
    for future in run("sleep 60", "sleep 60"):
        with pytest.raises(CommandError, match=r"algo-[12] has sent no heartbeat"):
            future.result(10)


def test_a_host_that_does_not_connect_is_named(run: Supervise) -> None:
    cluster = Cluster("algo-1", HOSTS)
    with pytest.raises(CommandError, match=r"algo-2 did not connect within 0 s"):
        links.accept_hosts(cluster, threading.Event(), timeout=0.3)


def test_a_stop_ends_the_wait_for_the_other_hosts(run: Supervise) -> None:
    stop = threading.Event()
    stop.set()
    supervise(Cluster("algo-1", HOSTS), stop, ("false",))


def _wait_for(marks: list[Path]) -> None:
    deadline = time.monotonic() + LONG
    while not all(mark.exists() for mark in marks):
        assert time.monotonic() < deadline
        time.sleep(0.02)
