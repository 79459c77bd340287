"""Actions: they say what will happen, trigger the DAGs as the user, and refuse to collide."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from model_page import addresses
from tests.plugins.model_page.conftest import Site

FIRST, SECOND = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC)


@pytest.fixture
def two(site: Site) -> Site:
    """A pipeline with two releases, the second of which serves."""
    site.stage.package("merch-train-1", top1=0.61)
    site.stage.release(1, FIRST)
    site.stage.serve(site.stage.package("merch-train-2", top1=0.72), SECOND)
    return site


def test_a_rollback_lists_the_releases_and_what_will_happen(two: Site) -> None:
    two.airflow.add_run("merch__endpoint_rollback", "manual__0")
    page = two.get("merch", "action", "rollback")
    for text in (
        "61.0",
        "72.0",
        "serves now",
        "usually 18",
        "Newer approved packages are rejected",
    ):
        assert text in page, text


def test_a_rollback_preselects_the_release_before_unless_it_was_rejected(two: Site) -> None:
    assert two.json("merch", "action", "rollback")["preselected"] == 1
    (first,) = two.stage.sagemaker.list_model_packages(
        ModelPackageGroupName="merch", SortOrder="Ascending", MaxResults=1
    )["ModelPackageSummaryList"]
    two.stage.sagemaker.update_model_package(
        ModelPackageArn=first["ModelPackageArn"], ModelApprovalStatus="Rejected"
    )
    two.forget()
    assert two.json("merch", "action", "rollback")["preselected"] is None


def test_an_action_names_the_photos_that_it_reads(site: Site) -> None:
    assert site.json("merch", "action", "refresh")["reads"] == "s3://some-bucket/merch/source/"
    assert site.json("merch", "action", "batch")["reads"] == "s3://some-bucket/merch/incoming/"
    assert site.json("merch", "action", "train")["reads"] == ""


def test_a_rollback_triggers_the_dag_as_the_user(two: Site) -> None:
    answer = two.post("merch", "action", "rollback", choice=1, why="slow\nsince noon")
    run = two.airflow.runs[0]["dag_run_id"]
    assert answer.headers["location"] == addresses.page("merch", "run", "endpoint_rollback", run)
    conf = {"release": 1, "why": "slow since noon"}
    assert two.airflow.triggered == [("merch__endpoint_rollback", conf, "ana")]
    assert "queued" in two.get("merch", "run", "endpoint_rollback", run)


@pytest.mark.parametrize("choice", ["", "x", "-1", "1e3", "9" * 12])
def test_a_choice_that_is_no_number(two: Site, choice: str) -> None:
    answer = two.post("merch", "action", "rollback", choice=choice)
    assert answer.status_code == 400
    assert two.airflow.triggered == []


def test_a_rollback_during_an_update_is_refused(two: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    describe = two.stage.sagemaker.describe_endpoint
    monkeypatch.setattr(
        two.stage.sagemaker,
        "describe_endpoint",
        lambda **name: {**describe(**name), "EndpointStatus": "Updating"},
    )
    answer = two.post("merch", "action", "rollback", choice=1)
    assert answer.status_code == 409
    assert "is Updating: another change is under way" in answer.text
    assert "another change is under way" in two.get("merch", "action", "deploy")


def test_a_rollback_while_a_run_of_an_update_is_queued_is_refused(two: Site) -> None:
    two.airflow.add_run("merch__endpoint_update", "asset__1", "queued")
    assert two.post("merch", "action", "rollback", choice=1).status_code == 409


def test_airflow_refusing_a_trigger_is_shown(two: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    two.airflow.refuse_trigger = (400, "Invalid input for param release")
    answer = two.post("merch", "action", "rollback", choice=1)
    assert answer.status_code == 400
    assert "Invalid input for param release" in answer.text


def test_a_training_with_other_hyperparameters(site: Site) -> None:
    page = site.get("merch", "action", "train")
    assert "(now 4)" in page
    site.post("merch", "action", "train", epochs="9", learning_rate="0.02", num_layers="")
    assert site.airflow.triggered == [
        ("merch__nightly_training", {"epochs": 9, "learning_rate": 0.02}, "ana")
    ]
    site.airflow.runs.clear()
    assert site.post("merch", "action", "train", epochs="nine").status_code == 400


def test_stopping_a_training_marks_its_tracking_task(site: Site) -> None:
    site.airflow.add_run("merch__nightly_training", "scheduled__1", "running")
    site.post("merch", "stop", why="wrong data")
    path = "merch__nightly_training/dagRuns/scheduled__1/taskInstances/track_train"
    body = {"new_state": "failed", "note": "stopped on the model page by ana: wrong data"}
    assert site.airflow.changed == [(path, body)]


def test_stopping_what_has_ended(site: Site) -> None:
    site.airflow.add_run("merch__nightly_training", "scheduled__1")
    assert site.post("merch", "stop").status_code == 409


def decide(site: Site, version: int, approval: str, seen: str, **more: Any) -> Any:
    fields = {"approval": approval, "seen": seen, "decisions": 0, **more}
    return site.post("merch", "package", version, "decision", **fields)


def test_approving_deploys_the_package(two: Site) -> None:
    two.stage.package("merch-train-3", "PendingManualApproval", "await approval")
    assert "Approve and deploy" in two.get("merch", "package", 3)
    decide(two, 3, "Approved", "PendingManualApproval", why="looks good")
    package = two.json("merch", "package", 3)["package"]
    assert package["approval"] == "Approved"
    assert package["why"] == "approved on the model page by ana: looks good"
    assert two.airflow.triggered == [("merch__endpoint_update", {"package_version": 3}, "ana")]
    assert "looks good" in two.get("merch", "package", 3)


def test_rejecting_with_a_reason(two: Site) -> None:
    two.stage.package("merch-train-3", "PendingManualApproval", "await approval")
    answer = decide(two, 3, "Rejected", "PendingManualApproval", why="confuses <b>muffins</b>")
    assert answer.headers["location"] == addresses.page("merch", "package", 3)
    package = two.json("merch", "package", 3)["package"]
    assert package["why"] == "rejected on the model page by ana: confuses <b>muffins</b>"
    assert two.airflow.triggered == []
    assert "<b>muffins" not in two.get("merch", "package", 3)


def test_two_users_deciding_at_once(two: Site) -> None:
    """Both saw the package undecided; the second learns what the first decided."""
    two.stage.package("merch-train-3", "PendingManualApproval", "await approval")
    answers: list[int] = []
    both = threading.Barrier(2)

    def vote(approval: str) -> None:
        both.wait()
        answers.append(decide(two, 3, approval, "PendingManualApproval").status_code)

    threads = [threading.Thread(target=vote, args=[vote_]) for vote_ in ("Approved", "Rejected")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 409]
    decisions = two.json("merch", "package", 3)["decisions"]["value"]
    assert len(decisions) == 1
    assert two.json("merch", "package", 3)["package"]["approval"] == decisions[0]["approval"]


def test_a_decision_on_a_package_that_changed_meanwhile(two: Site) -> None:
    answer = decide(two, 2, "Rejected", "PendingManualApproval")
    assert answer.status_code == 409
    assert "package 2 is Approved by now" in answer.text
    assert decide(two, 2, "Perhaps", "Approved").status_code == 400
    assert decide(two, 77, "Approved", "Approved").status_code == 404


def test_a_decision_can_be_changed_later(two: Site) -> None:
    decide(two, 2, "Rejected", "Approved", why="too slow")
    decide(two, 2, "Approved", "Rejected", why="it was the network", decisions=1)
    decisions = two.json("merch", "package", 2)["decisions"]["value"]
    assert [made["approval"] for made in decisions] == ["Rejected", "Approved"]


def test_the_answer_to_a_question_of_a_run_goes_to_the_run(two: Site) -> None:
    two.stage.package("merch-train-3", "PendingManualApproval", "await approval")
    two.airflow.questions.append(
        {
            "subject": "Approve model package 3 of merch?",
            "task_instance": {"dag_run_id": "scheduled__1", "map_index": -1},
        }
    )
    decide(two, 3, "Approved", "PendingManualApproval", why="yes")
    path = "merch__nightly_training/dagRuns/scheduled__1/taskInstances/ask_person/-1/hitlDetails"
    body = {"chosen_options": ["Approve"], "params_input": {"why": "yes"}}
    assert two.airflow.changed == [(path, body)]
    assert two.airflow.triggered == []
    assert two.json("merch", "package", 3)["package"]["approval"] == "PendingManualApproval"


def test_only_the_approvers_of_the_yaml_decide(two: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    load = two.stage.installation.pipeline

    def with_approvers(name: str) -> Any:
        pipeline = load(name)
        rules = type(pipeline.promotion).model_validate({"approval": "ask", "approvers": ["dora"]})
        return pipeline.model_copy(update={"promotion": rules})

    monkeypatch.setattr(two.stage.installation, "pipeline", with_approvers)
    answer = decide(two, 2, "Rejected", "Approved")
    assert answer.status_code == 403
    assert "allows only dora to decide" in answer.text
