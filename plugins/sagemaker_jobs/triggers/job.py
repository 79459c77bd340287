"""The trigger that watches a job in the triggerer, and stops it when its task is killed."""

import asyncio
from typing import Any

from sagemaker_jobs.airflow_compat import get_task_states
from sagemaker_jobs.aws_errors import Client, error_message
from sagemaker_jobs.jobs.kinds import RUNNING_STATES, get_kind
from sagemaker_jobs.jobs.log_tail import LogTail
from sagemaker_jobs.jobs.progress import STALL_AFTER, StallDetector, StatusLog
from sagemaker_jobs.triggers.polling import Payload, PollingTrigger

# Seconds to ask Airflow for a task's state: less than the 30 s that Airflow gives on_kill. A
# triggerer that was never asked, or has much to do, takes long to answer.
_LONGEST_QUESTION = 25.0
_NEXT_QUESTION = 1.0

# The event loop itself keeps no more than a weak hold on its tasks.
_STOPPING: set[asyncio.Task[None]] = set()


class SageMakerJobTrigger(PollingTrigger):
    """Follows a job to its end: logs status changes and the log's telling lines as they come.

    Fires ``{"status": "ended" | "timeout" | "error", "job_name": ..., "renewal": ...}``.
    """

    def __init__(
        self,
        *,
        kind: str,
        job_name: str,
        renewal: int,
        log_pattern: str,
        connection: dict[str, Any],
        pace: dict[str, Any],
        stall_after: float = STALL_AFTER,
    ) -> None:
        super().__init__(connection=connection, pace=pace)
        self.kind = get_kind(kind)
        self.job_name = job_name
        self.renewal = renewal
        self.log_pattern = log_pattern
        self.stall_after = stall_after
        self._status_log = StatusLog(self.kind)
        self._stall_detector = StallDetector(stall_after)
        self._changes = 0
        self._tail: LogTail | None = None

    def context(self) -> Payload:
        """Return which job the event is about."""
        return {"job_name": self.job_name, "renewal": self.renewal}

    def serialized_fields(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().serialized_fields(),
            "kind": self.kind.name,
            "job_name": self.job_name,
            "renewal": self.renewal,
            "log_pattern": self.log_pattern,
            "stall_after": self.stall_after,
        }

    async def watch(self) -> Payload:
        """Watch the job, its log beside it."""
        async with await self.logs() as client:
            self._tail = LogTail(client, self.kind.log_group, self.job_name, self.log_pattern)
            return await super().watch()

    async def logs(self) -> Client:
        """Return an async client of CloudWatch Logs, to be entered."""
        from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook

        hook: Any = AwsLogsHook
        return await hook(**self.connection.hook_parameters()).get_async_conn()

    async def check(self, client: Client) -> Payload | None:
        """Log what is new, and return the event when the job has ended."""
        description = await self._describe(client)
        for line in self._status_log.changes(description):
            self._changes += 1
            self.log.info("%s: %s", self.job_name, line)
        await self._tell_log()
        self._warn_of_stall()
        return None if self.kind.status(description) in RUNNING_STATES else {"status": "ended"}

    async def on_kill(self) -> None:
        """Stop the job, if a person has cleared or marked the task. Restarts do not come here.

        A trigger that another triggerer took over does come here, so the task's state is asked for.
        Until it returns, Airflow 3.3 cancels it again every second, so the work is shielded.
        """
        if self._over:
            return
        stopping = asyncio.create_task(self._stop())
        _STOPPING.add(stopping)
        stopping.add_done_callback(_STOPPING.discard)
        await asyncio.shield(stopping)

    async def _stop(self) -> None:
        if await self._is_to_be_left():
            return
        try:
            async with await self.sagemaker() as client:
                await self.kind.stop_call(client)(**{self.kind.name_field: self.job_name})
        except Exception as error:
            self.log.warning("%s was not stopped: %s", self.job_name, error_message(error))
        else:
            self.log.info("%s is told to stop, as its task was killed", self.job_name)

    async def _describe(self, client: Client) -> dict[str, Any]:
        return dict(await self.kind.describe_call(client)(**{self.kind.name_field: self.job_name}))

    async def _tell_log(self) -> None:
        if self._tail is None:
            return
        try:
            for line in await self._tail.new_lines():
                self.log.info("%s", line)
        except Exception as error:
            self.log.warning(
                "%s: its log cannot be read, so it is not repeated here, and should the job hang, "
                "that is not noticed: %s",
                self.job_name,
                error_message(error),
            )
            self._tail = None

    def _warn_of_stall(self) -> None:
        if self._tail is None:  # Its silence would say nothing.
            return
        if stalled := self._stall_detector.warning((self._changes, self._tail.lines_read)):
            self.log.warning("%s: %s", self.job_name, stalled)

    async def _is_to_be_left(self) -> bool:
        """Tell whether the task still waits, or may: its trigger may only have moved elsewhere.

        A job that nobody is at is found by `sweep`; one that was stopped by mistake is lost.
        """
        if self.task_instance is None:
            return False
        states = await self._task_states(self.task_instance)
        if states is None:
            self.log.warning(
                "%s is left as it is: Airflow does not say whether its task was killed or has "
                "moved to another triggerer",
                self.job_name,
            )
            return True
        return "deferred" in states.values()

    async def _task_states(self, ti: Any) -> dict[str, str | None] | None:
        """Ask Airflow for the task's state, again and again; return None where no answer comes."""
        try:
            async with asyncio.timeout(_LONGEST_QUESTION):
                while True:
                    try:
                        # Not by asgiref, whose one thread is everybody's.
                        return await asyncio.to_thread(_states_of, ti)
                    except Exception as error:
                        self.log.warning("the task's state is not known yet: %r", error)
                    await asyncio.sleep(_NEXT_QUESTION)
        except TimeoutError:
            return None


def _states_of(ti: Any) -> dict[str, str | None]:
    return get_task_states(ti.dag_id, ti.run_id, task_ids=[ti.task_id], map_index=ti.map_index)
