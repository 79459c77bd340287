"""Tasks that judge a candidate, register it, and announce it if it was promoted."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from airflow.sdk import task

from dag_factory import assets
from dag_factory.notifications import queue_notification
from dag_factory.observability import metrics
from dag_factory.observability.model_pages import package_url
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless

log = logging.getLogger(__name__)


@task(multiple_outputs=False)
def judge(pipeline: str, trained: dict[str, Any], evaluated: dict[str, Any]) -> dict[str, Any]:
    """Compare candidate and champion, and return the verdict with its figures.

    - *evaluation.json*: the field that the message names is not what the job `evaluate` writes.
      Clear `submit_evaluate` and its downstream tasks.
    - Any other failure: fix what the message names, then clear the task.
    - The verdict is keep: the champion keeps serving. The reason names the limits that were missed;
      verdict.json beside the evaluation has all limits with value, threshold and margin. On the
      same or older data a gain must be significant (McNemar's test, `promotion.significance`). On
      newer data the candidate may be `promotion.margin` worse. `rule` says which rule applied.
    - The reason is *gain in top-1 over the most frequent class*: the candidate is no better than
      the answer "most frequent class". See per_class.csv beside the evaluation; train longer or
      with other settings.
    - The reason is *split is too small to decide*: no model could pass. Add as many photos to the
      source as the reason says.
    - The reason is *has no predictions for the candidate's photos*: the champion was
      evaluated on another split, or its evaluation was deleted. Approve one package in SageMaker's
      registry; later candidates are compared with it.
    """
    from include.decisions.promotion.champion import choose_champion
    from include.decisions.promotion.evaluation import read_evaluation
    from include.decisions.promotion.freshness import compare_data
    from include.decisions.promotion.paired_predictions import pair_predictions
    from include.decisions.promotion.verdict import judge as compare
    from include.decisions.promotion.verdict_text import show_verdict
    from include.storage.records import write_record

    run, job = load_context(pipeline), trained["job_name"]
    evaluation = read_evaluation(run.s3, run.layout, job, f"job {evaluated['job_name']}")
    # Without the candidate's own package, which exists if this task is cleared after `register`.
    champion = choose_champion(run.s3, run.sagemaker, run.layout, run.pipeline.slug, job)
    paired = freshness = None
    if champion:
        paired = pair_predictions(run.s3, run.layout, job, champion)
        version = evaluation.dataset_version
        freshness = compare_data(run.s3, run.layout, version, champion)
    rules = run.pipeline.promotion
    verdict = compare(rules, evaluation, champion, paired, freshness).record()
    write_record(run.s3, run.bucket, run.layout.evaluation_verdict(job), verdict)
    show_verdict(run.s3, run.layout, job, verdict, champion.version if champion else None)
    log.info("Verdict on %s: %s, because %s.", job, verdict.verdict, verdict.reason)
    return verdict.as_json()


@task(multiple_outputs=False)
def register(
    pipeline: str,
    lineage: dict[str, Any],
    trained: dict[str, Any],
    verdict: dict[str, Any],
    model: dict[str, Any],
) -> dict[str, Any]:
    """Register the candidate with lineage and verdict; return all of it.

    The package contains the container that was evaluated: `model` is the request of that model.
    Then the training is complete, and its checkpoints are deleted.

    - *AccessDenied*: give Airflow's role the right that the message names, as in
      docs/iam/airflow.json, then clear the task. The training is not repeated.
    - *... was not made for the plan of this run*: after the run was cleared, `submit_train` was
      marked as success instead of run. Clear the run from `plan` on.
    - Any other failure: fix what the message names, then clear the task.
    - Logs *The checkpoints of ... stay in S3*: the model is registered. Give Airflow's role
      `s3:DeleteObject` on the pipeline's `checkpoints/`, as in docs/iam/airflow.json. The bucket's
      lifecycle rule deletes the remaining checkpoints.
    """
    from include.decisions.costs.billing import billing_facts
    from include.decisions.promotion.verdict import APPROVALS
    from include.decisions.registry.card_records import read_card_records
    from include.decisions.registry.model_card import CardFacts, model_card
    from include.decisions.registry.registration import explain_verdict
    from include.decisions.registry.registration import register as add
    from include.decisions.training.checkpoints import remove_checkpoints
    from include.sagemaker_requests import package_group_request, package_request

    run = load_context(pipeline)
    _require_planned_training(run.sagemaker, trained, lineage)
    cost = billing_facts(trained, run.deployment)
    facts = {"training_job": trained["job_name"], **lineage, **verdict, **cost}
    request = package_request(
        run.pipeline,
        container=model["config"]["PrimaryContainer"],
        approval=APPROVALS[verdict["verdict"]],
        metrics_uri=run.layout.uri(run.layout.evaluation_report(trained["job_name"])),
        lineage=facts,
    )
    evaluation, dataset = read_card_records(
        run.s3, run.layout, trained["job_name"], lineage.get("dataset_version")
    )
    request["ModelCard"] = model_card(
        CardFacts(
            pipeline=run.pipeline,
            model_uri=model["config"]["PrimaryContainer"]["ModelDataUrl"],
            facts=facts,
            reason=verdict["reason"],
            evaluation=evaluation,
            dataset=dataset,
            training=trained["metrics"],
        )
    )
    group = package_group_request(run.pipeline, run.deployment)
    package = add(run.sagemaker, group, request)
    explain_verdict(run.sagemaker, package, verdict["reason"])
    metrics.send_candidate(pipeline, facts)
    remove_checkpoints(run.s3, run.sagemaker, run.layout, trained["job_name"])
    return {**facts, "package": package, "job": trained}


def _require_planned_training(
    sagemaker: Any, trained: Mapping[str, Any], lineage: Mapping[str, Any]
) -> None:
    """Raise if the training is another one than the plan's, whose lineage the package would have.

    XComs outlive a clear. If `submit_train` is then marked as success, its XCom is that of the
    earlier plan.
    """
    from include.common.errors import PermanentError
    from include.decisions.tags import read_tags
    from sagemaker_jobs.jobs.shared_work import WORK_TAG

    if "arn" not in trained:
        return
    work = read_tags(sagemaker, trained["arn"]).get(WORK_TAG)
    if work is not None and work != lineage["fingerprint"]:
        raise PermanentError(
            f"{trained['job_name']} was not made for the plan of this run (fingerprint {work}, "
            f"planned {lineage['fingerprint']}): clear the run from `plan` on"
        )


@task
def announce(pipeline: str, registered: dict[str, Any]) -> None:
    """Update the model asset, which starts endpoint update, if the candidate was promoted.

    - Any failure: clear the task.
    - Skipped: the candidate was not promoted, or waits for approval. To deploy it, approve the
      model package in SageMaker's registry, then trigger endpoint update.
    """
    from include.decisions.promotion.verdict import decide_announcement
    from include.decisions.promotion.verdict_text import describe_promotion

    skip_unless(decide_announcement(registered["verdict"], registered["reason"]))
    run, job = load_context(pipeline), registered["training_job"]
    page = package_url(pipeline, registered["package"])
    queue_notification("promotion", describe_promotion(registered))
    figures = ("package", "verdict", "top1", "top5", "gain", "training_job", "cost_usd")
    assets.describe_event(
        assets.model(run.pipeline),
        uri=run.layout.uri(run.layout.evaluation(job)),
        report=run.layout.uri(run.layout.evaluation_report(job)),
        page=page,
        **{name: registered.get(name) for name in figures},
    )
