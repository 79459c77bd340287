"""The trigger that waits for a job in the triggerer, and stops the job if its task is killed."""

import asyncio
from typing import Any

from sagemaker_jobs.airflow_compat import get_task_states
from sagemaker_jobs.aws_errors import Client, error_message
from sagemaker_jobs.jobs.kinds import RUNNING_STATES, get_kind
from sagemaker_jobs.jobs.log_filter import LogFilter
from sagemaker_jobs.jobs.log_tail import LogTail
from sagemaker_jobs.jobs.progress import STALL_AFTER, StallDetector, StatusLog
from sagemaker_jobs.triggers.polling import Payload, PollingTrigger

# Seconds in which Airflow must answer with the task's state: below the 30 s that Airflow allows
# on_kill. A triggerer with much to do, or one that never asked before, takes long to answer.
_STATE_TIMEOUT = 25.0
_STATE_RETRY_DELAY = 1.0

# The event loop holds only weak references to its tasks.
_STOPPING: set[asyncio.Task[None]] = set()


class SageMakerJobTrigger(PollingTrigger):
    """Waits for the end of a job, and logs its status changes and selected lines of its log.

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
        self._status_changes = 0
        self._log_filter = LogFilter(self.kind, log_pattern)
        self._tail: LogTail | None = None

    def context(self) -> Payload:
        """Return the job that the event is about."""
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
        """Wait for the end of the job, and read its log meanwhile."""
        async with await self.logs() as client:
            self._tail = LogTail(client, self.kind.log_group, self.job_name)
            return await super().watch()

    async def logs(self) -> Client:
        """Return an async client of CloudWatch Logs, as a context manager."""
        from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook

        hook: Any = AwsLogsHook
        return await hook(**self.connection.hook_parameters()).get_async_conn()

    async def check(self, client: Client) -> Payload | None:
        """Log what is new, and return the event if the job has ended."""
        description = await self._describe(client)
        for line in self._status_log.changes(description):
            self._status_changes += 1
            self.log.info("%s: %s", self.job_name, line)
        self._log_filter.use_description(description)
        await self._log_new_lines()
        self._warn_of_stall()
        if self.kind.status(description) in RUNNING_STATES:
            return None
        self._log_lines(self._log_filter.finish())
        return {"status": "ended"}

    async def on_kill(self) -> None:
        """Stop the job if a user has cleared or marked the task.

        Airflow does not call this when a triggerer restarts, but it does when another triggerer has
        taken over the trigger, so the task's state is checked first. Airflow 3.3 cancels this
        coroutine again every second until it returns, so the work is shielded.
        """
        if self._over:
            return
        stopping = asyncio.create_task(self._stop())
        _STOPPING.add(stopping)
        stopping.add_done_callback(_STOPPING.discard)
        await asyncio.shield(stopping)

    async def _stop(self) -> None:
        if await self._may_still_wait():
            return
        try:
            async with await self.sagemaker() as client:
                await self.kind.stop_call(client)(**{self.kind.name_field: self.job_name})
        except Exception as error:
            self.log.warning("%s was not stopped: %s", self.job_name, error_message(error))
        else:
            self.log.info("stopping %s, because its task was killed", self.job_name)

    async def _describe(self, client: Client) -> dict[str, Any]:
        return dict(await self.kind.describe_call(client)(**{self.kind.name_field: self.job_name}))

    async def _log_new_lines(self) -> None:
        if self._tail is None:
            return
        try:
            lines = await self._tail.new_lines()
        except Exception as error:
            self.log.warning(
                "%s: the job's log cannot be read, so this log does not repeat its lines, and "
                "there is no warning if the job hangs: %s",
                self.job_name,
                error_message(error),
            )
            self._tail = None
        else:
            self._log_lines(self._log_filter.select(lines))

    def _log_lines(self, lines: list[str]) -> None:
        for line in lines:
            self.log.info("%s", line)

    def _warn_of_stall(self) -> None:
        if self._tail is None:  # Without the log, a job that works looks like one that hangs.
            return
        progress = (self._status_changes, self._tail.lines_read)
        if warning := self._stall_detector.warning(progress):
            self.log.warning("%s: %s", self.job_name, warning)

    async def _may_still_wait(self) -> bool:
        """Return whether the task still waits for the job, or Airflow does not say.

        In doubt the job is left: `sweep` finds an orphan, but a stopped training is lost.
        """
        if self.task_instance is None:
            return False
        states = await self._task_states(self.task_instance)
        if states is None:
            self.log.warning(
                "%s is not stopped: Airflow does not say whether its task was killed or has "
                "moved to another triggerer",
                self.job_name,
            )
            return True
        return "deferred" in states.values()

    async def _task_states(self, ti: Any) -> dict[str, str | None] | None:
        """Return the task's state, after retries; None if Airflow does not answer in time."""
        try:
            async with asyncio.timeout(_STATE_TIMEOUT):
                while True:
                    try:
                        # Not sync_to_async, whose only thread all triggers share.
                        return await asyncio.to_thread(_states_of, ti)
                    except Exception as error:
                        self.log.warning("the task's state is not known yet: %r", error)
                    await asyncio.sleep(_STATE_RETRY_DELAY)
        except TimeoutError:
            return None


def _states_of(ti: Any) -> dict[str, str | None]:
    return get_task_states(ti.dag_id, ti.run_id, task_ids=[ti.task_id], map_index=ti.map_index)
