"""One image from plan to package, and a budget before any job of nightly training."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from dag_factory import job_tasks
from include.config import Deployment
from include.decisions.costs.billing import billing_facts
from include.decisions.costs.budget import BudgetError
from include.storage.layout import Layout
from include.storage.records import RecordError
from sagemaker_jobs.jobs import shared_work
from sagemaker_jobs.jobs.identity import JobIdentity
from sagemaker_jobs.jobs.kinds import KINDS
from tests.dags.training_run import (
    BUCKET,
    ROLE,
    RUN_ID,
    TEST_PHOTO,
    TRAINED,
    URI,
    TrainingRun,
)


def test_all_jobs_of_a_run_use_the_image_that_plan_resolved(run: TrainingRun) -> None:
    """A push during a run must not evaluate a model with other code than trained it."""
    first = f"{URI}@{run.push_image('first')}"
    planned = run.call("plan")
    run.push_image("second")
    prepared = run.call("prepare", planned["lineage"], TRAINED)
    registered = run.register(planned, prepared)
    package = run.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    assert planned["request"]["config"]["AlgorithmSpecification"]["TrainingImage"] == first
    assert prepared["model"]["config"]["PrimaryContainer"]["Image"] == first
    assert prepared["evaluate"]["config"]["AppSpecification"]["ImageUri"] == first
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["Image"] == first


def test_the_second_run_is_skipped_until_the_tag_names_another_image(run: TrainingRun) -> None:
    run.push_image("first")
    planned = run.call("plan")
    assert "estimated cost: $0.20 for the training job" in run.pushed["reason"]
    assert (run.record["trains"], run.record["reason"]) == (True, run.pushed["reason"])
    run.register(planned)
    with pytest.raises(AirflowSkipException, match="nothing new to learn: merch-train-1"):
        run.call("plan")
    assert run.record["trains"] is False
    assert run.record["reason"] == run.pushed["reason"]
    assert run.record["fingerprint"] == planned["lineage"]["fingerprint"]
    run.push_image("second")
    again = run.call("plan")
    assert again["lineage"]["fingerprint"] != planned["lineage"]["fingerprint"]


@pytest.mark.parametrize("force", [False, True])
def test_a_budget_fails_the_plan_before_a_job_is_submitted(run: TrainingRun, force: bool) -> None:
    run.push_image("first")
    run.set_budget(per_run_usd=0.1)
    run.force = force
    with pytest.raises(BudgetError, match=r"budget\.per_run_usd is \$0\.10"):
        run.call("plan")
    assert "reason" not in run.pushed


@pytest.mark.parametrize("wrong", ["no image", "no RecordIO", "no budget"])
def test_a_failing_plan_reports_a_stale_model_first(run: TrainingRun, wrong: str) -> None:
    """A model also grows old if runs fail."""
    if wrong != "no image":
        run.push_image("first")
    if wrong == "no RecordIO":
        run.s3.delete_object(Bucket=BUCKET, Key=Layout(BUCKET, "merch").recordio_pointer)
    run.set_budget(per_run_usd=0.1)
    run.monkeypatch.setattr(
        "include.decisions.training.model_age.model_age_warning", lambda *_: "40 days old"
    )
    with pytest.raises(Exception, match=r"ECR does not have|recordio/current\.json|per_run_usd"):
        run.call("plan")
    assert run.pushed["notice"] == {"event": "stale", "text": "40 days old"}


@pytest.mark.parametrize(("deployment", "dollars"), [("testing", 0.051), ("local", None)])
def test_the_sensor_knows_the_cost_of_a_training_if_it_is_billed(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch, deployment: str, dollars: float | None
) -> None:
    """The summary has it, also of failed trainings, and it equals that of the package."""
    installed = Deployment(deployment, BUCKET, ROLE, URI, "us-east-1")
    monkeypatch.setattr(job_tasks, "load_deployment", lambda: installed)
    dag = dag_bag.dags["merch__nightly_training"]
    assert dag.get_task("track_train").cost_usd(TRAINED) == dollars
    assert billing_facts(TRAINED, installed)["cost_usd"] == dollars
    assert dag.get_task("track_evaluate").cost_usd is None


@pytest.mark.parametrize("force", [False, True])
def test_a_candidate_that_could_not_be_evaluated_is_not_trained(
    run: TrainingRun, force: bool
) -> None:
    run.push_image("first")
    run.force = force
    manifest = f"{Layout(BUCKET, 'merch').dataset('d1')}manifest.jsonl"
    run.put(manifest, {**TEST_PHOTO, "size": 10**9})
    with pytest.raises(RecordError, match="max_payload_mb"):
        run.call("plan")
    assert "reason" not in run.pushed


def test_plan_looks_the_champion_up_once(run: TrainingRun) -> None:
    """The model's age and the start from the champion both need it."""
    run.push_image("first")
    training = run.pipeline.training.model_copy(update={"start_from": "champion"})
    notifications = run.pipeline.notifications.model_copy(update={"max_model_age_days": 30})
    run.pipeline = run.pipeline.model_copy(
        update={"training": training, "notifications": notifications}
    )
    lookups: list[str] = []

    def choose(*where: Any) -> None:
        lookups.append(where[-1])

    run.monkeypatch.setattr("include.decisions.promotion.champion.choose_champion", choose)
    run.call("plan")
    assert lookups == ["merch"]


def submit(run: TrainingRun, planned: dict[str, Any], run_id: str = "scheduled__1") -> str:
    """Submit the planned training in a run, and return the job's name; it completes at once."""
    task = JobIdentity("testing", run.dag.dag_id, "submit_train", run_id, -1, 0)
    request, kind = planned["request"], KINDS["training"]
    job = shared_work.ensure_task_job(
        run.sagemaker, kind, request, task, sensor_task_id="track_train"
    )
    return job.name


def store_model(run: TrainingRun, job: str) -> None:
    described = run.sagemaker.describe_training_job(TrainingJobName=job)
    uri = described["ModelArtifacts"]["S3ModelArtifacts"]
    run.put_text(uri.removeprefix(f"s3://{BUCKET}/"), "model")


def set_run_active(run: TrainingRun, active: bool) -> None:
    states = {"track_train": "deferred" if active else "failed"}
    run.monkeypatch.setattr(shared_work, "get_task_states", lambda *_: states)


def test_a_training_whose_later_stage_failed_is_evaluated_and_not_paid_for_again(
    run: TrainingRun,
) -> None:
    run.push_image("first")
    job = submit(run, run.call("plan"))
    store_model(run, job)
    set_run_active(run, False)
    run.set_budget(per_run_usd=0.1)  # It would not allow a training.
    planned = run.call("plan")
    assert f"{job} trained on RecordIO r1" in run.pushed["reason"]
    assert "this run evaluates its model and does not train again" in run.pushed["reason"]
    assert "estimated cost" not in run.pushed["reason"]
    assert submit(run, planned, RUN_ID) == job
    assert len(run.sagemaker.list_training_jobs()["TrainingJobSummaries"]) == 1


def test_what_a_found_training_started_from_is_the_candidates_lineage(run: TrainingRun) -> None:
    run.push_image("first")
    planned = run.call("plan")
    planned["request"]["config"]["Tags"][-1]["Value"] = "champion 3"
    store_model(run, submit(run, planned))
    set_run_active(run, False)
    assert run.call("plan")["lineage"]["started_from"] == "champion 3"


def test_a_run_is_skipped_while_another_run_trains_or_evaluates_the_same(run: TrainingRun) -> None:
    run.push_image("first")
    job = submit(run, run.call("plan"))
    store_model(run, job)
    set_run_active(run, True)
    with pytest.raises(AirflowSkipException, match=f"run scheduled__1 trains .*{job}, completed"):
        run.call("plan")
    assert run.record["trains"] is False


def test_the_run_that_has_trained_goes_on_if_its_plan_is_cleared(run: TrainingRun) -> None:
    run.push_image("first")
    job = submit(run, run.call("plan"), RUN_ID)
    store_model(run, job)
    set_run_active(run, True)
    planned = run.call("plan")
    assert submit(run, planned, RUN_ID) == job


@pytest.mark.parametrize("why", ["force", "its model is gone"])
def test_a_completed_training_is_repeated_by_force_or_without_its_model(
    run: TrainingRun, why: str
) -> None:
    run.push_image("first")
    job = submit(run, run.call("plan"))
    if why == "force":
        store_model(run, job)
        run.force = True
    set_run_active(run, False)
    planned = run.call("plan")
    assert job in run.pushed["reason"]
    assert "estimated cost" in run.pushed["reason"]
    assert submit(run, planned, RUN_ID) != job


def test_a_repetition_whose_model_was_deleted_does_not_lose_the_first_model(
    run: TrainingRun,
) -> None:
    run.push_image("first")
    first = submit(run, run.call("plan"))
    store_model(run, first)
    set_run_active(run, False)
    run.force = True
    repetition = submit(run, run.call("plan"))
    assert repetition != first
    run.force = False
    planned = run.call("plan")
    assert run.pushed["reason"].startswith(f"{first} trained on")
    assert submit(run, planned, RUN_ID) == first


def test_a_registered_training_whose_model_was_deleted_is_not_trained_again(
    run: TrainingRun,
) -> None:
    """Old models may be deleted while their packages stay."""
    run.push_image("first")
    planned = run.call("plan")
    job = submit(run, planned)
    run.register(planned, trained={**TRAINED, "job_name": job})
    set_run_active(run, False)
    with pytest.raises(AirflowSkipException, match="nothing new to learn"):
        run.call("plan")
