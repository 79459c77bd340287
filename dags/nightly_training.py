"""Nightly training: RecordIO version to candidate to verdict.

Trains a candidate, predicts the frozen test split's photos with it by batch transform, evaluates
the predictions, and compares candidate and champion. Every candidate is registered with lineage and
verdict; a promoted one starts endpoint update. See Champion in docs/decisions.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from airflow.sdk import task

from dag_factory import assets, job_tasks, params
from dag_factory.builder import family_schedule, pipeline_dag, pipelines_for, task_group
from dag_factory.notifications import queue_notification
from dag_factory.observability import metrics
from dag_factory.promotion.candidate import announce, judge, register
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.timeouts import approval_timeout
from dag_factory.training.existing_job import find_training
from dag_factory.xcoms import without_edge

FAMILY = "nightly_training"

TRAIN_NOTES = """
- *sha256*: the file at `pretrained_model_uri` is not the file that the YAML describes.
- *is not the published file*, *were not found*: the message says where the weights of
  `use_pretrained_model` were looked for, and how to provide them.
- *checkpoint of another training*: only attempts at the same training share checkpoints. Clear
  `plan` and its downstream tasks for a training with its own checkpoints.
- *is gone*, *signal 9*: one of the `training.instance_count` instances failed and ended the others;
  see its log stream. Signal 9 means out of memory: use a larger instance type or a smaller
  `mini_batch_size`.
- Any other failure: the end of the job's log is in this task's log. Fix the hyperparameters in the
  YAML, then clear `plan` and its downstream tasks.
- The job logs *int8 is not served*: the line has the figures; the model serves in float32. With
  `int8: never` the training does not try int8.
"""

TRANSFORM_NOTES = """
- *is int8, but this processor*: use another instance type in
  `evaluation.transform`, then clear `prepare` and its downstream tasks; or set `int8: never`, then
  clear `plan` and its downstream tasks, which trains again.
- Any other failure: the built-in image fails the whole job for one unreadable photo; its log names
  the photo.
"""

EVALUATE_NOTES = """
- *have no prediction*, *predict again*: clear `submit_transform` and its downstream tasks.
- *the training diverged*: lower `learning_rate` in the YAML, then clear `plan` and its downstream
  tasks.
- Any other failure: the end of the job's log is in this task's log.
"""


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip if the same was trained before, else return the training job's request.

    All runs with the same data, settings and code have one training job, by the job's name.

    - *budget.per_run_usd*, *budget.per_month_usd*: the training was not started, because it would
      cost more than the pipeline allows, or no price is known. The message has figures and fix. A
      training's cost is `cost_usd` of its package, and in `track_train`'s XCom if it failed.
    - *no such version*: the message has the dataset versions that there are.
    - *recordio/current.json ... is missing*: run dataset refresh, which starts the conversion.
    - *record files a channel*: several instances converted, and the built-in algorithm reads one
      file. Set `conversion.instance_count: 1` and trigger im2rec conversion with *Force*, or set
      `training.algorithm: custom`.
    - *max_payload_mb*, *dataset ... images: add photos to its source*: the candidate could not be
      evaluated, so it is not trained. The message has the fix.
    - Any other failure: fix what the message names, then clear the task.
    - Skipped: the same data, settings and code (the image's digest) were trained before. The reason
      names the job; it is in the XCom `reason` and in `models/night.json`, too. *Force* trains
      again.
    - Skipped, *has not ended*: another run trains the same, and evaluates the result.
    - Logs *its candidate was not registered*: the training of an earlier run has completed, but a
      later stage of that run failed. This run goes on with its model and pays for no training.
      *Force* trains again.
    - Skipped, *has drifted and asks for a training*: the reason says why `batch.drift.retrain`
      starts none, in most cases because the result would be the same model. Label photos.
    - Logs *known by its tag only*: allow Airflow's role `ecr:DescribeImages`, or set the Variable
      `image_uri` to a digest (`...@sha256:...`). Otherwise new code under an old tag is not
      trained.
    - Logs *since champion ... is*: `training.start_from: champion` was not possible, because the
      champion has another network or other classes. The training starts anew.
    - Logs *stale*: the champion is older than `notifications.max_model_age_days`. See the packages
      of later candidates for why they were not promoted, or add new data.
    """
    from include.decisions.costs.budget import check_budget
    from include.decisions.dataset.samples import check_evaluation
    from include.decisions.promotion.champion import choose_champion
    from include.decisions.training.image_digest import pin_image
    from include.decisions.training.model_age import model_age_warning
    from include.decisions.training.plan import decide_training, decision_record, plan_training
    from include.sagemaker_requests import shared_request, training_request
    from include.storage.records import write_record

    run, form = load_context(pipeline), params.run_params()
    # First, because a model also grows old if the steps below fail.
    metrics.send_serving_model(run)
    now, max_age = datetime.now(UTC), run.pipeline.notifications.max_model_age_days
    registry = (run.s3, run.sagemaker, run.layout, run.pipeline.slug)
    find_champion = cache(lambda: choose_champion(*registry))
    stale = model_age_warning(run.sagemaker, find_champion() if max_age else None, max_age, now)
    if stale:
        queue_notification("stale", stale)
    installed, algorithm = (
        (run.pipeline, run.deployment),
        run.pipeline.training.algorithm,
    )
    image = pin_image(run.ecr, run.deployment, algorithm)
    state = plan_training(run.s3, run.sagemaker, *installed, image, form, find_champion)
    request = training_request(
        run.pipeline,
        run.deployment.with_image(algorithm, image.uri),
        state.recordio,
        state.hyperparameters,
        state.shards,
        state.start.model_uri,
        state.dataset_version,
    )
    facts = {"started_from": state.start.text}
    request = shared_request(request, state.fingerprint, facts)
    existing = find_training(run.s3, run.sagemaker, request)
    decision = decide_training(state, form["force"], existing)
    reused = existing if existing and existing.is_reusable(form["force"]) else None
    if decision.go:
        check_evaluation(run.s3, run.layout, state.dataset_version, run.pipeline.evaluation)
    if reused is None:
        decision = check_budget(decision, run.sagemaker, *installed, state.hyperparameters, now)
    write_record(
        run.s3, run.bucket, run.layout.training_decision, decision_record(state, decision, now)
    )
    skip_unless(decision)
    lineage = state.lineage()
    if reused and reused.started_from:
        lineage["started_from"] = reused.started_from
    request["newer_than"] = existing.attempt if existing and reused is None else 0
    request["lost"] = list(existing.lost) if existing else []
    return {"request": request, "lineage": lineage}


@task
def prepare(pipeline: str, lineage: dict[str, Any], trained: dict[str, Any]) -> dict[str, Any]:
    """Return the requests of model, transform and evaluation.

    - Any failure: fix what the message names, then clear the task.
    - Logs *serving precision*: the reason is in the XCom `reason`. For int8, the training
      must accept it, and `evaluation.transform`, `batch.transform` and `endpoint` need instance
      types with int8 instructions, such as ml.c6i.
    """
    from include.contracts.metrics import TEMPERATURE
    from include.decisions.dataset.split_manifests import ensure_evaluation_manifest
    from include.decisions.decision import Decision
    from include.decisions.promotion.precision import choose_precision
    from include.sagemaker_requests import (
        candidate_model_request,
        evaluate_request,
        evaluation_transform_request,
    )

    run = load_context(pipeline)
    algorithm = run.pipeline.training.algorithm
    installed = (run.pipeline, run.deployment.with_image(algorithm, lineage["image"]))
    job, version = trained["job_name"], lineage["dataset_version"]
    temperature = trained["metrics"].get(TEMPERATURE)
    precision, why = choose_precision(*installed, trained["metrics"])
    skip_unless(Decision(True, f"serving precision {precision}: {why}"))
    ensure_evaluation_manifest(run.s3, run.layout, version, run.pipeline.evaluation.split)
    model = candidate_model_request(*installed, trained["outputs"]["model"], precision)
    name = model["config"]["ModelName"]
    return {
        "model": model,
        "transform": evaluation_transform_request(*installed, job, version, model_name=name),
        "evaluate": evaluate_request(*installed, job, version, precision, temperature),
    }


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
        schedule=family_schedule(pipeline, FAMILY),
        timeout=train_timeout + transform_timeout + evaluate_timeout + answer_timeout,
        params={
            "force": params.force("the same was trained already"),
            **params.training_changes(pipeline),
            "dataset_version": params.dataset_version(),
        },
    ):
        planned: Any = plan(pipeline.name)
        lineage: Any = without_edge(planned["lineage"])
        with task_group("train", "Train a candidate."):
            trained = job_tasks.add_training_job(
                "train", planned["request"], train_timeout, notes=TRAIN_NOTES
            )
        with task_group("evaluate", "Predict the test split's photos and measure the predictions."):
            requests: Any = prepare(pipeline.name, lineage, trained)
            model = job_tasks.add_model(requests["model"], planned_by="prepare")
            predicted = job_tasks.add_transform_job(
                "transform",
                without_edge(requests["transform"]),
                transform_timeout,
                after=model,
                notes=TRANSFORM_NOTES,
            )
            evaluated = job_tasks.add_processing_job(
                "evaluate",
                without_edge(requests["evaluate"]),
                evaluate_timeout,
                after=predicted,
                notes=EVALUATE_NOTES,
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
                from dag_factory.promotion.approval import add_approval

                approved = add_approval(pipeline, registered)
            reads = [assets.recordio(pipeline), assets.dataset(pipeline)]
            announce.override(**assets.lineage(reads, assets.model(pipeline)))(
                pipeline.name, approved
            )
