"""Former home of the deadline callback, for deadlines of runs that an earlier version created.

Airflow stores the callback of a deadline by its import path. Remove this module one release after
the move.
"""

from sagemaker_jobs.notifications.deadlines import deadline_missed

__all__ = ["deadline_missed"]
