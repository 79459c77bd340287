"""No route without a session, none without rights, and no way to other objects."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute

from model_page import addresses, csrf
from model_page.app import create_app
from model_page.csrf import make_token
from tests.plugins.model_page.conftest import Site
from tests.plugins.model_page.fake_airflow import SECRET

ROUTES = [
    (method, addresses.PREFIX + re.sub(r"{(\w+)(:path)?}", r"merch", route.path))
    for route in create_app().routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods)
]
CHANGING = [path for method, path in ROUTES if method == "POST"]
OF_PIPELINES = [(method, path) for method, path in ROUTES if path.startswith("/image-models/merch")]


def test_the_application_has_no_other_routes() -> None:
    """Mounts and documentation routes would not have the application's dependencies."""
    others = [route for route in create_app().routes if not isinstance(route, APIRoute)]
    assert others == []
    assert len(OF_PIPELINES) >= 2


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_answers_without_a_session(site: Site, method: str, path: str) -> None:
    site.client.cookies.clear()
    answer = site.client.request(method, path)
    assert answer.status_code == 401
    assert "merch" not in answer.text.replace(path, "").replace("%2Fmerch", "")
    assert (
        site.client.request(method, path, headers={"Cookie": "_token=mallory"}).status_code == 403
    )


@pytest.mark.parametrize(("method", "path"), OF_PIPELINES)
def test_no_page_of_a_pipeline_answers_without_rights(site: Site, method: str, path: str) -> None:
    site.log_in("cora")
    answer = site.client.request(method, path.replace("merch", "stanford_cars", 1))
    assert answer.status_code == 403
    assert "not read the DAGs of pipeline stanford_cars" in answer.text


def test_the_overview_shows_only_pipelines_with_rights(site: Site) -> None:
    assert "Stanford Cars" in site.get()
    site.log_in("cora")
    page = site.get()
    assert "Merch" in page
    assert "Stanford" not in page


def test_links_from_airflow_reveal_nothing_of_other_pipelines(site: Site) -> None:
    site.log_in("cora")
    path = addresses.page("-", "of", "stanford_cars__nightly_training", "r", "judge")
    assert site.client.get(path).status_code == 403


def test_a_401_leads_to_the_login_and_back(site: Site) -> None:
    site.client.cookies.clear()
    answer = site.client.get(addresses.page("merch"))
    assert '/auth/login?next=%2Fimage-models%2Fmerch"' in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_unknown_pipelines_and_pages(site: Site) -> None:
    assert site.client.get(addresses.page("no_such")).status_code == 404
    site.log_in("cora")
    assert site.client.get(addresses.page("no_such")).status_code == 403


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "app.py", "page.css/../../app.py"])
def test_static_files_are_these_only(site: Site, name: str) -> None:
    answer = site.client.get(f"{addresses.PREFIX}/-/static/x/{name}")
    assert answer.status_code == 404


def test_pages_load_nothing_from_other_hosts(site: Site) -> None:
    page = site.get()
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert loaded
    assert [address for address in loaded if not address.startswith(("/", "#"))] == []


def test_there_are_routes_that_change_something() -> None:
    assert len(CHANGING) >= 3
    assert {method for method, _ in ROUTES} == {"GET", "POST"}


@pytest.mark.parametrize("path", CHANGING)
def test_nothing_is_changed_without_the_token_of_the_session(site: Site, path: str) -> None:
    """Protects from forms of other pages, and from the token of another user."""
    for token in ("", "invented", make_token(SECRET, "ben"), make_token("other secret", "ana")):
        answer = site.client.post(path, data={"csrf_token": token})
        assert answer.status_code == 403, token
        assert "reload the page" in answer.text
    assert not site.airflow.triggered
    assert not site.airflow.changed


@pytest.mark.parametrize("path", CHANGING)
@pytest.mark.parametrize(
    "header",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}],
)  # fmt: skip
def test_nothing_is_changed_by_another_site(site: Site, path: str, header: dict[str, str]) -> None:
    token = make_token(SECRET, "ana")
    answer = site.client.post(path, data={"csrf_token": token}, headers=header)
    assert (answer.status_code, "another site" in answer.text) == (403, True)


@pytest.mark.parametrize("path", CHANGING)
def test_nothing_is_changed_by_a_user_who_may_only_read(site: Site, path: str) -> None:
    site.log_in("ben")
    answer = site.client.post(path, data={"csrf_token": make_token(SECRET, "ben")})
    assert answer.status_code in (403, 404, 422)
    assert not site.airflow.triggered
    assert not site.airflow.changed


def test_a_token_is_too_old_after_twelve_hours(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    token = make_token(SECRET, "ana")
    monkeypatch.setattr(csrf, "MAX_AGE_SECONDS", -1)
    assert (
        site.client.post(addresses.page("merch", "stop"), data={"csrf_token": token}).status_code
        == 403
    )


def test_a_script_with_a_bearer_token_needs_no_form_token(site: Site) -> None:
    site.client.cookies.clear()
    headers = {"Authorization": "Bearer ana"}
    answer = site.client.post(addresses.page("merch", "action", "refresh"), headers=headers)
    assert answer.status_code == 303
    assert site.airflow.triggered == [("merch__dataset_refresh", {}, "ana")]


def test_a_form_that_is_too_long_is_refused(site: Site) -> None:
    answer = site.post("merch", "action", "refresh", why="x" * 70_000)
    assert answer.status_code == 413
    assert site.post("merch", "action", "refresh", why="x" * 501).status_code == 400
