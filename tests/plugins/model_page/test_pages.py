"""The overview and a pipeline's page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from model_page import addresses
from tests.plugins.model_page.conftest import Site

GATES = [
    {"metric": "top-1", "value": 0.72, "limit": "at least", "threshold": 0.6, "margin": 0.12,
     "passed": True},
    {"metric": "p of McNemar's test", "value": 0.2, "limit": "at most", "threshold": 0.05,
     "margin": -0.15, "passed": False},
]  # fmt: skip


@pytest.fixture
def served(site: Site) -> Site:
    """A pipeline whose first package serves."""
    site.stage.dataset()
    version = site.stage.package("merch-train-1")
    site.stage.evaluation("merch-train-1", gates=GATES)
    site.stage.serve(version, run="merch__endpoint_update/manual__7")
    site.airflow.add_run(
        "merch__endpoint_update", "manual__7", triggering_user_name="dora", conf={"why": "hot fix"}
    )
    return site


def test_a_pipeline_without_any_run(site: Site) -> None:
    page = site.get("merch")
    assert "No endpoint yet" in page
    assert "no run yet" in page
    assert "serves nothing yet" in site.get()


def test_what_serves_with_intervals_and_who_deployed_it(served: Site) -> None:
    page = served.get("merch")
    for text in ("72.0", "62.5", "79.9", "by dora", "hot fix", "12 Nov 2026 02:14 UTC", "2.1"):
        assert text in page, text


def test_gates_are_shown_with_value_limit_and_margin(served: Site) -> None:
    page = served.get("merch")
    assert "p of McNemar&#39;s test" in page
    assert "at most 0.05, margin -0.15" in page
    assert "missed" in page


def test_why_last_night_trained_nothing(served: Site) -> None:
    served.airflow.add_run("merch__nightly_training", "scheduled__1")
    served.stage.decision(False, "nothing new to learn: merch-train-1 trained on RecordIO r1")
    last: Any = served.json("merch")["last_run"]
    assert (last["outcome"], last["tone"]) == ("trained nothing", "idle")
    assert last["reason"].startswith("nothing new to learn")


def test_a_repeated_training_is_not_shown_as_none(served: Site) -> None:
    """The candidate of a repeated training was registered by an earlier run."""
    served.airflow.add_run("merch__nightly_training", "scheduled__1")
    served.stage.decision(True, "forced")
    last: Any = served.json("merch")["last_run"]
    assert (last["outcome"], last["reason"]) == ("registered no new candidate", "forced")


def test_the_overview_offers_what_the_user_may_trigger(served: Site) -> None:
    assert {"Train now", "Roll back", "Predict new photos"} <= set(
        re.findall(r">([A-Z][^<>]*)</a>", served.get())
    )
    served.log_in("ben")
    page = served.get()
    assert "Mistakes" in page
    assert "Train now" not in page
    assert "Roll back" not in page


def test_a_decision_of_another_night_is_not_shown_as_the_last_one(served: Site) -> None:
    served.airflow.add_run("merch__nightly_training", "scheduled__1")
    served.stage.decision(False, "nothing new to learn", decided="2026-11-10T02:01:00Z")
    last: Any = served.json("merch")["last_run"]
    assert "registered no candidate" in last["reason"]


def test_worst_news_first(served: Site) -> None:
    served.airflow.add_run("stanford_cars__nightly_training", "scheduled__2", "failed")
    overview: Any = served.json()["pipelines"]
    assert [one["name"] for one in overview] == ["stanford_cars", "merch"]
    assert overview[0]["state"]["headline"] == "nightly training failed"
    served.airflow.add_run("stanford_cars__nightly_training", "scheduled__3")
    served.stage.package("merch-train-2", "PendingManualApproval", "await approval")
    served.forget()
    overview = served.json()["pipelines"]
    assert overview[0]["state"]["headline"] == "candidate 2 waits for approval"


def test_s3_away_gives_a_page_that_says_so(served: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import EndpointConnectionError

    def away(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://s3")

    monkeypatch.setattr(served.stage.s3, "get_object", away)
    page = served.get("merch")
    assert "cannot be shown: AWS does not answer" in page
    monkeypatch.setattr(served.stage.sagemaker, "describe_endpoint", away)
    assert "no answer from AWS" in served.get()


def test_a_record_that_was_cut_is_named(served: Site) -> None:
    served.stage.put(served.stage.layout.evaluation_report("merch-train-1"), '{"dataset_version"')
    page = served.get("merch")
    assert "merch/evaluations/merch-train-1/evaluation.json is damaged" in page


def test_a_package_without_evaluation(site: Site) -> None:
    site.stage.serve(site.stage.package("merch-train-1"))
    page = site.get("merch")
    assert "evaluations/merch-train-1/evaluation.json is missing" in page


def test_airflow_refusing_is_shown(site: Site) -> None:
    site.airflow.refusal = (403, "no right to list runs")
    answer = site.client.get(addresses.page("merch"))
    assert answer.status_code == 403
    assert "no right to list runs" in answer.text


def test_names_with_markup_are_escaped(served: Site) -> None:
    hostile = "<script>alert(1)</script>"
    served.airflow.add_run(
        "merch__nightly_training", "scheduled__9", "failed", triggering_user_name=hostile
    )
    served.stage.evaluation(
        "merch-train-1", reason=hostile, gates=[{**GATES[0], "metric": hostile}]
    )
    for page in (served.get(), served.get("merch")):
        assert "<script>alert" not in page


def test_tabs_lead_from_a_dag_to_its_pipeline(site: Site) -> None:
    answer = site.client.get(addresses.page("-", "of", "merch__nightly_training", "run 1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/image-models/merch")
    answer = site.client.get(addresses.page("-", "of", "another_dag"))
    assert answer.status_code == 404
    assert "belongs to no image classification pipeline" in answer.text


@pytest.mark.parametrize(
    ("family", "task", "returned", "expected"),
    [
        ("nightly_training", "track_train", {"track_train": {"job_name": "j"}}, ("training", "j")),
        ("nightly_training", "judge", {"submit_train": {"job_name": "j"}}, ("evaluation", "j")),
        ("nightly_training", "judge", {"track_train": '{"job_name": "j"}'}, ("evaluation", "j")),
        ("nightly_training", "track_train", {}, ()),
        ("batch_inference", "track_report", {"plan": {"batch": "b1"}}, ("batches", "b1")),
        ("batch_inference", "plan", {"plan": "no JSON"}, ("batches",)),
        (
            "endpoint_update",
            "smoke_test",
            {"plan": {"package": {"version": "7"}}},
            ("package", "7"),
        ),
        ("endpoint_rollback", "plan", {"plan": {"package": None}}, ()),
        ("dataset_refresh", "publish", {}, ("data",)),
    ],
)
def test_links_lead_from_a_task_to_what_it_made(
    site: Site, family: str, task: str, returned: Any, expected: tuple[str, ...]
) -> None:
    site.airflow.returned = returned
    answer = site.client.get(addresses.page("-", "of", f"merch__{family}", "run 1", task))
    assert answer.headers["location"].rstrip("/") == addresses.page("merch", *expected).rstrip("/")


def test_links_to_runs_are_written_as_airflow_writes_them() -> None:
    """Airflow's UI finds its present tab by the text of the address."""
    path = addresses.airflow_run("merch__nightly_training", "manual__2026-11-30T16:58:57+00:00")
    assert path == "/dags/merch__nightly_training/runs/manual__2026-11-30T16:58:57+00:00"
    assert addresses.airflow_run("d", "a/b?c d") == "/dags/d/runs/a%2Fb%3Fc%20d"


def test_base_url_with_a_path(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://example.org/team/airflow")
    page = site.client.get("/image-models/merch").text
    assert 'href="/team/airflow/image-models/"' in page
    assert 'src="/team/airflow/image-models/-/static/' in page
    assert 'href="/image-models' not in page


def test_an_address_without_a_page_is_named(site: Site) -> None:
    answer = site.client.get(addresses.page("merch", "nothing", "<b>"))
    assert answer.status_code == 404
    assert "the model page has no address /image-models/merch/nothing/&lt;b&gt;" in answer.text


def test_the_number_of_aws_calls_is_bounded(served: Site) -> None:
    for number in range(2, 40):
        served.stage.package(f"merch-train-{number}", "Rejected", "keep")
        served.stage.release(1, datetime(2026, 10, 1, 1, number % 60, tzinfo=UTC))
    served.stage.calls.clear()
    served.get("merch")
    cold = served.stage.calls.total()
    assert cold <= 40, served.stage.calls
    served.stage.calls.clear()
    served.get("merch")
    # Fewer if the second page comes within the seconds in which nothing is asked for again.
    assert served.stage.calls.total() <= 16, served.stage.calls
