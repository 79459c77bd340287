"""Whose job it is: written on the job as a tag, and read from there by who finds it running."""

import re
from dataclasses import dataclass

TASK_TAG = "sagemaker-jobs:task"

_LONGEST_VALUE = 256
_SUBMIT, _TRACK = "submit", "track"


def task_tag(dag_id: str, task_id: str, run_id: str) -> str:
    """Return the tag's value for a submitting task, in the alphabet and length that AWS takes."""
    whose = f"{dag_id}/{task_id}/{run_id}"
    return re.sub(r"[^\w .:/=+\-@]", "-", whose)[:_LONGEST_VALUE]


@dataclass(frozen=True)
class Owner:
    """The task that submitted a job, in its run."""

    dag_id: str
    task_id: str
    run_id: str

    @classmethod
    def from_tag(cls, value: str) -> "Owner | None":
        """Return the owner that a tag names, or None where it may have been cut or is no such tag.

        A run whose id has characters that tags do not take has another name here: Airflow then
        knows no run of that name.
        """
        parts = value.split("/", 2)
        if len(value) >= _LONGEST_VALUE or len(parts) != 3 or not all(parts):
            return None
        return cls(*parts)

    @property
    def tracker(self) -> str | None:
        """The task that follows the job: `track_x` beside `submit_x`; None where that says nothing.

        Tasks of a group have its name before theirs, with a dot.
        """
        group, dot, name = self.task_id.rpartition(".")
        if not name.startswith(_SUBMIT):
            return None
        return f"{group}{dot}{_TRACK}{name.removeprefix(_SUBMIT)}"

    def __str__(self) -> str:
        return f"{self.dag_id}/{self.task_id}/{self.run_id}"
