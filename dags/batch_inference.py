"""Batch inference: new images to predictions.

A processing job selects the images in `incoming/` that no batch has predicted yet. They are
predicted by batch transform, and reported as a table and a gallery. The model is the one that the
endpoint serves, else the newest approved one. With `truth/labels.json` (file to class), the report
measures the predictions, too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context, task

from dag_factory import assets, job_tasks, params
from dag_factory.builder import family_schedule, pipeline_dag, pipelines_for, task_group
from dag_factory.notifications import queue_notification
from dag_factory.observability import metrics
from dag_factory.observability.model_pages import page_url
from dag_factory.run_context import RunContext, load_context
from dag_factory.skipping import skip_unless
from dag_factory.xcoms import without_edge

if TYPE_CHECKING:
    from include.contracts.records import BatchRecord

FAMILY = "batch_inference"

SELECT_NOTES = """
- *cannot be read*: give the role of jobs the permissions in docs/iam/jobs.json, then clear
  `submit_select` and its downstream tasks.
- *batch.json*: delete that record, as the message says, then clear `submit_select` and its
  downstream tasks.
- *was killed by*: the instance ran out of memory; use a larger one in `batch.instance`, then clear
  `plan` and its downstream tasks.
- Any other failure: the end of the job's log is in this task's log.
"""

TRANSFORM_NOTES = """
- Any failure: the job's log names the image. An image that was deleted from `incoming/` after it
  was selected fails the job; so may an unreadable one, if the model's image is not the
  installation's own. Then clear `plan` and its downstream tasks.
"""

REPORT_NOTES = """
- *have no prediction*, *were not planned*: the message says what to clear.
- *truth/labels.json ...*: the file must map each file name to the name of its class. Fix it, then
  clear `submit_report` and its downstream tasks.
- Any other failure: the end of the job's log is in this task's log.
"""


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip if there is nothing to predict, else return the request of the job that selects images.

    - Any failure: fix what the message names, then clear the task.
    - Skipped, *no new images*: `incoming/` is as the last run left it. The task compares the
      listing itself for up to 10,000 images; with more, a job compares it. *Force* predicts again:
      new images first, then those predicted longest ago, up to `batch.max_images` a run. To predict
      one batch again, delete its whole folder below `batches/`.
    - Skipped, although a newer model is approved: batches use the model that the endpoint serves.
      Run endpoint update, or see why its last run failed.
    """
    from include.decisions.batch.plan import decide_select, plan_batch, selection_request

    run, force = load_context(pipeline), params.run_params()["force"]
    state = plan_batch(run.s3, run.sagemaker, run.layout, run.pipeline, force)
    skip_unless(decide_select(state))
    assert state.package is not None
    when = get_current_context()["dag_run"].run_after
    request = selection_request(run.pipeline, run.deployment, state.package, when, force)
    return {"select": request, "package": state.package.arn}


@task
def plan_transform(pipeline: str, package: str, job: dict[str, Any]) -> dict[str, Any]:
    """Skip if no image was selected, else return the requests of the model and of its jobs.

    - *was judged in int8*: name an instance type with int8 instructions, such as ml.c6i, in
      `batch.transform`, or train again with `int8: never`.
    - Any other failure: fix what the message names, then clear the task.
    - Skipped: `incoming/` has no new readable image; the reason says which. `unreadable` in the
      batch's batch.json lists the images that were left out, with the reason.
    """
    from include.decisions.batch.plan import batch_requests, decide_batch, read_selection
    from include.decisions.registry.packages import describe_package

    run = load_context(pipeline)
    selection = read_selection(run.s3, run.layout, job["job_name"])
    record = run.layout.uri(run.layout.batch_record(selection.batch or ""))
    skip_unless(decide_batch(selection, record))
    assert selection.batch is not None
    described = describe_package(run.sagemaker, package)
    requests = batch_requests(
        run.s3, run.layout, run.pipeline, run.deployment, selection.batch, described
    )
    return {**requests, "batch": selection.batch}


@task(multiple_outputs=False)
def publish(
    pipeline: str,
    package: str,
    selected: dict[str, Any],
    batch: str,
    transformed: dict[str, Any],
    reported: dict[str, Any],
) -> dict[str, Any]:
    """Write the batch's record, after which its images count as processed; report drift.

    - Any failure: clear the task. It only writes batch.json.
    - Skipped: later runs have predicted all of these images meanwhile.
    - Logs *drift*: these photos, or the model's certainty, differ by more than `batch.drift` allows
      from the images that the model was evaluated on. See uncertain.csv and the gallery, label some
      of those photos, and add them to the source. With `batch.drift.retrain: true` the next
      training run is asked for, once for each model.
    """
    from include.decisions.batch.plan import read_selection
    from include.decisions.batch.publish import decide_publish, plan_publish, publish_batch

    run = load_context(pipeline)
    recorded = read_selection(run.s3, run.layout, selected["job_name"]).recorded
    publication = plan_publish(run.s3, run.layout, batch, recorded)
    skip_unless(decide_publish(publication))
    record = publish_batch(run.s3, run.layout, publication, package, transformed, reported)
    drift = report_drift(run, batch, package, record)
    assets.describe_event(
        assets.predictions(run.pipeline),
        uri=record.predictions,
        batch=batch,
        package=record.package,
        counts=record.counts.as_json(),
        drift=drift or "none",
        predictions=record.predictions,
        report=record.report,
        page=page_url(pipeline, "batches", batch),
    )
    metrics.send_batch(pipeline, record)
    return record.figures()


def report_drift(run: RunContext, batch: str, package: str, record: BatchRecord) -> str | None:
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
    # The jobs select and report have the same instance and limits.
    processing_timeout = max(variant.batch.instance.timeout for variant in variants)
    with pipeline_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=family_schedule(pipeline, FAMILY),
        timeout=transform_timeout + 2 * processing_timeout,
        params={
            "force": params.force(
                "the images were predicted before; new ones come first, then those predicted "
                "longest ago, up to batch.max_images"
            )
        },
    ):
        planned: Any = plan(pipeline.name)
        package = without_edge(planned["package"])
        with task_group("select", "Select the images that no batch has processed."):
            selected = job_tasks.add_processing_job(
                "select", planned["select"], processing_timeout, notes=SELECT_NOTES
            )
            chosen: Any = plan_transform(pipeline.name, package, selected)
        with task_group("predict", "Predict the new images by batch transform."):
            model = job_tasks.add_model(chosen["model"], planned_by="plan_transform")
            predicted = job_tasks.add_transform_job(
                "transform",
                without_edge(chosen["transform"]),
                transform_timeout,
                after=model,
                notes=TRANSFORM_NOTES,
            )
        with task_group("report", "Join the predictions in a table and a gallery."):
            reported = job_tasks.add_processing_job(
                "report",
                without_edge(chosen["report"]),
                processing_timeout,
                after=predicted,
                notes=REPORT_NOTES,
            )
        reads = [assets.endpoint(pipeline), assets.model(pipeline)]
        publish.override(**assets.lineage(reads, assets.predictions(pipeline)))(
            pipeline.name,
            package,
            without_edge(selected),
            without_edge(chosen["batch"]),
            without_edge(predicted),
            reported,
        )
