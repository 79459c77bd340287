"""Run plan: the pipeline, files and new photos of a run, checked before anything starts."""

from include.local_run.run_plan.run_plan import RunPlan, RunRequest, plan_run

__all__ = ["RunPlan", "RunRequest", "plan_run"]
