"""Tasks that test an endpoint: before a deployment, to compare with, and after it."""

from __future__ import annotations

from typing import Any

from airflow.sdk import get_current_context, task

from dag_factory.run_context import RunContext, load_context

FAILED_TEST = "failed_test"
"""The XCom key of a failed smoke test's reason; only tests that reached the model set it."""


@task(task_id="ask_before", multiple_outputs=False)
def capture_baseline(pipeline: str, package: dict[str, str]) -> dict[str, Any] | None:
    """Predict the test photos with the model that serves now; None if nothing serves.

    Runs before a first deployment, too: a model that cannot be tested is not deployed.

    - *AccessDenied*: allow Airflow's role `sagemaker:InvokeEndpoint`, then clear the task. Nothing
      was deployed, as the smoke test would fail, too.
    - *no test image of at most 6291456 bytes*: every test photo is larger than an endpoint accepts,
      so nothing was deployed. Add smaller photos to the source.
    - Any other failure: fix what the message names, then clear the task.
    """
    from include.decisions.endpoint.smoke_test import capture_baseline as capture
    from include.decisions.registry.serving_model import endpoint_status

    run = load_context(pipeline)
    samples = load_test_photos(run, package)
    status = endpoint_status(run.sagemaker, run.pipeline.slug)
    if status is None or status.status != "InService":
        return None
    return capture(run.runtime, status.name, samples)


@task(multiple_outputs=False)
def smoke_test(
    pipeline: str,
    package: dict[str, str],
    endpoint: dict[str, Any],
    before: dict[str, Any] | None,
) -> dict[str, Any]:
    """Predict test photos with the new model, and compare answers and latency.

    The answers must be those of the evaluation, and not much slower than the former model's.

    - *SmokeTestError*, *NoAnswerError*: the model answers differently than in its evaluation, too
      slowly or not at all. `restore` brings the former model back, and `reject_package` rejects the
      package. Look for the difference. If the test itself was at fault, approve the package again
      and trigger the DAG.
    - Any other failure, such as a missing right: the new model serves untested. Nothing is rejected
      or restored. Fix the cause that the log names, then clear the task.
    """
    from include.decisions.endpoint.smoke_test import NoAnswerError, SmokeTestError
    from include.decisions.endpoint.smoke_test import smoke_test as compare

    run = load_context(pipeline)
    name, samples = endpoint["endpoint_name"], load_test_photos(run, package)
    try:
        return compare(run.runtime, name, samples, run.pipeline.endpoint, before)
    except (SmokeTestError, NoAnswerError) as error:
        get_current_context()["ti"].xcom_push(key=FAILED_TEST, value=str(error))
        raise


def load_test_photos(run: RunContext, package: dict[str, str]) -> Any:
    """Return photos of the package's evaluation, with the answers that were evaluated."""
    from include.decisions.endpoint.smoke_test import load_samples

    # The split of the evaluation: the pipeline may name another one by now.
    split = package.get("split", run.pipeline.evaluation.split)
    job, version = package["training_job"], package["dataset_version"]
    count = run.pipeline.endpoint.smoke_images
    return load_samples(run.s3, run.layout, job, version, split, count)
