"""Try a photo, and the page about the installation's health."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from model_page import addresses
from model_page.csrf import make_token
from tests.plugins.model_page.conftest import JSON, Site
from tests.plugins.model_page.fake_airflow import SECRET
from tests.plugins.model_page.stage import PIXEL


@pytest.fixture
def served(site: Site) -> Site:
    site.stage.dataset()
    site.stage.serve(site.stage.package("merch-train-1"))
    return site


def send(site: Site, photo: bytes) -> Any:
    headers = {"X-CSRF-Token": make_token(SECRET, "ana"), **JSON}
    return site.client.post(addresses.page("merch", "try"), content=photo, headers=headers)


def endpoint_answers(site: Site, monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[bytes]:
    asked: list[bytes] = []

    def invoke(Body: bytes, **_: Any) -> dict[str, Any]:
        asked.append(Body)
        return {"Body": io.BytesIO(json.dumps(answer).encode())}

    monkeypatch.setattr(site.stage.installation.runtime, "invoke_endpoint", invoke)
    return asked


@pytest.mark.parametrize("answer", [[0.1, 0.7, 0.2], {"prediction": [0.1, 0.7, 0.2]}])
def test_a_photo_is_classified(served: Site, monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    asked = endpoint_answers(served, monkeypatch, answer)
    found = send(served, PIXEL).json()
    assert [guess["label"] for guess in found["guesses"]] == [
        "Glazed_Twist", "Hot_Dog_1", "Berry_Donut",
    ]  # fmt: skip
    assert (found["package"], asked) == (1, [PIXEL])


def test_what_is_no_photo_and_what_is_too_large(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = endpoint_answers(served, monkeypatch, [1])
    assert send(served, b"<svg onload=alert(1)>").status_code == 415
    assert send(served, PIXEL + b"x" * (6 * 1024 * 1024)).status_code == 413
    assert asked == []


def test_an_endpoint_that_answers_something_else(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_answers(served, monkeypatch, [0.5, 0.5])
    answer = send(served, PIXEL)
    assert answer.status_code == 502
    assert "2 probabilities" in answer.json()["detail"]


def test_nothing_serves_yet(site: Site) -> None:
    assert "nothing can be tried" in site.get("merch", "try")
    assert send(site, PIXEL).status_code == 409


def test_health_shows_settings_to_those_who_may_change_them(served: Site) -> None:
    served.stage.package("merch-train-2", cost_usd=0.41)
    page = served.get("-", "health")
    assert "no mistakes" in page
    assert "$0.41" in page
    assert "some-bucket" in page
    served.log_in("ben")
    assert "some-bucket" not in served.get("-", "health")


def test_a_test_message(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_page.views import health

    sent: list[Any] = []
    monkeypatch.setattr(health, "send", lambda message: sent.append(message) or ["SNS"])  # type: ignore[func-returns-value]
    answer = site.post("-", "health", "test-message")
    assert "ana has sent this message" in sent[0].details
    assert "went to SNS" in site.client.get(answer.headers["location"]).text


def test_mistakes_in_a_yaml_are_shown_to_those_who_may_read_the_pipeline(
    site: Site, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.yaml").write_text("source: {layout: nothing}\n")
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    assert "broken.yaml" in site.get()
    assert "broken.yaml" in site.get("-", "health")
    site.log_in("cora")
    assert "broken.yaml" not in site.get()
