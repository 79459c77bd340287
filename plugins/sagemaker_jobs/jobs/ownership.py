"""The tags on a job that name the tasks which submitted it and which wait for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

TASK_TAG = "sagemaker-jobs:task"
SENSOR_TAG = "sagemaker-jobs:sensor"
GENERATION_TAG = "sagemaker-jobs:generation"
"""On jobs that tasks share: the generation of the task that the two other tags name."""

_MAX_TAG_LENGTH = 256
# Jobs of the version before SENSOR_TAG. Remove one release after it.
_FORMER_SUBMIT_PREFIX, _FORMER_SENSOR_PREFIX = "submit", "track"


def task_tag(dag_id: str, task_id: str, run_id: str) -> str:
    """Return the value of the tag that names a submitting task in its run."""
    return _tag_value(f"{dag_id}/{task_id}/{run_id}")


def ownership_tags(
    dag_id: str, task_id: str, run_id: str, sensor_task_id: str | None
) -> dict[str, str]:
    """Return the tags of a job, by key.

    Args:
        dag_id: The DAG of both tasks.
        task_id: The task that submits the job.
        run_id: The run of both tasks.
        sensor_task_id: The task that waits for the job, if there is one.
    """
    tags = {TASK_TAG: task_tag(dag_id, task_id, run_id)}
    return {**tags, SENSOR_TAG: _tag_value(sensor_task_id)} if sensor_task_id else tags


@dataclass(frozen=True)
class Owner:
    """The tasks of a job in their run.

    Attributes:
        dag_id: The DAG of both tasks.
        task_id: The task that submitted the job.
        run_id: The run of both tasks.
        sensor_task_id: The task that waits for the job; None if the tags do not name it.
    """

    dag_id: str
    task_id: str
    run_id: str
    sensor_task_id: str | None

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> "Owner | None":
        """Return the owner that a job's tags name, or None if they name none or may be cut.

        A run id with characters that AWS does not allow in tags is changed in the tag. Airflow then
        knows no run of that name.
        """
        value = tags.get(TASK_TAG, "")
        parts = value.split("/", 2)
        if len(value) >= _MAX_TAG_LENGTH or len(parts) != 3 or not all(parts):
            return None
        dag_id, task_id, run_id = parts
        return cls(dag_id, task_id, run_id, tags.get(SENSOR_TAG) or _former_sensor(task_id))

    def __str__(self) -> str:
        return f"{self.dag_id}/{self.task_id}/{self.run_id}"


def _tag_value(text: str) -> str:
    """Return a text with the characters and the length that AWS allows in a tag's value."""
    return re.sub(r"[^\w .:/=+\-@]", "-", text)[:_MAX_TAG_LENGTH]


def _former_sensor(task_id: str) -> str | None:
    """Return `track_x` for `submit_x`, in the same task group, or None."""
    group, dot, name = task_id.rpartition(".")
    if not name.startswith(_FORMER_SUBMIT_PREFIX):
        return None
    return f"{group}{dot}{_FORMER_SENSOR_PREFIX}{name.removeprefix(_FORMER_SUBMIT_PREFIX)}"
