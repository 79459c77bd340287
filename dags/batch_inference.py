"""Batch inference: new images to predictions.

Takes the images in `incoming/` that no successful batch has predicted, leaves out those that cannot
be read, predicts the rest by batch transform, and reports them as a table and a gallery. The model
is the one that the endpoint serves, unless its package is Rejected; without an endpoint it is the
newest approved package. Where the true classes are known, `truth/labels.json` may hold them: the
report then compares. Runs by its schedule, or by hand.

**When something fails or skips**

- `plan` is skipped: nothing new is in `incoming/`, none of it can be read, or no model is approved
  yet; the reason says which. *Force* predicts again: what is new first, then what was predicted
  longest ago, up to `batch.max_images`; force another run for the rest.
- `plan`, *was judged in int8*: name an instance type such as ml.c6i in `batch.transform`, which has
  the instructions for it; or train again with `int8: never`.
- To predict only one batch's images again, delete its whole folder below `batches/`. Its batch.json
  alone is not enough, unless `batches/committed.jsonl.gz` is deleted, too; a later run writes it.
- An approved model does not answer: the endpoint serves another one. Run endpoint update, or see
  why its last run failed; what has not passed its smoke test answers no batch.
- An image never shows up: see `unreadable` in the batch's batch.json, which also lists what is no
  image by its name, and put a readable one there.
- `track_transform`: one image failed the job, and its log names it. Remove it from `incoming/`,
  then clear `plan` and what follows.
- `submit_transform`, `submit_report`, *SageMaker does not accept* or *ResourceLimitExceeded*: the
  DAG preflight names the fix for a value, the role or a quota; iam:PassRole is in
  docs/iam/airflow.json. Then clear the task.
- `ensure_model`, *AccessDenied* or *ValidationException*: a right of Airflow's role (all are in
  docs/iam/airflow.json), or SageMaker cannot use the role, the image or the model's data. The
  message names it; mend it, then clear the task.
- `track_report`, *truth/labels.json ...*: it must map each file to the name of its class. Mend it,
  then clear `submit_report` and what follows.
- `track_report`, anything else: the end of the job's log is in this task's log.
- The run says *drift*: these photos, or the model's certainty of them, differ by more than
  `batch.drift` allows from what it was judged on. Look at uncertain.csv and the gallery; label some
  of those photos and put them into the source.
- With `batch.drift.retrain: true` a drift asks the next night to train, once for each model. The
  night trains if `training.start_from: champion` lets it go on from a champion that this data was
  not trained on from; otherwise the same model would result, and the night says so.
- `publish`: clear it. It only writes batch.json, after which the images count as predicted; those
  that a later run has predicted meanwhile stay that run's, and it is skipped where that is all.
  Where it says that images have no answer, or that answers are of no image, it says what to do.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import get_current_context, task

from dag_factory import assets, job_tasks, params
from dag_factory.builder import cron, pipeline_dag, pipelines_for, task_group
from dag_factory.notifications import queue_notification
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.xcoms import without_edge
from sagemaker_jobs import SageMakerEnsureModelOperator

FAMILY = "batch_inference"


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip when nothing is to be predicted, else list the images and return the requests."""
    from include.decisions.batch.plan import (
        batch_requests,
        decide_batch,
        plan_batch,
        record_unreadable_batch,
        write_batch_plan,
    )

    site = load_context(pipeline)
    here = (site.s3, site.layout)
    state = plan_batch(
        site.s3, site.sagemaker, site.layout, site.pipeline, params.run_params()["force"]
    )
    batch = state.name(get_current_context()["dag_run"].run_after)
    record_unreadable_batch(*here, batch, state)
    skip_unless(decide_batch(state, site.layout.uri(site.layout.batch_record(batch))))
    write_batch_plan(*here, batch, state)
    requests = batch_requests(*here, site.pipeline, site.deployment, batch, state)
    return {**requests, "batch": batch}


@task(multiple_outputs=False)
def publish(
    pipeline: str, batch: str, answered: dict[str, Any], reported: dict[str, Any]
) -> dict[str, Any]:
    """Write the batch's record, after which its images count as predicted; tell of drift.

    Skip when other batches have predicted all of them meanwhile.
    """
    from include.decisions.batch.drift import drift_warning
    from include.decisions.batch.publish import decide_publish, plan_publish, publish_batch
    from include.decisions.training.retraining import request_retraining

    site = load_context(pipeline)
    commit = plan_publish(site.s3, site.layout, batch)
    skip_unless(decide_publish(commit))
    record = publish_batch(site.s3, site.layout, commit, answered, reported)
    drifted = drift_warning(site.pipeline.batch.drift, record)
    if drifted:
        queue_notification("drift", drifted)
        if site.pipeline.batch.drift.retrain:
            package = commit.plan.get("package")
            now = datetime.now(UTC)
            request_retraining(site.s3, site.layout, batch, package, drifted, now)
    return record


for pipeline in pipelines_for(FAMILY):
    variants = pipeline.variants
    transform_timeout = max(variant.batch.transform.timeout for variant in variants)
    report_timeout = max(variant.batch.instance.timeout for variant in variants)
    with pipeline_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=cron(pipeline.schedules.batch, pipeline.schedules.timezone),
        timeout=transform_timeout + report_timeout,
        params={
            "force": params.force(
                "the images were predicted before; new ones come first, then those predicted "
                "longest ago, up to batch.max_images"
            )
        },
    ):
        planned: Any = plan(pipeline.name)
        with task_group("predict", "Predict the new images by batch transform."):
            model = SageMakerEnsureModelOperator(task_id="ensure_model", request=planned["model"])
            predicted = job_tasks.add_transform_job(
                "transform", without_edge(planned["transform"]), transform_timeout, after=model
            )
        with task_group("report", "Join the predictions in a table and a gallery."):
            reported = job_tasks.add_processing_job(
                "report", without_edge(planned["report"]), report_timeout, after=predicted
            )
        publish.override(outlets=[assets.predictions(pipeline)])(
            pipeline.name, without_edge(planned["batch"]), without_edge(predicted), reported
        )
