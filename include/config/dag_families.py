"""The families of DAGs: each pipeline has one DAG of each family.

This is the only list. To add a family, add an entry here and a file `dags/<name>.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DagFamily:
    """One family of DAGs.

    Attributes:
        name: The second half of the DAGs' ids, and the name of the file in `dags/`.
        title: The name in Airflow's UI.
        deadline: The key below `notifications.deadline_minutes` in a pipeline's YAML.
        schedule: The key below `schedules`; None for DAGs that assets or users start.
        in_local_run: Whether `make run` runs the DAG.
    """

    name: str
    title: str
    deadline: str
    schedule: str | None = None
    in_local_run: bool = True


FAMILIES = (
    DagFamily("dataset_refresh", "dataset refresh", "refresh", schedule="refresh"),
    DagFamily("im2rec_conversion", "im2rec conversion", "conversion"),
    DagFamily("nightly_training", "nightly training", "training", schedule="training"),
    DagFamily("endpoint_update", "endpoint update", "endpoint"),
    DagFamily("batch_inference", "batch inference", "batch", schedule="batch"),
    DagFamily("endpoint_rollback", "endpoint rollback", "endpoint", in_local_run=False),
)
"""In the order in which a pipeline's DAGs do their work."""

DEADLINES = tuple(dict.fromkeys(family.deadline for family in FAMILIES))
"""The keys below `notifications.deadline_minutes`."""

SCHEDULES = tuple(family.schedule for family in FAMILIES if family.schedule)
"""The keys below `schedules`, besides `timezone`."""


def get_family(name: str) -> DagFamily:
    """Return the family of this name.

    Raises:
        KeyError: There is none.
    """
    return {family.name: family for family in FAMILIES}[name]


def position(name: str) -> int:
    """Return a family's position in the order of work, from 1."""
    return FAMILIES.index(get_family(name)) + 1
