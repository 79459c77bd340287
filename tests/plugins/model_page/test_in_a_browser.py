"""What only a browser shows: widths, scripts, keys, downloads, and names that attack the page."""

from __future__ import annotations

import re
from typing import Any, Literal

from model_page import addresses
from tests.plugins.model_page import car_store
from tests.plugins.model_page.browsing import Visitor
from tests.plugins.model_page.car_store import BATCH, CARS
from tests.plugins.model_page.stage import BUCKET

PIPELINE = car_store.PIPELINE
VIEWS = ("", "-/health", "merch/", *(f"{PIPELINE}/{view}" for view in (
    "", "mistakes", "review", "history", "data", "batches", f"batches/{BATCH}", "try", "package/3",
    "package/5", "compare?a=4&b=5", "action/rollback", "action/train", "action/batch",
)))  # fmt: skip
WIDTHS = (306, 390, 880, 1280, 1920)
"""A phone, with and without Airflow's navigation; a tab of a DAG; two sizes of screens."""

NARROWEST = 24
"""Pixels; a text in a narrower column has about one letter a line."""

SQUEEZED = f"""() => [...document.querySelectorAll("main span, main td, main p, main dd, main b")]
  .filter(element => {{
    const box = element.getBoundingClientRect();
    const letters = element.textContent.trim().length;
    return letters > 8 && box.width > 1 && box.width < {NARROWEST};
  }}).map(element => element.textContent.trim())"""


def test_no_view_is_wider_than_the_window_or_squeezes_its_texts(visitor: Visitor) -> None:
    for view in VIEWS:
        answer = visitor.page.goto(f"{visitor.url}{addresses.PREFIX}/{view}")
        assert answer
        assert answer.status == 200, view
        for width in WIDTHS:
            visitor.page.set_viewport_size({"width": width, "height": 900})
            overflow = visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, (view, width)
            assert visitor.page.evaluate(SQUEEZED) == [], (view, width)
        assert "attacked" not in visitor.page.title()
    assert visitor.errors == []


def test_the_page_follows_the_systems_dark_mode(visitor: Visitor) -> None:
    def brightness() -> int:
        color = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", color)[:3]))

    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    found = []
    for scheme in schemes:
        visitor.page.emulate_media(color_scheme=scheme)
        found.append(brightness())
    assert found[0] > 600
    assert found[1] < 150


def test_tables_need_no_sideways_scrolling_on_a_phone(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 390, "height": 900})
    for view in ("history", "batches", "compare?a=4&b=5"):
        visitor.page.goto(f"{visitor.url}{addresses.PREFIX}/{PIPELINE}/{view}")
        for box in visitor.page.locator(".scroll").all():
            assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0, view


def test_the_slider_of_the_minimum_probability(visitor: Visitor) -> None:
    visitor.open(PIPELINE, "mistakes")
    visitor.page.get_by_role("slider").fill("30")
    visitor.shows("at least 60.0 %", "answered", "right")


def test_rejecting_a_package_sends_the_pressed_button(visitor: Visitor) -> None:
    """A form is disabled when it is sent, which must not lose the button's value."""
    visitor.open(PIPELINE, "package", 5)
    visitor.page.get_by_label("Why").fill("confuses coupes")
    visitor.click("Reject")
    visitor.shows("rejected on the model page by ana: confuses coupes")


def test_a_table_of_a_batch_is_downloaded(visitor: Visitor) -> None:
    visitor.open(PIPELINE, "batches", BATCH)
    with visitor.page.expect_download() as download:
        visitor.click("predictions.csv")
    assert download.value.suggested_filename == f"{PIPELINE}-{BATCH}-predictions.csv"


def test_labels_by_keys_with_undo(visitor: Visitor) -> None:
    def labels() -> list[Any]:
        prefix = visitor.stage.layout.labels
        found = visitor.stage.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
        return [item["Key"] for item in found]

    before = len(labels())
    visitor.open(PIPELINE, "review")
    visitor.shows("0 of 9 labelled")
    visitor.page.keyboard.press("2")
    visitor.shows("1 of 9 labelled", "Undo the last label")
    assert len(labels()) == before + 1
    visitor.page.keyboard.press("z")
    visitor.shows("0 of 9 labelled")
    assert len(labels()) == before + 2


def test_the_matrix_names_the_cell_below_the_pointer(visitor: Visitor) -> None:
    visitor.open(PIPELINE, "mistakes")
    visitor.page.locator("#matrix").hover(position={"x": 3, "y": 3})
    text = visitor.page.locator("#matrix-cell").text_content() or ""
    assert any(text.startswith(f"{name} classified as") for name in CARS)
