"""Mistakes: confusion matrix, photos, thresholds, and photos' addresses."""

from __future__ import annotations

from typing import Any

import pytest

from model_page import addresses
from model_page.reading.models.evaluations import (
    EvaluatedPhoto,
    Guess,
    confusion,
    order_classes,
    threshold_curve,
)
from tests.plugins.model_page.conftest import Site

A, B, C = "Berry_Donut", "Glazed_Twist", "Hot_Dog_1"
PHOTOS = [(A, A, 0.9), (A, B, 0.95), (A, B, 0.6), (C, B, 0.7), (B, B, 0.5)]


def photo(truth: str, label: str, confidence: float) -> EvaluatedPhoto:
    return EvaluatedPhoto(f"{truth}{confidence}", truth, (Guess(label, confidence),))


def test_the_mistakes_of_the_model_that_serves(site: Site) -> None:
    site.stage.serve(site.stage.package("merch-train-1"))
    site.stage.evaluation("merch-train-1")
    site.stage.photos("merch-train-1", PHOTOS)
    found: Any = site.json("merch", "mistakes")
    assert [(one["truth"], one["guesses"][0]["label"]) for one in found["shown"]] == [
        (A, B), (C, B), (A, B),
    ]  # fmt: skip
    assert found["suspects"] == 1
    assert found["matrix"]["worst"][0] == [A, B, 2]
    page = site.get("merch", "mistakes")
    assert f"photo of {A}, classified as {B}" in page


def test_a_cell_of_the_matrix_leads_to_its_photos(site: Site) -> None:
    site.stage.photos("merch-train-1", PHOTOS)
    found: Any = site.json("merch", "evaluation", "merch-train-1", truth=C, label=B)
    assert found["total"] == 1
    suspects: Any = site.json("merch", "evaluation", "merch-train-1", view="suspects")
    assert [one["guesses"][0]["probability"] for one in suspects["shown"]] == [0.95]


def test_an_evaluation_of_an_earlier_release_has_one_class_a_photo(site: Site) -> None:
    answers = f"key,name,predicted_name,confidence\naa.jpg,{A},{B},0.8\n"
    site.stage.put(site.stage.layout.evaluation_answers("merch-train-1"), answers)
    found: Any = site.json("merch", "evaluation", "merch-train-1")
    assert found["shown"][0]["guesses"] == [{"label": B, "probability": 0.8}]


def test_no_evaluation_and_a_damaged_one(site: Site) -> None:
    assert "No model has been evaluated yet" in site.get("merch", "mistakes")
    site.stage.put(site.stage.layout.evaluated_photos("merch-train-1"), "key,name\naa.jpg,x\n")
    page = site.get("merch", "evaluation", "merch-train-1")
    assert "photos.csv is damaged" in page


@pytest.mark.parametrize(
    "path",
    [
        "merch/evaluation/..%2f..%2fother",
        "merch/evaluation/a b",
        "merch/photo/aa/..%2f..%2fdataset%2fcurrent.json",
        "merch/photo/../dataset/current.json",
        f"merch/photo/aa/{'a' * 64}.json",
        f"merch/photo/aa/{'a' * 63}.jpg",
        "merch/incoming-photo?file=../dataset/current.json",
        "merch/incoming-photo?file=a/../../x.jpg",
        "merch/incoming-photo?file=s3://other/x.jpg",
        "merch/incoming-photo?file=labels.json",
        "merch/incoming-photo?file=",
    ],
)
def test_no_address_leads_to_another_object(site: Site, path: str) -> None:
    for key in ("merch/dataset/current.json", "merch/x.jpg", "merch/incoming/labels.json"):
        site.stage.put(key, "a secret")
    answer = site.client.get(f"{addresses.PREFIX}/{path}")
    assert answer.status_code == 404
    assert "a secret" not in answer.text


def test_a_photo_is_streamed_and_cannot_run_scripts(site: Site) -> None:
    key = site.stage.photo("one")
    answer = site.client.get(addresses.page("merch", "photo", *key.split("/")))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    gone = addresses.page("merch", "photo", "bb", f"{'b' * 64}.png")
    assert "is gone" in site.client.get(gone).text


def test_hostile_names_of_incoming_photos(site: Site) -> None:
    name = 'x" onerror="alert(1).png'
    site.stage.put(f"merch/incoming/{name}", b"png")
    assert site.client.get(addresses.page("merch", "incoming-photo", file=name)).content == b"png"


def test_hostile_class_names_are_escaped(site: Site) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    site.stage.photos("merch-train-1", [(hostile, A, 0.9), (A, hostile, 0.9)])
    page = site.get("merch", "evaluation", "merch-train-1")
    assert "<img src=x" not in page
    assert "</script><" not in page.replace("</script></", "").replace("</script>\n<", "")


def test_confused_classes_are_neighbours() -> None:
    counts = {("a", "z"): 9, ("z", "a"): 3, ("b", "c"): 5, ("a", "a"): 50}
    ordered = order_classes(["a", "b", "c", "z"], counts)
    assert abs(ordered.index("a") - ordered.index("z")) == 1
    assert abs(ordered.index("b") - ordered.index("c")) == 1
    assert sorted(ordered) == ["a", "b", "c", "z"]


def test_coverage_and_accuracy_by_minimum_probability() -> None:
    curve = threshold_curve([photo("a", "a", 0.9), photo("a", "b", 0.4), photo("b", "b", 0.6)])
    by_minimum = {step.minimum: step for step in curve}
    found = [by_minimum[minimum] for minimum in (0.0, 0.5, 0.98)]
    assert [step.coverage for step in found] == pytest.approx([1, 2 / 3, 0])
    assert [step.accuracy for step in found[:2]] == pytest.approx([2 / 3, 1])
    assert found[2].accuracy is None
    assert threshold_curve([]) == []


def test_rows_and_columns_of_the_matrix() -> None:
    found = confusion([photo("a", "a", 0.9), photo("a", "b", 0.8), photo("b", "b", 0.7)])
    assert (found.classes, found.rows) == (["a", "b"], [[1, 1], [0, 1]])
