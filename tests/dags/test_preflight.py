"""The preflight's tasks log all checks, and fail on failed checks with each fix."""

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.decisions.preflight.finding import failed, ok, unknown

GOOD = [ok("bucket", "there"), unknown("role", "who knows", "look")]


def test_passed_and_unknown_checks_are_logged_and_returned(
    dag_bag: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from preflight import report

    with caplog.at_level("INFO"):
        found = report(GOOD)
    assert [finding["status"] for finding in found] == ["ok", "unknown"]
    assert [record.getMessage() for record in caplog.records] == [
        "ok       bucket  there",
        "unknown  role    who knows",
        "                 fix: look",
    ]


def test_failed_checks_fail_the_task_with_each_fix(dag_bag: Any) -> None:
    from preflight import report

    wrong = [failed("image", "gone", "push it"), failed("quota x", "0, but 1 needed", "ask")]
    with pytest.raises(AirflowFailException) as raised:
        report([*GOOD, *wrong])
    assert str(raised.value) == (
        "2 of 4 checks failed:\n"
        "failed   image    gone\n"
        "                  fix: push it\n"
        "failed   quota x  0, but 1 needed\n"
        "                  fix: ask"
    )


def test_every_pipeline_is_checked_once(dag_bag: Any) -> None:
    dag = dag_bag.dags["preflight"]
    assert dag.schedule is None
    assert dag.get_task("check_pipeline").upstream_task_ids == {"list_pipelines"}
    assert dag.get_task("check_pipeline").is_mapped
    assert dag.get_task("check_installation").upstream_task_ids == set()


def test_the_tasks_use_the_airflow_variables(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from preflight import settings

    monkeypatch.setenv("AIRFLOW_VAR_DEPLOYMENT", "here")
    assert settings() == {
        "deployment": "here",
        "artifact_bucket": "",
        "sagemaker_role_arn": "",
        "sagemaker_endpoint_role_arn": "",
        "image_uri": "",
        "fetch_allowed_hosts": "",
    }
