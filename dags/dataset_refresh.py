"""Dataset refresh: source to dataset version.

Looks whether the source has changed, and if so runs the program `refresh` as a SageMaker processing
job: every image is checked and stored once, by content, and a manifest with the split becomes a new
dataset version. Its page, `report.html` in the version's folder, shows what came in, what was
refused and why, and what changed; `publish` logs the address. Publishing a version wakes RecordIO
conversion. Runs by its schedule, or by hand.

**When something fails or skips**

- `fetch`, where the pipeline has `source.urls`: the message names every mirror that was tried, and
  its reason. Clear it: it goes on from where it broke off. The source's file stays until the
  new one is whole and has the size and sha256 that are expected. *is no public address*: set the
  Airflow Variable `fetch_allowed_hosts` to the mirror's name or network, if it is your own.
- `plan` is skipped, *the source is unchanged*: trigger with *Force* to read it all the same. By
  itself it reads an unchanged source when images of the current version are missing from
  `images/`, and stores all of them again.
- `plan` is skipped, *... is missing: the source is not complete yet*: whoever uploads the source
  writes the object `source.complete_marker` last; then trigger the DAG, or wait for its schedule.
- `plan`, *is being uploaded*, *is half-written*, *its present state was first seen*: it looks
  again three times, ten minutes apart, and holds no slot meanwhile. A changed source is read when
  two looks, `source.settle_minutes` apart, have found the same. Then finish the upload, or abort or
  remove what nobody finishes, and clear `plan`. Uploads older than a day are ignored.
- `plan`, *nothing is at s3://...*: upload the raw data there, or set `source.uri` in the YAML.
- `plan`, *the split ledger ... is missing*: somebody removed an object below `dataset/ledgers/`.
  Restore it. Without it, photos that left the source and return would be split anew.
- `plan`, *Airflow Variable ...*: set the Variable that the message names.
- `submit_refresh`, *SageMaker does not accept* or *ResourceLimitExceeded*: the DAG preflight names
  the fix for a value, the role or a quota; iam:PassRole is in docs/iam/airflow.json. Then clear it.
- `track_refresh`, too many quarantined: the job's log has the reasons. Mend the source, or raise
  `dataset.quarantine_limit`; then clear `plan` and what follows. What a version refuses is in its
  `quarantine.jsonl`, with the key of each photo below `dataset/quarantine/`.
- `track_refresh`, *more than one devkit*: set `source.devkit` in the YAML to the one that fits.
- `track_refresh`, *is no part of the data set: it has no labels* in its log: to have the source's
  own test photos, put `cars_test_annos_withlabels.mat` beside the devkit.
- `track_refresh`, *line ...* of a .lst file: mend that line; it needs index, label and path, with
  tabs between. *row ...* of a .mat file is in the quarantine, with its reason.
- `track_refresh`, *a decompression bomb*, *is cut off or damaged*, *is encrypted*, *is packed by
  method*: nothing was read of that archive. Fetch or pack it again, or leave it out.
- `track_refresh`, anything else: the message names the file and the fix. Mend the source, then
  clear `plan` and what follows.
- `publish` is skipped, *was changed after this run was planned*: another run has moved the pointer
  `dataset/current.json` since. Nothing is to be done; the next run reads what the source holds now.
- `publish`: clear it. It only writes the pointer `dataset/current.json`; until it has, the former
  version stays in force. A source that changed after `plan` is read again by the next run.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import task

from dag_factory import assets, params
from dag_factory.builder import cron, pipeline_dag, pipelines_for
from dag_factory.job_tasks import add_processing_job
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.xcoms import without_edge

_log = logging.getLogger(__name__)

FAMILY = "dataset_refresh"
FETCHING = timedelta(hours=4)


@task(execution_timeout=FETCHING)
def fetch(pipeline: str) -> list[str]:
    """Copy what changed on the web into the source's folder; return the copied files' names."""
    from include.decisions.dataset.fetch import fetch_source

    site = load_context(pipeline)
    allowed = site.deployment.fetch_allowed_hosts
    return fetch_source(site.s3, site.layout, site.pipeline.source.urls, allowed)


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip when the source is unchanged or not complete, else return the job's request."""
    from include.config.versions import source_fingerprint
    from include.decisions.conversion.stored_images import count_missing_images
    from include.decisions.dataset.readiness import (
        decide_complete,
        require_finished_uploads,
        settle_time,
    )
    from include.decisions.dataset.settled import require_settled
    from include.decisions.dataset.source import Listing, decide_refresh
    from include.decisions.dataset.split_ledger import ledger_job
    from include.decisions.pointer import read_pointer
    from include.sagemaker_requests import refresh_request, source_uri

    site = load_context(pipeline)
    source = site.pipeline.source
    listing = Listing.read(site.s3, source_uri(site.pipeline, site.layout))
    skip_unless(decide_complete(listing, source.complete_marker))
    files = listing.require_files(source.complete_marker)
    fetched = [file.file_name for file in source.urls]
    now = datetime.now(UTC)
    require_finished_uploads(site.s3, listing, fetched, now)
    fingerprint = source_fingerprint(files, source, site.pipeline.dataset)
    current = read_pointer(site.s3, site.bucket, site.layout.dataset_pointer)
    previous = current.version
    missing = count_missing_images(site.s3, site.layout, previous) if previous else 0
    skip_unless(decide_refresh(current.record, fingerprint, params.run_params()["force"], missing))
    settle = settle_time(source, site.deployment.name)
    require_settled(site.s3, site.layout, listing, fetched, settle, now)
    request = refresh_request(
        site.pipeline,
        site.deployment,
        previous,
        fingerprint,
        store_all=missing > 0,
        ledger_job=ledger_job(site.s3, site.layout, current.record),
    )
    return {"request": request, "fingerprint": fingerprint, "pointer": {"seen": current.etag}}


@task(multiple_outputs=False)
def publish(
    pipeline: str, fingerprint: str, pointer: dict[str, Any], job: dict[str, Any]
) -> dict[str, Any]:
    """Make the job's dataset version the current one, and return its summary.

    Skip when dataset/current.json was moved by another run after this run was planned.

    A source that is no longer as it was planned may have been read in either state, or in between:
    the next run must read it again, even if it has gone back to the planned state by then.
    """
    from include.config.versions import source_fingerprint
    from include.contracts.records import DatasetReport
    from include.decisions.dataset.source import Listing
    from include.decisions.pointer import move_pointer
    from include.sagemaker_requests import source_uri
    from include.storage.records import need_valid_record

    site = load_context(pipeline)
    source = site.pipeline.source
    files = Listing.read(site.s3, source_uri(site.pipeline, site.layout)).files(
        source.complete_marker
    )
    now = source_fingerprint(files, source, site.pipeline.dataset)
    report = f"{site.layout.refresh_run(job['job_name'])}dataset.json"
    dataset = need_valid_record(site.s3, site.bucket, report, "the refresh job", DatasetReport)
    summary = {
        **dataset.as_json(),
        "fingerprint": fingerprint,
        "changed_while_read": now != fingerprint,
        "job": job["job_name"],
    }
    skip_unless(move_pointer(site.s3, site.bucket, site.layout.dataset_pointer, summary, **pointer))
    page = site.layout.uri(site.layout.dataset_page(dataset.version))
    _log.info("what came in, what was refused and what changed: %s", page)
    return summary


for pipeline in pipelines_for(FAMILY):
    timeout = max(each.dataset.instance.timeout for each in pipeline.variants)
    with pipeline_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=cron(pipeline.schedules.refresh, pipeline.schedules.timezone),
        timeout=timeout + FETCHING,
        params={"force": params.force("the source is unchanged")},
    ):
        planned: Any = plan(pipeline.name)
        if any(each.source.urls for each in pipeline.variants):
            fetch(pipeline.name) >> planned
        refreshed = add_processing_job("refresh", planned["request"], timeout)
        publish.override(outlets=[assets.dataset(pipeline)])(
            pipeline.name,
            without_edge(planned["fingerprint"]),
            without_edge(planned["pointer"]),
            refreshed,
        )
