"""What a run works on: which pipeline, which files, which new photos. Checked before any start."""

from include.local_run.run_plan.run_plan import Assignment, Wishes, assign

__all__ = ["Assignment", "Wishes", "assign"]
