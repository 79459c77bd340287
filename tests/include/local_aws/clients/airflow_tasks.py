"""Run operators and sensors as Airflow does, without a scheduler."""

import asyncio
import importlib
from types import SimpleNamespace
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import TaskDeferred

_TIMEOUT = 60.0  # seconds for a trigger's event


def run(task: BaseOperator, method: str = "execute", context: Any = None, **arguments: Any) -> Any:
    """Call a method of a task; if it defers, wait for the trigger's event and resume.

    The trigger is created from its serialized form, as Airflow does.
    """
    # Airflow wraps execute to warn about calls outside of a task runner.
    function = getattr(type(task), method)
    context = context or {"ti": SimpleNamespace(xcom_push=lambda **pushed: None)}
    try:
        return getattr(function, "__wrapped__", function)(task, context=context, **arguments)
    except TaskDeferred as deferred:
        path, fields = deferred.trigger.serialize()
        module, _, name = path.rpartition(".")
        trigger = getattr(importlib.import_module(module), name)(**fields)
        event = asyncio.run(_event(trigger))
        return run(task, deferred.method_name, context, event=event)


async def _event(trigger: Any) -> Any:
    async with asyncio.timeout(_TIMEOUT):
        async for event in trigger.run():
            return event.payload
    raise AssertionError("the trigger ended without an event")
