"""The identity of a task's job, and the job's name, which follows from the identity.

The caller chooses the name of a SageMaker job, and names are unique. A name that is derived from
the task needs no stored state: a retry, or a task after a crash, finds the job by the same name.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

_MAX_NAME_LENGTH = 63
_HASH_DIGITS = 12


@dataclass(frozen=True)
class JobIdentity:
    """A task in a run, as the source of a job's name.

    Attributes:
        deployment: A salt, so that a copy of the installation does not attach to its jobs.
        dag_id: The DAG of the submitting task.
        task_id: The submitting task.
        run_id: The run.
        map_index: -1 if the task is not mapped.
        generation: Constant over retries; changes when a user clears the task.
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
        """Return the name of one attempt, at most 63 characters.

        Args:
            prefix: The beginning of the name; changed to the characters that SageMaker allows.
            renewal: How often a user has cleared the sensor alone.
            attempt: The number of the attempt, from 1.
        """
        generation = f"{self.generation}.{renewal}" if renewal else str(self.generation)
        fields = {**self.to_dict(), "generation": generation, "attempt": attempt}
        return _name(prefix, fields)


def shared_job_name(prefix: str, deployment: str, work: str, attempt: int) -> str:
    """Return the name of one attempt at a work that tasks share, at most 63 characters.

    Args:
        prefix: The beginning of the name; changed to the characters that SageMaker allows.
        deployment: A salt, as in `JobIdentity`.
        work: What the job makes; tasks with the same work have the same job.
        attempt: The number of the attempt, from 1.
    """
    return _name(prefix, {"deployment": deployment, "work": work, "attempt": attempt})


def generation_of(context: Any) -> int:
    """Return a task's generation: the tries that clears have added, 0 at first.

    Airflow sets ``max_tries`` to the tries so far plus the retries when a user clears a task, and
    does not change it on a retry.
    """
    return int(context["ti"].max_tries - (context["task"].retries or 0))


def clear_number_of(context: Any) -> int:
    """Return how often a user has cleared tasks of the run."""
    return context["dag_run"].clear_number or 0


def request_digest(kind: str, config: dict[str, Any]) -> str:
    """Return the hash of a request's content, independent of the order of keys."""
    return _digest({"kind": kind, "config": config})


def with_job_names(value: Any, job_name: str, first_job_name: str) -> Any:
    """Return a copy of a request with the placeholders for job names replaced.

    Args:
        value: The request, or a part of it.
        job_name: Replaces ``{job_name}`` inside strings.
        first_job_name: Replaces ``{first_job_name}``: the name of the first attempt, for paths that
            all attempts share, such as checkpoints.
    """
    if isinstance(value, str):
        named = value.replace("{job_name}", job_name)
        return named.replace("{first_job_name}", first_job_name)
    if isinstance(value, dict):
        return {k: with_job_names(item, job_name, first_job_name) for k, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_job_names(item, job_name, first_job_name) for item in value]
    return value


def _name(prefix: str, fields: dict[str, Any]) -> str:
    digest = _digest(fields)[:_HASH_DIGITS]
    readable = re.sub(r"[^a-zA-Z0-9]+", "-", prefix)[: _MAX_NAME_LENGTH - _HASH_DIGITS - 1]
    return f"{readable.strip('-') or 'job'}-{digest}"


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
