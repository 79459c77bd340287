"""RecordIO conversion: dataset version to RecordIO version.

Runs the program `im2rec` as a SageMaker processing job: the train and validation splits become one
RecordIO file each, or one an instance where `conversion.instance_count` is larger than 1. The job
downloads the images of these two splits, and none of other versions. Runs when a dataset version is
published, or by hand. Records of images that have not changed are taken from the current RecordIO
version; *Force* converts all of them anew.

**When something fails or skips**

- `plan` is skipped: this dataset version is converted already, under the same settings, and is
  current or named. *Force* repeats it.
- `plan`, *dataset/current.json is missing*: run dataset refresh first.
- `submit_im2rec`, *SageMaker does not accept* or *ResourceLimitExceeded*: the DAG preflight names
  the fix for a value, the role or a quota; iam:PassRole is in docs/iam/airflow.json. Then clear it.
- `track_im2rec`: the message names the image, or its object in S3. Where images of the current
  dataset version are missing, run dataset refresh, which stores them again; those of an older
  version come back only with the photos they were made from.
- `publish`, *are in no shard*: several instances converted, and none of them found the images that
  it names. Bring them back as above, then clear `plan` and what follows.
- `publish`, *do not belong together* or *none of this conversion's files*: delete what the message
  names, then clear `plan` and what follows.
- `publish` is skipped, *was changed after this run was planned*: another run has moved the pointer
  `recordio/current.json` since. Nothing is to be done; the current dataset version is converted by
  the next run.
- `publish`, anything else: clear it. It checks that the instances' shards add up to the whole, and
  writes `recordio.json` and the pointer `recordio/current.json`. Where *Dataset version* names an
  older version, the pointer stays: name that version in nightly training, too, to train on it.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from dag_factory import assets, params
from dag_factory.builder import pipeline_dag, pipelines_for
from dag_factory.job_tasks import add_processing_job
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.xcoms import without_edge

FAMILY = "im2rec_conversion"


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip when the conversion is done and current, else return the job's request."""
    from include.decisions.conversion.manifest import ensure_conversion_manifest
    from include.decisions.conversion.plan import decide_conversion, plan_conversion
    from include.sagemaker_requests import im2rec_request

    site, asked = load_context(pipeline), params.run_params()
    state = plan_conversion(site.s3, site.layout, site.pipeline, asked["dataset_version"])
    skip_unless(decide_conversion(state, asked["force"]))
    ensure_conversion_manifest(site.s3, site.layout, state.dataset_version)
    earlier = None if asked["force"] else state.earlier
    request = im2rec_request(site.pipeline, site.deployment, state.dataset_version, earlier)
    shards = site.pipeline.conversion.instance_count
    return {
        "request": request,
        "version": state.version,
        "shards": shards,
        "pointer": {"named": state.named, "seen": state.seen},
    }


@task(multiple_outputs=False)
def publish(
    pipeline: str, version: str, shards: int, pointer: dict[str, Any], job: dict[str, Any]
) -> dict[str, Any]:
    """Make the job's RecordIO version the current one, and return its summary.

    Skip when recordio/current.json was moved by another run after this run was planned. The
    version of an older dataset version that a user named is complete, but not the current one.
    """
    from include.decisions.conversion.plan import complete_conversion, publish_conversion

    site = load_context(pipeline)
    recordio = complete_conversion(site.s3, site.layout, version, shards)
    summary = {**recordio, "job": job["job_name"]}
    skip_unless(publish_conversion(site.s3, site.layout, summary, **pointer))
    return summary


for pipeline in pipelines_for(FAMILY):
    timeout = max(each.conversion.instance.timeout for each in pipeline.variants)
    with pipeline_dag(
        pipeline,
        FAMILY,
        __doc__,
        schedule=[assets.dataset(pipeline)],
        timeout=timeout,
        params={
            "force": params.force("the conversion is done"),
            "dataset_version": params.dataset_version(),
        },
    ):
        planned: Any = plan(pipeline.name)
        converted = add_processing_job("im2rec", planned["request"], timeout)
        publish.override(outlets=[assets.recordio(pipeline)])(
            pipeline.name,
            without_edge(planned["version"]),
            without_edge(planned["shards"]),
            without_edge(planned["pointer"]),
            converted,
        )
