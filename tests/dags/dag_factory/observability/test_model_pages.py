"""URLs of the pages about models lead to routes of plugins/model_page."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from starlette.routing import Match

from dag_factory.observability.model_pages import package_url, page_url
from model_page.addresses import PREFIX
from model_page.app import create_app

BASE = "https://host/airflow"
ROOT = f"{BASE}/image-models/merch"


@pytest.fixture(autouse=True)
def _base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", f"{BASE}/")


def has_route(url: str) -> bool:
    path = urlsplit(url).path.removeprefix("/airflow").removeprefix(PREFIX)
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in create_app().routes)


def test_a_page_is_below_the_path_of_airflow_and_its_names_are_quoted() -> None:
    assert page_url("merch") == f"{ROOT}/"
    assert page_url("merch", "batches", "a/b?c") == f"{ROOT}/batches/a%2Fb%3Fc"
    assert page_url("merch").startswith(f"{BASE}{PREFIX}/")


def test_a_package_has_a_page_by_its_number() -> None:
    url = package_url("merch", "arn:aws:sagemaker:us-east-1:1:model-package/merch/7")
    assert url == f"{ROOT}/package/7"
    assert has_route(url)


@pytest.mark.parametrize("parts", [("data", "d1"), ("batches", "b1")])
def test_the_pages_of_asset_events_have_routes(parts: tuple[str, ...]) -> None:
    assert has_route(page_url("merch", *parts))
