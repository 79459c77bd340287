"""Run tasks of a DAG, each in a process of its own, as a worker does: `python -m ... < request`.

The request is JSON on standard input: the DAG, its tasks, the id of the run, and the address of
AWS. For each task a line of JSON is printed. Airflow's own objects are used, without its database:
arguments are resolved from XComs, connection and Variables come from the environment. As in
Airflow, a process that has loaded Airflow forks for each task.

A deferrable sensor runs twice in its process, until it defers and after its trigger has fired. The
wait in between, in the triggerer, is not part of the figures.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import sys
import time
import traceback
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.airflow_tasks.server import COMPLETE, COUNTS

RETURNED = "return_value"
XComs = dict[str, dict[str, Any]]
"""The values that tasks have pushed: by task, then by key."""

ROOT = Path(__file__).parents[2]


def load_dag(dag_id: str) -> Any:
    """Load a DAG's file, which has the tasks of one pipeline here."""
    name = dag_id.partition("__")[2]
    spec = importlib.util.spec_from_file_location(name, ROOT / "dags" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # The runs before have ended; Airflow's API, which knows, does not run.
    sys.modules["sagemaker_jobs.jobs.shared_work"].__dict__["get_task_states"] = lambda *_: {}
    dag = module.planned.operator.dag
    assert dag.dag_id == dag_id
    return dag


def set_context(context: dict[str, Any]) -> None:
    """Let `get_current_context` return this context in all modules that have imported it."""
    for module in list(sys.modules.values()):
        if "get_current_context" in vars(module) and not module.__name__.startswith("airflow"):
            vars(module)["get_current_context"] = lambda: context


class Events(dict[Any, Any]):
    """The events of a task's outlets."""

    def __missing__(self, asset: Any) -> Any:
        self[asset] = SimpleNamespace(extra={})
        return self[asset]


def resolve(value: Any, xcoms: XComs) -> Any:
    """Return an argument of a task in which XComs are replaced by their values."""
    if isinstance(value, dict):
        return {key: resolve(member, xcoms) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(resolve(member, xcoms) for member in value)
    if hasattr(value, "source"):
        return resolve(value.source, xcoms)
    if hasattr(value, "operator") and hasattr(value, "key"):
        pushed = xcoms.get(value.operator.task_id, {}).get(RETURNED)
        return pushed if value.key == RETURNED else (pushed or {}).get(value.key)
    return value


def run_task(task: Any, dag: Any, xcoms: XComs, request: dict[str, Any]) -> dict[str, Any]:
    """Run a task, add what it pushes to the XComs, and return its outcome."""
    from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

    pushed: dict[str, Any] = {}
    context = _context(task, dag, xcoms, pushed, request)
    for name in ("request", "job", "endpoint", "op_args", "op_kwargs"):
        if hasattr(task, name):
            setattr(task, name, resolve(getattr(task, name), xcoms))
    state = "success"
    set_context(context)
    try:
        try:
            pushed[RETURNED] = task.execute(context)
        except TaskDeferred as deferred:
            _post(f"{request['address']}{COMPLETE}")
            state = "success, deferred once"
            event = {"status": "ended", **getattr(deferred.trigger, "context", dict)()}
            pushed[RETURNED] = getattr(task, deferred.method_name)(context, event=event)
    except AirflowSkipException:
        state = "skipped"
    xcoms[task.task_id] = json.loads(json.dumps(pushed, default=str))
    return {"state": state, "xcom_bytes": len(json.dumps(xcoms[task.task_id]))}


def _context(
    task: Any, dag: Any, xcoms: XComs, pushed: dict[str, Any], request: dict[str, Any]
) -> dict[str, Any]:
    def pull(task_ids: str, key: str = RETURNED) -> Any:
        return xcoms.get(task_ids, {}).get(key)

    ti = SimpleNamespace(
        dag_id=dag.dag_id, task_id=task.task_id, run_id=request["run_id"], map_index=-1,
        max_tries=3, try_number=1, xcom_push=lambda key, value: pushed.update({key: value}),
        xcom_pull=pull,
    )  # fmt: skip
    run = SimpleNamespace(
        clear_number=0, run_type="scheduled", conf={}, run_id=ti.run_id,
        run_after=datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    params = {name: param.value for name, param in dag.params.items()} | {"force": request["force"]}
    return {
        "ti": ti, "task_instance": ti, "task": task, "dag": dag, "dag_run": run,
        "run_id": ti.run_id, "params": params, "outlet_events": Events(),
    }  # fmt: skip


def _post(address: str) -> Any:
    with urllib.request.urlopen(urllib.request.Request(address, b"", method="POST")) as answer:
        return json.loads(answer.read() or b"null")


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(dag: Any, name: str, force: bool, xcoms: XComs, request: dict[str, Any]) -> Any:
    """Run a task in this process; return what it used, its outcome and the XComs that it pushed."""
    task = dag.get_task(name)
    loaded, started = _megabytes(), time.process_time()
    outcome = run_task(task, dag, xcoms, {**request, "force": force})
    used = {
        "cpu_seconds": round(time.process_time() - started, 2),
        "megabytes": round(_megabytes()),
        "growth": round(_megabytes() - loaded),
    }
    return {"figures": {**used, **outcome}, "pushed": xcoms[name]}


def in_child(function: Callable[[], Any]) -> Any:
    """Return the JSON value that a function returns in a forked process.

    Raises:
        RuntimeError: The function failed; its traceback is on standard error.
    """
    reader, writer = os.pipe()
    if not os.fork():
        code = 1
        try:
            with os.fdopen(writer, "w") as pipe:
                json.dump(function(), pipe)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    if os.wait()[1]:
        raise RuntimeError("the task failed")
    return json.loads(text)


def main() -> None:
    """Run the tasks of the request, and print what each used, with its requests to AWS."""
    request = json.load(sys.stdin)
    # Standard output has the figures only; Airflow logs to it.
    out, sys.stdout = sys.stdout, sys.stderr
    dag = load_dag(request["dag"])
    xcoms: XComs = {}
    for name, force in request["tasks"]:
        _post(f"{request['address']}{COUNTS}")
        ran = in_child(partial(measure, dag, name, force, xcoms, request))
        xcoms[name] = ran["pushed"]
        counts = _post(f"{request['address']}{COUNTS}")
        print(json.dumps({**ran["figures"], **counts}), file=out, flush=True)


if __name__ == "__main__":
    main()
