"""The model card of a package."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from include.config import Pipeline
from include.decisions.registry.model_card import CardFacts
from include.service_model.model_card import card_violations
from model_page import addresses
from model_page.reading.model_card import card_markdown
from model_page.reading.models.registry import PackageView
from tests.plugins.model_page.conftest import Site
from tests.plugins.model_page.stage import Stage


def markdown_of(pipeline: Pipeline) -> str:
    """Return the card of a package without any record."""
    now = datetime(2026, 11, 12, tzinfo=UTC)
    package = PackageView(1, "arn", "Approved", "fine", now, now, "s3://b/model.tar.gz", {})
    return card_markdown(package, CardFacts(pipeline, package.model_uri, {"image": "i"}))


def test_a_card_has_data_metrics_limits_and_use(site: Site) -> None:
    site.stage.dataset(source={"uri": "s3://some-bucket/merch/source/"})
    site.stage.package("merch-train-1", hyperparameters="epochs=4", network="resnet-18")
    site.stage.evaluation("merch-train-1")
    text = site.client.get(addresses.page("merch", "package", 1, "card.md")).text
    for expected in ("hot dog, berry donut", "top-1: 0.7200", "300 images", "epochs: 4",
                     "## Limits", "0.6251 to 0.7986"):  # fmt: skip
        assert expected in text, expected
    card: Any = site.json("merch", "package", 1, "card.json")
    assert card_violations(json.dumps(card)) == []
    metrics = card["evaluation_details"][0]["metric_groups"][0]["metric_data"]
    assert [(metric["name"], metric["value"]) for metric in metrics][:2] == [
        ("top-1", 0.72),
        ("top-5", 0.95),
    ]
    assert metrics[0]["notes"] == "95 % confidence interval: 0.6251 to 0.7986"
    details = card["training_details"]["training_job_details"]
    assert details["hyper_parameters"] == [{"name": "epochs", "value": "4"}]


def test_a_card_has_what_the_yaml_says(stage: Stage) -> None:
    cars = stage.installation.pipeline("stanford_cars")
    said = cars.model_card.model_copy(
        update={"limits": ["dark <photos>"], "risk_rating": "low", "risk_explanation": "a *toy*"}
    )
    text = markdown_of(cars.model_copy(update={"model_card": said}))
    for expected in (
        "\n- Naming make, model and year",
        "\n## Unsuitable uses\n\n- Decisions about people",
        "\n- dark \\<photos\\>\n",
        "\n## Ethical considerations\n\nPhotos of streets",
        "\n## Risk\n\nLow. a \\*toy\\*\n",
    ):
        assert expected in text, expected
    text = markdown_of(stage.installation.pipeline("merch"))
    assert "\n## Risk\n\nUnknown.\n" in text
    for missing in ("## Unsuitable uses", "## Ethical considerations", "\n\n\n"):
        assert missing not in text, missing


def test_a_package_without_evaluation_and_one_that_does_not_exist(site: Site) -> None:
    site.stage.package("merch-train-1", reason="<b>*bold*</b>")
    text = site.client.get(addresses.page("merch", "package", 1, "card.md")).text
    assert "no evaluation" in text
    assert "\\<b\\>\\*bold" in text
    assert site.client.get(addresses.page("merch", "package", 9, "card.json")).status_code == 404
