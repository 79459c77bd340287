"""Tasks after a failed deployment: reject the package, restore the former model."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from airflow.sdk import TriggerRule, get_current_context, task

from dag_factory.endpoint.smoke_test import FAILED_TEST
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless

log = logging.getLogger(__name__)


@task(task_id="withdraw", trigger_rule=TriggerRule.ONE_FAILED, multiple_outputs=False)
def decide_rejection(pipeline: str) -> dict[str, Any]:
    """Decide whether to reject the package and whether to restore the former model.

    Changes nothing: `reject_package` and `plan_restore` act on the decision independently.

    - Any failure: nothing was rejected or restored. Fix what the message names, then clear the
      task and its downstream tasks.
    - Skipped: nothing speaks against the model, and the endpoint serves. Either the smoke test
      passed or could not run (clear the task that failed), SageMaker had no capacity, the update is
      still in progress, or another run's model serves by now. The reason says which.
    """
    from include.decisions.endpoint.rejection import decide_rejection as decide
    from include.decisions.registry.serving_model import endpoint_status
    from sagemaker_jobs.failure_reasons import endpoint_cause

    run, ti = load_context(pipeline), get_current_context()["ti"]
    # Pulled, not an argument: if `plan` were upstream, its failure would start this task, too.
    planned = ti.xcom_pull(task_ids="plan")
    # States as well as XComs: a cleared task that did not run again keeps its former XComs.
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
    deployed, failed = states.get("deploy") == "success", states.get("smoke_test") == "failed"
    failed_test = ti.xcom_pull(task_ids="smoke_test", key=FAILED_TEST) if failed else None
    endpoint = endpoint_status(run.sagemaker, run.pipeline.slug)
    cause = endpoint_cause(endpoint.failure_reason if endpoint else "")
    decided = decide(endpoint, planned, deployed, failed_test, cause)
    log.info("Decision on the package: %s.", decided.reject.reason)
    log.info("Decision on the endpoint: %s.", decided.restore.reason)
    skip_unless(decided.restore if decided.restore.go else decided.reject)
    return {
        "package": planned["package"]["arn"],
        "reject": asdict(decided.reject),
        "restore": asdict(decided.restore),
        "endpoint_config": decided.endpoint_config,
        "replaces": endpoint.endpoint_config if endpoint else None,
    }


@task(multiple_outputs=False)
def reject_package(pipeline: str, rejection: dict[str, Any]) -> dict[str, str]:
    """Mark the package as Rejected in the registry, or skip; return its ARN and the reason.

    - Any failure: the registry did not reject the package, or did not answer. The former model is
      restored all the same, but the next run would deploy this package again. Fix what the message
      names and clear the task, or reject the package in SageMaker's registry.
    - Skipped: the endpoint does not serve, but nothing speaks against the model. The former model
      is restored, and the package keeps its status.
    """
    from include.decisions.decision import Decision
    from include.decisions.registry.packages import reject

    decision = Decision(**rejection["reject"])
    skip_unless(decision)
    reject(load_context(pipeline).sagemaker, rejection["package"], decision.reason)
    return {"package": rejection["package"], "reason": decision.reason}


@task(multiple_outputs=False)
def plan_restore(pipeline: str, rejection: dict[str, Any]) -> dict[str, Any]:
    """Return the request that restores the former endpoint configuration, or skip.

    The request contains the configuration that it `replaces`: a later clear of `restore` does not
    undo another run's deployment.

    - Any failure: the rejected model serves. Fix what the message names, then clear the task and
      its downstream tasks.
    - Skipped: the former model serves already, or there was none.
    """
    from include.decisions.decision import Decision
    from include.sagemaker_requests import endpoint_request

    skip_unless(Decision(**rejection["restore"]))
    request = endpoint_request(load_context(pipeline).pipeline, rejection["endpoint_config"])
    return {**request, "replaces": rejection["replaces"]}
