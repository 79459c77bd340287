"""History, the page of a package, and the comparison of two packages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_page import addresses
from model_page.reading.sources import Sources
from tests.plugins.model_page.conftest import Site


def test_packages_are_paged_newest_first(site: Site) -> None:
    for number in range(1, 31):
        site.stage.package(f"merch-train-{number}", "Rejected", "keep")
    first: Any = site.json("merch", "history")["packages"]["value"]
    assert [package["version"] for package in first["packages"]] == list(range(30, 5, -1))
    site.stage.calls.clear()
    older: Any = site.json("merch", "history", token=first["next_token"])["packages"]["value"]
    assert [package["version"] for package in older["packages"]] == [5, 4, 3, 2, 1]
    assert older["next_token"] is None
    assert site.stage.calls.total() <= 12, site.stage.calls


def test_deployments_with_who_and_why(site: Site) -> None:
    version = site.stage.package("merch-train-1")
    first = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
    site.stage.release(version, first, "merch__endpoint_update/manual__1")
    site.stage.release(version, first + timedelta(days=1), "merch__endpoint_rollback/manual__2")
    site.airflow.add_run(
        "merch__endpoint_rollback", "manual__2", triggering_user_name="eva", conf={"why": "drift"}
    )
    events: Any = site.json("merch", "history")["events"]["value"]
    assert [event["deployed"] for event in events] == [
        "2026-11-02T02:00:00+00:00",
        "2026-11-01T02:00:00+00:00",
    ]
    assert (events[0]["run"]["user"], events[0]["run"]["why"]) == ("eva", "drift")
    assert events[1]["run"] is None
    assert "rollback" in site.get("merch", "history")


def test_the_history_is_shown_again_with_few_calls(site: Site) -> None:
    """Neither deployments nor their records are read again unless one was recorded."""
    now = [0.0]
    sources = Sources(site.stage.installation, lambda: now[0])
    version = site.stage.package("merch-train-1")
    for day in range(1, 31):
        site.stage.release(version, datetime(2026, 10, day, tzinfo=UTC))
    site.stage.serve(version, datetime(2026, 11, 1, tzinfo=UTC))
    site.app.state.sources = sources
    assert len(site.json("merch", "history")["events"]["value"]) == 20
    now[0] += 60
    site.stage.calls.clear()
    assert len(site.json("merch", "history")["events"]["value"]) == 20
    assert site.stage.calls == {"DescribeEndpoint": 1, "ListModelPackages": 1, "GetObject": 1}


def test_a_release_that_was_deleted_meanwhile_leaves_the_others(site: Site) -> None:
    site.stage.release(1, datetime(2026, 11, 1, tzinfo=UTC), "merch__endpoint_update/manual__1")
    site.get("merch", "history")
    site.stage.s3.delete_object(
        Bucket="some-bucket", Key="merch/releases/1/20261101T000000Z/release.json"
    )
    assert "1 Nov 2026" in site.get("merch", "history")


def test_the_page_of_a_package(site: Site) -> None:
    site.stage.package("merch-train-1", hyperparameters="epochs=4 learning_rate=0.01")
    site.stage.evaluation("merch-train-1")
    page = site.get("merch", "package", 1)
    for text in ("top-1 keeps all limits", "epochs=4", "merch-train-1", "Never deployed"):
        assert text in page, text


@pytest.mark.parametrize("parts", [("package", 99), ("package", "x"), ("package", "1/../2")])
def test_packages_that_do_not_exist(site: Site, parts: tuple[object, ...]) -> None:
    site.stage.package("merch-train-1")
    answer = site.client.get(addresses.page("merch", *parts))
    assert answer.status_code in (404, 422)


def test_two_packages_compared(site: Site) -> None:
    site.stage.package("merch-train-1", hyperparameters="epochs=4 seed=1", top1=0.5)
    site.stage.package("merch-train-2", hyperparameters="epochs=9 seed=1", top1=0.75)
    a, b, c = ("Berry_Donut", "Glazed_Twist", "Hot_Dog_1")
    site.stage.photos("merch-train-1", [(a, a, 0.9), (a, b, 0.8), (c, b, 0.7), (b, b, 0.6)])
    site.stage.photos("merch-train-2", [(a, b, 0.9), (a, a, 0.8), (c, c, 0.7), (b, b, 0.6)])
    compared: Any = site.json("merch", "compare", a=1, b=2)
    assert ["epochs", "4", "9"] in compared["differences"]
    assert not any(row[0] == "seed" for row in compared["differences"])
    flips = compared["flips"]["value"]
    assert (flips["shared"], len(flips["fixed"]), len(flips["broken"])) == (4, 2, 1)
    assert compared["classes"] == [[c, 1]]
    page = site.get("merch", "compare", a=1, b=2)
    assert "Wrong before, right after: 2 of 4" in page


def test_a_comparison_without_photos_says_so(site: Site) -> None:
    site.stage.package("merch-train-1")
    site.stage.package("merch-train-2")
    assert "cannot be compared" in site.get("merch", "compare", a=1, b=2)
    assert site.client.get(addresses.page("merch", "compare", a=1, b=7)).status_code == 404
