"""Whose work a job is, and the job's name, which follows from it.

SageMaker job names are the caller's choice and unique, so a name that is derived from the work
itself needs no state to be found again: not after a crash between two calls, not on a retry.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

_LONGEST_NAME = 63
_HASH_DIGITS = 12


@dataclass(frozen=True)
class JobIdentity:
    """One task's work in one run.

    Attributes:
        deployment: Salts the names, so that a copy of an installation never adopts its jobs.
        dag_id: The submitting task's DAG.
        task_id: The submitting task.
        run_id: Its run.
        map_index: -1 where the task is not mapped.
        generation: Constant over retries; changes when a person clears the task.
    """

    deployment: str
    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    generation: int

    @classmethod
    def from_context(cls, context: Any, deployment: str) -> "JobIdentity":
        """Return the identity of the task that a context belongs to."""
        ti = context["ti"]
        return cls(
            deployment=deployment,
            dag_id=ti.dag_id,
            task_id=ti.task_id,
            run_id=ti.run_id,
            map_index=-1 if ti.map_index is None else ti.map_index,
            generation=generation_of(context),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the identity as JSON types, for XCom."""
        return asdict(self)

    def job_name(self, prefix: str, *, renewal: int, attempt: int) -> str:
        """Return the name of one attempt at this work, at most 63 characters.

        Args:
            prefix: What the name starts with; made to fit SageMaker's alphabet and length.
            renewal: 0, or how often a person cleared the tracking task alone.
            attempt: From 1.
        """
        generation = f"{self.generation}.{renewal}" if renewal else str(self.generation)
        work = {**self.to_dict(), "generation": generation, "attempt": attempt}
        digest = _digest(work)[:_HASH_DIGITS]
        readable = re.sub(r"[^a-zA-Z0-9]+", "-", prefix)[: _LONGEST_NAME - _HASH_DIGITS - 1]
        return f"{readable.strip('-') or 'job'}-{digest}"


def generation_of(context: Any) -> int:
    """Return a task's generation: what clears have added to its tries, 0 at first.

    Airflow sets ``max_tries`` to the tries so far plus the retries when a person clears a task,
    and leaves it alone when it retries by itself.
    """
    return int(context["ti"].max_tries - (context["task"].retries or 0))


def clear_number_of(context: Any) -> int:
    """Return how often a person has cleared tasks of the run."""
    return context["dag_run"].clear_number or 0


def request_digest(kind: str, config: dict[str, Any]) -> str:
    """Return the hash of a request, the same for the same content in any order of keys."""
    return _digest({"kind": kind, "config": config})


def with_job_names(value: Any, job_name: str, first_job_name: str) -> Any:
    """Return a copy of a request in which every name that stands in braces is filled in.

    Args:
        value: The request, or a part of it.
        job_name: What ``{job_name}`` inside a string becomes.
        first_job_name: What ``{first_job_name}`` becomes: the name of the first attempt at the same
            work, by which what all its attempts share is found.
    """
    if isinstance(value, str):
        named = value.replace("{job_name}", job_name)
        return named.replace("{first_job_name}", first_job_name)
    if isinstance(value, dict):
        return {k: with_job_names(item, job_name, first_job_name) for k, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_job_names(item, job_name, first_job_name) for item in value]
    return value


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
