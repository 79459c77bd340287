"""im2rec conversion: dataset version to RecordIO version.

A SageMaker processing job converts the train and validation images of a dataset version into
RecordIO files: one file a split, or one a split and instance. Records of unchanged images are
copied from the current RecordIO version. A published dataset version starts this DAG.
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

IM2REC_NOTES = """
- Any failure: the message names the image, or its object in S3. If images of the current dataset
  version are missing, run dataset refresh with *Force*, which stores them again. Images of an older
  version come back only with the source's files that they were made from.
"""


@task
def plan(pipeline: str) -> dict[str, Any]:
    """Skip if the conversion is done and current, else return the job's request.

    - *no such version*: the message has the dataset versions that there are.
    - *dataset/current.json ... is missing*: run dataset refresh first.
    - Any other failure: fix what the message names, then clear the task.
    - Skipped: this dataset version is converted under the same settings, and its RecordIO version
      is current or was named in the form. *Force* converts it again, all images anew.
    """
    from include.decisions.conversion.plan import decide_conversion, plan_conversion
    from include.decisions.dataset.split_manifests import ensure_conversion_manifest
    from include.sagemaker_requests import im2rec_request

    run, form = load_context(pipeline), params.run_params()
    state = plan_conversion(run.s3, run.layout, run.pipeline, form["dataset_version"])
    skip_unless(decide_conversion(state, form["force"]))
    ensure_conversion_manifest(run.s3, run.layout, state.dataset_version)
    earlier = None if form["force"] else state.earlier
    request = im2rec_request(run.pipeline, run.deployment, state.dataset_version, earlier)
    shards = run.pipeline.conversion.instance_count
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

    The task checks that the instances' shards contain every image once, and writes `recordio.json`
    and `recordio/current.json`. A conversion of an older dataset version is complete without
    becoming the current one: name that dataset version in nightly training, too, to train on it.

    - *in no shard*: no instance found the images that the message names. Bring them back (see
      `track_im2rec`), then clear `plan` and its downstream tasks.
    - *do not belong together*, *none of this conversion's files*: delete what the message names,
      then clear `plan` and its downstream tasks.
    - Any other failure: clear the task.
    - Skipped, *was changed after this run was planned*: another run has moved
      `recordio/current.json` since. Nothing has to be done; the next run converts the current
      dataset version.
    """
    from include.contracts.records import RecordioPointer
    from include.decisions.conversion.plan import complete_conversion, publish_conversion

    run = load_context(pipeline)
    recordio = complete_conversion(run.s3, run.layout, version, shards)
    summary = RecordioPointer(**recordio.as_json(), job=job["job_name"])
    skip_unless(publish_conversion(run.s3, run.layout, summary, **pointer))
    assets.describe_event(
        assets.recordio(run.pipeline),
        uri=run.layout.uri(run.layout.recordio(version)),
        version=version,
        dataset_version=summary.dataset_version,
        counts=summary.counts.as_json(),
        seconds=summary.seconds,
        job=job["job_name"],
    )
    return summary.as_json()


for pipeline in pipelines_for(FAMILY):
    timeout = max(variant.conversion.instance.timeout for variant in pipeline.variants)
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
        converted = add_processing_job("im2rec", planned["request"], timeout, notes=IM2REC_NOTES)
        lineage = assets.lineage([assets.dataset(pipeline)], assets.recordio(pipeline))
        publish.override(**lineage)(
            pipeline.name,
            without_edge(planned["version"]),
            without_edge(planned["shards"]),
            without_edge(planned["pointer"]),
            converted,
        )
