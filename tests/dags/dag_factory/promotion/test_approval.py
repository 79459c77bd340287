"""A user's answer is written to the model registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include.config import find_pipeline
from tests.dags.training_run import (
    VERDICT,
    TrainingRun,
)


@pytest.mark.parametrize(
    ("answer", "user", "status"),
    [
        ("Approve", {"id": "7", "name": "Ada"}, "Approved"),
        ("Reject", {"id": "7", "name": "Ada"}, "Rejected"),
        ("Reject", None, "PendingManualApproval"),  # the default, after the timeout
    ],
)
def test_an_answer_is_in_the_registry_and_a_timeout_is_no_answer(
    run: TrainingRun,
    pipelines_folder: Path,
    load_dags: Any,
    answer: str,
    user: Any,
    status: str,
) -> None:
    """Otherwise the registry shows a model as pending that was answered."""
    run.push_image("first")
    waiting = {**VERDICT, "verdict": "await approval"}
    registered = run.register(run.call("plan"), verdict=waiting)
    ask = "source: {layout: class_folders}\npromotion: {approval: ask}\n"
    (pipelines_folder / "flowers.yaml").write_text(ask)
    run.dag = load_dags().dags["flowers__nightly_training"]
    run.pipeline = find_pipeline("flowers", "local")
    response = {
        "chosen_options": [answer],
        "params_input": {"why": "seen them"},
        "responded_by_user": user,
    }
    if answer == "Approve":
        assert run.call("take_answer", registered, response)["verdict"] == "promote"
    else:
        with pytest.raises(AirflowSkipException):
            run.call("take_answer", registered, response)
    package = run.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    assert package["ModelApprovalStatus"] == status
    if user:
        expected = f"{status.lower()} in Airflow by Ada: seen them"
        assert package["ApprovalDescription"] == expected == run.pushed["reason"]
