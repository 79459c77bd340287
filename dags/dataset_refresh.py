"""Dataset refresh: source to dataset version.

Checks whether the source or the labels in `labels/` have changed. If so, a SageMaker processing job
checks every image, stores it once by content, and writes a manifest with the split: a new dataset
version. Its `report.html` shows what was added, refused and changed. Publishing a version starts
im2rec conversion.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import TriggerRule, task

from dag_factory import assets, params
from dag_factory.builder import family_schedule, pipeline_dag, pipelines_for, task_group
from dag_factory.job_tasks import add_processing_job
from dag_factory.observability import metrics
from dag_factory.observability.model_pages import page_url
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.timeouts import fetch_timeout
from dag_factory.xcoms import without_edge

FAMILY = "dataset_refresh"

FETCH_NOTES = """
- *is no public address*: if the mirror is your own, set the Airflow Variable `fetch_allowed_hosts`
  to its host name or network, then clear `plan_fetch` and its downstream tasks.
- Any other failure: the message names each mirror that was tried, with the reason. Clear
  `plan_fetch` and its downstream tasks: the download is resumed. The source's file stays as it is
  until the new file is complete and has the expected size and sha256.
"""

REFRESH_NOTES = """
- *quarantined*: too many images were refused; the job's log has the reasons. Fix the source, or
  raise `dataset.quarantine_limit`, then clear `plan` and its downstream tasks. A version's
  `quarantine.jsonl` lists each refused photo with its key below `dataset/quarantine/`.
- *more than one devkit*: set `source.devkit` in the YAML to the right one, then clear `plan` and
  its downstream tasks.
- *is not part of the dataset*: to use the source's own test photos, put
  `cars_test_annos_withlabels.mat` beside the devkit.
- *line*: fix that line of the .lst file. It needs index, label and path, separated by tabs.
- *row*: that row of the .mat file is in the quarantine, with its reason.
- *a decompression bomb*, *is cut off or damaged*, *is encrypted*, *uses compression method*:
  nothing was read from that archive. Download or pack it again, or remove it from the source.
- Any other failure: the message names the file and the fix. Fix the source, then clear `plan`
  and its downstream tasks.
"""

log = logging.getLogger(__name__)


@task
def plan_fetch(pipeline: str) -> dict[str, Any]:
    """Skip if no file of `source.urls` has changed, else return the request of the fetch job.

    - *Airflow Variable*: set the Variable that the message names, then clear the task.
    - Any other failure: fix what the message names, then clear the task.
    - Skipped: the files are in S3, with the expected sha256 or in the state that the first mirror
      announces. `plan` runs nevertheless.
    """
    from include.decisions.dataset.fetch import decide_fetch, write_fetch_request
    from include.sagemaker_requests import fetch_request

    run = load_context(pipeline)
    files, allowed = run.pipeline.source.urls, run.deployment.fetch_allowed_hosts
    skip_unless(decide_fetch(run.s3, run.layout, files, allowed))
    write_fetch_request(run.s3, run.layout, files, allowed)
    return dict(fetch_request(run.pipeline, run.deployment))


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip if the source is unchanged or incomplete, else return the job's request.

    - *Airflow Variable*: set the Variable that the message names, then clear the task.
    - *nothing is at*: upload the raw data there, or set `source.uri` in the YAML, then
      clear the task.
    - *is being uploaded*, *is half-written*, *its present state was first seen*: the task retries
      three times, ten minutes apart, without holding a slot. A changed source is read when two
      listings, `source.settle_minutes` apart, are equal. If it still fails, finish or abort the
      upload, or delete its files, then clear the task. Uploads older than a day are ignored.
    - *the split ledger ... is missing*: an object below `dataset/ledgers/` was deleted. Restore it.
      Without it, photos that left the source and return could change their split.
    - *the label ledger ... is missing* or *is damaged*: restore that object, too. Without it,
      photos that joined by labels leave the dataset once they are no longer in `incoming/`.
    - Skipped, *the source is unchanged*: trigger the DAG with *Force* to read it anyway. The task
      reads an unchanged source by itself if images of the current version are missing from
      `images/`, and stores all of them again. Of more than 10,000 images it looks up about 200,
      other ones in each run; *Force* stores all of them again in any case.
    - Skipped, *is missing: the source is not complete yet*: the uploader writes the object
      `source.complete_marker` last. Then trigger the DAG, or wait for its schedule.
    """
    from include.config.versions import source_fingerprint
    from include.contracts.records import DatasetPointer
    from include.decisions.dataset.fetch import delete_fetch_request
    from include.decisions.dataset.labels.ledger import read_label_ledger
    from include.decisions.dataset.labels.listing import labels_fingerprint
    from include.decisions.dataset.labels.photos import LabelPlanner
    from include.decisions.dataset.readiness import (
        decide_complete,
        require_finished_uploads,
        settle_time,
    )
    from include.decisions.dataset.settled import require_settled
    from include.decisions.dataset.source import Listing, decide_refresh
    from include.decisions.dataset.split_ledger import ledger_job
    from include.decisions.dataset.stored_images import StoredImages, check_stored_images
    from include.decisions.pointer import read_pointer
    from include.sagemaker_requests import refresh_request, source_uri

    run = load_context(pipeline)
    source = run.pipeline.source
    if source.urls:
        delete_fetch_request(run.s3, run.layout)
    fetched = [file.file_name for file in source.urls]
    where = source_uri(run.pipeline, run.layout)
    listing = Listing.read(run.s3, where, source.complete_marker, fetched)
    skip_unless(decide_complete(listing, source.complete_marker))
    files = listing.require_files()
    now = datetime.now(UTC)
    require_finished_uploads(run.s3, listing, now)
    labels = labels_fingerprint(run.s3, run.layout)
    fingerprint = source_fingerprint(files, source, run.pipeline.dataset, labels)
    pointer = run.layout.dataset_pointer
    current = read_pointer(run.s3, run.bucket, pointer, "dataset refresh", DatasetPointer)
    previous = current.record.version if current.record else None
    stored = check_stored_images(run.s3, run.layout, previous) if previous else StoredImages()
    force = params.run_params()["force"]
    skip_unless(decide_refresh(current.record, fingerprint, force, stored, labels))
    store_all = stored.missing > 0 or (force and stored.is_sample)
    settle = settle_time(source, run.deployment.name)
    require_settled(run.s3, run.layout, listing, settle, now)
    known = read_label_ledger(run.s3, run.layout, current.record)
    request = refresh_request(
        run.pipeline,
        run.deployment,
        previous,
        fingerprint,
        store_all=store_all,
        ledger_job=ledger_job(run.s3, run.layout, current.record),
        labels=LabelPlanner(run.s3, run.layout, labels).prepare(known, check_stored=store_all),
    )
    state = {"fingerprint": fingerprint, "labels": labels}
    return {"request": request, **state, "pointer": {"seen": current.etag}}


@task(multiple_outputs=False)
def publish(
    pipeline: str, fingerprint: str, labels: str, pointer: dict[str, Any], job: dict[str, Any]
) -> dict[str, Any]:
    """Make the job's dataset version the current one, and return its summary.

    If source or labels changed after `plan`, the job may have read either state, or a mixture. The
    summary records that, and the next run reads them again, even if they have changed back.

    - Any failure: clear the task. It only writes `dataset/current.json`; until then the
      previous version stays the current one.
    - Skipped, *was changed after this run was planned*: another run has moved
      `dataset/current.json` since. Nothing has to be done; the next run reads the source.
    """
    from include.config.versions import source_fingerprint
    from include.contracts.records import DatasetPointer, DatasetReport
    from include.decisions.dataset.labels.listing import labels_fingerprint
    from include.decisions.dataset.source import Listing
    from include.decisions.pointer import move_pointer
    from include.sagemaker_requests import source_uri
    from include.storage.records import need_valid_record

    run = load_context(pipeline)
    source = run.pipeline.source
    where = source_uri(run.pipeline, run.layout)
    files = Listing.read(run.s3, where, source.complete_marker).files
    labels_now = labels_fingerprint(run.s3, run.layout)
    now = source_fingerprint(files, source, run.pipeline.dataset, labels_now)
    report = run.layout.refresh_report(job["job_name"])
    dataset = need_valid_record(run.s3, run.bucket, report, "the refresh job", DatasetReport)
    summary = DatasetPointer(
        **dataset.as_json(),
        fingerprint=fingerprint,
        labels_fingerprint=labels,
        changed_while_read=now != fingerprint,
        job=job["job_name"],
    )
    skip_unless(move_pointer(run.s3, run.bucket, run.layout.dataset_pointer, summary, **pointer))
    page = run.layout.uri(run.layout.dataset_page(dataset.version))
    log.info("Report on added, refused and changed images: %s", page)
    assets.describe_event(
        assets.dataset(run.pipeline),
        uri=run.layout.uri(run.layout.dataset(dataset.version)),
        version=dataset.version,
        previous=dataset.previous,
        counts=dataset.counts,
        job=job["job_name"],
        report=page,
        page=page_url(pipeline, "data", dataset.version),
    )
    metrics.send_dataset(pipeline, dataset.counts)
    return summary.as_json()


for pipeline in pipelines_for(FAMILY):
    timeout = max(variant.dataset.instance.timeout for variant in pipeline.variants)
    fetching = fetch_timeout(pipeline)
    with pipeline_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=family_schedule(pipeline, FAMILY),
        timeout=timeout + fetching,
        params={"force": params.force("the source is unchanged")},
    ):
        # A skipped fetch must not skip the refresh: settings or labels may have changed.
        rule = TriggerRule.NONE_FAILED if fetching else TriggerRule.ALL_SUCCESS
        planned: Any = plan.override(trigger_rule=rule)(pipeline.name)
        if fetching:
            with task_group("fetch", "Copy new and changed files from the web into the source."):
                fetched = add_processing_job(
                    "fetch", plan_fetch(pipeline.name), fetching, notes=FETCH_NOTES
                )
            fetched.operator >> planned
        refreshed = add_processing_job("refresh", planned["request"], timeout, notes=REFRESH_NOTES)
        lineage = assets.lineage([assets.source(pipeline)], assets.dataset(pipeline))
        publish.override(**lineage)(
            pipeline.name,
            without_edge(planned["fingerprint"]),
            without_edge(planned["labels"]),
            without_edge(planned["pointer"]),
            refreshed,
        )
