"""A candidate is judged against the champion, and registered with its lineage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.service_model.model_card import card_violations
from include.storage.layout import Layout
from tests.dags.training_run import (
    ANSWERS,
    BUCKET,
    EVALUATION,
    TRAINED,
    VERDICT,
    TrainingRun,
)


def test_the_package_has_the_cost_of_its_training(run: TrainingRun) -> None:
    run.push_image("first")
    registered = run.register(run.call("plan"))
    package = run.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    facts = package["CustomerMetadataProperties"]
    assert registered["cost_usd"] == 0.051
    assert (facts["cost_usd"], facts["billable_seconds"]) == ("0.051", "900.0")
    assert facts["spot_saving"] == "0.7"


def test_the_package_has_a_model_card(run: TrainingRun) -> None:
    run.push_image("first")
    planned, layout = run.call("plan"), Layout(BUCKET, "merch")
    run.put(layout.evaluation_report(TRAINED["job_name"]), EVALUATION)
    run.put(layout.dataset_report("d1"), {"version": "d1", "counts": {"images": 3}})
    requests: list[Any] = []
    run.sagemaker.meta.events.register(
        "provide-client-params.sagemaker.CreateModelPackage",
        lambda params, **_: requests.append(params),
    )
    run.register(planned)
    (request,) = requests
    content = json.loads(request["ModelCard"]["ModelCardContent"])
    assert card_violations(request["ModelCard"]["ModelCardContent"]) == []
    assert content["training_details"]["training_observations"] == "Dataset version d1: 3 images."
    job = content["training_details"]["training_job_details"]
    assert job["training_metrics"] == [{"name": "int8:accepted", "value": 1.0}]
    assert "epochs" in {setting["name"] for setting in job["hyper_parameters"]}
    (evaluation,) = content["evaluation_details"]
    assert evaluation["metric_groups"][0]["metric_data"][0]["value"] == 1.0
    assert evaluation["evaluation_observation"] == "better"


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped", "InProgress"])
def test_the_checkpoints_of_a_registered_training_are_deleted_once_it_is_complete(
    run: TrainingRun, status: str
) -> None:
    """Other trainings resume from them; checkpoints of other jobs are never deleted."""
    run.push_image("first")
    planned, layout = run.call("plan"), Layout(BUCKET, "merch")
    checkpoints = {f"{layout.checkpoints('merch-train-1')}checkpoint-{n}.npz" for n in (0, 1)}
    other_job = f"{layout.checkpoints('merch-train-10')}checkpoint-0.npz"
    for key in (*checkpoints, other_job):
        run.s3.put_object(Bucket=BUCKET, Key=key, Body=b"parameters")
    uri = layout.output(layout.checkpoints("merch-train-1"))
    run.create_training_job(status, uri)
    run.register(planned)
    listed = run.s3.list_objects_v2(Bucket=BUCKET, Prefix=layout.checkpoint_root)["Contents"]
    left = {other_job} if status == "Completed" else {other_job, *checkpoints}
    assert {entry["Key"] for entry in listed} == left


@pytest.mark.parametrize("uri", ["s3://other/merch/checkpoints/a", f"s3://{BUCKET}/merch", ""])
def test_only_checkpoints_of_the_pipeline_are_deleted(run: TrainingRun, uri: str) -> None:
    run.push_image("first")
    planned = run.call("plan")
    prepared = run.call("prepare", planned["lineage"], TRAINED)
    before = run.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"]
    run.create_training_job("Completed", uri)
    assert run.register(planned, prepared)["package"]
    assert run.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == before


def test_a_candidate_of_earlier_data_gets_no_margin(run: TrainingRun) -> None:
    """Trained on an earlier version by name, it must be significantly better."""
    layout = Layout(BUCKET, "merch")
    for version, day in (("d1", 1), ("d2", 2)):
        record = {"version": version, "created": f"2026-03-0{day}T02:00:00+00:00"}
        run.put(f"{layout.dataset(version)}dataset.json", record)
    champion = run.create_endpoint({"training_job": "merch-train-0", "dataset_version": "d2"})
    run.put(layout.evaluation_report(TRAINED["job_name"]), EVALUATION)
    for job in (TRAINED["job_name"], champion):
        run.put_text(layout.evaluation_answers(job), ANSWERS)
    verdict = run.call("judge", TRAINED, {"job_name": "merch-evaluate-1"})
    assert verdict["verdict"] == "keep"
    assert "no newer than the champion's d2" in verdict["rule"]


@pytest.mark.parametrize(
    ("candidate_right", "verdict"), [(30, "keep"), (40, "promote")], ids=["worse", "better"]
)
def test_without_an_endpoint_a_candidate_must_beat_the_newest_approved_model(
    run: TrainingRun, candidate_right: int, verdict: str
) -> None:
    """For example a pipeline that only predicts batches, or a deleted endpoint."""
    run.push_image("first")
    layout, planned = Layout(BUCKET, "merch"), run.call("plan")
    for job, right in (("merch-train-0", 32), (TRAINED["job_name"], candidate_right)):
        run.put_text(layout.evaluation_answers(job), answers_with(right))
    run.put(layout.evaluation_report(TRAINED["job_name"]), evaluation_with(candidate_right))
    earlier = {**TRAINED, "job_name": "merch-train-0"}
    run.register(planned, trained=earlier)
    evaluated = {"job_name": "merch-evaluate-1"}
    judged = run.call("judge", TRAINED, evaluated)
    assert judged["verdict"] == verdict
    assert "against champion 1's 0.8000" in judged["reason"]
    run.register(planned, verdict={**VERDICT, "verdict": "promote"})
    again = run.call("judge", TRAINED, evaluated)
    assert again["reason"] == judged["reason"]  # not compared with its own package


def answers_with(right: int) -> str:
    """Return the answers on 40 photos of two classes, of which the first `right` are right."""
    names = ["Audi", "BMW"]
    rows = [f"{n}.jpg,{names[n % 2]},{names[(n + (n >= right)) % 2]},0.9" for n in range(40)]
    return "\n".join(["key,name,predicted_name,confidence", *rows, ""])


def evaluation_with(right: int) -> dict[str, Any]:
    classes = [{"name": name, "images": 20, "top1": right / 40} for name in ("Audi", "BMW")]
    return {**EVALUATION, "images": 40, "top1": right / 40, "per_class": classes}
