"""Batch inference: new images to predictions.

Predicts the images in `incoming/` that no batch has predicted yet by batch transform, and reports
them as a table and a gallery. The model is the one that the endpoint serves, else the newest
approved one. With `truth/labels.json` (file to class), the report measures the predictions, too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context, task

from dag_factory import assets, job_tasks, metrics, params
from dag_factory.builder import family_schedule, pipeline_dag, pipelines_for, task_group
from dag_factory.notifications import queue_notification
from dag_factory.run_context import RunContext, load_context
from dag_factory.skipping import skip_unless
from dag_factory.xcoms import without_edge

if TYPE_CHECKING:
    from include.contracts.records import BatchRecord

FAMILY = "batch_inference"

TRANSFORM_NOTES = """
- Any failure: one image failed the job, and its log names it. Remove the image from `incoming/`,
  then clear `plan` and its downstream tasks.
"""

REPORT_NOTES = """
- *truth/labels.json ...*: the file must map each file name to the name of its class. Fix it, then
  clear `submit_report` and its downstream tasks.
- Any other failure: the end of the job's log is in this task's log.
"""


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip if there is nothing to predict, else list the images and return the requests.

    - *was judged in int8*: name an instance type with int8 instructions, such as ml.c6i, in
      `batch.transform`, or train again with `int8: never`.
    - Any other failure: fix what the message names, then clear the task.
    - Skipped: `incoming/` has no new readable image, or no model is approved; the reason says
      which. *Force* predicts again: new images first, then those predicted longest ago, up to
      `batch.max_images` a run. `unreadable` in the batch's batch.json lists the images that were
      left out, with the reason. To predict one batch again, delete its whole folder below
      `batches/`.
    - Skipped, although a newer model is approved: batches use the model that the endpoint serves.
      Run endpoint update, or see why its last run failed.
    """
    from include.decisions.batch.plan import (
        batch_requests,
        decide_batch,
        plan_batch,
        record_unreadable_batch,
        write_batch_plan,
    )

    run, force = load_context(pipeline), params.run_params()["force"]
    state = plan_batch(run.s3, run.sagemaker, run.layout, run.pipeline, force)
    batch = state.name(get_current_context()["dag_run"].run_after)
    storage = (run.s3, run.layout)
    record_unreadable_batch(*storage, batch, state)
    skip_unless(decide_batch(state, run.layout.uri(run.layout.batch_record(batch))))
    write_batch_plan(*storage, batch, state)
    requests = batch_requests(*storage, run.pipeline, run.deployment, batch, state)
    return {**requests, "batch": batch}


@task(multiple_outputs=False)
def publish(
    pipeline: str, batch: str, transformed: dict[str, Any], reported: dict[str, Any]
) -> dict[str, Any]:
    """Write the batch's record, after which its images count as predicted; report drift.

    - *images have no row in*, *images that were not planned*: the message says what to clear.
    - Any other failure: clear the task. It only writes batch.json.
    - Skipped: later runs have predicted all of these images meanwhile.
    - Logs *drift*: these photos, or the model's certainty, differ by more than `batch.drift` allows
      from the images that the model was evaluated on. See uncertain.csv and the gallery, label some
      of those photos, and add them to the source. With `batch.drift.retrain: true` the next
      training run is asked for, once for each model.
    """
    from include.decisions.batch.publish import decide_publish, plan_publish, publish_batch

    run = load_context(pipeline)
    publication = plan_publish(run.s3, run.layout, batch)
    skip_unless(decide_publish(publication))
    record = publish_batch(run.s3, run.layout, publication, transformed, reported)
    drift = report_drift(run, batch, publication.plan.package, record)
    assets.describe_event(
        assets.predictions(run.pipeline),
        uri=record.predictions,
        batch=batch,
        package=record.package,
        counts=record.counts.as_json(),
        drift=drift or "none",
        predictions=record.predictions,
        report=record.report,
    )
    metrics.send_batch(pipeline, record)
    return record.figures()


def report_drift(
    run: RunContext, batch: str, package: str | None, record: BatchRecord
) -> str | None:
    """Queue a notification if the batch has drifted, and request a training if configured.

    Returns:
        What has drifted, or None.
    """
    from include.decisions.batch.drift import drift_warning
    from include.decisions.training.retraining import request_retraining

    drift = drift_warning(run.pipeline.batch.drift, record)
    if drift:
        queue_notification("drift", drift)
    if drift and run.pipeline.batch.drift.retrain:
        request_retraining(run.s3, run.layout, batch, package, drift, datetime.now(UTC))
    return drift or None


for pipeline in pipelines_for(FAMILY):
    variants = pipeline.variants
    transform_timeout = max(variant.batch.transform.timeout for variant in variants)
    report_timeout = max(variant.batch.instance.timeout for variant in variants)
    with pipeline_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=family_schedule(pipeline, FAMILY),
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
            model = job_tasks.add_model(planned["model"], planned_by="plan")
            predicted = job_tasks.add_transform_job(
                "transform",
                without_edge(planned["transform"]),
                transform_timeout,
                after=model,
                notes=TRANSFORM_NOTES,
            )
        with task_group("report", "Join the predictions in a table and a gallery."):
            reported = job_tasks.add_processing_job(
                "report",
                without_edge(planned["report"]),
                report_timeout,
                after=predicted,
                notes=REPORT_NOTES,
            )
        reads = [assets.endpoint(pipeline), assets.model(pipeline)]
        publish.override(**assets.lineage(reads, assets.predictions(pipeline)))(
            pipeline.name, without_edge(planned["batch"]), without_edge(predicted), reported
        )
