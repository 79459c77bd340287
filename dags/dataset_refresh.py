"""Dataset refresh: source to dataset version.

Looks whether the source has changed, and if so runs the program `refresh` as a SageMaker processing
job: every image is checked and stored once, by content, and a manifest with the split becomes a new
dataset version. Publishing it wakes RecordIO conversion. Runs by its schedule, or by hand.

**When something fails or skips**

- `fetch`, where the pipeline has `source.urls`: the message names the URL that cannot be read.
- `plan` is skipped: the source is unchanged. Trigger with *Force* to read it all the same.
- `plan`, *nothing is at s3://...*: upload the raw data there, or set `source.uri` in the YAML.
- `plan`, *Airflow Variable ...*: set the Variable that the message names.
- `track_refresh`, too many quarantined: the job's log has the reasons. Mend the source, or raise
  `dataset.quarantine_limit`; then clear `plan` and what follows.
- `track_refresh`, anything else: the message names the file and the fix. Mend the source, then
  clear `plan` and what follows.
- `publish`: clear it. It only writes the pointer `dataset/current.json`; until it has, the former
  version stays in force.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import task

from image_families import asking, assets
from image_families.building import cron, family_dag, pipelines_for
from image_families.site import open_site
from image_families.skipping import go_or_skip
from image_families.tracking import processing

FAMILY = "dataset_refresh"
FETCHING = timedelta(hours=4)


@task(execution_timeout=FETCHING)
def fetch(pipeline: str) -> list[str]:
    """Copy what changed on the web into the source's folder; return what was copied."""
    from include.policies.fetch import fetch_source

    site = open_site(pipeline)
    return fetch_source(site.s3, site.layout, site.pipeline.source.urls)


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip when the source is unchanged, else return the job's request."""
    from include.pipeline.requests import refresh_request, source_uri
    from include.pipeline.versions import source_fingerprint
    from include.policies.records import read_record
    from include.policies.source import decide_refresh, list_source

    site = open_site(pipeline)
    files = list_source(site.s3, source_uri(site.pipeline, site.layout))
    fingerprint = source_fingerprint(files, site.pipeline.source, site.pipeline.dataset)
    current = read_record(site.s3, site.bucket, site.layout.dataset_pointer)
    go_or_skip(decide_refresh(current, fingerprint, asking.answers()["force"]))
    previous = current["version"] if current else None
    request = refresh_request(site.pipeline, site.deployment, previous, fingerprint)
    return {"request": request, "fingerprint": fingerprint}


@task(multiple_outputs=False)
def publish(pipeline: str, fingerprint: str, job: dict[str, Any]) -> dict[str, Any]:
    """Make the job's dataset version the current one, and return its summary."""
    from include.policies.records import need_record, write_record

    site = open_site(pipeline)
    report = f"{site.layout.refresh_run(job['job_name'])}dataset.json"
    dataset = need_record(site.s3, site.bucket, report, "the refresh job")
    summary = {**dataset, "fingerprint": fingerprint, "job": job["job_name"]}
    write_record(site.s3, site.bucket, site.layout.dataset_pointer, summary)
    return summary


for pipeline in pipelines_for(FAMILY):
    patience = max(each.dataset.machine.patience for each in pipeline.everywhere)
    with family_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=cron(pipeline.schedules.refresh, pipeline.schedules.timezone),
        patience=patience + FETCHING,
        params={"force": asking.force("the source is unchanged")},
    ):
        planned: Any = plan(pipeline.name)
        if any(each.source.urls for each in pipeline.everywhere):
            fetch(pipeline.name) >> planned
        refreshed = processing("refresh", planned["request"], patience)
        publish.override(outlets=[assets.dataset(pipeline)])(
            pipeline.name, planned["fingerprint"], refreshed
        )
