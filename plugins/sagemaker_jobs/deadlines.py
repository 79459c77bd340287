"""Former home of the deadline reference, for DAGs that an earlier version serialized.

Airflow stores a custom deadline reference by its class path and looks that path up among the
references that plugins register. Creating a run of a DAG that was not parsed again since the
upgrade, and clearing a run of one of its earlier versions, still use the path of this class. Remove
this module one release after the move.
"""

from sagemaker_jobs.notifications.deadlines import DagRunCreatedDeadline


class RunCreated(DagRunCreatedDeadline):
    """Former name of `DagRunCreatedDeadline`."""
