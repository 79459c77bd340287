"""The model page in front of an installation in memory and a stand-in for Airflow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from airflow.api_fastapi import app as airflow_app
from moto import mock_aws
from starlette.testclient import TestClient

from model_page import addresses
from model_page.app import ModelPageApp, create_app
from model_page.csrf import make_token
from tests.plugins.model_page import car_store
from tests.plugins.model_page.browsing import CHROMIUM, CHROMIUM_OPTIONS, Visitor, serving
from tests.plugins.model_page.fake_airflow import SECRET, FakeAirflow, FakeAuthManager
from tests.plugins.model_page.stage import BUCKET, Stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

JSON = {"Accept": "application/json"}


@dataclass
class Site:
    """The page as a user's browser reaches it."""

    airflow: FakeAirflow
    stage: Stage
    client: TestClient
    app: ModelPageApp

    def forget(self) -> None:
        """Let the page read everything anew, as it does after some seconds."""
        self.app.state.sources = None

    def log_in(self, user: str) -> None:
        self.client.cookies.set("_token", user)

    def get(self, *parts: object, **query: object) -> str:
        """Return a page's HTML."""
        answer = self.client.get(addresses.page(*parts, **query))
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, *parts: object, **fields: object) -> Any:
        """Send a form of the page, with the token that the page has for the user."""
        user = str(self.client.cookies.get("_token"))
        data = {"csrf_token": make_token(SECRET, user), **fields}
        return self.client.post(addresses.page(*parts), data=data)

    def json(self, *parts: object, **query: object) -> Any:
        """Return the JSON form of a page."""
        answer = self.client.get(addresses.page(*parts, **query), headers=JSON)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return found


@pytest.fixture(autouse=True)
def _auth_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow_app._AuthManagerState, "instance", FakeAuthManager())


@pytest.fixture(autouse=True)
def _base_url() -> Iterator[None]:
    yield
    addresses.base_path.cache_clear()


@pytest.fixture
def stage() -> Iterator[Stage]:
    with mock_aws():
        made = Stage()
        made.s3.create_bucket(Bucket=BUCKET)
        yield made
        made.close()


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    airflow, app = FakeAirflow(), create_app(lambda: stage.installation)
    airflow.app.mount(addresses.PREFIX, app)
    with TestClient(airflow.app, "http://airflow.example", follow_redirects=False) as client:
        made = Site(airflow, stage, client, app)
        made.log_in("ana")
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium; tests that need it are skipped without it.

    It ends with the module: Playwright's event loop would be in the way of asynchronous tests.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: `make browser` installs it")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_OPTIONS])
        yield found
        found.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """A user in front of the overview of `car_store`."""
    airflow = FakeAirflow()
    with mock_aws():
        stage = Stage(car_store.PIPELINE)
        stage.s3.create_bucket(Bucket=BUCKET)
        car_store.fill(stage, airflow)
        app = create_app(lambda: stage.installation)
        airflow.app.mount(addresses.PREFIX, app)
        with serving(airflow.app) as url:
            context = browser.new_context()
            context.set_default_timeout(60_000)
            context.add_cookies([{"name": "_token", "value": "ana", "url": url}])
            yield Visitor(context.new_page(), url, app, airflow, stage)
            context.close()
        stage.close()
