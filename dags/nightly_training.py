"""Nightly training: newest RecordIO version to candidate to verdict.

Trains; has the candidate answer the frozen test split's raw photos by batch transform, so that what
is judged is what is served; evaluates the answers; and compares candidate and champion. Every
candidate is registered with its lineage and verdict, and only a promoted one wakes endpoint update.
The champion is the better of the model that serves and the newest approved one (see Champion in
docs/architecture.md), also where nothing serves; and every candidate must beat the most frequent
class as the answer to all.

**When something fails or skips**

- `plan` is skipped: the same data, settings and code (the image's digest) were trained already;
  the reason names the job, and is in the task's XCom `reason` and in `models/night.json`. *Force*
  repeats it.
- `plan` says *known by its tag only*: allow Airflow's role `ecr:DescribeImages`, or give the
  Variable `image_uri` a digest (`...@sha256:...`); else new code under an old tag is not trained.
- `plan`, *budget.per_run_usd* or *budget.per_month_usd*: the training was not started, as it would
  cost more than the pipeline allows, or as no price is known; the message has figures and fix. What
  each training cost is its package's `cost_usd`, and a failed one's in `track_train`'s `summary`.
- `plan`, *recordio/current.json is missing*: run dataset refresh; conversion follows by itself.
- `plan`, *record files a channel*: several instances converted, for our own image; set
  `conversion.instance_count: 1` and *Force* im2rec conversion, or train with `algorithm: custom`.
- `plan`, *max_payload_mb* or *has no test images*: the candidate could not be judged, so it is not
  trained; the message has the fix.
- `plan` is skipped, *has drifted and asks for a training*: the reason says why
  `batch.drift.retrain` starts none, mostly because the same model would result; label photos.
- `plan` says *since champion 3 is ...*: `training.start_from: champion` goes on from the champion,
  but that one has another network or other classes; so this night starts anew.
- `plan` says *stale*: the champion is older than `notifications.max_model_age_days`. See
  why later candidates were kept back (their packages say it), or give it new data.
- `submit_train`, `submit_transform`, `submit_evaluate`, *SageMaker does not accept* or
  *ResourceLimitExceeded*: the DAG preflight names the fix for a value, the role or a quota;
  iam:PassRole is in docs/iam/airflow.json. Then clear the task.
- `ensure_model`, `register`, *AccessDenied*: give Airflow's role the right that the message names,
  as in docs/iam/airflow.json; then clear the task. What was trained is not trained again.
- `ensure_model`, *ValidationException*: SageMaker cannot use the role, the image or the model's
  data; the message names it, and the DAG preflight the fix for role and image. Then clear
  `prepare` and what follows: the fix may be in the YAML. What was trained is not trained again.
- `register` logs *The checkpoints of ... stay in S3*: nothing is wrong with the model. Give
  Airflow's role `s3:DeleteObject` on the pipeline's `checkpoints/`, as in docs/iam/airflow.json;
  the bucket's lifecycle rule deletes what stayed.
- `track_train`, *sha256*: the file at `pretrained_model_uri` is not the one that the YAML means.
- `track_train`, *checkpoint of another training*: only attempts at the same task share checkpoints;
  clear `plan` and what follows for a training with checkpoints of its own.
- `track_train`, *algo-2: ...* or *algo-2 is gone*: of the machines of `training.instance_count`
  that one failed, and ended the others; its own log stream has the rest. Out of memory shows as
  *ended by signal 9*: use a larger machine or a smaller `mini_batch_size`.
- `track_train`: the end of the job's log is in this task's log. Mend the hyperparameters in the
  YAML, then clear `plan` and what follows.
- The job's log says *int8 is not served*: nothing is wrong; the line has the figures, and float32
  answers. `int8: never` in the YAML spares the attempt.
- `prepare` says *serving precision float32*: nothing is wrong; the reason is in its XCom `reason`.
  For int8 the training must accept it, and `evaluation.transform`, `batch.transform` and `endpoint`
  need instance types such as ml.c6i.
- `track_transform`, *SERVING_PRECISION is int8, but this processor*: use another instance type in
  `evaluation.transform`, then clear `prepare` and what follows; or set `int8: never`, then clear
  `plan` and what follows, which trains again.
- `track_transform`: one unreadable photo fails the whole job, and the log names it.
- `track_evaluate`, *have no prediction* or *predict again*: clear `submit_transform` and what
  follows.
- `track_evaluate`, *the model diverged*: lower `learning_rate` in the YAML, then clear `plan` and
  what follows.
- `track_evaluate`, anything else: the end of the job's log is in this task's log.
- `judge` says keep: nothing is wrong, and the champion goes on serving. The reason names the limits
  that were missed; verdict.json beside the evaluation has each with value, threshold and margin.
  On the same or older data a gain must be more than chance (McNemar's test,
  `promotion.significance`); with newer data the candidate may be as good, less
  `promotion.margin`. `rule` says which was taken, and why.
- `judge` says *gain in top-1 over the most frequent class*: a model that answers one class for
  every image is as good. See per_class.csv beside the evaluation, and train longer or otherwise.
- `judge` says *split is too small to decide*: no model could pass; add as many photos as it says.
- `judge`, *evaluation.json*: the field that it names is not what the job `evaluate` writes; clear
  `submit_evaluate` and what follows.
- `judge`, *has no predictions for the candidate's photos*: the champion was judged on
  another split, or its evaluation was deleted; a person approves one package, and the next compare.
- `prepare_question` is skipped: this deployment asks nobody, or the candidate was kept back. What
  was promoted without a question goes on to `announce`.
- `ask_person` waits: with `promotion.approval: ask` a person answers under *Required Actions*; it
  holds no slot. Without an answer within `promotion.approval_hours` what follows is skipped.
- `take_answer` is skipped: a person said no, and the package is Rejected with that name and reason;
  or nobody answered in time, and it can still be approved in the registry. The reason says which.
- `announce` is skipped: the candidate was not promoted, or a person has to approve it. Approve the
  model package in SageMaker's registry, then trigger endpoint update.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from airflow.sdk import task

from dag_factory import assets, job_tasks, params
from dag_factory.builder import cron, pipeline_dag, pipelines_for, task_group
from dag_factory.notifications import queue_notification
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.timeouts import approval_timeout
from dag_factory.xcoms import without_edge
from sagemaker_jobs import SageMakerEnsureModelOperator

FAMILY = "nightly_training"


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip when there is nothing new to learn, else return the training job's request."""
    from include.decisions.costs.budget import check_budget
    from include.decisions.dataset.split import check_evaluation
    from include.decisions.promotion.champion import choose_champion
    from include.decisions.training.image_digest import pin_image
    from include.decisions.training.model_age import model_age_warning
    from include.decisions.training.plan import decide_training, decision_record, plan_training
    from include.sagemaker_requests import training_request
    from include.storage.records import write_record

    site, asked = load_context(pipeline), params.run_params()
    # First: the nights that fail below are those by which a model grows old.
    now, max_age = datetime.now(UTC), site.pipeline.notifications.max_model_age_days
    where = (site.s3, site.sagemaker, site.layout, site.pipeline.slug)
    find_champion = cache(lambda: choose_champion(*where))
    stale = model_age_warning(site.sagemaker, find_champion() if max_age else None, max_age, now)
    if stale:
        queue_notification("stale", stale)
    here, algorithm = (site.pipeline, site.deployment), site.pipeline.training.algorithm
    image = pin_image(site.ecr, site.deployment, algorithm)
    state = plan_training(site.s3, site.sagemaker, *here, image, asked, find_champion)
    decision = decide_training(state, asked["force"])
    if decision.go:
        check_evaluation(site.s3, site.layout, state.dataset_version, site.pipeline.evaluation)
    decision = check_budget(decision, site.sagemaker, *here, state.hyperparameters, now)
    write_record(site.s3, site.bucket, site.layout.night, decision_record(state, decision, now))
    skip_unless(decision)
    request = training_request(
        site.pipeline,
        site.deployment.with_image(algorithm, image.uri),
        state.recordio,
        state.hyperparameters,
        state.shards,
        state.start.model_uri,
        state.dataset_version,
    )
    return {"request": request, "lineage": state.lineage()}


@task
def prepare(pipeline: str, lineage: dict[str, Any], trained: dict[str, Any]) -> dict[str, Any]:
    """List the photos to answer, and return the requests of model, transform and evaluation."""
    from include.decisions.dataset.split import write_evaluation_manifest
    from include.decisions.decision import Decision
    from include.decisions.promotion.precision import choose_precision
    from include.sagemaker_requests import (
        candidate_model_request,
        evaluate_request,
        evaluation_transform_request,
    )

    site = load_context(pipeline)
    algorithm = site.pipeline.training.algorithm
    here = (site.pipeline, site.deployment.with_image(algorithm, lineage["image"]))
    job, version = trained["job_name"], lineage["dataset_version"]
    precision, why = choose_precision(*here, trained["metrics"])
    skip_unless(Decision(True, f"serving precision {precision}: {why}"))
    write_evaluation_manifest(site.s3, site.layout, job, version, site.pipeline.evaluation.split)
    model = candidate_model_request(*here, trained["outputs"]["model"], precision)
    name = model["config"]["ModelName"]
    return {
        "model": model,
        "transform": evaluation_transform_request(*here, job, model_name=name),
        "evaluate": evaluate_request(*here, job, version, precision),
    }


@task(multiple_outputs=False)
def judge(pipeline: str, trained: dict[str, Any], evaluated: dict[str, Any]) -> dict[str, Any]:
    """Compare candidate and champion, and return the verdict with its figures."""
    from include.decisions.promotion.champion import choose_champion
    from include.decisions.promotion.evaluation import read_evaluation
    from include.decisions.promotion.freshness import compare_data
    from include.decisions.promotion.paired_predictions import pair_predictions
    from include.decisions.promotion.verdict import judge as compare
    from include.storage.records import write_record

    site, job = load_context(pipeline), trained["job_name"]
    evaluation = read_evaluation(site.s3, site.layout, job, f"job {evaluated['job_name']}")
    # Without its own package, which is there where a person clears this task later.
    champion = choose_champion(site.s3, site.sagemaker, site.layout, site.pipeline.slug, job)
    paired = freshness = None
    if champion:
        paired = pair_predictions(site.s3, site.layout, job, champion)
        version = evaluation["dataset_version"]
        freshness = compare_data(site.s3, site.layout, version, champion)
    rules = site.pipeline.promotion
    verdict = compare(rules, evaluation, champion, paired, freshness).as_dict()
    write_record(site.s3, site.bucket, site.layout.evaluation_verdict(job), verdict)
    return verdict


@task(multiple_outputs=False)
def register(
    pipeline: str,
    lineage: dict[str, Any],
    trained: dict[str, Any],
    verdict: dict[str, Any],
    model: dict[str, Any],
) -> dict[str, Any]:
    """Put the candidate into the model registry with lineage and verdict; return all of it.

    `model` is the request of the model that was judged: the package serves as that one answered.
    Its training is complete then: the checkpoints are deleted.
    """
    from include.decisions.costs.billing import billing_facts
    from include.decisions.promotion.verdict import APPROVALS
    from include.decisions.registry.packages import register as add
    from include.decisions.training.checkpoints import remove_checkpoints
    from include.sagemaker_requests import package_group_request, package_request

    site = load_context(pipeline)
    cost = billing_facts(trained, site.deployment)
    facts = {"training_job": trained["job_name"], **lineage, **verdict, **cost}
    request = package_request(
        site.pipeline,
        container=model["config"]["PrimaryContainer"],
        approval=APPROVALS[verdict["verdict"]],
        metrics_uri=site.layout.uri(site.layout.evaluation_report(trained["job_name"])),
        lineage=facts,
    )
    group = package_group_request(site.pipeline, site.deployment)
    package = add(site.sagemaker, group, request)
    remove_checkpoints(site.s3, site.sagemaker, site.layout, trained["job_name"])
    return {**facts, "package": package, "job": trained}


@task
def announce(registered: dict[str, Any]) -> None:
    """Wake endpoint update, unless the candidate was not promoted."""
    from include.decisions.promotion.verdict import decide_announcement

    skip_unless(decide_announcement(registered["verdict"], registered["reason"]))
    queue_notification("promotion", registered["reason"])


for pipeline in pipelines_for(FAMILY):
    variants = pipeline.variants
    train_timeout = max(variant.training.timeout for variant in variants)
    transform_timeout = max(variant.evaluation.transform.timeout for variant in variants)
    evaluate_timeout = max(variant.evaluation.instance.timeout for variant in variants)
    answer_timeout = approval_timeout(pipeline)
    with pipeline_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=cron(pipeline.schedules.training, pipeline.schedules.timezone),
        timeout=train_timeout + transform_timeout + evaluate_timeout + answer_timeout,
        params={
            "force": params.force("the same was trained already"),
            **params.training_changes(),
            "dataset_version": params.dataset_version(),
        },
    ):
        planned: Any = plan(pipeline.name)
        lineage: Any = without_edge(planned["lineage"])
        with task_group("train", "Train a candidate."):
            trained = job_tasks.add_training_job("train", planned["request"], train_timeout)
        with task_group("evaluate", "Predict the test split's photos and measure the predictions."):
            requests: Any = prepare(pipeline.name, lineage, trained)
            model = SageMakerEnsureModelOperator(task_id="ensure_model", request=requests["model"])
            predicted = job_tasks.add_transform_job(
                "transform", without_edge(requests["transform"]), transform_timeout, after=model
            )
            evaluated = job_tasks.add_processing_job(
                "evaluate", without_edge(requests["evaluate"]), evaluate_timeout, after=predicted
            )
        with task_group("decide", "Compare candidate and champion, register, ask for approval."):
            verdict: Any = judge(pipeline.name, without_edge(trained), evaluated)
            registered: Any = register(
                pipeline.name,
                lineage,
                without_edge(trained),
                verdict,
                without_edge(requests["model"]),
            )
            approved = registered
            if answer_timeout:
                from dag_factory.approval import add_approval

                approved = add_approval(pipeline, registered)
            announce.override(outlets=[assets.model(pipeline)])(approved)
