"""A process that imports Airflow once and forks it for each component.

Each of Airflow's commands would import the same modules, which takes longer than its own start.
LocalExecutor's tasks, the processes that parse DAG files and the process that runs triggers are
forks of components, so that they need not import again what is imported here.

`python -m include.local_run.stack.forked.fork_server FD` reads requests from the Unix socket FD,
one JSON object per packet, and ends when the other end is closed:

    {"arguments": [...], "environment": {...}, "folder": "...", "log": "..."}

It answers `{"started": <pid>}`; when a fork ends, it sends `{"ended": <pid>, "status": <status>}`,
where the status of a fork that a signal killed is the negative number of the signal. A fork runs
`airflow ARGUMENTS` in a session of its own, and gets SIGTERM when this process ends.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Any

MODULES = (
    "airflow.__main__",
    "airflow.jobs.scheduler_job_runner",
    "airflow.dag_processing.manager",
    "airflow.api_fastapi.app",
    "airflow.api_fastapi.execution_api.routes",  # DAG processor and triggerer serve it, too
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.amazon.aws.hooks.sagemaker",
    "airflow.providers.amazon.aws.operators.sagemaker",
    "airflow.providers.amazon.aws.sensors.base_aws",
    "airflow.providers.standard.decorators.python",
    "airflow.sdk.definitions.decorators",
    "sagemaker_jobs.sensors",
    "sagemaker_jobs.operators.submit",
    "sagemaker_jobs.operators.deploy",
    "include.config",
    "include.decisions.batch.plan",
)
MAX_REQUEST = 1 << 20


def main() -> None:
    """Import the modules, then serve requests."""
    from setproctitle import getproctitle, setproctitle

    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    for module in MODULES:
        try:
            importlib.import_module(module)
        except ImportError as error:  # the task that needs the module reports the error
            print(f"could not import {module} before forking: {error}", file=sys.stderr)
    from include.local_run.stack.forked.execution_api import serve_latest_version

    serve_latest_version()
    setproctitle(getproctitle())  # finds the title's place by the environment, before it changes
    gc.freeze()  # a collection would copy the pages that forks share
    request = _serve(channel)
    if request is not None:
        _run(request["arguments"])


def _serve(channel: socket.socket) -> Mapping[str, Any] | None:
    """Fork for each request. Return the request in a fork, and None when no more will come."""
    woken, waker = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    server = os.getpid()
    while True:
        ready, _, _ = select.select([channel.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, MAX_REQUEST)
            _report_ended(channel)
        if channel.fileno() not in ready:
            continue
        message = channel.recv(MAX_REQUEST)
        if not message:
            return None
        request: Mapping[str, Any] = json.loads(message)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (woken, waker):
                os.close(descriptor)
            channel.close()
            _become(request, server)
            return request
        channel.send(json.dumps({"started": pid}).encode())


def _report_ended(channel: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        channel.send(json.dumps({"ended": pid, "status": code}).encode())


def _become(request: Mapping[str, Any], server: int) -> None:
    """Take the session, the log, the folder and the environment of the request."""
    from include.local_run.stack.bind_to_parent import bind

    os.setsid()
    bind(server)
    os.umask(0o077)  # only the owner can read logs, databases and outputs
    os.chdir(request["folder"])
    for path, flags, descriptors in (
        (os.devnull, os.O_RDONLY, (0,)),
        (request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, (1, 2)),
    ):
        opened = os.open(path, flags, 0o600)
        for descriptor in descriptors:
            os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(request["environment"])


def _run(arguments: Sequence[str]) -> None:
    """Run `airflow` with the arguments."""
    from airflow.__main__ import main as airflow
    from setproctitle import setproctitle

    setproctitle(" ".join(["airflow", *arguments]))
    if arguments[0] == "scheduler":  # parsing needs no clients, and triggers have their own
        from include.local_run.stack.forked.aws_sessions import create_clients

        create_clients()
    sys.argv = ["airflow", *arguments]
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
